import type { SloPlan } from '../../protocol/plan';
import type { SloEvidence } from './verdict';

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

/** Length of the window in s; null where it has none. */
export function windowSeconds(totals: StageTotals): number | null {
  const length = (totals.window.endMs - totals.window.startMs) / 1000;
  return length > 0 ? length : null;
}

/** Why an SLO has nothing to be judged by. */
export function noSample(slo: SloPlan, totals: StageTotals): SloEvidence {
  if (totals.requests === 0) return { kind: 'none', reason: 'no request fell into the measured window' };
  if (totals.completed === 0) return { kind: 'none', reason: `none of ${totals.requests} requests completed` };
  return { kind: 'none', reason: `no request has a ${slo.metric}` };
}
