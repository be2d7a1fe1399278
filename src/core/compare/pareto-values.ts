/** What a target comes to as single numbers, by the names that SLOs use: what fronts, choices and triangles are made of. */
import type { Unit } from '../../protocol/plan';
import type { SloResult, StageResult, TargetResult } from '../../protocol/run-json';
import { metricOf } from '../metrics/definitions';

export interface Measured {
  /** In the base unit of its metric. */
  value: number;
  /** Null where nothing says how it scatters. */
  ci: [number, number] | null;
}

/** Something that is compared: a target of a run. */
export interface Candidate {
  id: string;
  /** By `ttft.p99`, `quality.score`, `cost.per_good`; what was not measured is not there. */
  values: ReadonlyMap<string, Measured>;
  /** Those that decide, of the target's cases and of its load stages. */
  slos: readonly { stage: string | null; slo: SloResult }[];
}

export interface AxisInfo {
  unit: Unit;
  better: 'lower' | 'higher';
  label: string;
}

const STATS = ['mean', 'min', 'p50', 'p75', 'p90', 'p95', 'p99', 'p99.9', 'max'] as const;

/** Unit and direction of `metric` or `metric.stat`; null for what is no metric. */
export function axisInfo(axis: string): AxisInfo | null {
  const { metric, stat } = splitAxis(axis);
  const definition = metricOf(metric);
  if (definition === undefined) return null;
  const { unit, better, label } = definition;
  return { unit, better, label: stat === null ? label : `${label} ${stat}` };
}

/** An axis within a sentence: `cost per good request`, `TTFT p99`; what is no metric stays as it is. */
export function axisPhrase(axis: string): string {
  const label = axisInfo(axis)?.label ?? axis;
  // Abbreviations keep their capitals.
  return /^[A-Z][a-z]/.test(label) ? `${label.charAt(0).toLowerCase()}${label.slice(1)}` : label;
}

/** The metric is the longest known prefix: `quality.pass_rate` has a dot of its own. */
export function splitAxis(axis: string): { metric: string; stat: string | null } {
  if (metricOf(axis) !== undefined) return { metric: axis, stat: null };
  for (let at = axis.lastIndexOf('.'); at > 0; at = axis.lastIndexOf('.', at - 1)) {
    const metric = axis.slice(0, at);
    if (metricOf(metric) !== undefined) return { metric, stat: axis.slice(at + 1) };
  }
  return { metric: axis, stat: null };
}

/** @param stageName the stage that latencies and rates are of; with none they are left out */
export function candidateOf(result: TargetResult, stageName: string | null): Candidate {
  const values = new Map<string, Measured>();
  const put = (key: string, value: number | null | undefined, ci: [number, number] | null = null): void => {
    if (value !== null && value !== undefined && Number.isFinite(value)) values.set(key, { value, ci });
  };
  const { quality, cost } = result;
  put('quality.pass_rate', quality?.pass_rate, quality?.ci ?? null);
  put('quality.score', quality?.score);
  put('quality.flake_rate', quality?.flake_rate);
  const stage = result.stages.find(({ name }) => name === stageName);
  if (stage !== undefined) putStage(stage, put);
  for (const [name, value] of Object.entries(cost)) put(`cost.${name}`, value as number | null);
  const slos = decidingSlos(result);
  for (const { stage: of, slo } of slos) {
    const axis = axisOf(slo.expr);
    // An SLO of the very number brings its interval.
    if (slo.value !== null && values.get(axis)?.value === slo.value && (of === null || of === stageName)) {
      put(axis, slo.value, slo.ci);
    }
  }
  return { id: result.id, values, slos };
}

function putStage(stage: StageResult, put: (key: string, value: number | null | undefined) => void): void {
  for (const [metric, distribution] of Object.entries(stage.metrics)) {
    if (distribution.n === 0) continue;
    for (const stat of STATS) put(`${metric}.${stat}`, distribution[stat]);
  }
  const { concurrency_mean: mean, concurrency_max: max, ...rates } = stage.rates;
  put('concurrency.mean', mean);
  put('concurrency.max', max);
  for (const [name, value] of Object.entries(rates)) put(name, value);
}

/** `ttft.p99 <= 200ms` is about `ttft.p99`. */
export function axisOf(expr: string): string {
  return expr.trim().split(/[\s<>=]/)[0] ?? '';
}

/** The SLOs that decide about a target: of severity `error`, and not those of the steps of a search, which are meant to be missed. */
export function decidingSlos({ quality, stages }: TargetResult): Candidate['slos'] {
  const ofCases = (quality?.slo ?? []).map((slo) => ({ stage: null, slo }));
  const ofStages = stages
    .filter(({ part_of: partOf }) => partOf === undefined)
    .flatMap(({ name, slo: list, pattern }) => list.map((slo) => ({ stage: pattern === 'cases' ? null : name, slo })));
  return [...ofCases, ...ofStages].filter(({ slo }) => slo.severity === 'error');
}

/**
 * The stage that targets are compared on: the first load stage that all of them have an answer in, else the cases. Null where
 * there is no such stage.
 */
export function commonStage(results: readonly TargetResult[]): string | null {
  const answered = results.map(
    ({ stages }) =>
      new Set(
        stages.filter(({ part_of: of, counts }) => of === undefined && counts.completed > 0).map(({ name }) => name),
      ),
  );
  // A target without a single answer takes no part, and must not take the stage from the others.
  const taking = answered.filter((names) => names.size > 0);
  const stages = results.flatMap(({ stages: list }) => list).filter(({ part_of: of }) => of === undefined);
  const load = stages.filter(({ pattern }) => pattern !== 'cases');
  const inAll = ({ name }: StageResult): boolean => taking.length > 0 && taking.every((names) => names.has(name));
  return (load.find(inAll) ?? stages.find(inAll))?.name ?? null;
}
