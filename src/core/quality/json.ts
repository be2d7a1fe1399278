/** Assertions on JSON: `is-json`, `contains-json`. */
import type { AssertionPlan } from '../../protocol/plan';
import { runBounded } from './bounded';
import { prettyJson } from './brief-json';
import { place, quote } from './excerpt';
import { describeNotJson } from './json-answer';
import { JsonFinder, type BrokenJson, type JsonRegion } from './json-finder';
import { schemaValidator, SchemaError, type SchemaOptions, type SchemaValidator } from './json-schema';
import { unevaluated, type AnswerUnderTest, type Check, type CheckResult, type TextSpan } from './types';

/** From here on only the first violation of a schema is looked for. */
const LARGE_ANSWER = 100_000;

interface Schema {
  /** Null where any JSON will do. */
  validate: SchemaValidator | null;
  expected: string;
}

/**
 * The whole answer must be JSON and conform to the schema, where there is one. JSON inside prose or a code fence does not
 * count: a program that parses the answer would fail on it.
 */
function isJson(assertion: AssertionPlan, answer: AnswerUnderTest): CheckResult {
  return withSchema(assertion, answer, ({ validate, expected }) => {
    const { text } = answer;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      return { kind: 'found', holds: false, reason: describeNotJson(text, error), expected, actual: text };
    }
    const actual = prettyJson(value, text);
    if (validate === null) return { kind: 'found', holds: true, reason: 'is valid JSON', expected, actual };
    const violations = validate(value);
    const holds = violations.length === 0;
    const reason = holds
      ? 'is JSON that conforms to the schema'
      : `does not conform to the schema: ${violations.join('; ')}`;
    return { kind: 'found', holds, reason, expected, actual };
  });
}

/** Values beyond these are not held against the schema. */
const MOST_VALUES = 1000;
/** Regions that are marked. */
const MOST_SPANS = 100;

/**
 * An object or array stands somewhere in the answer and conforms to the schema, where there is one. It must be JSON to the
 * letter, as `JSON.parse` would read it. A list of numbers in prose, `[1]`, is taken for a reference unless a schema asks for it.
 */
function containsJson(assertion: AssertionPlan, answer: AnswerUnderTest): CheckResult {
  return withSchema(assertion, answer, ({ validate, expected }) =>
    runBounded('looking for JSON in the answer', () => {
      const found = validate === null ? anyJson(answer.text) : conformingJson(answer.text, validate);
      return found.kind === 'found' ? { ...found, expected, actual: answer.text } : found;
    }),
  );
}

function anyJson(text: string): CheckResult {
  const finder = new JsonFinder(text);
  const spans: TextSpan[] = [];
  let reference: JsonRegion | undefined;
  for (const region of finder.regions()) {
    if (isReference(region, text)) reference ??= region;
    else spans.push(region);
    if (spans.length >= MOST_SPANS) break;
  }
  const [first] = spans;
  if (first !== undefined) {
    return { kind: 'found', holds: true, reason: `contains JSON at ${place(text, first.start)}`, spans };
  }
  return { kind: 'found', holds: false, ...describeNone(text, finder.broken, reference) };
}

function conformingJson(text: string, validate: SchemaValidator): CheckResult {
  const finder = new JsonFinder(text);
  let checked = 0;
  let largest: { region: JsonRegion; violations: string[] } | undefined;
  for (const region of finder.regions()) {
    if (isEmptyList(region, text)) continue;
    for (const value of candidates(JSON.parse(text.slice(region.start, region.end)))) {
      if (++checked > MOST_VALUES)
        return unevaluated(`the first ${MOST_VALUES} JSON values of the answer do not conform`);
      const violations = validate(value);
      if (violations.length === 0) {
        const reason = `contains JSON that conforms to the schema at ${place(text, region.start)}`;
        return { kind: 'found', holds: true, reason, spans: [region] };
      }
      if (largest === undefined || length(region) > length(largest.region)) largest = { region, violations };
    }
  }
  if (largest === undefined) return { kind: 'found', holds: false, ...describeNone(text, finder.broken, undefined) };
  const { region, violations } = largest;
  const others = checked > 1 ? `, nor does any other of ${checked} values` : '';
  return {
    kind: 'found',
    holds: false,
    reason: `contains JSON at ${place(text, region.start)} that does not conform to the schema${others}: ${violations.join('; ')}`,
    spans: [region],
  };
}

/** A value, and the objects of a list: a model asked for one object may well answer with a list of one. */
function* candidates(value: unknown): Generator<unknown> {
  yield value;
  if (!Array.isArray(value)) return;
  const pending: unknown[] = [value];
  for (let list = pending.pop(); list !== undefined; list = pending.pop()) {
    for (const item of list as unknown[]) {
      if (Array.isArray(item)) pending.push(item);
      else if (item !== null && typeof item === 'object') yield item;
    }
  }
}

function length({ start, end }: JsonRegion): number {
  return end - start;
}

/** `[1]`, `[2, 3]` or a box `[ ]` in prose; as the whole answer or in a code fence it is a list. */
function isReference({ start, end }: JsonRegion, text: string): boolean {
  if (text[start] !== '[' || !/^[\d\s,.eE+-]*$/.test(text.slice(start + 1, end - 1))) return false;
  const before = text.slice(Math.max(0, start - 40), start);
  return (
    !/(?:^|```[\w-]*)\s*$/.test(before) ||
    text
      .slice(end, end + 40)
      .trim()
      .replace('```', '') !== ''
  );
}

function isEmptyList(region: JsonRegion, text: string): boolean {
  return isReference(region, text) && text.slice(region.start + 1, region.end - 1).trim() === '';
}

function describeNone(
  text: string,
  broken: BrokenJson | null,
  reference: JsonRegion | undefined,
): { reason: string; spans?: TextSpan[] } {
  if (text.trim() === '') return { reason: 'contains no JSON: the answer is empty' };
  if (reference !== undefined) {
    const shown = quote(text.slice(reference.start, reference.end), 20);
    return { reason: `contains no JSON but ${shown} at ${place(text, reference.start)}, which is no object` };
  }
  // Two characters in, "{x" and "[see" are prose and no attempt at JSON.
  if (broken === null || (broken.at - broken.start < 4 && text[broken.start] === '[')) {
    return { reason: `contains no JSON; the answer starts ${quote(text, 48)}` };
  }
  const { start, at, expected } = broken;
  const what = `what starts at ${place(text, start)}`;
  if (at >= text.length) {
    const after = quote(text.slice(-30));
    const reason = `contains no whole JSON: ${what} stops in the middle, after ${after}: raise max_tokens, or ask for less`;
    return { reason, spans: [{ start, end: text.length }] };
  }
  const got = quote(text.slice(at), 12);
  const reason = `contains no valid JSON: ${what} breaks at ${place(text, at)}, where ${expected} was expected, not ${got}`;
  return { reason, spans: [{ start, end: at + 1 }] };
}

/** Before the answer is looked at: a broken schema must not hide behind answers that happen to be no JSON. */
function withSchema(
  assertion: AssertionPlan,
  { text }: AnswerUnderTest,
  check: (schema: Schema) => CheckResult,
): CheckResult {
  try {
    const schema = schemaOf(assertion);
    if (schema === null) return check({ validate: null, expected: 'JSON' });
    const validate = compiled(schema, { firstOnly: text.length > LARGE_ANSWER });
    return check({ validate, expected: `JSON of the schema ${JSON.stringify(schema, null, 2)}` });
  } catch (error) {
    if (error instanceof SchemaError) return unevaluated(error.message);
    throw error;
  }
}

/** Throws SchemaError. */
function compiled(schema: unknown, options: SchemaOptions): SchemaValidator {
  if (typeof schema === 'boolean' || (schema !== null && typeof schema === 'object' && !Array.isArray(schema))) {
    return schemaValidator(schema, options);
  }
  const what = Array.isArray(schema) ? 'a list' : `the ${typeof schema} ${JSON.stringify(schema)}`;
  throw new SchemaError(`the JSON Schema must be a map, but is ${what}`);
}

/** The schema of the assertion's value, which may also be given as JSON text; null where there is none. Throws SchemaError. */
function schemaOf({ value }: AssertionPlan): unknown {
  if (value === undefined || value === null || value === '') return null;
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    throw new SchemaError(`the JSON Schema is neither a map nor JSON text: ${JSON.stringify(value.slice(0, 60))}`);
  }
}

export const JSON_CHECKS: Readonly<Record<string, Check>> = { 'is-json': isJson, 'contains-json': containsJson };
