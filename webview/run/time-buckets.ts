/** A latency over time as rows: what a chart shows, for those who cannot or would rather not look at one. */
import { spanAxis, timeAxis, type TimeSpan } from '../charts/axis';
import { quantile } from '../charts/distribution';
import type { PointSeries } from '../charts/point-series';

export interface TimeBucket {
  fromMs: number;
  toMs: number;
  stepMs: number;
  /** Requests with a value. */
  n: number;
  p50: number | null;
  p99: number | null;
  max: number | null;
  failed: number;
  warmup: boolean;
}

/**
 * Requests of equal stretches of time, about 12 of them; of `span`, where it is given. `itl` holds a request's mean gap, its
 * `max` the longest gap. Percentiles interpolate linearly (R type 7), like every percentile of a result.
 */
export function timeBuckets(
  series: PointSeries,
  metric: 'ttft' | 'itl',
  elapsedMs: number,
  span: TimeSpan | null = null,
  most = 12,
): TimeBucket[] {
  const last = series.points.at(-1);
  if (last === undefined) return [];
  const { step } = span === null ? timeAxis(Math.max(elapsedMs, last.t), null, most) : spanAxis(span, most);
  const until = span === null ? series.points.length : series.indexAt(span.to);
  const buckets: TimeBucket[] = [];
  for (let at = span === null ? 0 : series.indexAt(span.from); at < until;) {
    const fromMs = Math.floor((series.points[at]?.t ?? 0) / step) * step;
    const end = Math.max(at + 1, Math.min(until, series.indexAt(fromMs + step)));
    const points = series.points.slice(at, end);
    const values = points.flatMap((point) => (point.ok && point[metric] !== null ? [point[metric]] : []));
    values.sort((a, b) => a - b);
    const longest = metric === 'itl' ? points.flatMap(({ itlMax }) => (itlMax === null ? [] : [itlMax])) : values;
    buckets.push({
      fromMs,
      toMs: fromMs + step,
      stepMs: step,
      n: values.length,
      p50: quantile(values, 0.5),
      p99: quantile(values, 0.99),
      max: longest.length === 0 ? null : longest.reduce((a, b) => Math.max(a, b)),
      failed: points.filter(({ ok }) => !ok).length,
      warmup: points.every(({ warmup }) => warmup),
    });
    at = end;
  }
  return buckets;
}
