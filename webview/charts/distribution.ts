/** How latencies are spread: sorted values, quantiles, bins. Plain numbers, so that a chart and its table cannot disagree. */
import type { TickPoint } from '../../src/protocol/events';
import { distributionAxis, latencyAxisEnd, type Axis, type TimeSpan } from './axis';

export type LatencyName = 'ttft' | 'itl' | 'itlMax' | 'e2e';

/** Bins between two steps of the axis. */
const BINS_A_STEP = 10;

export interface Bin {
  from: number;
  to: number;
  n: number;
}

export interface Spread {
  /** Sorted. */
  values: Float64Array;
  axis: Axis;
  bins: Bin[];
  /** Values beyond the axis: the slowest few would press everything else flat. */
  beyond: number;
}

/** The latencies of measured, completed requests, sorted; of a span of time where one is given. */
export function sortedLatencies(
  points: readonly TickPoint[],
  name: LatencyName,
  span: TimeSpan | null = null,
): Float64Array {
  const values = new Float64Array(points.length);
  let n = 0;
  for (const point of points) {
    const value = point[name];
    if (value === null || point.warmup || !point.ok) continue;
    if (span !== null && (point.t < span.from || point.t > span.to)) continue;
    values[n++] = value;
  }
  return values.subarray(0, n).sort();
}

/** Bins over an axis that shows the bulk of the values and the limit. */
export function spreadOf(values: Float64Array, limit: number | null): Spread {
  const end = latencyAxisEnd({ limit, bulk: quantile(values, 0.99), slowest: values.at(-1) ?? null });
  const low = Math.min(quantile(values, 0.001) ?? 0, limit ?? Number.POSITIVE_INFINITY);
  const axis = distributionAxis(low, end === 0 ? 100 : end);
  const { min = 0, max, step } = axis;
  const width = step / BINS_A_STEP;
  const count = Math.round((max - min) / width);
  const bins = Array.from({ length: count }, (_, i): Bin => ({
    from: min + i * width,
    to: min + (i + 1) * width,
    n: 0,
  }));
  let beyond = 0;
  for (const value of values) {
    // Whatever is below the axis belongs to its first bin; there is hardly any.
    const bin = bins[Math.max(0, Math.floor((value - min) / width))];
    if (bin === undefined) beyond++;
    else bin.n++;
  }
  return { values, axis, bins, beyond };
}

/** Linear between order statistics (R type 7), like every percentile of a result; null without values. */
export function quantile(sorted: ArrayLike<number>, share: number): number | null {
  if (sorted.length === 0) return null;
  const position = share * (sorted.length - 1);
  const below = sorted[Math.floor(position)] ?? 0;
  const above = sorted[Math.ceil(position)] ?? below;
  return below + (above - below) * (position - Math.floor(position));
}

/** Share of the values at or below `value`, 0 to 1. */
export function shareAtMost(sorted: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return sorted.length === 0 ? 0 : low / sorted.length;
}
