/** SLOs on figures of the whole stage: shares, rates, concurrency, cost. */
import type { SloPlan } from '../../protocol/plan';
import { wilsonInterval } from './binomial';
import { batchRateInterval, effectiveSize, estimateRatio, studentInterval } from './ratio';
import type { RequestSample } from './request-sample';
import type { SloTracker } from './slo-tracker';
import type { ReadValue, StageSeries } from './stage-series';
import { noSample, windowSeconds, type StageTotals } from './stage-totals';
import type { SloEvidence } from './verdict';

/** A share of all requests: errors, good ones. Failures come in spells, hence the effective sample size. */
export class ShareTracker implements SloTracker {
  private readonly column: number;
  private n = 0;
  private hits = 0;

  /** @param hit 1 or 0; NaN for a request that does not count */
  constructor(
    readonly slo: SloPlan,
    private readonly series: StageSeries,
    name: string,
    private readonly hit: ReadValue,
  ) {
    this.column = series.column(name, hit);
  }

  add(sample: RequestSample): void {
    const hit = this.hit(sample);
    if (Number.isNaN(hit)) return;
    this.n++;
    this.hits += hit;
  }

  evidence(totals: StageTotals, confidence: number): SloEvidence {
    if (this.n === 0) return noSample(this.slo, totals);
    const value = this.hits / this.n;
    const { sums, counts } = this.series.view(this.column);
    const nEffective = effectiveSize(sums, counts, value * (1 - value));
    return { kind: 'estimate', value, n: this.n, nEffective, ci: wilsonInterval(value, nEffective, confidence) };
  }

  provisional(totals: StageTotals): SloEvidence {
    if (this.n === 0) return noSample(this.slo, totals);
    const value = this.hits / this.n;
    return { kind: 'estimate', value, n: this.n, nEffective: this.n, ci: null };
  }
}

/** Something per second of the window. */
export class RateTracker implements SloTracker {
  private readonly column: number;
  private n = 0;
  private sum = 0;

  /** @param weight NaN for a request that does not count */
  constructor(
    readonly slo: SloPlan,
    private readonly series: StageSeries,
    name: string,
    private readonly weight: ReadValue,
  ) {
    this.column = series.column(name, weight);
  }

  add(sample: RequestSample): void {
    const weight = this.weight(sample);
    if (Number.isNaN(weight)) return;
    this.n++;
    this.sum += weight;
  }

  evidence(totals: StageTotals, confidence: number): SloEvidence {
    const point = this.provisional(totals);
    if (point.kind !== 'estimate') return point;
    const keys = this.series.keys(this.column);
    const { sums } = this.series.view(this.column);
    return { ...point, ci: batchRateInterval(keys, sums, totals.window, confidence, this.series.batchMs) };
  }

  provisional(totals: StageTotals): SloEvidence {
    const length = windowSeconds(totals);
    if (this.n === 0 || length === null) return noSample(this.slo, totals);
    return { kind: 'estimate', value: this.sum / length, n: this.n, nEffective: null, ci: null };
  }
}

export class ConcurrencyTracker implements SloTracker {
  constructor(readonly slo: SloPlan) {}

  add(): void {
    // The load workers weigh it by time; requests alone do not know it.
  }

  evidence(totals: StageTotals): SloEvidence {
    if (totals.requests === 0) return noSample(this.slo, totals);
    const value = this.slo.stat === 'max' ? totals.concurrencyMax : totals.concurrencyMean;
    return { kind: 'fact', value, n: totals.requests };
  }

  provisional(): SloEvidence {
    return { kind: 'none', reason: 'known when the stage has ended' };
  }
}

const UNPRICED = 'the endpoint has no "price" and no "hardware.cost_per_hour"';

/** Cost per something: a ratio of two sums over requests. */
export class CostTracker implements SloTracker {
  private readonly costColumn: number;
  private readonly unitColumn: number;
  private n = 0;
  private units = 0;
  private cost = 0;
  private unpriced = 0;

  /**
   * @param scale units that the cost is of: a million for tokens
   * @param unitsOf units of a request; NaN for one that does not count
   */
  constructor(
    readonly slo: SloPlan,
    private readonly series: StageSeries,
    private readonly scale: number,
    private readonly unitsOf: ReadValue,
  ) {
    this.unitColumn = series.column(`units of ${slo.metric}`, unitsOf);
    // A request that does not count has no cost either: both columns are about the same requests.
    this.costColumn = series.column(`cost of ${slo.metric}`, (sample) =>
      Number.isNaN(unitsOf(sample)) ? Number.NaN : (sample.cost ?? 0),
    );
  }

  add(sample: RequestSample): void {
    const units = this.unitsOf(sample);
    if (Number.isNaN(units)) return;
    this.n++;
    this.units += units;
    if (sample.cost === null) this.unpriced++;
    this.cost += sample.cost ?? 0;
  }

  evidence(totals: StageTotals, confidence: number): SloEvidence {
    const point = this.provisional(totals);
    if (point.kind !== 'estimate' || totals.cost === null) return point;
    const { sums, counts } = this.series.view(this.costColumn);
    // Without a price each request takes its share of the machine's time, which is known only now.
    const shared = this.unpriced === this.n ? totals.cost / this.n : 0;
    const estimate = estimateRatio(
      sums.map((cost, i) => cost + shared * (counts?.[i] ?? 1)),
      this.series.view(this.unitColumn).sums,
    );
    const ci = studentInterval(estimate, confidence);
    return {
      ...point,
      // Of batches the estimate knows its variance, but not what a single request would contribute to it.
      nEffective: counts === null ? estimate.nEffective : null,
      ci: ci === null ? null : [Math.max(0, ci[0]) * this.scale, ci[1] * this.scale],
    };
  }

  provisional(totals: StageTotals): SloEvidence {
    if (totals.cost === null) return { kind: 'none', reason: UNPRICED };
    if (this.n === 0) return noSample(this.slo, totals);
    if (this.units === 0)
      return { kind: 'none', reason: `no request to divide the cost by: ${this.slo.metric} is undefined` };
    const cost = this.unpriced === this.n ? totals.cost : this.cost;
    return { kind: 'estimate', value: (cost / this.units) * this.scale, n: this.n, nEffective: null, ci: null };
  }
}

export class TotalCostTracker implements SloTracker {
  constructor(readonly slo: SloPlan) {}

  add(): void {
    // The stage adds it up.
  }

  evidence(totals: StageTotals): SloEvidence {
    if (totals.costOfAll === null) return { kind: 'none', reason: UNPRICED };
    return { kind: 'fact', value: totals.costOfAll, n: totals.requests };
  }

  provisional(totals: StageTotals): SloEvidence {
    return this.evidence(totals);
  }
}
