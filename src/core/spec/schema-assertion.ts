/** Assertions: every type of the format, what its value is, and the two ways to write one. */
import type { Json, Severity } from '../../protocol/plan';
import { SQL_DIALECTS } from '../quality/sql-dialects';
import type { EndpointRef } from './schema';
import { custom } from './schema-kit';

/**
 * What the value of an assertion is. `limit-ms`, `limit-usd` and `limit-count` are limits of one answer, written as the value
 * or as `threshold`; `reference` is a text that the answer is compared with, up to `threshold`, `similarity` one or several.
 */
export type AssertionValueKind =
  | 'any'
  | 'text'
  | 'texts'
  | 'pattern'
  | 'words'
  | 'none'
  | 'schema'
  | 'optional'
  | 'elements'
  | 'sql'
  | 'call'
  | 'reasons'
  | 'reference'
  | 'similarity'
  | 'limit-ms'
  | 'limit-usd'
  | 'limit-count'
  | 'group';

export interface AssertionType {
  value: AssertionValueKind;
  description: string;
  example: Json;
}

/** Every assertion type, without `not-`. */
export const ASSERTION_TYPES = {
  equals: { value: 'any', description: 'The answer is this text (or this JSON) exactly.', example: 'Paris' },
  contains: { value: 'text', description: 'The answer contains the text; case counts.', example: 'refund' },
  icontains: { value: 'text', description: 'The answer contains the text in any case.', example: 'refund' },
  'contains-all': {
    value: 'texts',
    description: 'The answer contains every one of the texts: a list, or a text with commas.',
    example: ['a', 'b'],
  },
  'contains-any': {
    value: 'texts',
    description: 'The answer contains at least one of the texts: a list, or a text with commas.',
    example: ['a', 'b'],
  },
  'icontains-all': {
    value: 'texts',
    description: 'The answer contains every one of the texts in any case: a list, or a text with commas.',
    example: ['a', 'b'],
  },
  'icontains-any': {
    value: 'texts',
    description: 'The answer contains at least one of the texts in any case: a list, or a text with commas.',
    example: ['a', 'b'],
  },
  'starts-with': { value: 'text', description: 'The answer starts with the text.', example: 'Dear' },
  'ends-with': { value: 'text', description: 'The answer ends with the text.', example: 'Regards' },
  regex: {
    value: 'pattern',
    description: 'A JavaScript regular expression matches somewhere in the answer.',
    example: '\\d{4}-\\d{2}-\\d{2}',
  },
  'word-count': {
    value: 'words',
    description: 'The number of words of the answer: exactly this many, or `{min, max}`.',
    example: { min: 10, max: 60 },
  },
  'is-refusal': {
    value: 'none',
    description:
      'The model refused: it says so early in its answer, answers with nothing, or a content filter stopped it.',
    example: null,
  },
  'is-json': {
    value: 'schema',
    description: 'The whole answer is JSON, and conforms to the JSON Schema where one is given.',
    example: { type: 'object', required: ['id'] },
  },
  'contains-json': {
    value: 'schema',
    description: 'The answer contains JSON, which conforms to the JSON Schema where one is given.',
    example: { type: 'object' },
  },
  'is-xml': {
    value: 'elements',
    description: 'The whole answer is well-formed XML, with these elements where some are named (`root.item`).',
    example: 'answer.reason',
  },
  'contains-xml': {
    value: 'elements',
    description: 'The answer contains well-formed XML, with these elements where some are named (`root.item`).',
    example: ['thinking', 'answer'],
  },
  'is-html': { value: 'none', description: 'The whole answer is HTML.', example: null },
  'contains-html': { value: 'none', description: 'The answer contains HTML.', example: null },
  'is-sql': {
    value: 'sql',
    description:
      'The whole answer is valid SQL (of MySQL where no `databaseType` is given), and uses what is allowed only.',
    example: { databaseType: 'PostgreSQL', allowedTables: ['select::(.*)::users'] },
  },
  'contains-sql': {
    value: 'sql',
    description: 'A code block of the answer is valid SQL, or the answer itself where it has no code block.',
    example: { databaseType: 'PostgreSQL' },
  },
  'is-valid-openai-tools-call': {
    value: 'none',
    description: 'The answer calls a tool of the request with arguments that its schema accepts.',
    example: null,
  },
  'tool-call': {
    value: 'call',
    description: 'The answer calls the tool of this name, with arguments that conform to the JSON Schema `arguments`.',
    example: { name: 'get_weather', arguments: { type: 'object', required: ['city'] } },
  },
  'finish-reason': {
    value: 'reasons',
    description:
      'Why the model stopped, in the words of any API: `stop`, `length`, `tool_calls`, `content_filter`; one of a list.',
    example: 'stop',
  },
  levenshtein: {
    value: 'reference',
    description: 'The edit distance to the text is at most `threshold` (default 5).',
    example: 'Paris',
  },
  'rouge-n': {
    value: 'reference',
    description: 'ROUGE-N (F1 of the words) against the text is at least `threshold` (default 0.75).',
    example: 'Paris is the capital of France.',
  },
  bleu: {
    value: 'similarity',
    description: 'BLEU against the text, or the best of several, is at least `threshold` (default 0.5).',
    example: 'Paris is the capital of France.',
  },
  similar: {
    value: 'similarity',
    description: 'Cosine similarity of embeddings to the text is at least `threshold`.',
    example: 'Paris is the capital of France.',
  },
  'llm-rubric': {
    value: 'text',
    description: 'A judge model finds that the answer meets the rubric.',
    example: 'Is polite',
  },
  factuality: {
    value: 'text',
    description: 'A judge model finds the answer consistent with the facts of the text.',
    example: 'Returns are accepted for 30 days.',
  },
  'model-graded-closedqa': {
    value: 'text',
    description: 'A judge model finds that the answer meets the criterion.',
    example: 'Names the deadline',
  },
  'g-eval': { value: 'any', description: 'A judge model scores the answer by the criteria.', example: 'Is coherent' },
  'answer-relevance': { value: 'optional', description: 'The answer is relevant to the question.', example: null },
  'context-faithfulness': { value: 'optional', description: 'The answer follows from the context.', example: null },
  'context-recall': {
    value: 'text',
    description: 'The context holds what the ground truth needs.',
    example: 'Returns are accepted for 30 days.',
  },
  'context-relevance': { value: 'optional', description: 'The context is relevant to the question.', example: null },
  ttft: { value: 'limit-ms', description: 'The first token came within this time.', example: '300ms' },
  itl: { value: 'limit-ms', description: 'The mean gap between tokens is at most this time.', example: '50ms' },
  latency: { value: 'limit-ms', description: 'The last token came within this time.', example: '3s' },
  cost: { value: 'limit-usd', description: 'The answer cost at most this much.', example: '$0.002' },
  'output-tokens': { value: 'limit-count', description: 'The answer has at most this many tokens.', example: 200 },
  javascript: {
    value: 'text',
    description: 'An expression over `output` (or a `file://`) is true, or its score reaches `threshold`.',
    example: 'output.length < 200',
  },
  'assert-set': {
    value: 'group',
    description: 'Assertions judged together: all must pass, or their score reach `threshold`.',
    example: { threshold: 0.5, assert: [{ contains: 'a' }, { contains: 'b' }] },
  },
} as const satisfies Record<string, AssertionType>;

export type AssertionName = keyof typeof ASSERTION_TYPES;

/** The definition of a type named without `not-`; undefined for an unknown name. */
export function assertionType(name: string): AssertionType | undefined {
  return Object.hasOwn(ASSERTION_TYPES, name) ? ASSERTION_TYPES[name as AssertionName] : undefined;
}

/** `not-contains` as `contains`, negated. */
export function splitNegation(type: string): { type: string; negate: boolean } {
  return type.startsWith('not-') ? { type: type.slice(4), negate: true } : { type, negate: false };
}

/** Every name that an assertion can have, with its negation. */
export function assertionNames(): string[] {
  return Object.keys(ASSERTION_TYPES).flatMap((name) => [name, `not-${name}`]);
}

/** An assertion as it is written: `{contains: refund}` or `{type: contains, value: refund}`. */
export type AssertionSpec = OneKeyAssertion | AssertionObject;

export type OneKeyAssertion = { [type: string]: Json };

/** The object form as a file writes it. */
export interface WrittenAssertion {
  type: string;
  value?: Json;
  threshold?: number | string;
  weight?: number;
  name?: string;
  severity?: Severity;
  transform?: string;
  /** Of an `assert-set`. */
  assert?: AssertionSpec[];
}

/** The object form, with what only imported files say: the format has no such keys. */
export interface AssertionObject extends WrittenAssertion {
  /** Why it is not evaluated. */
  skip?: string;
  /** The endpoint that grades it, or makes its embeddings. */
  judge?: EndpointRef;
  /** Replaces the judge's instructions. */
  rubricPrompt?: string;
  /** Handed to user code. */
  config?: Json;
}

/** Keys of the object form, with their descriptions. */
export const ASSERTION_KEYS: Readonly<Record<keyof WrittenAssertion, string>> = {
  type: 'What is asserted; a `not-` prefix inverts it.',
  value: 'What the answer is held against. Templates are rendered with the variables of the case.',
  threshold: 'The score, distance or limit from which the assertion passes.',
  weight: 'Weight of its score in the score of the case (default 1). With 0 it is shown only, and fails nothing.',
  name: 'Shown instead of type and value.',
  severity: 'How a failure is reported: `error` (default) fails the case, `warning` and `info` only tell.',
  transform: 'An expression over `output`, applied before the assertion.',
  assert: 'The members of an `assert-set`.',
};

export const SEVERITIES = { error: 'Fails.', warning: 'Is reported, fails nothing.', info: 'Is shown.' };

const REFERENCE = '#/definitions/assertion';

/** A list of assertions; its items refer to one definition, since sets nest. */
export function assertions(description: string) {
  return custom<AssertionSpec[]>(
    { kind: 'assertion', label: 'a list of assertions' },
    { type: 'array', description, items: { $ref: REFERENCE } },
  );
}

const oneText = { type: ['string', 'number', 'boolean'] };
const textList = { type: 'array', items: oneText, minItems: 1 };
const patterns = { type: 'array', items: { type: 'string', format: 'regex' } };

const valueSchemas: Readonly<Record<AssertionValueKind, object>> = {
  any: {},
  text: oneText,
  texts: { anyOf: [textList, oneText] },
  pattern: { type: 'string', format: 'regex' },
  words: {
    anyOf: [
      { type: ['integer', 'string'], minimum: 0 },
      {
        type: 'object',
        properties: {
          min: { type: ['integer', 'string'], minimum: 0, description: 'At least this many words.' },
          max: { type: ['integer', 'string'], minimum: 0, description: 'At most this many words.' },
        },
        minProperties: 1,
        additionalProperties: false,
      },
    ],
  },
  none: { type: ['null', 'boolean'] },
  schema: { type: ['null', 'object', 'string'] },
  optional: {},
  elements: {
    anyOf: [
      { type: ['null', 'string'] },
      { type: 'array', items: { type: 'string' } },
      {
        type: 'object',
        properties: {
          requiredElements: {
            type: 'array',
            items: { type: 'string' },
            description: 'Elements that must be there, as paths such as `root.item`.',
          },
        },
        additionalProperties: false,
      },
    ],
  },
  sql: {
    anyOf: [
      { type: ['null', 'boolean'] },
      {
        type: 'object',
        properties: {
          databaseType: {
            // Names in another case, and other names of a dialect, are understood as well.
            anyOf: [{ enum: SQL_DIALECTS }, { type: 'string' }],
            default: 'MySQL',
            description: 'The dialect.',
          },
          allowedTables: {
            ...patterns,
            description: 'What statements may do with which tables: regular expressions such as `select::(.*)::users`.',
          },
          allowedColumns: {
            ...patterns,
            description: 'What statements may do with which columns: regular expressions such as `select::users::id`.',
          },
        },
        additionalProperties: false,
      },
    ],
  },
  call: {
    anyOf: [
      { type: 'string' },
      {
        type: 'object',
        properties: {
          name: { type: 'string', description: 'Name of the tool.' },
          arguments: { type: ['object', 'boolean', 'null'], description: 'JSON Schema of its arguments.' },
        },
        required: ['name'],
        additionalProperties: false,
      },
    ],
  },
  reasons: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1 }] },
  reference: oneText,
  similarity: { anyOf: [oneText, textList] },
  'limit-ms': {
    anyOf: [
      { type: 'number', exclusiveMinimum: 0 },
      { type: 'string', pattern: '^[\\d.]+\\s*(us|ms|s|m|h)$' },
    ],
  },
  'limit-usd': {
    anyOf: [
      { type: 'number', minimum: 0 },
      { type: 'string', pattern: '^\\$\\s*[\\d.]+$' },
    ],
  },
  'limit-count': { type: 'integer', minimum: 0 },
  group: {
    type: 'object',
    properties: {
      threshold: { type: 'number' },
      assert: { type: 'array', items: { $ref: REFERENCE } },
    },
    required: ['assert'],
    additionalProperties: false,
  },
};

/** The JSON Schema of one assertion: a one-key map for every type, or the object form. */
export function assertionJsonSchema(): object {
  const properties: Record<string, object> = {};
  for (const [name, type] of Object.entries(ASSERTION_TYPES)) {
    const value = valueSchemas[type.value];
    properties[name] = { ...value, description: type.description, examples: [type.example] };
    properties[`not-${name}`] = { ...value, description: `The opposite of \`${name}\`. ${type.description}` };
  }
  return {
    description: 'A one-key map such as `contains: refund`, or a map with `type`.',
    anyOf: [
      {
        type: 'object',
        properties: {
          type: { type: 'string', enum: assertionNames(), description: ASSERTION_KEYS.type },
          value: { description: ASSERTION_KEYS.value },
          threshold: { type: ['number', 'string'], description: ASSERTION_KEYS.threshold },
          weight: { type: 'number', minimum: 0, default: 1, description: ASSERTION_KEYS.weight },
          name: { type: 'string', description: ASSERTION_KEYS.name },
          severity: {
            type: 'string',
            enum: Object.keys(SEVERITIES),
            default: 'error',
            description: ASSERTION_KEYS.severity,
          },
          transform: { type: 'string', description: ASSERTION_KEYS.transform },
          assert: { type: 'array', items: { $ref: REFERENCE }, description: ASSERTION_KEYS.assert },
        },
        required: ['type'],
        additionalProperties: false,
      },
      { type: 'object', properties, minProperties: 1, maxProperties: 1, additionalProperties: false },
    ],
  };
}
