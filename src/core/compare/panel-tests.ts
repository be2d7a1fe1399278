/**
 * The tests of a comparison, each made once: they take up to a third of a second, and a change of the reference asks for most of them
 * again. What is not known yet is queued, so that whoever shows the comparison need not stand still meanwhile.
 */
import { quantileRanks } from '../metrics/binomial';
import { quantileOfSorted } from '../metrics/percentile';
import { worthOfShare } from './sketch';
import { testPercentile, type TestedDifference } from './test-difference';

export type KnownDifference = TestedDifference | { kind: 'pending' };

type Work = () => void;
type Interval = [number, number] | null;

export interface TestOptions {
  confidence: number;
  /** Of the bootstrap: the same runs give the same comparison. */
  seed: number;
}

export class PanelTests {
  private readonly differences = new WeakMap<Float64Array, WeakMap<Float64Array, Map<string, TestedDifference>>>();
  private readonly intervals = new WeakMap<Float64Array, Map<number, Interval>>();
  private readonly queue = new Map<string, Work>();
  /** Numbers the series, so that a piece of work has a name. */
  private readonly numbers = new WeakMap<Float64Array, number>();
  private count = 0;

  constructor(private readonly options: TestOptions) {}

  /** Pieces of work that somebody has asked for. */
  get pending(): number {
    return this.queue.size;
  }

  /** The second less the first. */
  difference(first: Float64Array | null, second: Float64Array | null, share: number, noun: string): KnownDifference {
    const options = { ...this.options, share, noun };
    if (first === null || second === null) return testPercentile(first, second, options);
    const key = `${share} ${noun}`;
    const known = this.differences.get(first)?.get(second)?.get(key);
    if (known !== undefined) return known;
    // The same two the other way round need no test of their own.
    const reversed = this.differences.get(second)?.get(first)?.get(key);
    if (reversed !== undefined) return negated(reversed);
    this.later(`${this.numberOf(first)} ${this.numberOf(second)} ${key}`, () => {
      if (this.differences.get(second)?.get(first)?.has(key) === true) return;
      const bySecond = this.differences.get(first) ?? new WeakMap<Float64Array, Map<string, TestedDifference>>();
      this.differences.set(first, bySecond);
      const byKey = bySecond.get(second) ?? new Map<string, TestedDifference>();
      bySecond.set(second, byKey);
      byKey.set(key, testPercentile(first, second, options));
    });
    return { kind: 'pending' };
  }

  /** The interval of a percentile of one series, at its effective size; null where it is too short or not known yet. */
  interval(series: Float64Array | null, share: number): Interval {
    if (series === null) return null;
    const known = this.intervals.get(series)?.get(share);
    if (known !== undefined) return known;
    this.later(`${this.numberOf(series)} ${share}`, () => {
      const byShare = this.intervals.get(series) ?? new Map<number, Interval>();
      this.intervals.set(series, byShare);
      byShare.set(share, seriesInterval(series, share, this.options.confidence));
    });
    return null;
  }

  /** Does one piece of the work. @returns whether there is more */
  step(): boolean {
    const [next] = this.queue;
    if (next === undefined) return false;
    this.queue.delete(next[0]);
    next[1]();
    return this.queue.size > 0;
  }

  /** Forgets work that nobody waits for any more. */
  clear(): void {
    this.queue.clear();
  }

  private later(name: string, work: Work): void {
    if (!this.queue.has(name)) this.queue.set(name, work);
  }

  private numberOf(series: Float64Array): number {
    const number = this.numbers.get(series) ?? ++this.count;
    this.numbers.set(series, number);
    return number;
  }
}

function negated(tested: TestedDifference): TestedDifference {
  if (tested.kind === 'untested') return tested;
  const { difference, ci } = tested;
  return { ...tested, difference: 0 - difference, ci: [0 - ci[1], 0 - ci[0]] };
}

/**
 * By order statistics at the effective size of the percentile: that of "lies above it" in send order, on which the tests rest, too. That
 * of the values says something else: one request in a hundred that takes very long hides how much the others depend on each other.
 */
export function seriesInterval(series: Float64Array, share: number, confidence: number): Interval {
  if (series.length === 0) return null;
  const sorted = series.slice().sort();
  const nEffective = worthOfShare({ values: series, counts: null }, quantileOfSorted(sorted, share));
  const ranks = quantileRanks(share, nEffective, confidence);
  if (ranks === null) return null;
  const at = (rank: number): number => quantileOfSorted(sorted, (rank - 1) / (nEffective - 1));
  return [at(ranks[0]), at(ranks[1])];
}
