/** What has to be remembered of the requests of a stage to judge one SLO at its end, and provisionally while it runs. */
import type { SloPlan } from '../../protocol/plan';
import { integratedAutocorrelationTime } from './autocorrelation';
import { quantileRanks, wilsonInterval } from './binomial';
import { OrderedRows } from './ordered-rows';
import { batchRateInterval, estimateRatio, studentInterval } from './ratio';
import { quantileOfSorted } from './percentile';
import type { RequestSample } from './request-sample';
import { Samples } from './samples';
import { shareOfPercentile } from './stat';
import { meets, type SloEvidence } from './verdict';

/** Figures of the whole stage that some SLOs are about. */
export interface StageTotals {
  window: { startMs: number; endMs: number };
  /** Requests of the window, whatever became of them. */
  requests: number;
  completed: number;
  good: number | null;
  outputTokens: number;
  inputTokens: number;
  /** USD of the window; null where no cost is known. */
  cost: number | null;
  /** USD of everything that was sent, warm-up and cool-down included; null where no cost is known. */
  costOfAll: number | null;
  concurrencyMean: number;
  concurrencyMax: number;
}

export interface SloTracker {
  readonly slo: SloPlan;
  add(sample: RequestSample): void;
  /** Of all requests of the window, with intervals. */
  evidence(totals: StageTotals, confidence: number): SloEvidence;
  /** A cheap estimate while the stage runs; without intervals. */
  provisional(totals: StageTotals): SloEvidence;
}

/** The tracker for an SLO; null where it is not about requests of a stage (quality). */
export function trackerFor(slo: SloPlan): SloTracker | null {
  switch (slo.metric) {
    case 'itl':
      return new GapTracker(slo);
    case 'error_rate':
      return new ShareTracker(slo, (sample) => !sample.completed);
    case 'goodput_ratio':
      return new ShareTracker(slo, (sample) => sample.good);
    case 'rps':
      return new RateTracker(slo, (sample) => (sample.completed ? 1 : 0));
    case 'offered_rps':
      return new RateTracker(slo, () => 1);
    case 'goodput':
      return new RateTracker(slo, (sample) => (sample.good === null ? null : sample.good ? 1 : 0));
    case 'output_tps':
      return new RateTracker(slo, (sample) => (sample.completed ? sample.outputTokens : 0));
    case 'input_tps':
      return new RateTracker(slo, (sample) => (sample.completed ? sample.inputTokens : 0));
    case 'total_tps':
      return new RateTracker(slo, (sample) => (sample.completed ? sample.inputTokens + sample.outputTokens : 0));
    case 'concurrency':
      return new ConcurrencyTracker(slo);
    case 'cost.per_request':
      return new CostTracker(slo, 1, () => 1);
    case 'cost.per_good':
      return new CostTracker(slo, 1, (sample) => (sample.good === null ? null : sample.good ? 1 : 0));
    case 'cost.per_1m_output':
      return new CostTracker(slo, 1e6, (sample) => (sample.completed ? sample.outputTokens : 0));
    case 'cost.total':
      return new TotalCostTracker(slo);
    default:
      return slo.stat === null ? null : new ValueTracker(slo);
  }
}

/** Values whose autocorrelation is estimated while the stage runs; re-estimated when the sample has grown by a quarter. */
const LIVE_SERIES = 2048;

/** A provisional autocorrelation time that is not recomputed at every tick. */
class LiveTau {
  private tau = 1;
  private at = 0;

  of(n: number, series: () => Float64Array): number {
    if (n > this.at * 1.25) {
      this.tau = integratedAutocorrelationTime(series());
      this.at = n;
    }
    return this.tau;
  }
}

/** One value a request: TTFT, E2E, TPOT, tokens, cost. */
class ValueTracker implements SloTracker {
  private readonly rows = new OrderedRows(1);
  /** A histogram from the start: its percentiles cost the same at a hundred and at a million requests. */
  private readonly samples: Samples;
  private readonly liveTau = new LiveTau();
  private violating = 0;

  constructor(readonly slo: SloPlan) {
    this.samples = new Samples({ resolution: slo.unit === 'USD' ? 1e9 : 1000, exactLimit: 0 });
  }

  add(sample: RequestSample): void {
    const value = sample.values[this.slo.metric];
    if (value === undefined) return;
    this.rows.add(sample.at, value);
    this.samples.add(value);
    if (!meets(value, this.slo.op, this.slo.limit)) this.violating++;
  }

  evidence(totals: StageTotals, confidence: number): SloEvidence {
    const { n } = this.samples;
    if (n === 0) return noSample(this.slo, totals);
    const series = this.rows.inOrder().columns[0] as Float64Array;
    const share = shareOfPercentile(this.slo.stat ?? '');
    if (share === null) return this.moment(series, confidence);
    const sorted = series.slice().sort();
    const quantile = (at: number): number =>
      n > series.length ? this.samples.quantile(at) : quantileOfSorted(sorted, at);
    const value = quantile(share);
    // Where the tail clusters more than the body (a stall that hits many requests at once), the body's tau would be too kind.
    const edge = this.violating > 0 ? this.slo.limit : value;
    const beyond = series.map((x) => (x > edge ? 1 : 0));
    const tau = Math.max(integratedAutocorrelationTime(series), integratedAutocorrelationTime(beyond));
    const nEffective = n / tau;
    return {
      kind: 'percentile',
      value,
      n,
      violating: this.violating,
      nEffective,
      ci: quantileInterval(quantile, share, nEffective, confidence),
      elapsedS: seconds(totals),
    };
  }

  provisional(totals: StageTotals): SloEvidence {
    const { n } = this.samples;
    if (n === 0) return noSample(this.slo, totals);
    const share = shareOfPercentile(this.slo.stat ?? '');
    const nEffective = n / this.liveTau.of(n, () => this.rows.latest(0, LIVE_SERIES));
    if (share === null) return this.simple(nEffective, null);
    return {
      kind: 'percentile',
      value: this.samples.quantile(share),
      n,
      violating: this.violating,
      nEffective,
      ci: null,
      elapsedS: seconds(totals),
    };
  }

  private moment(series: Float64Array, confidence: number): SloEvidence {
    if (this.slo.stat === 'mean') {
      const estimate = estimateRatio(series, null);
      return this.simple(estimate.nEffective, studentInterval(estimate, confidence));
    }
    if (this.slo.stat !== 'stdev') return this.simple(null, null);
    // The variance is the mean of squared deviations, and its interval that of a mean; the root of both bounds is the stdev's.
    const { mean } = this.samples;
    const estimate = estimateRatio(
      series.map((value) => (value - mean) ** 2),
      null,
    );
    const ci = studentInterval(estimate, confidence);
    return this.simple(estimate.nEffective, ci === null ? null : [Math.sqrt(Math.max(0, ci[0])), Math.sqrt(ci[1])]);
  }

  private simple(nEffective: number | null, ci: [number, number] | null): SloEvidence {
    const { n, mean, stdev, min, max } = this.samples;
    if (this.slo.stat === 'min') return { kind: 'extreme', value: min, n, which: 'min' };
    if (this.slo.stat === 'max') return { kind: 'extreme', value: max, n, which: 'max' };
    return { kind: 'estimate', value: this.slo.stat === 'mean' ? mean : stdev, n, nEffective, ci };
  }
}

/**
 * ITL: many gaps a request. The series is per request: gaps of one stream, and of streams that ran at the same time, come
 * in clusters, and a cluster is worth less than its gaps.
 */
class GapTracker implements SloTracker {
  /** Sum of gaps, gaps, gaps that violate the limit; one row a request. */
  private readonly rows = new OrderedRows(3);
  private readonly samples = new Samples();
  private readonly live = new Samples({ exactLimit: 0 });
  private readonly liveTau = new LiveTau();
  private violating = 0;

  constructor(readonly slo: SloPlan) {}

  add(sample: RequestSample): void {
    if (sample.gaps.length === 0) return;
    let sum = 0;
    let violating = 0;
    for (const gap of sample.gaps) {
      sum += gap;
      this.samples.add(gap);
      this.live.add(gap);
      if (!meets(gap, this.slo.op, this.slo.limit)) violating++;
    }
    this.violating += violating;
    this.rows.add(sample.at, sum, sample.gaps.length, violating);
  }

  evidence(totals: StageTotals, confidence: number): SloEvidence {
    const { n } = this.samples;
    if (n === 0) return noSample(this.slo, totals);
    const [sums, counts, violating] = this.rows.inOrder().columns as [Float64Array, Float64Array, Float64Array];
    const mean = estimateRatio(sums, counts);
    const byMean = this.worth(mean.variance, this.samples.stdev ** 2, mean.nEffective);
    const share = shareOfPercentile(this.slo.stat ?? '');
    if (share === null) {
      if (this.slo.stat === 'mean') return this.simple(byMean, studentInterval(mean, confidence));
      return this.simple(byMean, null);
    }
    const hits = this.violating / n;
    const byShare =
      hits > 0 && hits < 1
        ? this.worth(estimateRatio(violating, counts).variance, hits * (1 - hits), mean.nEffective)
        : Number.POSITIVE_INFINITY;
    const nEffective = Math.min(byMean, byShare);
    return {
      kind: 'percentile',
      value: this.samples.quantile(share),
      n,
      violating: this.violating,
      nEffective,
      ci: quantileInterval((at) => this.samples.quantile(at), share, nEffective, confidence),
      elapsedS: seconds(totals),
      noun: 'gaps',
    };
  }

  provisional(totals: StageTotals): SloEvidence {
    const { n } = this.live;
    if (n === 0) return noSample(this.slo, totals);
    const share = shareOfPercentile(this.slo.stat ?? '');
    const tau = this.liveTau.of(this.rows.length, () => this.rows.latest(0, LIVE_SERIES));
    if (share === null) return this.simple(n / tau, null);
    return {
      kind: 'percentile',
      value: this.live.quantile(share),
      n,
      violating: this.violating,
      nEffective: n / tau,
      ci: null,
      elapsedS: seconds(totals),
      noun: 'gaps',
    };
  }

  /** Gaps that would give this variance if they were independent: at most all, at least one. */
  private worth(variance: number, varianceOfOne: number, fallback: number): number {
    const { n } = this.samples;
    if (!Number.isFinite(variance)) return Math.min(n, fallback);
    if (!(variance > 0)) return n;
    return Math.min(n, Math.max(1, varianceOfOne / variance));
  }

  private simple(nEffective: number | null, ci: [number, number] | null): SloEvidence {
    const { n, mean, stdev, min, max } = this.samples;
    if (this.slo.stat === 'min') return { kind: 'extreme', value: min, n, which: 'min' };
    if (this.slo.stat === 'max') return { kind: 'extreme', value: max, n, which: 'max' };
    return { kind: 'estimate', value: this.slo.stat === 'mean' ? mean : stdev, n, nEffective, ci };
  }
}

/** A share of all requests: errors, good ones. Failures come in spells, hence the effective sample size. */
class ShareTracker implements SloTracker {
  private readonly rows = new OrderedRows(1);
  private n = 0;
  private hits = 0;

  constructor(
    readonly slo: SloPlan,
    private readonly hit: (sample: RequestSample) => boolean | null,
  ) {}

  add(sample: RequestSample): void {
    const hit = this.hit(sample);
    if (hit === null) return;
    this.n++;
    if (hit) this.hits++;
    this.rows.add(sample.at, hit ? 1 : 0);
  }

  evidence(totals: StageTotals, confidence: number): SloEvidence {
    if (this.n === 0) return noSample(this.slo, totals);
    const value = this.hits / this.n;
    const tau = integratedAutocorrelationTime(this.rows.inOrder().columns[0] as Float64Array);
    const nEffective = this.n / tau;
    return { kind: 'estimate', value, n: this.n, nEffective, ci: wilsonInterval(value, nEffective, confidence) };
  }

  provisional(totals: StageTotals): SloEvidence {
    if (this.n === 0) return noSample(this.slo, totals);
    const value = this.hits / this.n;
    return { kind: 'estimate', value, n: this.n, nEffective: this.n, ci: null };
  }
}

/** Something per second of the window. */
class RateTracker implements SloTracker {
  private readonly rows = new OrderedRows(1);
  private n = 0;
  private sum = 0;

  constructor(
    readonly slo: SloPlan,
    private readonly weight: (sample: RequestSample) => number | null,
  ) {}

  add(sample: RequestSample): void {
    const weight = this.weight(sample);
    if (weight === null) return;
    this.n++;
    this.sum += weight;
    this.rows.add(sample.at, weight);
  }

  evidence(totals: StageTotals, confidence: number): SloEvidence {
    const point = this.provisional(totals);
    if (point.kind !== 'estimate' || this.rows.length < this.n) return point;
    const { keys, columns } = this.rows.inOrder();
    return { ...point, ci: batchRateInterval(keys, columns[0] as Float64Array, totals.window, confidence) };
  }

  provisional(totals: StageTotals): SloEvidence {
    const length = seconds(totals);
    if (this.n === 0 || length === null) return noSample(this.slo, totals);
    return { kind: 'estimate', value: this.sum / length, n: this.n, nEffective: null, ci: null };
  }
}

class ConcurrencyTracker implements SloTracker {
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

/** Cost per something: a ratio of two sums over requests. */
class CostTracker implements SloTracker {
  /** Cost and units of each request; a request of unknown cost takes its share of the machine's time at the end. */
  private readonly rows = new OrderedRows(2);
  private n = 0;
  private units = 0;
  private cost = 0;
  private unpriced = 0;

  constructor(
    readonly slo: SloPlan,
    private readonly scale: number,
    private readonly unitsOf: (sample: RequestSample) => number | null,
  ) {}

  add(sample: RequestSample): void {
    const units = this.unitsOf(sample);
    if (units === null) return;
    this.n++;
    this.units += units;
    if (sample.cost === null) this.unpriced++;
    this.cost += sample.cost ?? 0;
    this.rows.add(sample.at, sample.cost ?? Number.NaN, units);
  }

  evidence(totals: StageTotals, confidence: number): SloEvidence {
    const point = this.provisional(totals);
    if (point.kind !== 'estimate' || this.rows.length < this.n || totals.cost === null) return point;
    const [costs, units] = this.rows.inOrder().columns as [Float64Array, Float64Array];
    const shared = this.unpriced === this.n ? totals.cost / this.n : 0;
    const estimate = estimateRatio(
      costs.map((cost) => (Number.isNaN(cost) ? shared : cost)),
      units,
    );
    const ci = studentInterval(estimate, confidence);
    return {
      ...point,
      nEffective: estimate.nEffective,
      ci: ci === null ? null : [Math.max(0, ci[0]) * this.scale, ci[1] * this.scale],
    };
  }

  provisional(totals: StageTotals): SloEvidence {
    if (totals.cost === null)
      return { kind: 'none', reason: 'the endpoint has no "price" and no "hardware.cost_per_hour"' };
    if (this.n === 0) return noSample(this.slo, totals);
    if (this.units === 0)
      return { kind: 'none', reason: `no request to divide the cost by: ${this.slo.metric} is undefined` };
    const cost = this.unpriced === this.n ? totals.cost : this.cost;
    return { kind: 'estimate', value: (cost / this.units) * this.scale, n: this.n, nEffective: null, ci: null };
  }
}

class TotalCostTracker implements SloTracker {
  constructor(readonly slo: SloPlan) {}

  add(): void {
    // The stage adds it up.
  }

  evidence(totals: StageTotals): SloEvidence {
    if (totals.costOfAll === null)
      return { kind: 'none', reason: 'the endpoint has no "price" and no "hardware.cost_per_hour"' };
    return { kind: 'fact', value: totals.costOfAll, n: totals.requests };
  }

  provisional(totals: StageTotals): SloEvidence {
    return this.evidence(totals);
  }
}

function quantileInterval(
  quantile: (share: number) => number,
  share: number,
  nEffective: number,
  confidence: number,
): [number, number] | null {
  const ranks = quantileRanks(share, nEffective, confidence);
  if (ranks === null) return null;
  const at = (rank: number): number => quantile((rank - 1) / (nEffective - 1));
  return [at(ranks[0]), at(ranks[1])];
}

/** Length of the window in s; null where it has none. */
function seconds(totals: StageTotals): number | null {
  const length = (totals.window.endMs - totals.window.startMs) / 1000;
  return length > 0 ? length : null;
}

function noSample(slo: SloPlan, totals: StageTotals): SloEvidence {
  if (totals.requests === 0) return { kind: 'none', reason: 'no request fell into the measured window' };
  if (totals.completed === 0) return { kind: 'none', reason: `none of ${totals.requests} requests completed` };
  return { kind: 'none', reason: `no request has a ${slo.metric}` };
}
