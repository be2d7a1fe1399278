import type { Json } from '../../protocol/plan';
import { canonicalJson } from '../spec/naming';
import type { EvalSpec } from '../spec/schema';
import type { PlanProblems } from './plan-problems';

type Combination = Record<string, Json>;

/** More targets than anyone waits for; a slip in a matrix should not start a thousand runs. */
export const MAX_COMBINATIONS = 256;

/**
 * Every combination of the matrix, as CI matrices have it: `exclude` leaves out those that agree with an entry in all of its
 * keys; `include` adds the keys of an entry to the combinations that it does not contradict, else a combination of its own.
 * One empty combination where there is no matrix.
 */
export function matrixOf(matrix: EvalSpec['matrix'], problems: PlanProblems): Combination[] {
  if (matrix === undefined) return [{}];
  const axes = Object.entries(matrix).filter(
    (entry): entry is [string, Json[]] => entry[0] !== 'include' && entry[0] !== 'exclude' && Array.isArray(entry[1]),
  );
  const total = axes.reduce((product, [, values]) => product * values.length, 1);
  if (total > MAX_COMBINATIONS) {
    problems.at(
      'matrix-too-large',
      `The matrix has ${total} combinations; at most ${MAX_COMBINATIONS} can be run.`,
      '/matrix',
    );
    return [];
  }
  let combinations: Combination[] = [{}];
  for (const [key, values] of axes)
    combinations = combinations.flatMap((combination) => values.map((value) => ({ ...combination, [key]: value })));
  if (axes.length === 0) combinations = [];

  const kept = combinations.filter(
    (combination) => !(matrix.exclude ?? []).some((entry) => agrees(combination, entry, Object.keys(entry))),
  );
  const result = include(kept, matrix.include ?? [], new Set(axes.map(([key]) => key)));
  const unique = [...new Map(result.map((combination) => [canonicalJson(combination), combination])).values()];
  if (unique.length === 0) problems.at('empty-matrix', 'The matrix leaves no combination to run.', '/matrix');
  return unique;
}

function include(
  combinations: Combination[],
  entries: readonly Combination[],
  axes: ReadonlySet<string>,
): Combination[] {
  const extended = combinations.map((combination) => ({ ...combination }));
  const own: Combination[] = [];
  for (const entry of entries) {
    // Values of the matrix itself are never overwritten; those that an earlier entry added may be.
    const shared = Object.keys(entry).filter((key) => axes.has(key));
    const matching = extended.filter((combination) => agrees(combination, entry, shared));
    if (matching.length === 0) own.push({ ...entry });
    for (const combination of matching) Object.assign(combination, entry);
  }
  return [...extended, ...own];
}

function agrees(combination: Combination, entry: Combination, keys: readonly string[]): boolean {
  return keys.every(
    (key) => Object.hasOwn(combination, key) && canonicalJson(combination[key]) === canonicalJson(entry[key]),
  );
}
