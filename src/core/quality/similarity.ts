/** Assertions on how near an answer is to a text: `levenshtein`, `rouge-n`, `bleu`. */
import type { AssertionPlan } from '../../protocol/plan';
import { formatCount } from '../metrics/format';
import { runBounded } from './bounded';
import { editDistance } from './edit-distance';
import { quote } from './excerpt';
import { bleu, rouge } from './ngrams';
import { listed } from './values';
import { unevaluated, type AnswerUnderTest, type Check, type CheckResult, type Unevaluated } from './types';

const DEFAULT_EDITS = 5;
const DEFAULT_ROUGE = 0.75;
const DEFAULT_BLEU = 0.5;

/** The answer is at most `threshold` edits away. Its score is all or nothing, as in promptfoo: a distance has no scale. */
function levenshtein(assertion: AssertionPlan, answer: AnswerUnderTest): CheckResult {
  const reference = referenceOf(assertion);
  if (typeof reference !== 'string') return reference;
  const { threshold = DEFAULT_EDITS } = assertion;
  const { text } = answer;
  const found = editDistance(text, reference, threshold);
  const common = { kind: 'found', expected: reference, actual: text } as const;
  const to = `from ${quote(reference, 40)}`;
  switch (found.kind) {
    case 'exact': {
      const holds = found.distance <= threshold;
      const reason = `is ${edits(found.distance)} ${to}, ${holds ? 'within' : 'more than'} the ${formatCount(threshold)} allowed`;
      return { ...common, holds, reason };
    }
    case 'at least':
      return {
        ...common,
        holds: false,
        reason: `is at least ${edits(found.distance)} ${to}, more than the ${formatCount(threshold)} allowed: the lengths differ by that much`,
      };
    case 'more than':
      return { ...common, holds: false, reason: `is more than the ${edits(found.distance)} allowed ${to}` };
    case 'too long':
      return unevaluated(
        `the answer (${formatCount(text.length)} characters) and the expected text (${formatCount(reference.length)}) are too long to be compared`,
      );
  }
}

function edits(distance: number): string {
  return `${formatCount(distance)} ${distance === 1 ? 'edit' : 'edits'}`;
}

function rougeN(assertion: AssertionPlan, answer: AnswerUnderTest): CheckResult {
  const reference = referenceOf(assertion);
  if (typeof reference !== 'string') return reference;
  const score = runBounded('computing ROUGE', () => rouge(answer.text, reference));
  return scored('ROUGE-N', score, assertion.threshold ?? DEFAULT_ROUGE, [reference], answer);
}

function bleuCheck(assertion: AssertionPlan, answer: AnswerUnderTest): CheckResult {
  const references = referencesOf(assertion);
  if (!Array.isArray(references)) return references;
  const score = runBounded('computing BLEU', () => bleu(answer.text, references));
  return scored('BLEU', score, assertion.threshold ?? DEFAULT_BLEU, references, answer);
}

function scored(
  label: string,
  score: number,
  threshold: number,
  references: readonly string[],
  { text }: AnswerUnderTest,
): CheckResult {
  // The same score in another order of summing differs in its last bits.
  const holds = score >= threshold - 1e-9;
  const limit = String(threshold);
  const empty = text.trim() === '' ? ': the answer is empty' : '';
  const reason = `has ${label} ${digits(score, threshold)} against ${listed(
    references.map((reference) => quote(reference, 40)),
    2,
  )}, ${holds ? 'at least' : 'below'} ${limit}${empty}`;
  return { kind: 'found', holds, score, reason, expected: references.join('\n'), actual: text };
}

/** As many digits as it takes to tell a score from its threshold, at least three: `0.75, below 0.75` explains nothing. */
function digits(score: number, threshold: number): string {
  for (let places = 3; places < 9; places++) {
    const text = score.toFixed(places);
    if (Number(text) !== threshold || Math.abs(score - threshold) < 1e-9) return text;
  }
  return String(score);
}

function referenceOf({ value, type }: AssertionPlan): string | Unevaluated {
  if (value === undefined || value === null || value === '') return unevaluated(`${type} needs a text to compare with`);
  if (typeof value === 'object') return unevaluated(`${type} compares with one text, but its value is a list or a map`);
  return String(value);
}

function referencesOf(assertion: AssertionPlan): string[] | Unevaluated {
  const { value, type } = assertion;
  if (!Array.isArray(value)) {
    const reference = referenceOf(assertion);
    return typeof reference === 'string' ? [reference] : reference;
  }
  if (value.length === 0) return unevaluated(`${type} needs at least one text to compare with`);
  const texts = value.flatMap((item) => (item === null || item === '' || typeof item === 'object' ? [] : String(item)));
  return texts.length === value.length
    ? texts
    : unevaluated(`${type} compares with texts, but its list holds something else`);
}

export const SIMILARITY_CHECKS: Readonly<Record<string, Check>> = {
  levenshtein,
  'rouge-n': rougeN,
  bleu: bleuCheck,
};
