/** Whether the same cases are answered worse than before, every answer counted at its case. */
import type { BaselineCase } from '../../protocol/baseline';
import { normalQuantile, studentQuantile } from '../metrics/normal';
import { logGamma } from '../metrics/beta';
import { exactMcNemar } from '../metrics/paired';
import { pairedInterval } from './pairs';
import { upperTail } from './test-difference';

/** A case that both runs asked. */
export interface CasePair {
  id: string;
  before: BaselineCase;
  now: BaselineCase;
}

export interface QualityDifference {
  /** Mean over cases of the share of right answers now less that before. */
  difference: number;
  ci: [number, number] | null;
  pValue: number;
}

/** Sums of answers that are convolved exactly; beyond it the normal distribution is as good. */
const MOST_EXACT = 4000;

/**
 * With one answer a case the exact test of McNemar. With several, the exact conditional test of Mantel and Haenszel over the cases:
 * given how many of a case's answers are right in both runs together, those of this run are hypergeometric if nothing has changed; a
 * case whose answers are all right, or all wrong, says nothing. With one answer a case it is McNemar's test, so that asking more often
 * changes the evidence and not the question.
 * Source: N. Mantel and W. Haenszel (1959); exact form in A. Agresti, "Categorical Data Analysis" (2002), section 6.7.
 * @returns null without a case in common
 */
export function qualityDifference(pairs: readonly CasePair[], confidence: number): QualityDifference | null {
  if (pairs.length === 0) return null;
  const shares = pairs.map(({ before, now }) => now.passed / now.of - before.passed / before.of);
  const difference = shares.reduce((sum, share) => sum + share, 0) / pairs.length;
  if (pairs.every(({ before, now }) => before.of === 1 && now.of === 1)) {
    const lost = shares.filter((share) => share < 0).length;
    const won = shares.filter((share) => share > 0).length;
    return {
      difference,
      ci: pairedInterval(lost, won, pairs.length, confidence),
      pValue: exactMcNemar(lost, won),
    };
  }
  return { difference, ci: intervalOf(pairs, difference, confidence), pValue: stratified(pairs) };
}

/** By the variances of the cases, each with a right and a wrong answer added (A. Agresti and B. Caffo, The American Statistician 54 (2000)). */
function intervalOf(pairs: readonly CasePair[], difference: number, confidence: number): [number, number] {
  const variance = ({ passed, of }: BaselineCase): number => {
    const share = (passed + 1) / (of + 2);
    return (share * (1 - share)) / (of + 2);
  };
  const sum = pairs.reduce((total, { before, now }) => total + variance(before) + variance(now), 0);
  const half = normalQuantile(1 - (1 - confidence) / 2) * (Math.sqrt(sum) / pairs.length);
  return [Math.max(-1, difference - half), Math.min(1, difference + half)];
}

function stratified(pairs: readonly CasePair[]): number {
  const informative = pairs.filter(({ before, now }) => {
    const right = before.passed + now.passed;
    return right > 0 && right < before.of + now.of;
  });
  if (informative.length === 0) return 1;
  const observed = informative.reduce((sum, { now }) => sum + now.passed, 0);
  const most = informative.reduce((sum, { before, now }) => sum + Math.min(now.of, before.passed + now.passed), 0);
  if (most > MOST_EXACT) return approximate(informative, observed);
  let chances = [1];
  let offset = 0;
  for (const { before, now } of informative) {
    const right = before.passed + now.passed;
    const least = Math.max(0, right - before.of);
    const own = hypergeometric(right, now.of, before.of);
    offset += least;
    chances = convolve(chances, own);
  }
  const at = observed - offset;
  const below = chances.slice(0, at + 1).reduce((sum, chance) => sum + chance, 0);
  const above = chances.slice(at).reduce((sum, chance) => sum + chance, 0);
  return Math.min(1, 2 * Math.min(below, above));
}

/** Chances of the least to the most right answers among `own`, where `right` of all `own + other` are. */
function hypergeometric(right: number, own: number, other: number): number[] {
  const choose = (n: number, k: number): number => logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
  const least = Math.max(0, right - other);
  const most = Math.min(own, right);
  const all = choose(own + other, right);
  return Array.from({ length: most - least + 1 }, (_, i) => {
    const k = least + i;
    return Math.exp(choose(own, k) + choose(other, right - k) - all);
  });
}

function convolve(a: readonly number[], b: readonly number[]): number[] {
  const sum = new Array<number>(a.length + b.length - 1).fill(0);
  a.forEach((left, i) => b.forEach((right, j) => (sum[i + j] = (sum[i + j] ?? 0) + left * right)));
  return sum;
}

/** The same by its normal approximation, with the correction for continuity. */
function approximate(pairs: readonly CasePair[], observed: number): number {
  let mean = 0;
  let variance = 0;
  for (const { before, now } of pairs) {
    const all = before.of + now.of;
    const right = before.passed + now.passed;
    mean += (right * now.of) / all;
    variance += (right * (all - right) * now.of * before.of) / (all * all * (all - 1));
  }
  const z = (Math.abs(observed - mean) - 0.5) / Math.sqrt(variance);
  if (!(z > 0)) return 1;
  // The continued fraction of the tail holds from 2 on; nearer to 0 nobody asks for its digits.
  return z < 2 ? 1 - Math.min(0.95, z / 2.05) : Math.min(1, 2 * upperTail(z));
}

/**
 * Difference of the mean score by Student's t over the cases, each with the mean of its answers in either run.
 * @returns null below two cases
 */
export function scoreDifference(pairs: readonly CasePair[], confidence: number): QualityDifference | null {
  const n = pairs.length;
  if (n < 2) return null;
  const differences = pairs.map(({ before, now }) => now.score - before.score);
  const mean = differences.reduce((sum, each) => sum + each, 0) / n;
  const variance = differences.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (n - 1);
  const error = Math.sqrt(variance / n);
  const half = studentQuantile(1 - (1 - confidence) / 2, n - 1) * error;
  const ci: [number, number] = [mean - half, mean + half];
  if (!(error > 0)) return { difference: mean, ci, pValue: mean === 0 ? 1 : 0 };
  let low = 1e-15;
  let high = 1;
  const t = Math.abs(mean) / error;
  for (let i = 0; i < 60; i++) {
    const alpha = Math.sqrt(low * high);
    if (studentQuantile(1 - alpha / 2, n - 1) < t) high = alpha;
    else low = alpha;
  }
  return { difference: mean, ci, pValue: high };
}
