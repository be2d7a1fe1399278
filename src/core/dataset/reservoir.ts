/** Random choices from streams, drawn from a seed. */
import { Random } from '../load/prng';

/**
 * A uniform sample of a stream of unknown length in one pass: Vitter's algorithm R ("Random sampling with a reservoir", ACM
 * TOMS 11, 1985). Every subset of `size` items is equally likely, and the same seed and stream give the same sample.
 */
export class Reservoir<T> {
  private readonly items: T[] = [];
  private readonly random: Random;
  private seen = 0;

  constructor(
    private readonly size: number,
    seed: number,
  ) {
    this.random = new Random(seed, 'dataset sample');
  }

  /** The item that leaves the sample for this one: itself where it is not taken, undefined while there is room. */
  offer(item: T): T | undefined {
    this.seen++;
    if (this.items.length < this.size) {
      this.items.push(item);
      return undefined;
    }
    const at = Math.floor(this.random.next() * this.seen);
    if (at >= this.size) return item;
    const left = this.items[at];
    this.items[at] = item;
    return left;
  }

  /** In no particular order. */
  get sample(): readonly T[] {
    return this.items;
  }
}

/** A random order of `items`: the shuffle of Fisher and Yates. */
export function shuffledBy<T>(items: readonly T[], seed: number): T[] {
  const result = [...items];
  const random = new Random(seed, 'dataset order');
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    [result[i], result[j]] = [result[j] as T, result[i] as T];
  }
  return result;
}
