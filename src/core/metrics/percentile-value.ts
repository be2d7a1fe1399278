/** A percentile as an SLO sees it: its value, and the interval around it. */
import type { SloPlan } from '../../protocol/plan';
import { quantileRanks } from './binomial';
import type { Samples } from './samples';
import { meets } from './verdict';

/** A histogram's value may be off by this share: three significant digits, both edges of a bucket. */
const HISTOGRAM_ERROR = 2e-3;

/**
 * The value of a percentile on the side of the limit on which it truly is. A histogram rounds, which near the limit could
 * turn a pass into a fail; how many samples violate the limit is counted exactly, and decides.
 * @param value by the histogram
 * @param violating samples on the wrong side of the limit
 */
export function settledByCount(
  value: number,
  samples: Pick<Samples, 'n' | 'resolution'>,
  slo: SloPlan,
  share: number,
  violating: number,
): number {
  const { op, limit } = slo;
  const upward = op === '<=' || op === '<';
  const position = share * (samples.n - 1);
  const within = upward ? violating <= samples.n - 1 - Math.ceil(position) : violating <= Math.floor(position);
  if (within === meets(value, op, limit)) return value;
  // Farther off it is no matter of rounding: the percentile lies in a gap between two values.
  if (Math.abs(value - limit) > HISTOGRAM_ERROR * Math.abs(limit)) return value;
  if (meets(limit, op, limit) === within) return limit;
  const step = 1 / samples.resolution;
  return within === upward ? limit - step : limit + step;
}

/** The percentile by everything that was measured. */
export function percentileValue(samples: Samples, slo: SloPlan, share: number, violating: number): number {
  const value = samples.quantile(share);
  return samples.method === 'exact' ? value : settledByCount(value, samples, slo, share, violating);
}

/** The percentile by the histogram, for a tick. */
export function quickPercentileValue(samples: Samples, slo: SloPlan, share: number, violating: number): number {
  return settledByCount(samples.quickQuantile(share), samples, slo, share, violating);
}

/** Two-sided interval of a percentile from the effective sample size; null where that is too small. */
export function percentileInterval(
  samples: Samples,
  share: number,
  nEffective: number,
  confidence: number,
): [number, number] | null {
  const ranks = quantileRanks(share, nEffective, confidence);
  if (ranks === null) return null;
  const at = (rank: number): number => samples.quantile((rank - 1) / (nEffective - 1));
  return [at(ranks[0]), at(ranks[1])];
}
