/** The requests of a stage as series in send order, from which their dependence on each other is estimated. */
import { BatchGrid } from './batch-grid';
import type { ChunkPool } from './chunked-list';
import { OrderedRows } from './ordered-rows';
import type { RequestSample } from './request-sample';

/** Requests kept one by one: as many tell the autocorrelation time as well as a million do. */
export const EXACT_ROWS = 65_536;
/** Batches that a longer stage is summed up in; between half of them and all are in use. */
export const BATCHES = 8192;
/** Latest values of a column, for the provisional estimate while the stage runs. */
const RECENT = 2048;

export interface SeriesBounds {
  exactRows?: number;
  /** Even. */
  batches?: number;
}

/** A column in send order. */
export interface SeriesView {
  /** Values of each request, or their sum over each batch. */
  sums: Float64Array;
  /** Requests of each batch that have a value (some have none); null where a row is a request. */
  counts: Float64Array | null;
}

/** The value of a request in a column; NaN where it has none. */
export type ReadValue = (sample: RequestSample) => number;

/** Makes a function of a column's value, from the values there were when batching began. */
export type Derive = (soFar: Float64Array) => (value: number) => number;

interface Column {
  read: ReadValue;
  recent: Float64Array;
  seen: number;
}

interface Derived {
  column: number;
  derive: Derive;
  /** Known once batching has begun. */
  apply: ((value: number) => number) | null;
}

/**
 * Columns of numbers over the measured requests of a stage, shared by everything that judges them. Up to `exactRows` requests
 * each is a row. Past that, requests that were sent in the same stretch of time are summed into batches, and so are functions
 * of the values (such as "over the limit") that were declared beforehand: ratios of batch sums estimate the same means and
 * shares, with a variance that holds whatever the dependence within a batch is (batch means; G. S. Fishman, "Discrete-Event
 * Simulation" (2001), section 6.6, with the dependence between batches estimated and not assumed away).
 */
export class StageSeries {
  private readonly names = new Map<string, number>();
  private readonly columns: Column[] = [];
  private readonly derived: Derived[] = [];
  private readonly exactRows: number;
  private readonly batches: number;
  /** Column of the instants at which requests ended, counted at their own place once there are batches. */
  private ends: number | null = null;
  private rows: OrderedRows | null = null;
  private grid: BatchGrid | null = null;
  private row = new Float64Array(0);
  private count = 0;

  /** @param pool where rows get their memory and leave it */
  constructor(
    private readonly pool: ChunkPool,
    bounds: SeriesBounds = {},
  ) {
    this.exactRows = bounds.exactRows ?? EXACT_ROWS;
    this.batches = bounds.batches ?? BATCHES;
  }

  /** Requests so far. */
  get length(): number {
    return this.count;
  }

  /** Length of time of a batch, ms; 0 while each row is a request. */
  get batchMs(): number {
    return this.grid?.lengthMs ?? 0;
  }

  /**
   * Declares a column, before the first request. Columns of one name are one column.
   * @returns its handle
   */
  column(name: string, read: ReadValue): number {
    const known = this.names.get(name);
    if (known !== undefined) return known;
    if (this.count > 0) throw new RangeError('Columns are declared before the first request.');
    this.columns.push({ read, recent: new Float64Array(RECENT), seen: 0 });
    this.names.set(name, this.columns.length - 1);
    return this.columns.length - 1;
  }

  /** Declares a function of a column whose batch sums will be wanted, before the first request. */
  derive(column: number, derive: Derive): number {
    if (this.count > 0) throw new RangeError('Columns are declared before the first request.');
    this.derived.push({ column, derive, apply: null });
    return this.derived.length - 1;
  }

  /**
   * Declares that `begunAndEnded` will be wanted, before the first request.
   * @returns the handle of the column of instants at which requests ended
   */
  trackEnds(): number {
    this.ends ??= this.column('end', (sample) => sample.endMs);
    return this.ends;
  }

  add(sample: RequestSample): void {
    if (this.count === 0) {
      this.rows = new OrderedRows(this.columns.length, this.exactRows, this.pool);
      this.row = new Float64Array(this.columns.length);
    }
    this.count++;
    for (let c = 0; c < this.columns.length; c++) {
      const column = this.columns[c] as Column;
      const value = column.read(sample);
      this.row[c] = value;
      if (!Number.isNaN(value)) column.recent[column.seen++ % RECENT] = value;
    }
    if (this.rows?.isFull === true) this.startBatches(this.rows);
    if (this.grid === null) this.rows?.add(sample.at, this.row);
    else this.batch(this.grid, sample.at, this.row);
  }

  /** A column over the requests that have a value in it. */
  view(column: number): SeriesView {
    if (this.grid !== null) return { sums: this.grid.sums(2 * column), counts: this.grid.sums(2 * column + 1) };
    const sums = this.rows?.columnInOrder(column) ?? new Float64Array(0);
    return { sums: sums.some(Number.isNaN) ? sums.filter((value) => !Number.isNaN(value)) : sums, counts: null };
  }

  /** The instants of the rows of a column's view, ms: of each request, or of the middle of each batch. */
  keys(column: number): Float64Array {
    if (this.grid !== null) return this.grid.middles();
    if (this.rows === null) return new Float64Array(0);
    const values = this.rows.columnInOrder(column);
    const keys = this.rows.keysInOrder();
    return values.some(Number.isNaN) ? keys.filter((_, i) => !Number.isNaN(values[i])) : keys;
  }

  /**
   * The sums of a derived function over the rows of its column's view.
   * @param exact the function to use while each row is a request; it may know more than the one that was fixed for the batches
   */
  derivedSums(handle: number, exact: (value: number) => number): Float64Array {
    if (this.grid !== null) return this.grid.sums(2 * this.columns.length + handle);
    return this.view((this.derived[handle] as Derived).column).sums.map(exact);
  }

  /** The latest values of a column as requests ended: good enough where only a provisional figure is wanted. */
  latest(column: number): Float64Array {
    const { recent, seen } = this.columns[column] as Column;
    if (seen <= RECENT) return recent.slice(0, seen);
    const out = new Float64Array(RECENT);
    const oldest = seen % RECENT;
    out.set(recent.subarray(oldest));
    out.set(recent.subarray(0, oldest), RECENT - oldest);
    return out;
  }

  /** Batches only: the end of each, ms, and the requests begun and ended until then. Null while each row is a request. */
  begunAndEnded(): { keys: Float64Array; begun: Float64Array; ended: Float64Array } | null {
    if (this.grid === null || this.ends === null) return null;
    const cumulate = (counts: Float64Array): Float64Array => {
      let sum = 0;
      return counts.map((count) => (sum += count));
    };
    return {
      keys: this.grid.ends(),
      // Every request has an end, so that the counts of this column are the requests begun in each stretch.
      begun: cumulate(this.grid.sums(2 * this.ends + 1)),
      ended: cumulate(this.grid.sums(this.endedIndex())),
    };
  }

  private endedIndex(): number {
    return 2 * this.columns.length + this.derived.length;
  }

  private startBatches(rows: OrderedRows): void {
    for (const derived of this.derived) derived.apply = derived.derive(this.view(derived.column).sums);
    let first = Number.POSITIVE_INFINITY;
    let last = Number.NEGATIVE_INFINITY;
    rows.forEach((key) => {
      first = Math.min(first, key);
      last = Math.max(last, key);
    });
    // Half of the batches for what there is: the other half is used up before neighbours are first merged.
    const stretchMs = Math.max(last - first, 1e-3) / (this.batches / 2);
    const grid = new BatchGrid(this.endedIndex() + 1, first, stretchMs, this.batches);
    rows.forEach((key, row) => this.batch(grid, key, row));
    this.grid = grid;
    this.rows = null;
    rows.release();
  }

  private batch(grid: BatchGrid, atMs: number, row: Float64Array): void {
    if (this.ends !== null) grid.add(grid.slotAt(row[this.ends] as number), this.endedIndex(), 1);
    const slot = grid.slotAt(atMs);
    for (let c = 0; c < row.length; c++) {
      const value = row[c] as number;
      if (Number.isNaN(value)) continue;
      grid.add(slot, 2 * c, value);
      grid.add(slot, 2 * c + 1, 1);
    }
    for (let d = 0; d < this.derived.length; d++) {
      const { column, apply } = this.derived[d] as Derived;
      const value = row[column] as number;
      if (apply !== null && !Number.isNaN(value)) grid.add(slot, 2 * this.columns.length + d, apply(value));
    }
  }
}
