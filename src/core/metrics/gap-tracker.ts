import type { SloPlan } from '../../protocol/plan';
import { LiveTau } from './live-tau';
import { percentileInterval, percentileValue, quickPercentileValue } from './percentile-value';
import { estimateRatio, studentInterval, worthOf } from './ratio';
import type { RequestSample } from './request-sample';
import type { Samples } from './samples';
import type { SloTracker } from './slo-tracker';
import { shareOfPercentile } from './stat';
import type { StageMemory } from './stage-memory';
import type { StageSeries } from './stage-series';
import { noSample, windowSeconds, type StageTotals } from './stage-totals';
import { meets, type SloEvidence } from './verdict';

/**
 * ITL: many gaps a request. The series is per request: gaps of one stream, and of streams that ran at the same time, come
 * in clusters, and a cluster is worth less than its gaps.
 */
export class GapTracker implements SloTracker {
  private readonly samples: Samples;
  private readonly series: StageSeries;
  /** Sum of the gaps of a request, their number, and how many violate the limit. */
  private readonly sums: number;
  private readonly counts: number;
  private readonly hits: number;
  private readonly liveTau = new LiveTau();
  private violating = 0;

  constructor(
    readonly slo: SloPlan,
    memory: StageMemory,
  ) {
    this.samples = memory.samplesOf('itl');
    this.series = memory.series;
    const column = (name: string, read: (gaps: readonly number[]) => number): number =>
      this.series.column(name, ({ gaps }) => (gaps.length === 0 ? Number.NaN : read(gaps)));
    this.sums = column('sum of gaps', (gaps) => gaps.reduce((sum, gap) => sum + gap, 0));
    this.counts = column('gaps', (gaps) => gaps.length);
    this.hits = column(`gaps not ${slo.op} ${slo.limit}`, (gaps) => this.violations(gaps));
  }

  add(sample: RequestSample): void {
    this.violating += this.violations(sample.gaps);
  }

  evidence(totals: StageTotals, confidence: number): SloEvidence {
    const { n } = this.samples;
    if (n === 0) return noSample(this.slo, totals);
    const counts = this.series.view(this.counts).sums;
    const mean = estimateRatio(this.series.view(this.sums).sums, counts);
    const byMean = worthOf(mean, this.samples.stdev ** 2, n);
    const share = shareOfPercentile(this.slo.stat ?? '');
    if (share === null) return this.simple(byMean, this.slo.stat === 'mean' ? studentInterval(mean, confidence) : null);
    const hits = this.violating / n;
    const byShare =
      hits > 0 && hits < 1
        ? worthOf(estimateRatio(this.series.view(this.hits).sums, counts), hits * (1 - hits), n)
        : Number.POSITIVE_INFINITY;
    const nEffective = Math.min(byMean, byShare);
    const value = percentileValue(this.samples, this.slo, share, this.violating);
    const ci = percentileInterval(this.samples, share, nEffective, confidence);
    return this.percentile(value, nEffective, ci, totals);
  }

  provisional(totals: StageTotals): SloEvidence {
    const { n } = this.samples;
    if (n === 0) return noSample(this.slo, totals);
    const share = shareOfPercentile(this.slo.stat ?? '');
    const nEffective = n / this.liveTau.of(this.series.length, () => this.series.latest(this.sums));
    if (share === null) return this.simple(nEffective, null);
    const value = quickPercentileValue(this.samples, this.slo, share, this.violating);
    return this.percentile(value, nEffective, null, totals);
  }

  private percentile(value: number, nEffective: number, ci: [number, number] | null, totals: StageTotals): SloEvidence {
    const elapsedS = windowSeconds(totals);
    const { n } = this.samples;
    return { kind: 'percentile', value, n, violating: this.violating, nEffective, ci, elapsedS, noun: 'gaps' };
  }

  private simple(nEffective: number | null, ci: [number, number] | null): SloEvidence {
    const { n, mean, stdev, min, max } = this.samples;
    if (this.slo.stat === 'min') return { kind: 'extreme', value: min, n, which: 'min' };
    if (this.slo.stat === 'max') return { kind: 'extreme', value: max, n, which: 'max' };
    return { kind: 'estimate', value: this.slo.stat === 'mean' ? mean : stdev, n, nEffective, ci };
  }

  private violations(gaps: readonly number[]): number {
    let violating = 0;
    for (const gap of gaps) if (!meets(gap, this.slo.op, this.slo.limit)) violating++;
    return violating;
  }
}
