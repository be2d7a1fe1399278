/** Which rows of a dataset become cases: all up to a bound, or a sample; in order, or shuffled. */
import { isFaulty, type FaultyRow, type ReadableRow, type Row } from './rows';
import { Reservoir, shuffledBy } from './reservoir';

/** More cases than that are a matter for `sample`. */
export const MAX_ROWS = 100_000;
/** Text of the rows that are kept; a plan holds it several times over. */
export const MAX_KEPT_BYTES = 64 * 1024 * 1024;
/** How far a file is read on to say how many rows are left out. */
const COUNT_BYTES = 64 * 1024 * 1024;
/** Faulty rows that are kept to be shown as skipped. */
const MAX_FAULTS = 1_000;

export interface TakeOptions {
  sample?: number;
  shuffle?: boolean;
  seed: number;
  /** Which readable rows are wanted at all. */
  accept?: (row: ReadableRow) => boolean;
  maxRows?: number;
  maxKeptBytes?: number;
  countBytes?: number;
}

export interface TakenRows {
  /** In the order in which they are to run. */
  rows: ReadableRow[];
  /** The first of the rows that cannot be read, in the order of the file, and how many there are. */
  faults: FaultyRow[];
  faultCount: number;
  /** Rows that were read, wanted or not. */
  read: number;
  /** Wanted rows beyond the bound, as far as they were counted. */
  leftOut: number;
  /** What bounds it, where rows are left out. */
  bound: 'rows' | 'bytes' | null;
  /** Whether the file was read to its end. */
  complete: boolean;
  /** Set where the sample does not fit: one that does. Nothing is taken then. */
  largestSample?: number;
}

/** Takes rows in one pass. Memory holds what is taken, whatever the size of the file. */
export async function takeRows(batches: AsyncIterable<Row[]>, options: TakeOptions): Promise<TakenRows> {
  const taker = new Taker(options);
  for await (const rows of batches) {
    for (const row of rows) taker.offer(row);
    if (taker.isDone) break;
  }
  return taker.finish();
}

class Taker {
  private readonly maxRows: number;
  private readonly maxKeptBytes: number;
  private readonly countBytes: number;
  private readonly reservoir: Reservoir<ReadableRow> | null;
  private readonly kept: ReadableRow[] = [];
  private readonly faults: FaultyRow[] = [];
  private faultCount = 0;
  private keptBytes = 0;
  private countedBytes = 0;
  private read = 0;
  private leftOut = 0;
  private bound: TakenRows['bound'] = null;
  private largestSample: number | undefined;
  isDone = false;

  constructor(private readonly options: TakeOptions) {
    this.maxRows = options.maxRows ?? MAX_ROWS;
    this.maxKeptBytes = options.maxKeptBytes ?? MAX_KEPT_BYTES;
    this.countBytes = options.countBytes ?? COUNT_BYTES;
    this.reservoir = options.sample === undefined ? null : new Reservoir(options.sample, options.seed);
  }

  offer(row: Row): void {
    if (this.isDone) return;
    this.read++;
    if (isFaulty(row)) {
      if (this.bound !== null) return;
      this.faultCount++;
      if (this.faults.length < MAX_FAULTS) this.faults.push(row);
      return;
    }
    if (this.options.accept?.(row) === false) return;
    if (this.reservoir === null) this.keep(row);
    else this.draw(row, this.reservoir);
  }

  private keep(row: ReadableRow): void {
    if (this.bound === null) {
      if (this.kept.length >= this.maxRows) this.bound = 'rows';
      else if (this.keptBytes + row.bytes > this.maxKeptBytes) this.bound = 'bytes';
    }
    if (this.bound === null) {
      this.kept.push(row);
      this.keptBytes += row.bytes;
      return;
    }
    this.leftOut++;
    this.countedBytes += row.bytes;
    if (this.countedBytes > this.countBytes) this.isDone = true;
  }

  private draw(row: ReadableRow, reservoir: Reservoir<ReadableRow>): void {
    const left = reservoir.offer(row);
    this.keptBytes += row.bytes - (left?.bytes ?? 0);
    if (this.keptBytes <= this.maxKeptBytes) return;
    const meanBytes = this.keptBytes / reservoir.sample.length;
    // With room for rows that are longer than those so far.
    this.largestSample = Math.max(1, Math.floor((this.maxKeptBytes / meanBytes) * 0.8));
    this.isDone = true;
  }

  finish(): TakenRows {
    const { faults, faultCount, read, leftOut, bound, largestSample } = this;
    const taken = largestSample !== undefined ? [] : (this.reservoir?.sample ?? this.kept);
    // A sample keeps the order of the file: it is easier to read beside it, and its ids do not depend on the draw.
    const inOrder = [...taken].sort((a, b) => a.number - b.number);
    return {
      rows: this.options.shuffle === true ? shuffledBy(inOrder, this.options.seed) : inOrder,
      faults,
      faultCount,
      read,
      leftOut,
      bound,
      complete: !this.isDone,
      ...(largestSample === undefined ? {} : { largestSample }),
    };
  }
}
