/** A straight line through measurements that have outliers, uneven scatter and memory of each other. */
import { integratedAutocorrelationTime } from './autocorrelation';
import { normalQuantile } from './normal';
import { quantileOfSorted } from './percentile';

export interface LineFit {
  kind: 'fit';
  /** Change of y for one more x. */
  slope: number;
  slopeCi: [number, number];
  /** y at x = 0. */
  base: number;
  /** Wider than its level says: it lets the slope and the height of the line err together. */
  baseCi: [number, number];
  /** Share of the variance of y that the line explains, 0 to 1. */
  r2: number;
  /** Points that the line rests on, and how many independent ones they are worth. */
  n: number;
  nEffective: number;
  /** 5th and 95th percentile of x: the line says nothing beyond. */
  xRange: [number, number];
}

/** Why no line can be drawn, as a sentence that says what to do. */
export interface NoFit {
  kind: 'none';
  reason: string;
}

/** A million pairs are sorted in a tenth of a second. */
export const MOST_POINTS = 1500;

/**
 * Theil-Sen line: the slope is the median of the slopes between all pairs of points, the base the median of what it leaves.
 * Up to 29% of the points may be anything (a stall, a cold start) without moving it far, and no scatter is assumed even.
 *
 * The interval is Sen's, from the distribution of Kendall's score with ties in x; where points remember each other, the
 * variance of the score grows by the autocorrelation time of the products of ranks of x and of the residuals.
 *
 * Sources: P. K. Sen, "Estimates of the regression coefficient based on Kendall's tau", JASA 63 (1968); for the dependence,
 * K. H. Hamed and A. R. Rao, "A modified Mann-Kendall trend test for autocorrelated data", Journal of Hydrology 204 (1998),
 * with this estimator of the autocorrelation in place of theirs.
 *
 * @param x in the order of time, at most `MOST_POINTS` values, not all equal @param y of the same length
 * @param confidence level of the intervals, such as 0.95
 */
export function theilSen(x: Float64Array, y: Float64Array, confidence: number): LineFit {
  const n = x.length;
  const slopes = pairSlopes(x, y);
  const slope = quantileOfSorted(slopes, 0.5);
  const residuals = new Float64Array(n);
  for (let i = 0; i < n; i++) residuals[i] = (y[i] as number) - slope * (x[i] as number);
  const base = quantileOfSorted(residuals.slice().sort(), 0.5);
  const tau = scoreDependence(x, residuals);
  const z = normalQuantile((1 + confidence) / 2);
  const slopeCi = slopeInterval(slopes, z * Math.sqrt(scoreVariance(x) * tau));
  return {
    kind: 'fit',
    slope,
    slopeCi,
    base,
    baseCi: baseInterval(x, y, slopeCi, (z * Math.sqrt(tau)) / (2 * Math.sqrt(n))),
    r2: explained(y, residuals, base),
    n,
    nEffective: n / tau,
    xRange: rangeOf(x),
  };
}

/** 5th and 95th percentile. */
export function rangeOf(values: Float64Array): [number, number] {
  const sorted = values.slice().sort();
  return [quantileOfSorted(sorted, 0.05), quantileOfSorted(sorted, 0.95)];
}

function pairSlopes(x: Float64Array, y: Float64Array): Float64Array {
  const n = x.length;
  const slopes = new Float64Array((n * (n - 1)) / 2);
  let count = 0;
  for (let i = 1; i < n; i++) {
    const xi = x[i] as number;
    const yi = y[i] as number;
    for (let j = 0; j < i; j++) {
      const run = xi - (x[j] as number);
      if (run !== 0) slopes[count++] = (yi - (y[j] as number)) / run;
    }
  }
  return slopes.subarray(0, count).sort();
}

/** Variance of Kendall's score S for independent points, with ties in x (Sen 1968, formula 2.6). */
function scoreVariance(x: Float64Array): number {
  const term = (size: number): number => size * (size - 1) * (2 * size + 5);
  const sorted = x.slice().sort();
  let sum = term(sorted.length);
  for (let i = 0; i < sorted.length;) {
    let end = i + 1;
    while (end < sorted.length && sorted[end] === sorted[i]) end++;
    sum -= term(end - i);
    i = end;
  }
  return sum / 18;
}

/** The order statistics whose ranks lie `width` of the score about the middle. */
function slopeInterval(slopes: Float64Array, width: number): [number, number] {
  const last = slopes.length - 1;
  const low = Math.floor((slopes.length - width) / 2) - 1;
  const high = Math.ceil((slopes.length + width) / 2);
  return [slopes[Math.max(0, low)] as number, slopes[Math.min(last, high)] as number];
}

/** The base for the steepest and for the flattest line, each with the interval of its median. */
function baseInterval(
  x: Float64Array,
  y: Float64Array,
  slopeCi: [number, number],
  halfShare: number,
): [number, number] {
  const heights = (slope: number): Float64Array => y.map((value, i) => value - slope * (x[i] as number)).sort();
  return [
    Math.min(...slopeCi.map((slope) => quantileOfSorted(heights(slope), Math.max(0, 0.5 - halfShare)))),
    Math.max(...slopeCi.map((slope) => quantileOfSorted(heights(slope), Math.min(1, 0.5 + halfShare)))),
  ];
}

function scoreDependence(x: Float64Array, residuals: Float64Array): number {
  const a = centredRanks(x);
  const b = centredRanks(residuals);
  return integratedAutocorrelationTime(a.map((rank, i) => rank * (b[i] as number)));
}

/** Ranks about their mean; ties share theirs. */
function centredRanks(values: Float64Array): Float64Array {
  const n = values.length;
  const order = Uint32Array.from(values, (_, i) => i).sort((i, j) => (values[i] as number) - (values[j] as number));
  const out = new Float64Array(n);
  for (let i = 0; i < n;) {
    let end = i + 1;
    while (end < n && values[order[end] as number] === values[order[i] as number]) end++;
    for (let k = i; k < end; k++) out[order[k] as number] = (i + end - 1) / 2 - (n - 1) / 2;
    i = end;
  }
  return out;
}

function explained(y: Float64Array, residuals: Float64Array, base: number): number {
  let mean = 0;
  for (const value of y) mean += value / y.length;
  let left = 0;
  let total = 0;
  for (let i = 0; i < y.length; i++) {
    left += ((residuals[i] as number) - base) ** 2;
    total += ((y[i] as number) - mean) ** 2;
  }
  return total > 0 ? Math.max(0, 1 - left / total) : 0;
}
