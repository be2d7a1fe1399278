import { createHash } from 'node:crypto';
import Ajv, { type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import Ajv2019 from 'ajv/dist/2019';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { messageOf } from '../util/errors';
import { isStackOverflow, runBounded, TimeLimitError } from './bounded';
import { briefJson } from './brief-json';

/** A JSON Schema cannot be used: it does not compile, or refers to what is not there. */
export class SchemaError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SchemaError';
  }
}

/**
 * Checks a value: the first violations, and how many more there are; empty where the value conforms. Throws TimeLimitError
 * where that takes too long (a `pattern` that backtracks, `uniqueItems` of a huge list) and SchemaError for a value nested
 * too deeply.
 */
export type SchemaValidator = (value: unknown) => string[];

export interface SchemaOptions {
  /**
   * False accepts unknown keywords: in a schema that was written for another program (the tools of a request) they are
   * extensions, where in an assertion they are slips.
   */
  strict?: boolean;
  /** Stops at the first violation: of a huge value the list of all of them would be larger than the value. */
  firstOnly?: boolean;
}

/** The pattern that is being matched, for the reason should it never end. */
let matching: string | null = null;

/** A `pattern` of a schema meets text of a model and may backtrack for ever; the time limit of the whole check ends it. */
const namedRegExp = Object.assign(
  (pattern: string, flags: string) => {
    const compiled = new RegExp(pattern, flags);
    return {
      test: (text: string): boolean => {
        matching = pattern;
        const found = compiled.test(text);
        matching = null;
        return found;
      },
    };
  },
  { code: 'named' },
);

const OPTIONS: Options = {
  // Shows the offending value beside the rule.
  verbose: true,
  // An unknown keyword is most often a slip (`propertys`) that would silently allow everything.
  strictSchema: true,
  strictTypes: false,
  strictTuples: false,
  strictRequired: false,
  allowUnionTypes: true,
  logger: false,
  code: { regExp: namedRegExp },
};

const CACHE_SIZE = 64;
const cache = new Map<string, SchemaValidator>();

/** A reason is one line: the others are counted. */
const SHOWN_VIOLATIONS = 3;

/**
 * Compiles a JSON Schema: draft-07 unless `$schema` names 2019-09 or 2020-12. Compiling costs milliseconds and every repeat of
 * every case needs it, so the last 64 are kept. Throws SchemaError.
 */
export function schemaValidator(schema: object | boolean, options: SchemaOptions = {}): SchemaValidator {
  const { strict = true, firstOnly = false } = options;
  const hash = createHash('sha256').update(JSON.stringify(schema)).digest('base64');
  const key = `${strict}/${firstOnly}/${hash}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const validator = compile(schema, { ...OPTIONS, strictSchema: strict, allErrors: !firstOnly });
  const oldest = cache.keys().next();
  if (cache.size >= CACHE_SIZE && oldest.done !== true) cache.delete(oldest.value);
  cache.set(key, validator);
  return validator;
}

function compile(schema: object | boolean, options: Options): SchemaValidator {
  let validate: ValidateFunction;
  try {
    // An instance a schema: two schemas with one `$id` would collide in a shared one.
    validate = ajvFor(schema, options).compile(schema);
  } catch (error) {
    throw new SchemaError(`the JSON Schema cannot be used: ${messageOf(error)}`);
  }
  return (value) => {
    if (holdsInTime(validate, value)) return [];
    const errors = validate.errors ?? [];
    const more = errors.length - SHOWN_VIOLATIONS;
    return [...describe(errors.slice(0, SHOWN_VIOLATIONS)), ...(more > 0 ? [`and ${more} more`] : [])];
  };
}

function holdsInTime(validate: ValidateFunction, value: unknown): boolean {
  // One that a larger limit of time ended is not this check's.
  takePattern();
  try {
    return runBounded('checking against the JSON Schema', () => validate(value));
  } catch (error) {
    if (isStackOverflow(error)) throw new SchemaError('the answer is nested too deeply to be checked');
    const pattern = takePattern();
    if (!(error instanceof TimeLimitError) || pattern === null) throw error;
    throw new TimeLimitError(
      `matching the schema's pattern /${pattern}/, which backtracks without end (avoid nested repetitions such as (a+)+),`,
      error.timeoutMs,
    );
  }
}

/** The pattern that was being matched when a check ended; null where it was something else. */
function takePattern(): string | null {
  const pattern = matching;
  matching = null;
  return pattern;
}

function ajvFor(schema: object | boolean, options: Options): Ajv {
  const dialect = typeof schema === 'object' && '$schema' in schema ? String(schema.$schema) : '';
  const ajv = dialect.includes('2020-12')
    ? new Ajv2020(options)
    : dialect.includes('2019-09')
      ? new Ajv2019(options)
      : new Ajv(options);
  addFormats(ajv);
  return ajv;
}

function describe(errors: ErrorObject[]): string[] {
  return errors.map((error) => `${error.instancePath === '' ? 'the value' : error.instancePath} ${rule(error)}`);
}

function rule({ keyword, message, params, data }: ErrorObject): string {
  const given = briefJson(data);
  switch (keyword) {
    case 'required':
      return `lacks the property "${String(params.missingProperty)}"`;
    case 'additionalProperties':
      return `has the property "${String(params.additionalProperty)}", which the schema does not allow`;
    case 'enum':
      return `must be one of ${briefJson(params.allowedValues)}, got ${given}`;
    case 'const':
      return `must be ${briefJson(params.allowedValue)}, got ${given}`;
    default:
      return `${message ?? `breaks "${keyword}"`}, got ${given}`;
  }
}
