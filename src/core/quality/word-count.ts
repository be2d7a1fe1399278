/** `word-count`: exactly this many words, or between `min` and `max`. */
import type { AssertionPlan } from '../../protocol/plan';
import { formatCount } from '../metrics/format';
import { numberIn } from './values';
import { unevaluated, type AnswerUnderTest, type Check, type CheckResult, type Unevaluated } from './types';

interface Limits {
  min: number;
  max: number;
}

/** A word is what stands between white space, punctuation included: `well-known` is one, `a - b` are three. */
function wordCount(assertion: AssertionPlan, answer: AnswerUnderTest): CheckResult {
  const limits = limitsOf(assertion);
  if ('kind' in limits) return limits;
  const { min, max } = limits;
  const count = countWords(answer.text);
  const words = `has ${plural(count)}`;
  const asked = describe(limits);
  const difference =
    count < min
      ? `${formatCount(min - count)} fewer than`
      : count > max
        ? `${formatCount(count - max)} more than`
        : 'as';
  const reason = `${words}, ${difference} asked for (${asked})`;
  return { kind: 'found', holds: count >= min && count <= max, reason, expected: asked, actual: plural(count) };
}

export function countWords(text: string): number {
  let count = 0;
  const word = /\S+/g;
  while (word.exec(text) !== null) count++;
  return count;
}

function limitsOf({ value, type }: AssertionPlan): Limits | Unevaluated {
  if (value === undefined || value === null) return unevaluated(`${type} needs a number of words, or {min, max}`);
  const exact = numberIn(value);
  if (exact !== undefined) return exact >= 0 ? { min: exact, max: exact } : negative(exact);
  if (typeof value !== 'object' || Array.isArray(value)) {
    return unevaluated(`${type} has the value ${JSON.stringify(value)}, which is no number of words and no {min, max}`);
  }
  const bounds: Limits = { min: 0, max: Infinity };
  if (value['min'] === undefined && value['max'] === undefined) return unevaluated(`${type} needs a min or a max`);
  for (const key of ['min', 'max'] as const) {
    if (value[key] === undefined) continue;
    const limit = numberIn(value[key]);
    if (limit === undefined) return unevaluated(`${type}: ${key} is ${JSON.stringify(value[key])}, which is no number`);
    if (limit < 0) return negative(limit);
    bounds[key] = limit;
  }
  if (bounds.min <= bounds.max) return bounds;
  return unevaluated(`${type}: no answer can have at least ${bounds.min} and at most ${bounds.max} words`);
}

function negative(limit: number): Unevaluated {
  return unevaluated(`word-count: no answer can have ${limit} words`);
}

function describe({ min, max }: Limits): string {
  if (min === max) return plural(min);
  if (max === Infinity) return `at least ${plural(min)}`;
  return min === 0 ? `at most ${plural(max)}` : `${formatCount(min)} to ${plural(max)}`;
}

function plural(count: number): string {
  return `${formatCount(count)} ${count === 1 ? 'word' : 'words'}`;
}

export const WORD_COUNT_CHECKS: Readonly<Record<string, Check>> = { 'word-count': wordCount };
