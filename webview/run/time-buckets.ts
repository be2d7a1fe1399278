/** A latency over time as rows: what a chart shows, for those who cannot or would rather not look at one. */
import { timeAxis } from '../charts/axis';
import type { PointSeries } from '../charts/point-series';

export interface TimeBucket {
  fromMs: number;
  toMs: number;
  /** Requests with a value. */
  n: number;
  p50: number | null;
  p99: number | null;
  max: number | null;
  failed: number;
  warmup: boolean;
}

/**
 * Requests of equal stretches of time, at most `most` of them. `itl` holds a request's mean gap, its `max` the longest gap.
 * Percentiles interpolate linearly (R type 7), like every percentile of a result.
 */
export function timeBuckets(series: PointSeries, metric: 'ttft' | 'itl', elapsedMs: number, most = 12): TimeBucket[] {
  const last = series.points.at(-1);
  if (last === undefined) return [];
  const { step } = timeAxis(Math.max(elapsedMs, last.t), null, most);
  const buckets: TimeBucket[] = [];
  for (let at = 0; at < series.points.length;) {
    const fromMs = Math.floor((series.points[at]?.t ?? 0) / step) * step;
    const end = Math.max(at + 1, series.indexAt(fromMs + step));
    const points = series.points.slice(at, end);
    const values = points.flatMap((point) => (point.ok && point[metric] !== null ? [point[metric]] : []));
    values.sort((a, b) => a - b);
    const longest = metric === 'itl' ? points.flatMap(({ itlMax }) => (itlMax === null ? [] : [itlMax])) : values;
    buckets.push({
      fromMs,
      toMs: fromMs + step,
      n: values.length,
      p50: percentile(values, 0.5),
      p99: percentile(values, 0.99),
      max: longest.length === 0 ? null : longest.reduce((a, b) => Math.max(a, b)),
      failed: points.filter(({ ok }) => !ok).length,
      warmup: points.every(({ warmup }) => warmup),
    });
    at = end;
  }
  return buckets;
}

function percentile(sorted: readonly number[], share: number): number | null {
  if (sorted.length === 0) return null;
  const position = share * (sorted.length - 1);
  const below = sorted[Math.floor(position)] ?? 0;
  const above = sorted[Math.ceil(position)] ?? below;
  return below + (above - below) * (position - Math.floor(position));
}
