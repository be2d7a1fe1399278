import { build, type Histogram } from 'hdr-histogram-js';
import type { Distribution } from '../../protocol/run-json';
import { ChunkPool } from './chunked-list';
import { ChunkedValues } from './chunked-values';
import { EXACT_SAMPLES, type BudgetedSamples, type SampleBudget } from './sample-budget';

export interface SamplesOptions {
  /** Steps of the histogram per unit: 1000 gives microseconds for values in ms. */
  resolution?: number;
  /** Values held one by one, where no budget decides. */
  exactLimit?: number;
  /** Shared with the other metrics of a stage; it decides when the histogram takes over. */
  budget?: SampleBudget;
  /** Keeps a histogram beside the exact values, for quantiles that cost the same at a hundred and at a million values. */
  live?: boolean;
}

/** The values of one metric: exact up to a bound, then an HDR histogram with three significant digits. */
export class Samples implements BudgetedSamples {
  private values: ChunkedValues | null;
  private histogram: Histogram | null = null;
  /** Steps of the histogram per unit. */
  readonly resolution: number;
  private readonly exactLimit: number;
  private readonly budget: SampleBudget | null;
  private count = 0;
  private runningMean = 0;
  /** Sum of squared deviations (Welford): a difference of two large sums would lose the digits that matter. */
  private squares = 0;
  private lowest = Number.POSITIVE_INFINITY;
  private highest = Number.NEGATIVE_INFINITY;

  constructor(options: SamplesOptions = {}) {
    this.resolution = options.resolution ?? 1000;
    this.exactLimit = options.exactLimit ?? (options.budget === undefined ? EXACT_SAMPLES : Number.POSITIVE_INFINITY);
    this.budget = options.budget ?? null;
    this.values = new ChunkedValues(this.budget?.pool ?? new ChunkPool());
    this.budget?.join(this);
    if (options.live === true) this.histogram = emptyHistogram();
    if (this.exactLimit === 0) this.toHistogram();
  }

  get n(): number {
    return this.count;
  }

  get held(): number {
    return this.values?.length ?? 0;
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
    return this.values === null ? 'hdr' : 'exact';
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
    if (this.values !== null) this.hold(this.values, value);
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
    this.count = total;
    if (other.values === null || this.held + other.held > this.exactLimit) this.toHistogram();
    const recorded = this.histogram !== null;
    if (this.histogram !== null) this.recordAll(this.histogram, other);
    other.values?.forEach((value) => {
      if (this.values !== null) this.hold(this.values, value);
      // The budget ended on the way: the histogram has what was held, and takes the rest one by one.
      else if (!recorded && this.histogram !== null) this.record(this.histogram, value);
    });
  }

  /** The quantile at `share` (0 to 1); NaN without samples. Exact values interpolate (type 7); the histogram is within 0.1%. */
  quantile(share: number): number {
    if (this.count === 0) return Number.NaN;
    if (this.values !== null) return this.values.quantile(share);
    return this.quickQuantile(share);
  }

  /** The quantile by the histogram where there is one (`live`), exact values or not: cheap enough for every tick. */
  quickQuantile(share: number): number {
    if (this.histogram === null) return this.quantile(share);
    if (this.count === 0) return Number.NaN;
    if (share <= 0) return this.lowest;
    if (share >= 1) return this.highest;
    const value = this.histogram.getValueAtPercentile(share * 100) / this.resolution;
    // The histogram answers with the upper edge of a bucket, which may lie beyond the largest value seen.
    return Math.min(this.highest, Math.max(this.lowest, value));
  }

  /** Gives up the exact values for a histogram of them. */
  toHistogram(): void {
    const held = this.values;
    this.values = null;
    if (this.histogram === null) {
      const histogram = emptyHistogram();
      held?.forEach((value) => this.record(histogram, value));
      this.histogram = histogram;
    }
    held?.release();
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

  private hold(values: ChunkedValues, value: number): void {
    values.push(value);
    if (values.length > this.exactLimit) this.toHistogram();
    else this.budget?.grew();
  }

  private recordAll(histogram: Histogram, other: Samples): void {
    if (other.values !== null) other.values.forEach((value) => this.record(histogram, value));
    else if (other.histogram !== null && other.resolution === this.resolution) histogram.add(other.histogram);
    else throw new RangeError('Histograms of different resolutions cannot be merged.');
  }

  private record(histogram: Histogram, value: number): void {
    histogram.recordValue(this.toSteps(value));
  }

  /** A client's clock can make a latency a few microseconds negative; a histogram starts at 0. */
  private toSteps(value: number): number {
    return Math.max(0, Math.round(value * this.resolution));
  }
}

function emptyHistogram(): Histogram {
  return build({
    bitBucketSize: 64,
    autoResize: true,
    lowestDiscernibleValue: 1,
    highestTrackableValue: 2 ** 24,
    numberOfSignificantValueDigits: 3,
  });
}
