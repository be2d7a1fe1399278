/** What has to be counted of the requests of a stage to judge one SLO at its end, and provisionally while it runs. */
import type { SloPlan } from '../../protocol/plan';
import { GapTracker } from './gap-tracker';
import { PercentileTracker, MomentTracker } from './latency-tracker';
import type { RequestSample } from './request-sample';
import { shareOfPercentile } from './stat';
import type { StageMemory } from './stage-memory';
import type { StageTotals } from './stage-totals';
import { ConcurrencyTracker, CostTracker, RateTracker, ShareTracker, TotalCostTracker } from './total-trackers';
import type { SloEvidence } from './verdict';

export interface SloTracker {
  readonly slo: SloPlan;
  /** Counts a request that the stage's memory has been given. */
  add(sample: RequestSample): void;
  /** Of all requests of the window, with intervals. */
  evidence(totals: StageTotals, confidence: number): SloEvidence;
  /** A cheap estimate while the stage runs; without intervals. */
  provisional(totals: StageTotals): SloEvidence;
}

/**
 * The tracker for an SLO; null where it is not about requests of a stage (quality).
 * @param memory of the stage, before its first request
 */
export function trackerFor(slo: SloPlan, memory: StageMemory): SloTracker | null {
  const { series } = memory;
  const good = (sample: RequestSample): number => (sample.good === null ? Number.NaN : sample.good ? 1 : 0);
  switch (slo.metric) {
    case 'itl':
      return new GapTracker(slo, memory);
    case 'error_rate':
      return new ShareTracker(slo, series, 'failed', (sample) => (sample.completed ? 0 : 1));
    case 'goodput_ratio':
      return new ShareTracker(slo, series, 'good', good);
    case 'rps':
      return new RateTracker(slo, series, 'completed', (sample) => (sample.completed ? 1 : 0));
    case 'offered_rps':
      return new RateTracker(slo, series, 'offered', () => 1);
    case 'goodput':
      return new RateTracker(slo, series, 'good', good);
    case 'output_tps':
      return new RateTracker(slo, series, 'output tokens', (sample) => sample.outputTokens);
    case 'input_tps':
      return new RateTracker(slo, series, 'input tokens', (sample) => sample.inputTokens);
    case 'total_tps':
      return new RateTracker(slo, series, 'tokens', (sample) => sample.inputTokens + sample.outputTokens);
    case 'concurrency':
      return new ConcurrencyTracker(slo);
    case 'cost.per_request':
      return new CostTracker(slo, series, 1, () => 1);
    case 'cost.per_good':
      return new CostTracker(slo, series, 1, good);
    case 'cost.per_1m_output':
      return new CostTracker(slo, series, 1e6, (sample) => sample.outputTokens);
    case 'cost.total':
      return new TotalCostTracker(slo);
    default:
      if (slo.stat === null) return null;
      return shareOfPercentile(slo.stat) === null ? new MomentTracker(slo, memory) : new PercentileTracker(slo, memory);
  }
}

/** Metrics of single requests whose samples a stage must hold for these SLOs. */
export function watchedMetrics(slos: readonly SloPlan[]): string[] {
  return slos.filter((slo) => slo.stat !== null && slo.metric !== 'concurrency').map((slo) => slo.metric);
}
