/** `equals`: the answer is this text, or this JSON. */
import { isDeepStrictEqual } from 'node:util';
import type { AssertionPlan, Json } from '../../protocol/plan';
import { isStackOverflow, runBounded } from './bounded';
import { briefJson, prettyJson } from './brief-json';
import { commonEnd, firstDifference, place, quote, quoteAround } from './excerpt';
import { unevaluated, type AnswerUnderTest, type Check, type CheckResult, type TextSpan } from './types';

/** Text must be the same to the character; an object or array is compared with the answer read as JSON, whatever its key order. */
function equals(assertion: AssertionPlan, answer: AnswerUnderTest): CheckResult {
  const { value } = assertion;
  if (value === undefined) return unevaluated('equals needs a value to compare the answer with');
  if (typeof value === 'object') return equalsJson(value, answer.text);
  const expected = String(value);
  const { text } = answer;
  const holds = text === expected;
  return {
    kind: 'found',
    holds,
    reason: holds ? `equals ${quote(expected)}` : describeDifference(expected, text),
    spans: holds ? [] : differing(expected, text),
    expected,
    actual: text,
  };
}

/** What of the answer differs: all but the start and the end that both texts share. */
function differing(expected: string, text: string): TextSpan[] {
  const start = firstDifference(expected, text);
  const end = text.length - commonEnd(expected, text, start);
  return end > start ? [{ start, end }] : [];
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
      reason: `is not JSON, so it cannot equal ${quote(JSON.stringify(value))}; it ${text === '' ? 'is empty' : `starts ${quote(text, 40)}`}`,
      expected,
      actual: text,
    };
  }
  try {
    return runBounded('comparing the answer with the expected JSON', () => {
      const holds = isDeepStrictEqual(value, parsed);
      const reason = holds
        ? 'equals the expected JSON'
        : `differs from the expected JSON${describeJsonDifference(value, parsed)}`;
      return { kind: 'found', holds, reason, expected, actual: prettyJson(parsed, text) };
    });
  } catch (error) {
    if (isStackOverflow(error)) return unevaluated('the JSON is nested too deeply to be compared');
    throw error;
  }
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
    left = ownValue(left, next);
    right = ownValue(right, next);
  }
  const at = pointer === '' ? '' : ` at ${pointer}`;
  return `${at}: expected ${show(left)}, got ${show(right)}`;
}

function firstDifferingKey(left: unknown, right: unknown): string | undefined {
  if (left === null || right === null || typeof left !== 'object' || typeof right !== 'object') return undefined;
  if (Array.isArray(left) !== Array.isArray(right)) return undefined;
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  for (const key of keys) {
    if (!isDeepStrictEqual(ownValue(left, key), ownValue(right, key))) return key;
  }
  return undefined;
}

/** A key such as `constructor` is no value of an object that lacks it. */
function ownValue(value: unknown, key: string): unknown {
  return value !== null && typeof value === 'object' && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : quote(briefJson(value, 40));
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

export const EQUALS_CHECKS: Readonly<Record<string, Check>> = { equals };
