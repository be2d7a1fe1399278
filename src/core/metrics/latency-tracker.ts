/** SLOs on a metric with one value a request: TTFT, E2E, TPOT, tokens, cost. */
import type { SloPlan } from '../../protocol/plan';
import { LiveTau } from './live-tau';
import { quantileOfSorted } from './percentile';
import { percentileInterval, percentileValue, quickPercentileValue } from './percentile-value';
import { effectiveSize, estimateRatio, studentInterval } from './ratio';
import type { RequestSample } from './request-sample';
import type { Samples } from './samples';
import type { SloTracker } from './slo-tracker';
import { shareOfPercentile } from './stat';
import type { StageMemory } from './stage-memory';
import type { StageSeries } from './stage-series';
import { noSample, windowSeconds, type StageTotals } from './stage-totals';
import { meets, type SloEvidence } from './verdict';

const columnOf = (series: StageSeries, metric: string): number =>
  series.column(metric, (sample) => sample.values[metric] ?? Number.NaN);

/** `ttft.p99 <= 200ms` */
export class PercentileTracker implements SloTracker {
  private readonly samples: Samples;
  private readonly series: StageSeries;
  private readonly share: number;
  private readonly column: number;
  /** Whether a value violates the limit. */
  private readonly over: number;
  /** Whether it lies beyond the percentile as it was when batching began. */
  private readonly beyond: number;
  private readonly liveTau = new LiveTau();
  private violating = 0;

  constructor(
    readonly slo: SloPlan,
    memory: StageMemory,
  ) {
    const share = shareOfPercentile(slo.stat ?? '');
    if (share === null) throw new RangeError(`"${slo.expr}" is no SLO on a percentile.`);
    this.share = share;
    this.samples = memory.samplesOf(slo.metric);
    this.series = memory.series;
    this.column = columnOf(this.series, slo.metric);
    this.over = this.series.derive(this.column, () => (value) => this.violation(value));
    this.beyond = this.series.derive(this.column, (soFar) => {
      const edge = soFar.length === 0 ? Number.POSITIVE_INFINITY : quantileOfSorted(soFar.slice().sort(), share);
      return (value) => (value > edge ? 1 : 0);
    });
  }

  add(sample: RequestSample): void {
    const value = sample.values[this.slo.metric];
    if (value !== undefined) this.violating += this.violation(value);
  }

  evidence(totals: StageTotals, confidence: number): SloEvidence {
    if (this.samples.n === 0) return noSample(this.slo, totals);
    const value = percentileValue(this.samples, this.slo, this.share, this.violating);
    const nEffective = this.effective(value);
    const ci = percentileInterval(this.samples, this.share, nEffective, confidence);
    return this.percentile(value, nEffective, ci, totals);
  }

  provisional(totals: StageTotals): SloEvidence {
    const { n } = this.samples;
    if (n === 0) return noSample(this.slo, totals);
    const value = quickPercentileValue(this.samples, this.slo, this.share, this.violating);
    const tau = this.liveTau.of(n, () => this.series.latest(this.column));
    return this.percentile(value, n / tau, null, totals);
  }

  private effective(value: number): number {
    const { n } = this.samples;
    const view = this.series.view(this.column);
    // Where the tail clusters more than the body (a stall that hits many requests at once), the body's tau would be too kind.
    const hits =
      this.violating > 0
        ? this.series.derivedSums(this.over, (x) => this.violation(x))
        : this.series.derivedSums(this.beyond, (x) => (x > value ? 1 : 0));
    let sum = 0;
    for (const hit of hits) sum += hit;
    const shareOfHits = sum / n;
    return Math.min(
      effectiveSize(view.sums, view.counts, this.samples.stdev ** 2),
      effectiveSize(hits, view.counts, shareOfHits * (1 - shareOfHits)),
    );
  }

  private percentile(value: number, nEffective: number, ci: [number, number] | null, totals: StageTotals): SloEvidence {
    const { violating } = this;
    return {
      kind: 'percentile',
      value,
      n: this.samples.n,
      violating,
      nEffective,
      ci,
      elapsedS: windowSeconds(totals),
    };
  }

  private violation(value: number): number {
    return meets(value, this.slo.op, this.slo.limit) ? 0 : 1;
  }
}

/** `ttft.mean <= 200ms`, and `stdev`, `min`, `max`. */
export class MomentTracker implements SloTracker {
  private readonly samples: Samples;
  private readonly series: StageSeries;
  private readonly column: number;
  /** Squared distance from a value near the mean; null where no deviation is asked for. */
  private readonly squares: number | null;
  /** That value: the mean when batching began, since the final one is not known until all batches are summed. */
  private centre = 0;
  private readonly liveTau = new LiveTau();

  constructor(
    readonly slo: SloPlan,
    memory: StageMemory,
  ) {
    this.samples = memory.samplesOf(slo.metric);
    this.series = memory.series;
    this.column = columnOf(this.series, slo.metric);
    this.squares =
      slo.stat === 'stdev'
        ? this.series.derive(this.column, () => {
            this.centre = this.samples.n === 0 ? 0 : this.samples.mean;
            return (value) => (value - this.centre) ** 2;
          })
        : null;
  }

  add(): void {
    // The memory of the stage holds all that is needed.
  }

  evidence(totals: StageTotals, confidence: number): SloEvidence {
    const { n, mean, stdev, min, max } = this.samples;
    if (n === 0) return noSample(this.slo, totals);
    switch (this.slo.stat) {
      case 'min':
        return { kind: 'extreme', value: min, n, which: 'min' };
      case 'max':
        return { kind: 'extreme', value: max, n, which: 'max' };
      case 'mean': {
        const { sums, counts } = this.series.view(this.column);
        const nEffective = effectiveSize(sums, counts, stdev ** 2);
        const ci = studentInterval(estimateRatio(sums, counts), confidence);
        return { kind: 'estimate', value: mean, n, nEffective, ci };
      }
      default:
        return this.deviation(confidence);
    }
  }

  provisional(totals: StageTotals): SloEvidence {
    const { n, mean, stdev } = this.samples;
    if (n === 0) return noSample(this.slo, totals);
    if (this.slo.stat === 'min' || this.slo.stat === 'max') return this.evidence(totals, 0);
    const nEffective = n / this.liveTau.of(n, () => this.series.latest(this.column));
    return { kind: 'estimate', value: this.slo.stat === 'mean' ? mean : stdev, n, nEffective, ci: null };
  }

  /** The variance is the mean of squared deviations, and its interval that of a mean; the root of both bounds is the stdev's. */
  private deviation(confidence: number): SloEvidence {
    const { n, mean, stdev } = this.samples;
    const { sums, counts } = this.series.view(this.column);
    const offset = mean - this.centre;
    // sum (x - mean)^2 = sum (x - centre)^2 - 2 offset sum (x - centre) + count offset^2, batch by batch.
    const squares = this.series
      .derivedSums(this.squares ?? 0, (value) => (value - mean) ** 2)
      .map((sum, i) => {
        if (counts === null) return sum;
        const count = counts[i] as number;
        const shifted = (sums[i] as number) - count * this.centre;
        return sum - 2 * offset * shifted + count * offset * offset;
      });
    const estimate = estimateRatio(squares, counts);
    const ci = studentInterval(estimate, confidence);
    return {
      kind: 'estimate',
      value: stdev,
      n,
      // Of batches the estimate knows its variance, but not what a single request would contribute to it.
      nEffective: counts === null ? estimate.nEffective : null,
      ci: ci === null ? null : [Math.sqrt(Math.max(0, ci[0])), Math.sqrt(ci[1])],
    };
  }
}
