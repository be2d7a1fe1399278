import { build, type Histogram } from 'hdr-histogram-js';
import type { Distribution } from '../../protocol/run-json';
import { quantileOfSorted } from './percentile';

/** Samples kept one by one; beyond them a histogram takes over, so that memory does not grow with the run. */
export const EXACT_SAMPLES = 2_000_000;

export interface SamplesOptions {
  /** Steps of the histogram per unit: 1000 gives microseconds for values in ms. */
  resolution?: number;
  exactLimit?: number;
}

/** The values of one metric: exact up to a bound, then an HDR histogram with three significant digits. */
export class Samples {
  private values = new Float64Array(64);
  private sortedValues: Float64Array | null = null;
  private histogram: Histogram | null = null;
  private readonly resolution: number;
  private readonly exactLimit: number;
  private count = 0;
  private runningMean = 0;
  /** Sum of squared deviations (Welford): a difference of two large sums would lose the digits that matter. */
  private squares = 0;
  private lowest = Number.POSITIVE_INFINITY;
  private highest = Number.NEGATIVE_INFINITY;

  constructor(options: SamplesOptions = {}) {
    this.resolution = options.resolution ?? 1000;
    this.exactLimit = options.exactLimit ?? EXACT_SAMPLES;
  }

  get n(): number {
    return this.count;
  }

  get mean(): number {
    return this.count === 0 ? Number.NaN : this.runningMean;
  }

  /** Of the sample (n - 1); 0 below two values. */
  get stdev(): number {
    return this.count < 2 ? 0 : Math.sqrt(this.squares / (this.count - 1));
  }

  get min(): number {
    return this.lowest;
  }

  get max(): number {
    return this.highest;
  }

  get method(): 'exact' | 'hdr' {
    return this.histogram === null ? 'exact' : 'hdr';
  }

  /** Adds one value, at least 0. A value that is not finite is a fault of the caller: it would poison every statistic. */
  add(value: number): void {
    if (!Number.isFinite(value)) throw new RangeError(`A sample must be a finite number, not ${value}.`);
    this.count++;
    const delta = value - this.runningMean;
    this.runningMean += delta / this.count;
    this.squares += delta * (value - this.runningMean);
    if (value < this.lowest) this.lowest = value;
    if (value > this.highest) this.highest = value;
    if (this.histogram !== null) this.record(this.histogram, value);
    else if (this.count > this.exactLimit) this.takeOver().recordValue(this.toSteps(value));
    else this.push(value);
  }

  /** Adds all values of `other`, as if they had been added here (Chan et al. for the moments). */
  merge(other: Samples): void {
    if (other.count === 0) return;
    const total = this.count + other.count;
    const delta = other.runningMean - this.runningMean;
    this.squares += other.squares + (delta * delta * this.count * other.count) / total;
    this.runningMean += (delta * other.count) / total;
    this.lowest = Math.min(this.lowest, other.lowest);
    this.highest = Math.max(this.highest, other.highest);
    if (this.histogram === null && other.histogram === null && total <= this.exactLimit) {
      const added = other.values.subarray(0, other.count);
      this.reserve(total);
      this.values.set(added, this.count);
      this.sortedValues = null;
      this.count = total;
      return;
    }
    const histogram = this.histogram ?? this.takeOver(this.count);
    if (other.histogram === null)
      for (const value of other.values.subarray(0, other.count)) this.record(histogram, value);
    else if (other.resolution === this.resolution) histogram.add(other.histogram);
    else throw new RangeError('Histograms of different resolutions cannot be merged.');
    this.count = total;
  }

  /** The quantile at `share` (0 to 1); NaN without samples. Exact values interpolate (type 7); the histogram is within 0.1%. */
  quantile(share: number): number {
    if (this.count === 0) return Number.NaN;
    if (this.histogram === null) return quantileOfSorted(this.sorted(), share);
    if (share <= 0) return this.lowest;
    if (share >= 1) return this.highest;
    const value = this.histogram.getValueAtPercentile(share * 100) / this.resolution;
    // The histogram answers with the upper edge of a bucket, which may lie beyond the largest value seen.
    return Math.min(this.highest, Math.max(this.lowest, value));
  }

  /** The figures of `run.json`; null without samples. */
  distribution(unit: Distribution['unit']): Distribution | null {
    if (this.count === 0) return null;
    return {
      unit,
      n: this.count,
      mean: this.mean,
      stdev: this.stdev,
      min: this.min,
      p50: this.quantile(0.5),
      p75: this.quantile(0.75),
      p90: this.quantile(0.9),
      p95: this.quantile(0.95),
      p99: this.quantile(0.99),
      'p99.9': this.quantile(0.999),
      max: this.max,
      method: this.method,
    };
  }

  private sorted(): Float64Array {
    this.sortedValues ??= this.values.subarray(0, this.count).sort();
    return this.sortedValues;
  }

  private push(value: number): void {
    this.reserve(this.count);
    this.values[this.count - 1] = value;
    this.sortedValues = null;
  }

  private reserve(length: number): void {
    if (length <= this.values.length) return;
    const grown = new Float64Array(
      Math.min(Math.max(this.exactLimit, length), Math.max(length, this.values.length * 2)),
    );
    grown.set(this.values);
    this.values = grown;
  }

  /** Moves what is held into a histogram; `held` defaults to all values but the one being added. */
  private takeOver(held = this.count - 1): Histogram {
    const histogram = build({
      bitBucketSize: 64,
      autoResize: true,
      lowestDiscernibleValue: 1,
      highestTrackableValue: 2 ** 32,
      numberOfSignificantValueDigits: 3,
    });
    for (const value of this.values.subarray(0, held)) this.record(histogram, value);
    this.values = new Float64Array(0);
    this.sortedValues = null;
    this.histogram = histogram;
    return histogram;
  }

  private record(histogram: Histogram, value: number): void {
    histogram.recordValue(this.toSteps(value));
  }

  /** A client's clock can make a latency a few microseconds negative; a histogram starts at 0. */
  private toSteps(value: number): number {
    return Math.max(0, Math.round(value * this.resolution));
  }
}
