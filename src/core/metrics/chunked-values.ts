import { ChunkedList, type ChunkPool } from './chunked-list';

/** A growing multiset of numbers with exact order statistics, found without a sorted copy of everything. */
export class ChunkedValues {
  private readonly list: ChunkedList;
  /** Whether each chunk is in ascending order. */
  private sorted = true;

  constructor(pool: ChunkPool) {
    this.list = new ChunkedList(pool);
  }

  get length(): number {
    return this.list.length;
  }

  /** @param value a number, not NaN */
  push(value: number): void {
    this.list.push(value);
    this.sorted = false;
  }

  /** In no particular order. */
  forEach(visit: (value: number) => void): void {
    for (const view of this.list.views()) for (const value of view) visit(value);
  }

  /** Forgets the values. */
  release(): void {
    this.list.release();
  }

  /**
   * The quantile at `share` (0 to 1) by linear interpolation between order statistics, as `quantileOfSorted` does it.
   * @throws RangeError where there is no value
   */
  quantile(share: number): number {
    const last = this.length - 1;
    if (last < 0) throw new RangeError('A quantile needs at least one value.');
    const chunks = this.list.views();
    if (!this.sorted) for (const chunk of chunks) chunk.sort();
    this.sorted = true;
    const position = Math.min(1, Math.max(0, share)) * last;
    const below = Math.floor(position);
    const low = orderStatistic(chunks, below);
    if (position === below) return low;
    const high = countUpTo(chunks, low) > below + 1 ? low : successor(chunks, low);
    return low + (high - low) * (position - below);
  }
}

/** The value at `rank` (from 0) of all, by bisection of the values: some seventy counts, and nothing is copied. */
function orderStatistic(chunks: readonly Float64Array[], rank: number): number {
  if (chunks.length === 1) return chunks[0]?.[rank] as number;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const chunk of chunks) {
    low = Math.min(low, chunk[0] as number);
    high = Math.max(high, chunk[chunk.length - 1] as number);
  }
  if (countUpTo(chunks, low) > rank) return low;
  // At most `rank` values are up to `low`, more are up to `high`; with no number between the two, `high` is the value itself.
  for (;;) {
    const middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) return high;
    if (countUpTo(chunks, middle) > rank) high = middle;
    else low = middle;
  }
}

/** The smallest value above `value`. */
function successor(chunks: readonly Float64Array[], value: number): number {
  let next = Number.POSITIVE_INFINITY;
  for (const chunk of chunks) {
    const index = upperBound(chunk, value);
    if (index < chunk.length) next = Math.min(next, chunk[index] as number);
  }
  return next;
}

function countUpTo(chunks: readonly Float64Array[], value: number): number {
  let count = 0;
  for (const chunk of chunks) count += upperBound(chunk, value);
  return count;
}

/** Number of values of a sorted chunk that are not above `value`. */
function upperBound(chunk: Float64Array, value: number): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((chunk[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
