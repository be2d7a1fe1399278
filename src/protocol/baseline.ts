/**
 * A pinned baseline: what a later run of the same eval and target is held against. As YAML it is a file of `.promptrig/baselines`,
 * made for version control; the same data is part of a plan, so that whoever executes it reads no other file.
 */
import type { Unit } from './plan';
import type { RunVerdict } from './run-json';

export const BASELINE_SCHEMA = 'promptrig.baseline/1';

export interface BaselineFile {
  schema: typeof BASELINE_SCHEMA;
  /** The eval file as `source.path` of its run. */
  eval: string;
  target: string;
  /** Where it comes from. */
  pinned: {
    run: string;
    /** ISO 8601. */
    at: string;
    started_at: string;
    verdict: RunVerdict;
    commit: string | null;
    dirty: boolean;
    promptrig: string;
    machine: string;
    eval_sha256: string;
  };
  model: string;
  quality?: BaselineQuality;
  /** By name, without the steps of sweeps and searches. */
  stages: Record<string, BaselineStage>;
}

export interface BaselineQuality {
  /** Over answers; null where none was judged. */
  pass_rate: number | null;
  score: number | null;
  /** By the id of the case; those that were not judged are not there. */
  cases: Record<string, BaselineCase>;
}

export interface BaselineCase {
  passed: number;
  /** Answers that were judged. */
  of: number;
  /** Mean score of its answers. */
  score: number;
}

export interface BaselineStage {
  /** `poisson 8/s`, `concurrent 4`: two stages are comparable where it is the same. */
  load: string;
  /** What forbids to compare its latencies: the client was the limit. */
  unfit?: string;
  errors: BaselineErrors;
  rates: Record<string, BaselineRate>;
  /** Latencies, tokens and cost by their names. */
  metrics: Record<string, BaselineDistribution>;
}

export interface BaselineErrors {
  /** Requests of the window. */
  requests: number;
  failed: number;
  /** Independent requests that they are worth: errors come in bursts. */
  worth: number;
}

/** A rate of the whole stage, with the standard error over its twenty parts; null where they are too few. */
export interface BaselineRate {
  value: number;
  se: number | null;
}

export interface BaselineDistribution {
  unit: Unit;
  n: number;
  mean: number;
  stdev: number;
  /** Independent values that the sample is worth, by statistic: `mean`, `p50`, `p99`. */
  worth: Record<string, number>;
  /** Every value, ascending, of a small sample ... */
  sorted?: number[];
  /**
   * ... else the quantiles of a larger one, row by row. The values of a row are evenly spaced from the percentile that is its key
   * to that of the next; the last is `p100`, the maximum.
   */
  quantiles?: Record<string, number[]>;
}
