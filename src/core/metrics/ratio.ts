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

/**
 * Independent values that would give the variance of `estimate` if each had `varianceOfOne`: at most all `n`, at least one.
 */
export function worthOf(estimate: RatioEstimate, varianceOfOne: number, n: number): number {
  if (!Number.isFinite(estimate.variance)) return Math.min(n, estimate.nEffective);
  // Values that do not vary have rounding noise for a variance and nothing to say about dependence.
  if (!(estimate.variance > 0) || varianceOfOne <= (estimate.ratio * 1e-12) ** 2) return n;
  return Math.min(n, Math.max(1, varianceOfOne / estimate.variance));
}

/**
 * Independent values that the mean of a series in send order is worth: n / tau where each row is a request, the same by the
 * variance of the mean where a row is a batch of them.
 * @param counts requests of each batch; null where a row is a request
 * @param varianceOfOne of a single value
 */
export function effectiveSize(sums: Float64Array, counts: Float64Array | null, varianceOfOne: number): number {
  if (counts === null) return sums.length / integratedAutocorrelationTime(sums);
  let n = 0;
  for (const count of counts) n += count;
  return worthOf(estimateRatio(sums, counts), varianceOfOne, n);
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

/** Parts that the window of a rate is split into. */
const PARTS = 20;

/**
 * Interval of a rate (sum of weights / window) by batch means: the window is cut into equal parts whose rates are nearly
 * independent; null where fewer than five events fall into a part on average.
 * Source: A. M. Law, "Simulation Modeling and Analysis" (2015), section 9.5.3.
 * @param instants ms, any order within the window
 * @param spreadMs length of the stretch around each instant over which its weight came; a stretch on the border of two parts
 *   is divided between them, since whole ones would make a steady rate look unsteady
 * @returns per second
 */
export function batchRateInterval(
  instants: Float64Array,
  weights: Float64Array,
  window: { startMs: number; endMs: number },
  confidence: number,
  spreadMs = 0,
): [number, number] | null {
  const length = (window.endMs - window.startMs) / PARTS;
  if (!(length > 0) || instants.length < 5 * PARTS) return null;
  const sums = new Float64Array(PARTS);
  const partOf = (ms: number): number => Math.min(PARTS - 1, Math.max(0, Math.floor((ms - window.startMs) / length)));
  for (let i = 0; i < instants.length; i++) {
    const from = (instants[i] as number) - spreadMs / 2;
    const to = from + spreadMs;
    const first = partOf(from);
    const last = partOf(to);
    for (let part = first; part <= last; part++) {
      const begins = part === first ? from : window.startMs + part * length;
      const ends = part === last ? to : window.startMs + (part + 1) * length;
      const share = first === last ? 1 : (ends - begins) / spreadMs;
      sums[part] = (sums[part] as number) + (weights[i] as number) * share;
    }
  }
  const rates = sums.map((sum) => (sum / length) * 1000);
  return studentInterval(estimateRatio(rates, null), confidence);
}
