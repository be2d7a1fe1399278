/** Rows of numbers that arrive as requests end and are wanted in the order in which they were sent. */
export class OrderedRows {
  private keys: Float64Array = new Float64Array(64);
  private readonly columns: Float64Array[];
  private count = 0;

  /**
   * @param width numbers a row
   * @param limit rows kept; later ones are left out, so that memory is bounded. At most 2^21, see `permutation`.
   */
  constructor(
    width: number,
    private readonly limit = 2_000_000,
  ) {
    this.columns = Array.from({ length: width }, () => new Float64Array(64));
  }

  get length(): number {
    return this.count;
  }

  /** @param key the instant that orders the rows, ms */
  add(key: number, ...row: number[]): void {
    if (this.count >= this.limit) return;
    if (this.count === this.keys.length) {
      const length = Math.min(this.limit, this.count * 2);
      this.keys = grow(this.keys, length);
      for (let c = 0; c < this.columns.length; c++) this.columns[c] = grow(this.columns[c] as Float64Array, length);
    }
    this.keys[this.count] = key;
    for (let c = 0; c < this.columns.length; c++) (this.columns[c] as Float64Array)[this.count] = row[c] as number;
    this.count++;
  }

  /** The instants in ascending order, and every column in that order. */
  inOrder(): { keys: Float64Array; columns: Float64Array[] } {
    const order = permutation(this.keys.subarray(0, this.count));
    const pick = (from: Float64Array): Float64Array => {
      const out = new Float64Array(this.count);
      for (let i = 0; i < out.length; i++) out[i] = from[order[i] as number] as number;
      return out;
    };
    return { keys: pick(this.keys), columns: this.columns.map(pick) };
  }

  /** The last `n` rows of a column as they arrived: good enough where only a provisional figure is wanted. */
  latest(column: number, n: number): Float64Array {
    const values = this.columns[column] as Float64Array;
    return values.subarray(Math.max(0, this.count - n), this.count);
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

function grow(from: Float64Array, length: number): Float64Array {
  const grown = new Float64Array(length);
  grown.set(from);
  return grown;
}
