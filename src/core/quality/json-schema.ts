import { createHash } from 'node:crypto';
import Ajv, { type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import Ajv2019 from 'ajv/dist/2019';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { messageOf } from '../util/errors';
import { matchBounded } from './bounded-regex';

/** A JSON Schema cannot be used: it does not compile, or refers to what is not there. */
export class SchemaError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SchemaError';
  }
}

/** Violations, the first few; empty where the value conforms. */
export type SchemaValidator = (value: unknown) => string[];

/** A `pattern` of a schema meets text of a model: it is bounded as a `regex` assertion is. */
const boundedRegExp = Object.assign(
  (pattern: string, flags: string) => {
    // Compiles at once, so that a broken pattern is an error of the schema and not of the first answer.
    matchBounded(pattern, flags, '');
    return { test: (text: string) => matchBounded(pattern, flags, text) !== null };
  },
  { code: 'bounded' },
);

const OPTIONS: Options = {
  allErrors: true,
  // Shows the offending value beside the rule.
  verbose: true,
  // An unknown keyword is most often a slip (`propertys`) that would silently allow everything.
  strictSchema: true,
  strictTypes: false,
  strictTuples: false,
  strictRequired: false,
  allowUnionTypes: true,
  logger: false,
  code: { regExp: boundedRegExp },
};

const CACHE_SIZE = 64;
const cache = new Map<string, SchemaValidator>();

/**
 * Compiles a JSON Schema: draft-07 unless `$schema` names 2019-09 or 2020-12. Compiling costs milliseconds and every repeat of
 * every case needs it, so the last 64 are kept. Throws SchemaError.
 */
export function schemaValidator(schema: object | boolean): SchemaValidator {
  const key = createHash('sha256').update(JSON.stringify(schema)).digest('base64');
  const known = cache.get(key);
  if (known !== undefined) return known;
  const validator = compile(schema);
  const oldest = cache.keys().next();
  if (cache.size >= CACHE_SIZE && oldest.done !== true) cache.delete(oldest.value);
  cache.set(key, validator);
  return validator;
}

function compile(schema: object | boolean): SchemaValidator {
  let validate: ValidateFunction;
  try {
    // An instance a schema: two schemas with one `$id` would collide in a shared one.
    validate = ajvFor(schema).compile(schema);
  } catch (error) {
    throw new SchemaError(messageOf(error));
  }
  return (value) => (validate(value) ? [] : describe(validate.errors ?? []));
}

function ajvFor(schema: object | boolean): Ajv {
  const dialect = typeof schema === 'object' && '$schema' in schema ? String(schema.$schema) : '';
  const ajv = dialect.includes('2020-12')
    ? new Ajv2020(OPTIONS)
    : dialect.includes('2019-09')
      ? new Ajv2019(OPTIONS)
      : new Ajv(OPTIONS);
  addFormats(ajv);
  return ajv;
}

function describe(errors: ErrorObject[]): string[] {
  return errors.map((error) => `${error.instancePath === '' ? 'the value' : error.instancePath} ${rule(error)}`);
}

function rule({ keyword, message, params, data }: ErrorObject): string {
  const given = shortJson(data);
  switch (keyword) {
    case 'required':
      return `lacks the property "${String(params.missingProperty)}"`;
    case 'additionalProperties':
      return `has the property "${String(params.additionalProperty)}", which the schema does not allow`;
    case 'enum':
      return `must be one of ${shortJson(params.allowedValues)}, got ${given}`;
    case 'const':
      return `must be ${shortJson(params.allowedValue)}, got ${given}`;
    default:
      return `${message ?? `breaks "${keyword}"`}, got ${given}`;
  }
}

function shortJson(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 50 ? `${text.slice(0, 49)}…` : text;
}
