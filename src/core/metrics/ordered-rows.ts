import { ChunkedList, type ChunkPool } from './chunked-list';

/** Rows of numbers that arrive as requests end and are wanted in the order in which they were sent. */
export class OrderedRows {
  private readonly keys: ChunkedList;
  private readonly columns: ChunkedList[];
  private order: Uint32Array | null = null;

  /**
   * @param width numbers a row
   * @param limit rows kept; later ones are left out, so that memory is bounded. At most 2^21, see `permutation`.
   */
  constructor(
    width: number,
    private readonly limit: number,
    pool: ChunkPool,
  ) {
    this.keys = new ChunkedList(pool);
    this.columns = Array.from({ length: width }, () => new ChunkedList(pool));
  }

  get length(): number {
    return this.keys.length;
  }

  get isFull(): boolean {
    return this.length >= this.limit;
  }

  /** @param key the instant that orders the rows, ms */
  add(key: number, row: ArrayLike<number>): void {
    if (this.isFull) return;
    this.keys.push(key);
    for (let c = 0; c < this.columns.length; c++) (this.columns[c] as ChunkedList).push(row[c] as number);
    this.order = null;
  }

  /** Visits the rows as they arrived; `row` is overwritten from one to the next. */
  forEach(visit: (key: number, row: Float64Array) => void): void {
    const row = new Float64Array(this.columns.length);
    const columns = this.columns.map((column) => column.views());
    this.keys.views().forEach((keys, v) => {
      for (let i = 0; i < keys.length; i++) {
        for (let c = 0; c < row.length; c++) row[c] = columns[c]?.[v]?.[i] as number;
        visit(keys[i] as number, row);
      }
    });
  }

  /** The instants in ascending order. */
  keysInOrder(): Float64Array {
    return this.pick(this.keys);
  }

  /** A column in the order of the instants. */
  columnInOrder(column: number): Float64Array {
    return this.pick(this.columns[column] as ChunkedList);
  }

  /** Forgets the rows. */
  release(): void {
    this.keys.release();
    for (const column of this.columns) column.release();
    this.order = null;
  }

  private pick(list: ChunkedList): Float64Array {
    this.order ??= permutation(this.keys.toArray());
    const { order } = this;
    const from = list.toArray();
    return from.map((_, i) => from[order[i] as number] as number);
  }
}

/**
 * Indices that sort `keys`. A million numbers sort natively in a tenth of the time that a comparator takes, so key and index
 * are packed into one: 31 bits of time (a microsecond in half an hour) above 21 bits of index.
 */
function permutation(keys: Float64Array): Uint32Array {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const key of keys) {
    if (key < low) low = key;
    if (key > high) high = key;
  }
  const scale = high > low ? (2 ** 31 - 1) / (high - low) : 0;
  const packed = new Float64Array(keys.length);
  for (let i = 0; i < keys.length; i++) packed[i] = Math.floor(((keys[i] as number) - low) * scale) * 2 ** 21 + i;
  packed.sort();
  const order = new Uint32Array(keys.length);
  for (let i = 0; i < order.length; i++) order[i] = (packed[i] as number) % 2 ** 21;
  return order;
}
