/** The requests of a stage in the order of their instants, kept bounded, with what a chart's axes need to know of them. */
import type { TickPoint } from '../../src/protocol/events';

/** Beyond it the webview's memory would grow without end in an hour-long stage; as many as the extension keeps. */
const MAX_POINTS = 100_000;

/** Width of a bucket of the value histograms, as a ratio: what a chart of a distribution can show. */
const BUCKET_RATIO = 1.01;
const BUCKETS = 2400;
const SMALLEST_MS = 0.01;
const LOG_RATIO = Math.log(BUCKET_RATIO);
/** Values that stand for all of them where single ones were dropped. */
const MOST_VALUES = 100_000;

export type PointValue = 'ttft' | 'itl' | 'itlMax' | 'e2e';
const VALUES: PointValue[] = ['ttft', 'itl', 'itlMax', 'e2e'];

interface Histogram {
  counts: Uint32Array;
  total: number;
}

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
  private readonly all: Record<PointValue, Histogram> = emptyHistograms();
  /** Without warm-up and cool-down. */
  private readonly measured: Record<PointValue, Histogram> = emptyHistograms();

  constructor(
    points: readonly TickPoint[] = [],
    private readonly maxPoints = MAX_POINTS,
  ) {
    this.append(points);
  }

  /** Adds a batch in any order: requests end in another order than the one in which their first tokens came. */
  append(batch: readonly TickPoint[]): void {
    if (batch.length === 0) return;
    for (const point of batch) {
      this.count(point);
      this.arrived.push(point);
    }
    merge(this.points, batch);
    if (this.points.length > this.maxPoints) this.thin();
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

  /** Roughly (within 1%) the `share` quantile of all values seen; null without any. Chooses axes, never a reported number. */
  roughQuantile(value: PointValue, share: number): number | null {
    const { counts, total } = this.all[value];
    if (total === 0) return null;
    let left = share * total;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= counts[bucket] ?? 0;
      if (left <= 0) return SMALLEST_MS * BUCKET_RATIO ** (bucket + 1);
    }
    return SMALLEST_MS * BUCKET_RATIO ** BUCKETS;
  }

  /**
   * Measured latencies of every request that was seen, those that were dropped since included: sorted, each within 1%, and
   * where there were very many, one for several.
   */
  spread(value: PointValue): Float64Array {
    const { counts, total } = this.measured[value];
    const share = Math.min(1, MOST_VALUES / Math.max(1, total));
    const values: number[] = [];
    let owed = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      owed += (counts[bucket] ?? 0) * share;
      const middle = SMALLEST_MS * BUCKET_RATIO ** (bucket + 0.5);
      for (; owed >= 1 - 1e-9; owed--) values.push(middle);
    }
    return Float64Array.from(values);
  }

  private count(point: TickPoint): void {
    if (!point.ok) this.failed++;
    for (const name of VALUES) {
      const value = point[name];
      if (value === null) continue;
      const bucket = Math.min(
        BUCKETS - 1,
        Math.floor(Math.log(Math.max(value, SMALLEST_MS) / SMALLEST_MS) / LOG_RATIO),
      );
      add(this.all[name], bucket);
      if (point.ok && !point.warmup) add(this.measured[name], bucket);
    }
  }

  /**
   * Keeps every failure and the slower of each pair of neighbours: what a reader looks for must not be what is dropped. Where
   * failures alone come close to the cap, as with a server that is down, every other one goes, too: kept all, they would have no bound.
   */
  private thin(): void {
    const { points } = this;
    const keepFailures = points.reduce((sum, { ok }) => sum + (ok ? 0 : 1), 0) <= this.maxPoints / 2;
    let kept = 0;
    let waiting: TickPoint | null = null;
    for (const point of points) {
      if (!point.ok && keepFailures) {
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

/**
 * Puts points of any order into sorted ones, from the end: each of those is moved once for the whole batch. Moving them for each
 * new point would take longer with every stream, since a request of a busy server ends behind thousands that began after it.
 */
function merge(sorted: TickPoint[], batch: readonly TickPoint[]): void {
  const fresh = [...batch].sort((a, b) => a.t - b.t);
  let from = sorted.length - 1;
  for (const point of fresh) sorted.push(point);
  for (let to = sorted.length - 1, i = fresh.length - 1; i >= 0; to--) {
    const known = sorted[from];
    const next = fresh[i] as TickPoint;
    if (from >= 0 && known !== undefined && known.t > next.t) {
      sorted[to] = known;
      from--;
    } else {
      sorted[to] = next;
      i--;
    }
  }
}

function emptyHistograms(): Record<PointValue, Histogram> {
  const empty = () => ({ counts: new Uint32Array(BUCKETS), total: 0 });
  return { ttft: empty(), itl: empty(), itlMax: empty(), e2e: empty() };
}

function add(histogram: Histogram, bucket: number): void {
  histogram.counts[bucket] = (histogram.counts[bucket] ?? 0) + 1;
  histogram.total++;
}

/** Of two the one that is rather looked for: a failure, else the slower. */
function slower(a: TickPoint, b: TickPoint): TickPoint {
  if (a.ok !== b.ok) return a.ok ? b : a;
  return Math.max(b.ttft ?? 0, b.itlMax ?? 0) > Math.max(a.ttft ?? 0, a.itlMax ?? 0) ? b : a;
}
