/** Assertions on the structure of an answer: `is-json`. */
import type { AssertionPlan } from '../../protocol/plan';
import { RegexTimeoutError } from './bounded-regex';
import { schemaValidator, SchemaError, type SchemaValidator } from './json-schema';
import { describeNotJson } from './json-answer';
import { unevaluated, type AnswerUnderTest, type Check, type CheckResult } from './types';

const SHOWN_VIOLATIONS = 3;

/**
 * The whole answer must be JSON and conform to the schema, where there is one. JSON inside prose or a code fence does not
 * count: a program that parses the answer would fail on it.
 */
function isJson(assertion: AssertionPlan, answer: AnswerUnderTest): CheckResult {
  let validate: SchemaValidator | null;
  try {
    validate = validatorOf(assertion);
  } catch (error) {
    // Before the answer is looked at: a broken schema must not hide behind answers that happen to be no JSON.
    if (error instanceof SchemaError) return unevaluated(`the JSON Schema cannot be used: ${error.message}`);
    throw error;
  }
  const expected = validate === null ? 'JSON' : `JSON of the schema ${JSON.stringify(schemaOf(assertion), null, 2)}`;
  let value: unknown;
  try {
    value = JSON.parse(answer.text);
  } catch (error) {
    return { kind: 'found', holds: false, reason: describeNotJson(answer.text, error), expected, actual: answer.text };
  }
  const actual = JSON.stringify(value, null, 2);
  if (validate === null) return { kind: 'found', holds: true, reason: 'is valid JSON', expected, actual };
  let violations: string[];
  try {
    violations = validate(value);
  } catch (error) {
    if (error instanceof RegexTimeoutError) return unevaluated(error.message);
    throw error;
  }
  const more = violations.length - SHOWN_VIOLATIONS;
  const shown = violations.slice(0, SHOWN_VIOLATIONS).join('; ') + (more > 0 ? `; and ${more} more` : '');
  const holds = violations.length === 0;
  const reason = holds ? 'is JSON that conforms to the schema' : `does not conform to the schema: ${shown}`;
  return { kind: 'found', holds, reason, expected, actual };
}

/** Throws SchemaError. */
function validatorOf(assertion: AssertionPlan): SchemaValidator | null {
  const schema = schemaOf(assertion);
  if (schema === null) return null;
  if (typeof schema === 'boolean' || (typeof schema === 'object' && !Array.isArray(schema)))
    return schemaValidator(schema);
  throw new SchemaError(
    `it must be a map, but is ${Array.isArray(schema) ? 'a list' : `the ${typeof schema} ${JSON.stringify(schema)}`}`,
  );
}

/** The schema of the assertion's value, which may also be given as JSON text; null where there is none. Throws SchemaError. */
function schemaOf({ value }: AssertionPlan): unknown {
  if (value === undefined || value === null || value === '') return null;
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    throw new SchemaError(`it is neither a map nor JSON text: ${JSON.stringify(value.slice(0, 60))}`);
  }
}

export const STRUCTURE_CHECKS: Readonly<Record<string, Check>> = { 'is-json': isJson };
