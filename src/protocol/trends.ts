/** How the runs of one eval have come out over time. */
import type { Unit } from './plan';
import type { RunVerdict } from './run-json';

export interface RunTrends {
  /** Oldest first. */
  runs: TrendRun[];
  series: TrendSeries[];
  /** Runs of the eval that are not among them, a sentence each kind: they did not complete, or there are too many. */
  leftOut: string[];
}

export interface TrendRun {
  /** Name of its folder. */
  id: string;
  startedAt: string;
  /** Null where the eval was in no git repository. */
  commit: string | null;
  /** With changes that are in no commit. */
  dirty: boolean;
  verdict: RunVerdict;
  pinned: boolean;
}

/** One number over the runs, of one target. */
export interface TrendSeries {
  target: string;
  /** Null of what is of the whole target: quality and cost. */
  stage: string | null;
  metric: string;
  stat: string | null;
  /** Of the metric, for people. */
  label: string;
  unit: Unit;
  better: 'lower' | 'higher';
  /** In the order of the runs; null where a run has none. */
  values: (number | null)[];
  /** What the pinned baseline says of it. */
  baseline: number | null;
}
