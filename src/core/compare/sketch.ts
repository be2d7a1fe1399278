/**
 * Distributions as few numbers that still tell whether another run differs.
 *
 * Why quantiles and a size are enough: a moving-block bootstrap of a percentile draws resamples of a series and takes their
 * percentile, which is F^-1(U) with F the distribution of the series and U the share that the resample has below the percentile: of
 * mean q and variance q (1 - q) tau / n, with tau the integrated autocorrelation time of "is below the percentile" in send
 * order. F is in the sketch, and n / tau is its `worth` at q. Intervals so come from order statistics at the effective size, as those of
 * SLOs do, and need no draw, no seed and no request.
 *
 * Resolution: the body in steps of 2%, the upper tail in steps of 0.5, 0.1 and 0.01%. The interval of a p99 of 500 requests reaches from p97.7
 * to p99.8: a dozen steps.
 */
import type { BaselineDistribution } from '../../protocol/baseline';
import type { Unit } from '../../protocol/plan';
import { regularisedBeta } from '../metrics/beta';
import { normalQuantile } from '../metrics/normal';
import { quantileOfSorted } from '../metrics/percentile';
import { estimateRatio, worthOf } from '../metrics/ratio';
import { shareOfPercentile } from '../metrics/stat';

/** Values of requests in send order; of gaps, those of a request together. */
export interface RequestValues {
  values: Float64Array;
  /** Values of each request; null where each has one. */
  counts: Uint32Array | null;
}

/** Samples up to this size are kept whole: their quantiles would be no fewer. */
const MOST_KEPT = 100;
/** Rows of quantiles: the percentile that each begins with, and its values. */
const ROWS: readonly (readonly [from: number, count: number])[] = [
  [0, 10],
  [20, 10],
  [40, 10],
  [60, 10],
  [80, 10],
  [90, 10],
  [95, 8],
  [99, 9],
  [99.9, 10],
];
const WORTH_AT = ['p50', 'p90', 'p95', 'p99', 'p99.9'] as const;
/** Digits that are kept: a rounding of a twentieth of a thousandth is far below any difference that is worth a word. */
const DIGITS = 4;

/** Reduces values to a sketch; null where there are none. */
export function sketchOf({ values, counts }: RequestValues, unit: Unit): BaselineDistribution | null {
  const n = values.length;
  if (n === 0) return null;
  const sorted = values.slice().sort();
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = n < 2 ? 0 : values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const worth: Record<string, number> = { mean: rounded(worthOfMean({ values, counts }, variance), 3) };
  for (const stat of WORTH_AT) {
    const share = shareOfPercentile(stat) ?? 0.5;
    worth[stat] = rounded(worthOfShare({ values, counts }, quantileOfSorted(sorted, share)), 3);
  }
  const base = { unit, n, mean: rounded(mean), stdev: rounded(Math.sqrt(variance)), worth };
  if (n <= MOST_KEPT) return { ...base, sorted: Array.from(sorted, (value) => rounded(value)) };
  const quantiles: Record<string, number[]> = {};
  ROWS.forEach(([from, count], index) => {
    const to = ROWS[index + 1]?.[0] ?? 100;
    quantiles[`p${from}`] = Array.from({ length: count }, (_, i) =>
      rounded(quantileOfSorted(sorted, (from + ((to - from) * i) / count) / 100)),
    );
  });
  quantiles.p100 = [rounded(sorted[n - 1] ?? 0)];
  return { ...base, quantiles };
}

/** Independent values that the share of values above `limit` rests on. */
export function worthOfShare({ values, counts }: RequestValues, limit: number): number {
  const requests = counts?.length ?? values.length;
  const above = new Float64Array(requests);
  let at = 0;
  for (let i = 0; i < requests; i++) {
    const end = at + (counts?.[i] ?? 1);
    let over = 0;
    for (; at < end; at++) if ((values[at] as number) > limit) over++;
    above[i] = over;
  }
  const estimate = estimateRatio(above, counts === null ? null : Float64Array.from(counts));
  const share = estimate.ratio;
  return corrected(worthOf(estimate, share * (1 - share), values.length), estimate.nEffective, requests);
}

function worthOfMean({ values, counts }: RequestValues, variance: number): number {
  if (counts === null) {
    const { nEffective } = estimateRatio(values, null);
    return corrected(nEffective, nEffective, values.length);
  }
  const sums = new Float64Array(counts.length);
  let at = 0;
  for (let i = 0; i < counts.length; i++) {
    const end = at + (counts[i] as number);
    for (; at < end; at++) sums[i] = (sums[i] as number) + (values[at] as number);
  }
  const estimate = estimateRatio(sums, Float64Array.from(counts));
  return corrected(worthOf(estimate, variance, values.length), estimate.nEffective, counts.length);
}

/**
 * Autocorrelations are estimated too low by about tau / n each, since the mean that they are measured from is the series' own; over the
 * lags that are summed, some two tau on either side, that is a share of about 4 / nEffective of tau. Left as it is, a server near its
 * capacity would be called slower in 7 to 12% of pairs that do not differ.
 */
function corrected(worth: number, nEffective: number, requests: number): number {
  return nEffective >= requests ? worth : worth / (1 + 4 / nEffective);
}

function rounded(value: number, digits = DIGITS): number {
  return Number(value.toPrecision(digits));
}

/** A sketch made ready to be asked. */
export class Sketch {
  private readonly shares: number[] = [];
  private readonly values: number[] = [];

  constructor(readonly data: BaselineDistribution) {
    const { sorted, quantiles } = data;
    if (sorted !== undefined) {
      this.values = sorted;
      this.shares = sorted.map((_, index) => (sorted.length < 2 ? 0 : index / (sorted.length - 1)));
      return;
    }
    const rows = Object.entries(quantiles ?? {}).map(([key, row]) => ({ from: percentOf(key), row }));
    rows.sort((a, b) => a.from - b.from);
    rows.forEach(({ from, row }, index) => {
      const to = rows[index + 1]?.from ?? 100;
      row.forEach((value, i) => {
        this.shares.push((from + ((to - from) * i) / row.length) / 100);
        this.values.push(value);
      });
    });
  }

  get isEmpty(): boolean {
    return this.values.length === 0;
  }

  /** Between two known quantiles by a straight line. */
  quantile(share: number): number {
    const { shares, values } = this;
    let high = shares.findIndex((known) => known >= share);
    if (high === -1) high = shares.length - 1;
    if (high <= 0) return values[0] ?? Number.NaN;
    const [from = 0, to = 1] = [shares[high - 1], shares[high]];
    const [low = 0, up = 0] = [values[high - 1], values[high]];
    return to === from ? up : low + ((up - low) * (share - from)) / (to - from);
  }

  /** Independent values for a percentile: the fewer of those known at its neighbours. */
  worthAt(share: number): number {
    const known = Object.entries(this.data.worth).flatMap(([stat, worth]) => {
      const at = shareOfPercentile(stat);
      return at === null ? [] : [{ at, worth }];
    });
    known.sort((a, b) => a.at - b.at);
    const below = known.filter(({ at }) => at <= share + 1e-12).at(-1) ?? known[0];
    const above = known.find(({ at }) => at >= share - 1e-12) ?? known.at(-1);
    return Math.min(this.data.n, below?.worth ?? this.data.n, above?.worth ?? this.data.n);
  }

  /**
   * Bounds of the true percentile, each exceeded with probability `tail`; infinite where the sample is too small to have one.
   * Source: as `quantileRanks`; for large samples the score interval of E. B. Wilson (1927) for the share, which is the same to three digits.
   */
  bounds(share: number, tail: number): [number, number] {
    return [this.bound(share, tail, -1), this.bound(share, tail, 1)];
  }

  /** The lower (-1) or the upper (1) bound alone: a search for a p-value asks for one of them many times. */
  bound(share: number, tail: number, side: -1 | 1): number {
    const n = this.worthAt(share);
    if (n * share * (1 - share) > 100) {
      const z = normalQuantile(1 - tail);
      const centre = (share + (z * z) / (2 * n)) / (1 + (z * z) / n);
      const half = (z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n))) / (1 + (z * z) / n);
      return this.quantile(Math.min(1, Math.max(0, centre + side * half)));
    }
    const rank = n < 2 ? null : rankWhere(share, n, side < 0 ? 1 - tail : tail);
    return rank === null ? side * Number.POSITIVE_INFINITY : this.quantile((rank - 1) / (n - 1));
  }
}

/**
 * The rank k in [1, n] with I_share(k, n + 1 - k) = probability, which falls as k grows; null where there is none. By the Illinois
 * variant of the false position, in a dozen steps: bisection as in `quantileRanks` would make a hundred tests take a minute.
 * Source: M. Dowell and P. Jarratt, BIT 11 (1971).
 */
function rankWhere(share: number, n: number, probability: number): number | null {
  const excess = (k: number): number => regularisedBeta(share, k, n + 1 - k) - probability;
  let low = 1;
  let high = n;
  let atLow = excess(low);
  let atHigh = excess(high);
  if (atLow < 0 || atHigh > 0) return null;
  let last = 0;
  for (let i = 0; i < 60 && high - low > n * 1e-7; i++) {
    const next = atLow === atHigh ? (low + high) / 2 : (low * atHigh - high * atLow) / (atHigh - atLow);
    const value = excess(next);
    if (Math.abs(value) < 1e-13) return next;
    if (value > 0) {
      low = next;
      atLow = value;
      if (last === 1) atHigh /= 2;
      last = 1;
    } else {
      high = next;
      atHigh = value;
      if (last === -1) atLow /= 2;
      last = -1;
    }
  }
  return (low + high) / 2;
}

function percentOf(key: string): number {
  return Number(key.slice(1));
}
