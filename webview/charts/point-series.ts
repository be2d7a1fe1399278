/** The requests of a stage in the order of their instants, kept bounded, with what a chart's axes need to know of them. */
import type { TickPoint } from '../../src/protocol/events';

/** Beyond it the webview's memory would grow without end in an hour-long stage; as many as the extension keeps. */
const MAX_POINTS = 100_000;

/** Width of a bucket of the value histogram, as a ratio: fine enough to choose an axis by. */
const BUCKET_RATIO = 1.05;
const BUCKETS = 512;
const SMALLEST_MS = 0.01;

export type PointValue = 'ttft' | 'itl' | 'itlMax';

export class PointSeries {
  /** Sorted by `t`. */
  readonly points: TickPoint[] = [];
  /** The same in the order of arrival, so that a drawing can add what is new; replaced by another array when thinned. */
  arrived: TickPoint[] = [];
  /** Counts up with every change, so that a view can tell whether to redraw. */
  version = 0;
  failed = 0;
  /** Requests that were dropped to stay below the cap. */
  dropped = 0;
  private readonly histograms: Record<PointValue, { counts: Uint32Array; total: number }>;

  constructor(
    points: readonly TickPoint[] = [],
    private readonly maxPoints = MAX_POINTS,
  ) {
    const empty = () => ({ counts: new Uint32Array(BUCKETS), total: 0 });
    this.histograms = { ttft: empty(), itl: empty(), itlMax: empty() };
    this.append(points);
  }

  /** Adds a batch in any order: requests end in another order than the one in which their first tokens came. */
  append(batch: readonly TickPoint[]): void {
    if (batch.length === 0) return;
    const { points } = this;
    const large = batch.length > 1000;
    for (const point of batch) {
      this.count(point);
      this.arrived.push(point);
      points.push(point);
      if (large) continue;
      let i = points.length - 1;
      for (; i > 0 && (points[i - 1] as TickPoint).t > point.t; i--) points[i] = points[i - 1] as TickPoint;
      points[i] = point;
    }
    if (large) points.sort((a, b) => a.t - b.t);
    if (points.length > this.maxPoints) this.thin();
    this.version++;
  }

  /** Index of the first point at or after `t`. */
  indexAt(t: number): number {
    let low = 0;
    let high = this.points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.points[middle] as TickPoint).t < t) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Roughly (within 5%) the `share` quantile of all values seen; null without any. Chooses axes, never a reported number. */
  roughQuantile(value: PointValue, share: number): number | null {
    const { counts, total } = this.histograms[value];
    if (total === 0) return null;
    let left = share * total;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= counts[bucket] ?? 0;
      if (left <= 0) return SMALLEST_MS * BUCKET_RATIO ** (bucket + 1);
    }
    return SMALLEST_MS * BUCKET_RATIO ** BUCKETS;
  }

  private count(point: TickPoint): void {
    if (!point.ok) this.failed++;
    for (const name of ['ttft', 'itl', 'itlMax'] as const) {
      const value = point[name];
      if (value === null) continue;
      const bucket = Math.floor(Math.log(Math.max(value, SMALLEST_MS) / SMALLEST_MS) / Math.log(BUCKET_RATIO));
      const histogram = this.histograms[name];
      const index = Math.min(BUCKETS - 1, bucket);
      histogram.counts[index] = (histogram.counts[index] ?? 0) + 1;
      histogram.total++;
    }
  }

  /** Keeps every failure and the slower of each pair of neighbours: what a reader looks for must not be what is dropped. */
  private thin(): void {
    const { points } = this;
    let kept = 0;
    let waiting: TickPoint | null = null;
    for (const point of points) {
      if (!point.ok) {
        points[kept++] = point;
        continue;
      }
      if (waiting === null) {
        waiting = point;
        continue;
      }
      points[kept++] = slower(waiting, point);
      waiting = null;
    }
    if (waiting !== null) points[kept++] = waiting;
    this.dropped += points.length - kept;
    points.length = kept;
    points.sort((a, b) => a.t - b.t);
    this.arrived = [...points];
  }
}

function slower(a: TickPoint, b: TickPoint): TickPoint {
  return Math.max(b.ttft ?? 0, b.itlMax ?? 0) > Math.max(a.ttft ?? 0, a.itlMax ?? 0) ? b : a;
}
