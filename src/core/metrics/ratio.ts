/** Means and ratios of sums over dependent requests, with what they are worth. */
import { integratedAutocorrelationTime } from './autocorrelation';
import { studentQuantile } from './normal';

export interface RatioEstimate {
  /** sum(numerator) / sum(denominator); NaN where the denominator is 0. */
  ratio: number;
  /** Of the ratio, dependence between requests included. */
  variance: number;
  /** Independent requests that would tell as much. */
  nEffective: number;
}

/**
 * A ratio of two sums over requests in send order, such as gaps over a limit / gaps, or cost / good requests. A plain mean has
 * a denominator of ones. Variance by linearisation: z = numerator - ratio x denominator, var = n tau var(z) / (sum denominator)^2,
 * with tau the integrated autocorrelation time of z.
 * Source: W. G. Cochran, "Sampling Techniques" (1977), section 6.3, with the variance of a correlated mean.
 *
 * @param denominator null for ones
 * @param options.independent the values have no order in time, so that tau is 1
 */
export function estimateRatio(
  numerator: Float64Array,
  denominator: Float64Array | null,
  options: { independent?: boolean } = {},
): RatioEstimate {
  const n = numerator.length;
  let top = 0;
  let bottom = denominator === null ? n : 0;
  for (let i = 0; i < n; i++) {
    top += numerator[i] as number;
    if (denominator !== null) bottom += denominator[i] as number;
  }
  const ratio = top / bottom;
  if (n < 2 || !Number.isFinite(ratio)) return { ratio, variance: Number.NaN, nEffective: n };
  const z = new Float64Array(n);
  let squares = 0;
  for (let i = 0; i < n; i++) {
    const residual = (numerator[i] as number) - ratio * (denominator === null ? 1 : (denominator[i] as number));
    z[i] = residual;
    squares += residual * residual;
  }
  const nEffective = options.independent === true ? n : n / integratedAutocorrelationTime(z);
  const variance = ((squares / (n - 1)) * n * n) / (nEffective * bottom * bottom);
  return { ratio, variance, nEffective };
}

/** Two-sided interval of an estimate whose variance rests on `nEffective` independent values; null below two of them. */
export function studentInterval(
  estimate: { ratio: number; variance: number; nEffective: number },
  confidence: number,
): [number, number] | null {
  const degrees = estimate.nEffective - 1;
  if (!(degrees > 0) || !Number.isFinite(estimate.variance)) return null;
  const half = studentQuantile(1 - (1 - confidence) / 2, degrees) * Math.sqrt(estimate.variance);
  return Number.isFinite(half) ? [estimate.ratio - half, estimate.ratio + half] : null;
}

/** Batches that a rate is split into. */
const BATCHES = 20;

/**
 * Interval of a rate (sum of weights / window) by batch means: the window is cut into equal parts whose rates are nearly
 * independent; null where fewer than five events fall into a part on average.
 * Source: A. M. Law, "Simulation Modeling and Analysis" (2015), section 9.5.3.
 * @param instants ms, any order within the window
 * @returns per second
 */
export function batchRateInterval(
  instants: Float64Array,
  weights: Float64Array,
  window: { startMs: number; endMs: number },
  confidence: number,
): [number, number] | null {
  const length = (window.endMs - window.startMs) / BATCHES;
  if (!(length > 0) || instants.length < 5 * BATCHES) return null;
  const sums = new Float64Array(BATCHES);
  for (let i = 0; i < instants.length; i++) {
    const batch = Math.floor(((instants[i] as number) - window.startMs) / length);
    const slot = Math.min(BATCHES - 1, Math.max(0, batch));
    sums[slot] = (sums[slot] as number) + (weights[i] as number);
  }
  const rates = sums.map((sum) => (sum / length) * 1000);
  return studentInterval(estimateRatio(rates, null), confidence);
}
