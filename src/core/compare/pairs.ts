/** Quality of two targets, or of a target and its baseline, on the cases that both were asked. */
import type { QualityPair } from '../../protocol/run-json';
import { exactMcNemar, holmAdjusted } from '../metrics/paired';
import { normalQuantile } from '../metrics/normal';

/** What became of the answers to one case. */
export interface CaseOutcomeCount {
  /** JSON pointer, for whoever wants to show it. */
  pointer: string;
  n: number;
  passed: number;
}

/** Outcomes of a target by what identifies a case: its pointer within one run, its id between runs. */
export interface TargetOutcomes {
  id: string;
  cases: ReadonlyMap<string, CaseOutcomeCount>;
}

/** Cases that only one of the two passed and that are listed by name. */
const MOST_LISTED = 50;

/**
 * Every pair of targets. A case is one pair of outcomes whatever its repeats: it passes where more than half of its answers
 * do, so that asking ten times does not count for ten cases. P-values are adjusted over all pairs (Holm).
 * @param pairs index pairs of `targets`; by default each with each
 */
export function qualityPairs(
  targets: readonly TargetOutcomes[],
  confidence: number,
  pairs: readonly (readonly [TargetOutcomes, TargetOutcomes])[] = everyPair(targets),
): QualityPair[] {
  const found = pairs.map(([first, second]) => pairOf(first, second, confidence)).filter(({ cases }) => cases > 0);
  const adjusted = holmAdjusted(found.map(({ p_value: pValue }) => pValue));
  return found.map((pair, index) => {
    const pAdjusted = adjusted[index] ?? 1;
    const differs = pAdjusted <= 1 - confidence + 1e-12;
    const better = pair.only_second > pair.only_first ? 'second better' : 'first better';
    return { ...pair, p_adjusted: pAdjusted, verdict: differs ? better : 'no difference shown' };
  });
}

function everyPair(targets: readonly TargetOutcomes[]): [TargetOutcomes, TargetOutcomes][] {
  return targets.flatMap((first, index) =>
    targets.slice(index + 1).map((second): [TargetOutcomes, TargetOutcomes] => [first, second]),
  );
}

function pairOf(first: TargetOutcomes, second: TargetOutcomes, confidence: number): QualityPair {
  let cases = 0;
  const lost: string[] = [];
  const won: string[] = [];
  for (const [key, a] of first.cases) {
    const b = second.cases.get(key);
    if (b === undefined || a.n === 0 || b.n === 0) continue;
    cases++;
    const passedA = a.passed * 2 > a.n;
    const passedB = b.passed * 2 > b.n;
    if (passedA && !passedB) lost.push(b.pointer);
    if (passedB && !passedA) won.push(b.pointer);
  }
  const pValue = exactMcNemar(lost.length, won.length);
  return {
    first: first.id,
    second: second.id,
    cases,
    only_first: lost.length,
    only_second: won.length,
    difference: cases === 0 ? 0 : (won.length - lost.length) / cases,
    ci: pairedInterval(lost.length, won.length, cases, confidence),
    p_value: pValue,
    p_adjusted: pValue,
    verdict: 'no difference shown',
    lost: lost.slice(0, MOST_LISTED),
    won: won.slice(0, MOST_LISTED),
  };
}

/**
 * Interval of the difference of two paired shares: Wald's with half a pair added to each cell, which keeps its level with few
 * pairs, too. Source: A. Agresti and Y. Min, Statistics in Medicine 24 (2005), section 4.
 * @returns null without pairs
 */
export function pairedInterval(
  onlyFirst: number,
  onlySecond: number,
  pairs: number,
  confidence: number,
): [number, number] | null {
  if (pairs === 0) return null;
  const n = pairs + 2;
  const b = onlyFirst + 0.5;
  const c = onlySecond + 0.5;
  const difference = (c - b) / n;
  const variance = (b + c - (c - b) ** 2 / n) / (n * n);
  const half = normalQuantile(1 - (1 - confidence) / 2) * Math.sqrt(variance);
  return [Math.max(-1, difference - half), Math.min(1, difference + half)];
}
