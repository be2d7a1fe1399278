/** Whether a number of two runs differs, each known with an uncertainty of its own. */
import type { BaselineErrors, BaselineRate } from '../../protocol/baseline';
import { wilsonInterval } from '../metrics/binomial';
import { formatCount } from '../metrics/format';
import { studentQuantile } from '../metrics/normal';
import type { Sketch } from './sketch';

/** A number and how far it may be off. */
export interface Uncertain {
  value: number;
  /** The lower (-1) or the upper (1) bound of the truth, exceeded with probability `tail`; infinite where too little is known for one. */
  bound(tail: number, side: -1 | 1): number;
}

export interface Difference {
  /** Second less first. */
  difference: number;
  /** Null where too little is known for one of its ends. */
  ci: [number, number] | null;
  /** Two-sided: the smallest alpha at which the interval leaves zero out. */
  pValue: number;
}

/**
 * Difference of two independent numbers, from their own intervals: each end squares the distances of those ends that face each other,
 * so that skewed intervals (a p99 may be far above, and hardly below) stay skewed.
 * Source: R. G. Newcombe, Statistics in Medicine 17 (1998), method 10, for shares; G. Y. Zou and A. Donner, Statistics in Medicine 27
 * (2008) ("MOVER"), in general; R. M. Price and D. G. Bonett, Statistics in Medicine 21 (2002), for percentiles.
 */
export function differenceOf(first: Uncertain, second: Uncertain, confidence: number): Difference {
  const difference = second.value - first.value;
  const lower = (tail: number): number =>
    difference - Math.hypot(second.value - second.bound(tail, -1), first.bound(tail, 1) - first.value);
  const upper = (tail: number): number =>
    difference + Math.hypot(second.bound(tail, 1) - second.value, first.value - first.bound(tail, -1));
  const tail = (1 - confidence) / 2;
  const ci: [number, number] = [lower(tail), upper(tail)];
  // Only the end that faces zero can leave it out.
  const excludesZero =
    difference > 0 ? (alpha: number) => lower(alpha / 2) > 0 : (alpha: number) => upper(alpha / 2) < 0;
  return {
    difference,
    ci: ci.every(Number.isFinite) ? ci : null,
    pValue: difference === 0 ? 1 : smallestAlpha(excludesZero),
  };
}

/** No p-value below this one says anything that a reader could use. */
const LOWEST = Math.log(1e-15);

function smallestAlpha(excludesZero: (alpha: number) => boolean): number {
  if (!excludesZero(0.999)) return 1;
  let low = LOWEST;
  let high = Math.log(0.999);
  for (let i = 0; i < 22; i++) {
    const middle = (low + high) / 2;
    if (excludesZero(Math.exp(middle))) high = middle;
    else low = middle;
  }
  return Math.exp(high);
}

/** Below so many independent values neither their dependence nor their percentiles are known well enough for a test. */
const LEAST_WORTH = 20;

/**
 * Independent values that a percentile (a mean, without one) needs before it can be tested: enough that its two-sided interval has a
 * value beyond either end, almost surely.
 */
export function worthNeeded(share: number | null, confidence: number): number {
  if (share === null) return LEAST_WORTH;
  const ranks = Math.ceil(Math.log((1 - confidence) / 2) / Math.log(Math.max(share, 1 - share)));
  return Math.max(LEAST_WORTH, ranks);
}

/**
 * `480 requests worth 12 independent ones are too few to compare a p99 (368 needed)`.
 * @param label of the statistic @param noun what is counted, in the plural
 */
export function tooFewSentence(
  label: string,
  noun: string,
  { n, worth, needed }: { n: number; worth: number; needed: number },
): string {
  const independent = worth < n * 0.9 ? ` worth ${formatCount(Math.max(1, worth))} independent ones` : '';
  return `${formatCount(n)} ${noun}${independent} are too few to compare a ${label} (${formatCount(needed)} needed)`;
}

export function percentileOf(sketch: Sketch, share: number): Uncertain {
  return { value: sketch.quantile(share), bound: (tail, side) => sketch.bound(share, tail, side) };
}

/** By Student's t at the effective size. */
export function meanOf({ data: { mean, stdev, worth, n } }: Sketch): Uncertain {
  const size = Math.min(n, worth.mean ?? n);
  return { value: mean, bound: studentBound(mean, size < 2 ? null : stdev / Math.sqrt(size), size - 1) };
}

/** By the score interval of Wilson at the effective size. */
export function errorRateOf({ requests, failed, worth }: BaselineErrors): Uncertain {
  const value = requests === 0 ? 0 : failed / requests;
  const bound = (tail: number, side: -1 | 1): number => {
    const ci = wilsonInterval(value, worth, 1 - 2 * tail);
    return ci === null ? side * Number.POSITIVE_INFINITY : side < 0 ? ci[0] : ci[1];
  };
  return { value, bound };
}

/** Parts that the standard error of a rate rests on, less one. */
const RATE_DEGREES = 19;

export function rateOf({ value, se }: BaselineRate): Uncertain {
  return { value, bound: studentBound(value, se, RATE_DEGREES) };
}

function studentBound(value: number, error: number | null, degrees: number): Uncertain['bound'] {
  if (error === null) return (_tail, side) => side * Number.POSITIVE_INFINITY;
  return (tail, side) => value + side * studentQuantile(1 - tail, degrees) * error;
}
