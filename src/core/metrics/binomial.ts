/** Exact statements about a share from a count. Counts may be fractional: effective sample sizes are. */
import { inverseRegularisedBeta, regularisedBeta } from './beta';
import { normalQuantile } from './normal';

/**
 * One-sided upper bound of a share of which `hits` of `n` were seen: the share that would give so few with probability 1 - confidence.
 * Source: C. J. Clopper and E. S. Pearson, Biometrika 26 (1934), in the beta form of L. D. Brown et al., Statistical Science 16 (2001).
 */
export function clopperPearsonUpper(hits: number, n: number, confidence: number): number {
  if (n <= 0 || hits >= n) return 1;
  return inverseRegularisedBeta(confidence, hits + 1, n - hits);
}

/** One-sided lower bound of a share of which `hits` of `n` were seen; see `clopperPearsonUpper`. */
export function clopperPearsonLower(hits: number, n: number, confidence: number): number {
  if (n <= 0 || hits <= 0) return 0;
  return inverseRegularisedBeta(1 - confidence, hits, n - hits + 1);
}

/**
 * Two-sided Wilson score interval of a share.
 * Source: E. B. Wilson, Journal of the American Statistical Association 22 (1927).
 * @param n may be an effective sample size; null is returned where it is not above 0
 */
export function wilsonInterval(share: number, n: number, confidence: number): [number, number] | null {
  if (!(n > 0)) return null;
  const z = normalQuantile(1 - (1 - confidence) / 2);
  const centre = share + (z * z) / (2 * n);
  const half = z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  const scale = 1 + (z * z) / n;
  // Exact at the ends: rounding would leave a lower bound of 1e-18 there, which reads as if it meant something.
  const lower = share <= 0 ? 0 : Math.max(0, (centre - half) / scale);
  const upper = share >= 1 ? 1 : Math.min(1, (centre + half) / scale);
  return [lower, upper];
}

/**
 * Effective number of independent answers where repeats of one case form a cluster: n / deff with the design effect
 * deff = (variance of the share over clusters) / (variance if all answers were independent), at least 1.
 * Source: L. Kish, "Survey Sampling" (1965), ratio estimator over clusters.
 *
 * Where all answers agree the variance between clusters is 0 and says nothing; then the clusters are counted, which is what
 * answers that repeat each other exactly would give.
 */
export function clusteredSampleSize(clusters: readonly { hits: number; n: number }[]): number {
  const used = clusters.filter((cluster) => cluster.n > 0);
  const n = used.reduce((sum, cluster) => sum + cluster.n, 0);
  const share = n === 0 ? 0 : used.reduce((sum, cluster) => sum + cluster.hits, 0) / n;
  if (used.length === n) return n;
  if (share <= 0 || share >= 1 || used.length < 2) return used.length;
  const squares = used.reduce((sum, cluster) => sum + (cluster.hits - share * cluster.n) ** 2, 0);
  const variance = ((used.length / (used.length - 1)) * squares) / (n * n);
  const designEffect = variance / ((share * (1 - share)) / n);
  return Math.min(n, Math.max(1, n / Math.max(1, designEffect)));
}

/** Independent samples below which no count, not even none over the limit, certifies a percentile: 299 for a p99 at 95%. */
export function samplesForPercentile(share: number, confidence: number): number {
  return Math.ceil(Math.log(1 - confidence) / Math.log(share));
}

/**
 * Two-sided interval of a quantile, as the fractional ranks (1 to n) of the order statistics that bound it: the k-th of n
 * uniform order statistics is Beta(k, n + 1 - k), so the ranks solve I_share(k, n + 1 - k) = 1 - alpha/2 and alpha/2.
 * Source: H. A. David and H. N. Nagaraja, "Order Statistics" (2003), section 7.1, continued to fractional ranks.
 * @returns null where n is too small for one of the two ranks to exist
 */
export function quantileRanks(share: number, n: number, confidence: number): [number, number] | null {
  if (!(n >= 2)) return null;
  const tail = (1 - confidence) / 2;
  const low = rankWhere(share, n, 1 - tail);
  const high = rankWhere(share, n, tail);
  return low === null || high === null ? null : [low, high];
}

/** The rank k in [1, n] with I_share(k, n + 1 - k) = probability, which falls as k grows. */
function rankWhere(share: number, n: number, probability: number): number | null {
  let low = 1;
  let high = n;
  if (regularisedBeta(share, low, n + 1 - low) < probability) return null;
  if (regularisedBeta(share, high, n + 1 - high) > probability) return null;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (regularisedBeta(share, middle, n + 1 - middle) > probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
