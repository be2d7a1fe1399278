/** How strongly the requests of one run depend on each other, as the factor by which they are worth less than independent ones. */
import { Fft } from './fft';

/** Lags computed one by one before the FFT is worth its set-up: most series end here. */
const DIRECT_LAGS = 64;
/** Longest lag looked at. A series correlated beyond it is a handful of independent samples at best, and is seen as such. */
const MAX_LAG = 131_072;

/**
 * Integrated autocorrelation time tau = 1 + 2 sum rho(k): n samples are worth n / tau independent ones for the variance of
 * their mean. Geyer's initial monotone sequence estimator: pairs rho(2k) + rho(2k+1) are summed until one is negative, each
 * held to at most the one before it.
 *
 * Source: C. J. Geyer, "Practical Markov Chain Monte Carlo", Statistical Science 7 (1992), section 3.3.
 *
 * @param series in send order; at least two values, else the answer is 1
 * @returns at least 1. Anticorrelation would give less; it is not counted as a gain, because it is never known well enough.
 */
export function integratedAutocorrelationTime(series: Float64Array): number {
  const n = series.length;
  if (n < 4) return 1;
  const centred = centre(series);
  let variance = 0;
  for (let i = 0; i < n; i++) variance += (centred[i] as number) ** 2;
  // A constant series has rounding noise for a variance and nothing to say about dependence.
  let scale = 0;
  for (let i = 0; i < n; i++) scale = Math.max(scale, Math.abs(series[i] as number));
  if (variance <= n * (scale * 1e-12) ** 2) return 1;

  let lags = Math.min(DIRECT_LAGS, n - 1);
  let covariances = directAutocovariance(centred, lags);
  for (;;) {
    const found = initialMonotoneSum(covariances, variance);
    const bound = Math.min(n - 1, MAX_LAG);
    if (found.ended || lags >= bound) return Math.max(1, found.tau);
    lags = Math.min(bound, lags * 16);
    covariances = blockAutocovariance(centred, lags);
  }
}

/** Sums pairs of autocorrelations; `ended` is false where the lags ran out before a pair was negative. */
function initialMonotoneSum(covariances: Float64Array, variance: number): { tau: number; ended: boolean } {
  let sum = 0;
  let last = Number.POSITIVE_INFINITY;
  for (let k = 0; k + 1 < covariances.length; k += 2) {
    const pair = ((covariances[k] as number) + (covariances[k + 1] as number)) / variance;
    if (pair <= 0) return { tau: 2 * sum - 1, ended: true };
    last = Math.min(last, pair);
    sum += last;
  }
  return { tau: 2 * sum - 1, ended: false };
}

function centre(series: Float64Array): Float64Array {
  let mean = 0;
  for (let i = 0; i < series.length; i++) mean += ((series[i] as number) - mean) / (i + 1);
  return series.map((value) => value - mean);
}

/** Sums of products at lags 0 to `lags`; O(n lags). */
function directAutocovariance(x: Float64Array, lags: number): Float64Array {
  const out = new Float64Array(lags + 1);
  for (let lag = 0; lag <= lags; lag++) {
    let sum = 0;
    for (let i = lag; i < x.length; i++) sum += (x[i] as number) * (x[i - lag] as number);
    out[lag] = sum;
  }
  return out;
}

/**
 * Sums of products at lags 0 to `lags`, O(n log lags): each block of `m` values is correlated with the `2m` that start with
 * it, the cross spectra are added up and transformed back once. One transform serves both: block as real part, segment as imaginary.
 */
function blockAutocovariance(x: Float64Array, lags: number): Float64Array {
  let m = 1;
  while (m < lags + 1) m *= 2;
  const size = 2 * m;
  const fft = new Fft(size);
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  const sumRe = new Float64Array(size);
  const sumIm = new Float64Array(size);
  for (let start = 0; start < x.length; start += m) {
    re.fill(0);
    im.fill(0);
    re.set(x.subarray(start, start + m));
    im.set(x.subarray(start, start + size));
    fft.forward(re, im);
    for (let k = 0; k < size; k++) {
      const mirror = k === 0 ? 0 : size - k;
      const a = re[k] as number;
      const b = im[k] as number;
      const c = re[mirror] as number;
      const d = im[mirror] as number;
      // B = transform of the block, S = of the segment, recovered from the transform of block + i segment.
      const bRe = (a + c) / 2;
      const bIm = (b - d) / 2;
      const sRe = (b + d) / 2;
      const sIm = (c - a) / 2;
      sumRe[k] = (sumRe[k] as number) + bRe * sRe + bIm * sIm;
      sumIm[k] = (sumIm[k] as number) + bRe * sIm - bIm * sRe;
    }
  }
  // The inverse transform is the forward one with the imaginary part negated before (the result is real).
  for (let k = 0; k < size; k++) sumIm[k] = -(sumIm[k] as number);
  fft.forward(sumRe, sumIm);
  const out = new Float64Array(lags + 1);
  for (let lag = 0; lag <= lags; lag++) out[lag] = (sumRe[lag] as number) / size;
  return out;
}
