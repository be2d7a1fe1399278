/** What pinning a run changes in the baseline that is there, in numbers that a person decides by. */
import type { BaselineFile } from '../../protocol/baseline';
import type { Unit } from '../../protocol/plan';
import type { RunJson, TargetResult } from '../../protocol/run-json';
import { METRICS } from '../metrics/definitions';
import { Sketch } from './sketch';

export interface PinChange {
  /** `TTFT p99, steady chat`; of quality, the metric alone. */
  what: { metric: string; label: string; stat: string | null; stage: string | null };
  unit: Unit;
  /** Null where the baseline has none. */
  before: number | null;
  now: number | null;
}

/** Percentiles that are shown, the first that both have. */
const STATS = ['p99', 'p50'] as const;
const LATENCIES = ['ttft', 'e2e'] as const;

/** The target's pass rate, and of each stage the latency that most evals are about. */
export function pinChanges(before: BaselineFile, run: RunJson): PinChange[] {
  const target = run.targets.find(({ id }) => id === before.target);
  if (target === undefined) return [];
  const changes: PinChange[] = [];
  const rates = [before.quality?.pass_rate ?? null, target.quality?.pass_rate ?? null] as const;
  if (rates[0] !== null || rates[1] !== null) {
    changes.push({
      what: { metric: 'quality.pass_rate', label: labelOf('quality.pass_rate'), stat: null, stage: null },
      unit: 'ratio',
      before: rates[0],
      now: rates[1],
    });
  }
  for (const stage of stageNames(before, target)) {
    const change = latencyChange(before, target, stage);
    if (change !== null) changes.push(change);
  }
  return changes;
}

function stageNames(before: BaselineFile, target: TargetResult): string[] {
  const now = target.stages.filter(({ part_of: partOf }) => partOf === undefined).map(({ name }) => name);
  return [...new Set([...Object.keys(before.stages), ...now])];
}

function latencyChange(before: BaselineFile, target: TargetResult, stage: string): PinChange | null {
  const was = before.stages[stage];
  const is = target.stages.find(({ name }) => name === stage);
  for (const metric of LATENCIES) {
    const old = was?.metrics[metric];
    const now = is?.metrics[metric];
    if (old === undefined && now === undefined) continue;
    const stat = STATS.find((one) => (now?.n ?? old?.n ?? 0) >= (one === 'p99' ? 100 : 1)) ?? 'p50';
    const share = Number(stat.slice(1)) / 100;
    return {
      what: { metric, label: labelOf(metric), stat, stage },
      unit: 'ms',
      before: old === undefined ? null : quantileOf(old, share),
      now: now === undefined ? null : now[stat],
    };
  }
  return null;
}

function quantileOf(data: ConstructorParameters<typeof Sketch>[0], share: number): number | null {
  const value = new Sketch(data).quantile(share);
  return Number.isFinite(value) ? value : null;
}

function labelOf(metric: string): string {
  return METRICS[metric]?.label ?? metric;
}
