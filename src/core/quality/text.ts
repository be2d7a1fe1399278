/** Assertions on the text of an answer: `equals`, `contains`, `icontains`, `regex`. */
import { isDeepStrictEqual } from 'node:util';
import type { AssertionPlan, Json } from '../../protocol/plan';
import { matchBounded, RegexSyntaxError, RegexTimeoutError } from './bounded-regex';
import { firstDifference, place, quote, quoteAround } from './excerpt';
import { unevaluated, type AnswerUnderTest, type Check, type CheckResult, type Unevaluated } from './types';

/** Text must be the same to the character; an object or array is compared with the answer read as JSON, whatever its key order. */
function equals(assertion: AssertionPlan, answer: AnswerUnderTest): CheckResult {
  const { value } = assertion;
  if (value === undefined) return unevaluated('equals needs a value to compare the answer with');
  if (typeof value === 'object') return equalsJson(value, answer.text);
  const expected = String(value);
  return {
    kind: 'found',
    holds: answer.text === expected,
    reason: answer.text === expected ? `equals ${quote(expected)}` : describeDifference(expected, answer.text),
    expected,
    actual: answer.text,
  };
}

function equalsJson(value: Json, text: string): CheckResult {
  const expected = JSON.stringify(value, null, 2);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // An answer that is no JSON is a legitimate finding (it equals no object), not a defect to report.
    return {
      kind: 'found',
      holds: false,
      reason: `is not JSON, so it cannot equal ${quote(JSON.stringify(value))}; it starts ${quote(text, 40)}`,
      expected,
      actual: text,
    };
  }
  const holds = isDeepStrictEqual(value, parsed);
  const actual = JSON.stringify(parsed, null, 2);
  return {
    kind: 'found',
    holds,
    reason: holds
      ? 'equals the expected JSON'
      : `differs from the expected JSON ${describeJsonDifference(value, parsed)}`,
    expected,
    actual,
  };
}

/** Where two JSON values first differ, as a JSON pointer and both values. */
function describeJsonDifference(expected: unknown, actual: unknown): string {
  let pointer = '';
  let left = expected;
  let right = actual;
  for (;;) {
    const next = firstDifferingKey(left, right);
    if (next === undefined) break;
    pointer += `/${next.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    left = (left as Record<string, unknown>)[next];
    right = (right as Record<string, unknown>)[next];
  }
  const at = pointer === '' ? '' : `at ${pointer}: `;
  return `${at}expected ${show(left)}, got ${show(right)}`;
}

function firstDifferingKey(left: unknown, right: unknown): string | undefined {
  if (left === null || right === null || typeof left !== 'object' || typeof right !== 'object') return undefined;
  if (Array.isArray(left) !== Array.isArray(right)) return undefined;
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  for (const key of keys) {
    const a = (left as Record<string, unknown>)[key];
    const b = (right as Record<string, unknown>)[key];
    if (!isDeepStrictEqual(a, b)) return key;
  }
  return undefined;
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : quote(JSON.stringify(value), 40);
}

function describeDifference(expected: string, actual: string): string {
  if (actual === '') return `is empty, expected ${quote(expected)}`;
  if (actual.trim() === expected.trim()) return 'differs only in white space at its start or end';
  if (actual.toLowerCase() === expected.toLowerCase()) {
    return `differs only in upper and lower case, first at ${place(actual, firstDifference(expected, actual))}`;
  }
  const index = firstDifference(expected, actual);
  const rest = (text: string) => (index >= text.length ? 'the end' : quoteAround(text, index, 12, 28));
  return `differs at ${place(actual, index)}: expected ${rest(expected)}, got ${rest(actual)}`;
}

function contains(assertion: AssertionPlan, answer: AnswerUnderTest): CheckResult {
  const needle = needleOf(assertion);
  if (typeof needle !== 'string') return needle;
  const index = answer.text.indexOf(needle);
  const reason =
    index >= 0
      ? `contains ${quote(needle)} at ${place(answer.text, index)}`
      : describeAbsence(needle, answer.text, caseHint(needle, answer.text));
  return { kind: 'found', holds: index >= 0, reason, expected: needle, actual: answer.text };
}

function icontains(assertion: AssertionPlan, answer: AnswerUnderTest): CheckResult {
  const needle = needleOf(assertion);
  if (typeof needle !== 'string') return needle;
  const holds = answer.text.toLowerCase().includes(needle.toLowerCase());
  const reason = holds
    ? `contains ${quote(needle)} (in any case)`
    : describeAbsence(needle.toLowerCase(), answer.text.toLowerCase(), '', answer.text);
  return { kind: 'found', holds, reason, expected: needle, actual: answer.text };
}

function needleOf(assertion: AssertionPlan): string | Unevaluated {
  const { value, type } = assertion;
  if (value === undefined || value === null || value === '') return unevaluated(`${type} needs a text to look for`);
  if (typeof value === 'object') return unevaluated(`${type} looks for one text, but its value is a list or a map`);
  return String(value);
}

function caseHint(needle: string, text: string): string {
  const index = text.toLowerCase().indexOf(needle.toLowerCase());
  return index < 0
    ? ''
    : `, but does in another case, ${quote(text.slice(index, index + needle.length))}: icontains would accept it`;
}

/** Needles beyond this are not searched for partial matches, which cost a scan of the answer each. */
const LONGEST_PARTIAL = 200;

function describeAbsence(needle: string, text: string, hint: string, shown = text): string {
  const lacks = `does not contain ${quote(needle)}`;
  if (text.trim() === '') return `${lacks}: the answer is empty`;
  if (hint !== '') return lacks + hint;
  const known = longestPrefixIn(needle.slice(0, LONGEST_PARTIAL), text);
  if (known.length >= 4 && known.length * 2 >= needle.length) {
    const index = text.indexOf(known);
    return `${lacks}; closest is ${quoteAround(shown, index, 0, needle.length + 12)}, which differs after ${quote(known, 30)}`;
  }
  return `${lacks}; the answer starts ${quote(shown, 48)}`;
}

function longestPrefixIn(needle: string, text: string): string {
  let low = 0;
  let high = needle.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (text.includes(needle.slice(0, middle))) low = middle;
    else high = middle - 1;
  }
  return needle.slice(0, low);
}

function regex(assertion: AssertionPlan, answer: AnswerUnderTest): CheckResult {
  const pattern = needleOf(assertion);
  if (typeof pattern !== 'string') return pattern;
  try {
    const match = matchBounded(pattern, '', answer.text);
    const reason =
      match !== null
        ? `matches /${pattern}/ with ${quote(match.text, 40)} at ${place(answer.text, match.index)}`
        : `does not match /${pattern}/; the answer ${answer.text === '' ? 'is empty' : `starts ${quote(answer.text, 48)}`}`;
    return { kind: 'found', holds: match !== null, reason, expected: `/${pattern}/`, actual: answer.text };
  } catch (error) {
    if (error instanceof RegexTimeoutError) return unevaluated(error.message);
    if (error instanceof RegexSyntaxError) return unevaluated(`the pattern does not compile: ${error.message}`);
    throw error;
  }
}

export const TEXT_CHECKS: Readonly<Record<string, Check>> = { equals, contains, icontains, regex };
