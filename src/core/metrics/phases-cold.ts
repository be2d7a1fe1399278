/** The first requests apart: connections, caches and code paths are cold, and what they cost is not what the rest costs. */
import { quantileOfSorted } from './percentile';
import { seededRandom } from './random';

export interface ColdStats {
  /** Requests that were cold, and the others that they are compared with. */
  cold: number;
  warm: number;
  /** Median TTFT from `sent`, ms; null where there is no such request. */
  coldTtftMs: number | null;
  warmTtftMs: number | null;
  /** The slowest cold request's TTFT from `sent`, ms. */
  coldTtftMaxMs: number | null;
  /** Median time to open a connection, of the requests that opened theirs, ms. */
  connectMs: number | null;
  /** How much longer a cold request waits than a warm one: difference of the medians, ms; null where one kind is missing. */
  extraMs: number | null;
  /** By bootstrap; null with fewer than five of a kind. */
  extraCi: [number, number] | null;
}

const KEPT = 512;
const REPLICATES = 1000;
const FEWEST = 5;

/** Collects both kinds in bounded memory; beyond `KEPT` of a kind, a random sample of it. */
export class ColdTally {
  private readonly cold: Sample;
  private readonly warm: Sample;
  private readonly connects: Sample;
  private coldMaxMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly seed: number) {
    const random = seededRandom(seed);
    this.cold = new Sample(random);
    this.warm = new Sample(random);
    this.connects = new Sample(random);
  }

  /** @param ttftSentMs from `sent` to the first token @param connectMs null where the connection was open already */
  add(isCold: boolean, ttftSentMs: number, connectMs: number | null): void {
    if (connectMs !== null) this.connects.add(connectMs);
    if (isCold) {
      this.cold.add(ttftSentMs);
      this.coldMaxMs = Math.max(this.coldMaxMs, ttftSentMs);
    } else this.warm.add(ttftSentMs);
  }

  /** @param confidence level of the interval */
  stats(confidence: number): ColdStats {
    const coldTtftMs = this.cold.median();
    const warmTtftMs = this.warm.median();
    return {
      cold: this.cold.seen,
      warm: this.warm.seen,
      coldTtftMs,
      warmTtftMs,
      coldTtftMaxMs: this.cold.seen === 0 ? null : this.coldMaxMs,
      connectMs: this.connects.median(),
      extraMs: coldTtftMs === null || warmTtftMs === null ? null : coldTtftMs - warmTtftMs,
      extraCi: this.extraInterval(confidence),
    };
  }

  private extraInterval(confidence: number): [number, number] | null {
    if (this.cold.seen < FEWEST || this.warm.seen < FEWEST) return null;
    const random = seededRandom(this.seed + 1);
    const draws = new Float64Array(REPLICATES);
    for (let i = 0; i < REPLICATES; i++)
      draws[i] = this.cold.resampledMedian(random) - this.warm.resampledMedian(random);
    draws.sort();
    const tail = (1 - confidence) / 2;
    return [quantileOfSorted(draws, tail), quantileOfSorted(draws, 1 - tail)];
  }
}

/** An even random sample of a series whose length is not known ahead (J. S. Vitter's algorithm R, 1985). */
class Sample {
  seen = 0;
  private readonly values: number[] = [];

  constructor(private readonly random: () => number) {}

  add(value: number): void {
    this.seen++;
    if (this.values.length < KEPT) {
      this.values.push(value);
      return;
    }
    const slot = Math.floor(this.random() * this.seen);
    if (slot < KEPT) this.values[slot] = value;
  }

  median(): number | null {
    return this.values.length === 0 ? null : quantileOfSorted(Float64Array.from(this.values).sort(), 0.5);
  }

  resampledMedian(random: () => number): number {
    const { values } = this;
    const drawn = new Float64Array(values.length);
    for (let i = 0; i < drawn.length; i++) drawn[i] = values[Math.floor(random() * values.length)] as number;
    return quantileOfSorted(drawn.sort(), 0.5);
  }
}
