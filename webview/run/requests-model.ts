/** Which requests the list shows, and in which order. While requests arrive the order of those that are shown stays. */
import type { TickPoint } from '../../src/protocol/events';
import type { TimeSpan } from '../charts/axis';
import type { LatencyName } from '../charts/distribution';
import type { PointSeries } from '../charts/point-series';

export type SortKey = 'arrival' | 't' | LatencyName;
export type Show = 'all' | 'failed' | 'over';

export interface RequestFilter {
  show: Show;
  /** Only requests with a latency within it. */
  latency: { name: LatencyName; span: TimeSpan } | null;
  /** Only requests of a stretch of time. */
  time: TimeSpan | null;
  /** Only these, by id. */
  found: ReadonlySet<string> | null;
}

export const ALL: RequestFilter = { show: 'all', latency: null, time: null, found: null };

/** Limits on single requests: a request over one of them is a slow one. */
export interface RequestLimits {
  ttft: number | null;
  itl: number | null;
  e2e: number | null;
}

export interface Sort {
  by: SortKey;
  descending: boolean;
}

/** The order in which they ended: what arrives comes last, and nothing else moves. */
export const AS_ENDED: Sort = { by: 'arrival', descending: false };

export function matches(point: TickPoint, filter: RequestFilter, limits: RequestLimits): boolean {
  const { show, latency, time, found } = filter;
  if (show === 'failed' && point.ok) return false;
  if (show === 'over' && !isOver(point, limits)) return false;
  if (time !== null && (point.t < time.from || point.t > time.to)) return false;
  if (latency !== null) {
    const value = point[latency.name];
    // As the bars that it was chosen from: measured requests, and the upper end is the next bar's.
    if (value === null || point.warmup || value < latency.span.from || value >= latency.span.to) return false;
  }
  return found === null || found.has(point.request);
}

export function isOver(point: TickPoint, { ttft, itl, e2e }: RequestLimits): boolean {
  return over(point.ttft, ttft) || over(point.itlMax, itl) || over(point.e2e, e2e);
}

function over(value: number | null, limit: number | null): boolean {
  return value !== null && limit !== null && value > limit;
}

export class RequestList {
  private shown: readonly TickPoint[] = [];
  private source: readonly TickPoint[] = [];
  private taken = 0;
  private arrived = 0;
  private key = '';
  private found: RequestFilter['found'] = null;

  /** The rows, in order. */
  get rows(): readonly TickPoint[] {
    return this.shown;
  }

  /** Matching requests that have come since the rows were put in their order. */
  get newer(): number {
    return this.arrived;
  }

  /** Follows the series. Returns whether the rows have changed. @param again puts newer ones into the order, too */
  update(series: PointSeries, filter: RequestFilter, sort: Sort, limits: RequestLimits, again = false): boolean {
    const { arrived } = series;
    const key = JSON.stringify([filter.show, filter.latency, filter.time, sort, limits]);
    const same = key === this.key && filter.found === this.found && arrived === this.source;
    if (!same || again) {
      this.key = key;
      this.found = filter.found;
      this.source = arrived;
      this.taken = arrived.length;
      this.arrived = 0;
      this.shown = this.listOf(arrived, filter, sort, limits);
      return true;
    }
    if (arrived.length === this.taken) return false;
    const fresh = arrived.slice(this.taken).filter((point) => matches(point, filter, limits));
    this.taken = arrived.length;
    if (fresh.length === 0) return false;
    if (sort.by !== 'arrival' || sort.descending) {
      this.arrived += fresh.length;
      return true;
    }
    if (this.shown !== arrived) (this.shown as TickPoint[]).push(...fresh);
    return true;
  }

  private listOf(arrived: TickPoint[], filter: RequestFilter, sort: Sort, limits: RequestLimits): readonly TickPoint[] {
    const everything =
      filter.show === 'all' && filter.latency === null && filter.time === null && filter.found === null;
    const natural = sort.by === 'arrival' && !sort.descending;
    // The series' own array, which grows by itself: a copy of 100,000 for every change would be felt.
    if (everything && natural) return arrived;
    const rows = everything ? [...arrived] : arrived.filter((point) => matches(point, filter, limits));
    return sorted(rows, sort);
  }
}

/** In place. Requests without the value stand last whichever way it is sorted. */
function sorted(rows: TickPoint[], { by, descending }: Sort): TickPoint[] {
  if (by === 'arrival') return descending ? rows.reverse() : rows;
  const sign = descending ? -1 : 1;
  return rows.sort((a, b) => {
    const [x, y] = [a[by], b[by]];
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
    return sign * (x - y);
  });
}
