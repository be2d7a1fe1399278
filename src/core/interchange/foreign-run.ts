/** What the readers of other tools' results share. */
import type { ComparedMetric, ComparedRun, ComparedStage, ComparedTarget } from '../compare/compared-run';
import { METRICS } from '../metrics/definitions';
import { quantileOfSorted } from '../metrics/percentile';
import type { ComparedTool, MetricNote } from '../../protocol/run-comparison';

/** A file that is to be read, as JSON documents: one, or one a line. */
export interface ForeignFile {
  path: string;
  documents: readonly unknown[];
}

export function foreignRun(
  tool: ComparedTool,
  file: ForeignFile,
  about: {
    name: string;
    startedAt: string | null;
    targets: ComparedTarget[];
    notes: readonly MetricNote[];
    caveats?: string[];
  },
): ComparedRun {
  const { name, startedAt, targets, notes, caveats = [] } = about;
  const id = file.path.slice(Math.max(file.path.lastIndexOf('/'), file.path.lastIndexOf('\\')) + 1);
  return { tool, id, path: file.path, name, startedAt, verdict: null, targets, notes: [...notes], caveats };
}

export function foreignTarget(model: string, stages: ComparedStage[]): ComparedTarget {
  return { id: model, model, quality: null, outcomes: null, cost: {}, stages, curves: [] };
}

export function foreignStage(
  more: Pick<ComparedStage, 'name' | 'loop' | 'rate' | 'concurrency' | 'metrics' | 'rates'>,
): ComparedStage {
  return { isCases: false, slo: [], flags: [], tokensSource: null, ...more };
}

/** A metric of ours from another tool's statistics; null where it has none. */
export function foreignMetric(
  metric: string,
  stats: Readonly<Record<string, number | null>>,
  n: number | null,
  series: Float64Array | null = null,
): ComparedMetric | null {
  const known = Object.entries(stats).filter((entry): entry is [string, number] => entry[1] !== null);
  if (known.length === 0) return null;
  return { unit: METRICS[metric]?.unit ?? 'count', n, stats: Object.fromEntries(known), series };
}

/** Keeps the metrics that are there. */
export function metricsOf(metrics: Readonly<Record<string, ComparedMetric | null>>): Record<string, ComparedMetric> {
  return Object.fromEntries(
    Object.entries(metrics).filter((entry): entry is [string, ComparedMetric] => entry[1] !== null),
  );
}

const PERCENTILES = [50, 75, 90, 95, 99, 99.9];

/** Our own statistics over single values, for files that hold nothing else. */
export function statsOf(values: Float64Array): Record<string, number> {
  const sorted = values.slice().sort();
  const n = sorted.length;
  if (n === 0) return {};
  const mean = sorted.reduce((sum, value) => sum + value, 0) / n;
  const squares = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    mean,
    stdev: n < 2 ? 0 : Math.sqrt(squares / (n - 1)),
    min: sorted[0] ?? 0,
    ...Object.fromEntries(PERCENTILES.map((p) => [`p${p}`, quantileOfSorted(sorted, p / 100)])),
    max: sorted[n - 1] ?? 0,
  };
}

/** Single values in send order with the statistics over them; null without any. */
export function measured(metric: string, values: readonly number[]): ComparedMetric | null {
  const series = Float64Array.from(values);
  return series.length === 0 ? null : foreignMetric(metric, statsOf(series), series.length, series);
}
