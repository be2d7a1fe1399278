/** Whether the load generator itself was the bottleneck. */
import type { SloPlan } from '../../protocol/plan';
import type { ClientHealth } from '../../protocol/run-json';
import { formatValue } from './format';
import type { Samples } from './samples';

/** Dispatch lag allowed, as a share of the tightest latency limit. */
const SHARE_OF_LIMIT = 0.05;
/** Dispatch lag allowed where no latency is limited, ms. */
const WITHOUT_LIMIT_MS = 10;

/** The p99 of dispatch lag, in ms, above which a stage with these SLOs measures the client and not the server. */
export function dispatchLagLimit(slos: readonly SloPlan[]): number {
  const limits = slos
    .filter((slo) => slo.unit === 'ms' && (slo.op === '<=' || slo.op === '<'))
    .filter((slo) => slo.metric !== 'dispatch_lag' && slo.metric !== 'connect')
    .map((slo) => slo.limit * SHARE_OF_LIMIT);
  return limits.length === 0 ? WITHOUT_LIMIT_MS : Math.min(...limits);
}

/**
 * Decides `limited` from the measured dispatch lag (that of the records, where there is one: the workers' own figure includes
 * warm-up).
 * @returns the health with `limited` set, and why nothing may pass where it is
 */
export function judgeClient(
  health: ClientHealth,
  lags: Samples,
  slos: readonly SloPlan[],
): { health: ClientHealth; cannotPass: string | null } {
  const lagMs = lags.n > 0 ? lags.quantile(0.99) : health.dispatch_lag_p99_ms;
  const allowedMs = dispatchLagLimit(slos);
  const limited = lagMs > allowedMs;
  return {
    health: { ...health, limited, dispatch_lag_p99_ms: lagMs },
    cannotPass: limited
      ? `the client was the limit: it sent ${formatValue(lagMs, 'ms')} late at p99, ${formatValue(allowedMs, 'ms')} is allowed`
      : null,
  };
}
