/** Completion of keys: what the format knows at a place, without what is there already. */
import type { TSchema } from '@sinclair/typebox';
import type { LoadPattern } from '../../../protocol/plan';
import { ARRIVAL_KEYS, PATTERN_KEYS } from '../../spec/schema-load';
import { metaOf } from '../../spec/schema-kit';
import { schemaDocs } from '../docs';
import { textAt, type LooseMap, type LooseTree, type Path } from '../loose/nodes';
import { alternatives, annotationsOf, mapPatternOf, patternOf, propertiesOf, typesOf } from '../slots';
import { choices, stop, verbatim } from '../snippet';
import type { Draft } from './draft';
import { below, type Form } from './form';

export interface KeyPlace {
  tree: LooseTree;
  /** Of the map. */
  path: Path;
  map: LooseMap | null;
  /** Keys that are there already, without the one under the cursor. */
  present: ReadonlySet<string>;
  form: Form;
  /** The key is there with its colon, and only its name is replaced. */
  nameOnly: boolean;
}

/** The keys of a map that the schema describes. */
export function schemaKeys(schema: TSchema, place: KeyPlace): Draft[] {
  const required = new Set(annotationsOf(schema).required ?? []);
  const pattern = mapPatternOf(place.path);
  return Object.entries(propertiesOf(schema)).flatMap(([key, property]): Draft[] => {
    if (place.present.has(key) || !belongs(key, pattern, place)) return [];
    const body = keyBody(key, property, place);
    return [
      {
        label: key,
        kind: 'key',
        documentation: schemaDocs(property),
        ...(required.has(key) ? { detail: 'required' } : {}),
        ...body,
        group: groupOf(key, pattern, required.has(key), place),
        source: 'schema',
      },
    ];
  });
}

function groupOf(key: string, pattern: string, isRequired: boolean, place: KeyPlace): number {
  // An SLO is mostly a text, and so are an endpoint and a dataset: names come first.
  if (/(?:^|\/)slo(?:\/\*)?$/.test(pattern) && place.map === null) return 4;
  if ((pattern === 'endpoints/*' || pattern === 'dataset') && place.map === null) return 3;
  if (isRequired || isNeeded(key, pattern, place)) return 0;
  return isOnTopic(key, pattern, place) ? 1 : 2;
}

const PROMPTS = ['prompt', 'messages', 'prompts'];

/** Leaves out what would be an error, or would have no effect, beside the keys that are there. */
function belongs(key: string, pattern: string, { tree, map, present }: KeyPlace): boolean {
  if (pattern === '' || pattern === 'prompts/*') {
    const exclusive = pattern === '' ? PROMPTS : ['prompt', 'messages'];
    if (exclusive.includes(key)) return !exclusive.some((other) => present.has(other));
  }
  if (pattern === 'load/*' && ARRIVAL_KEYS.includes(key)) {
    const keys = arrivalKeys(tree, map);
    return keys === undefined || keys.required.includes(key) || keys.allowed.includes(key);
  }
  if (isEndpoint(pattern)) {
    const api = textAt(tree, map, 'api');
    if (key === 'sim') return (api === undefined && !present.has('url')) || api === 'sim';
    if (key === 'url' || key === 'apiKeyEnv') return api !== 'sim' && !present.has('sim');
  }
  return true;
}

function isEndpoint(pattern: string): boolean {
  return pattern === 'endpoints/*' || pattern === 'judge';
}

function arrivalKeys(tree: LooseTree, map: LooseMap | null) {
  const name = textAt(tree, map, 'pattern');
  return name !== undefined && Object.hasOwn(PATTERN_KEYS, name) ? PATTERN_KEYS[name as LoadPattern] : undefined;
}

/** What the load pattern, or the protocol, asks for. */
function isNeeded(key: string, pattern: string, { tree, map }: KeyPlace): boolean {
  if (pattern === 'load/*') return arrivalKeys(tree, map)?.required.includes(key) === true;
  return pattern === '' && ['name', ...PROMPTS, 'cases'].includes(key);
}

function isOnTopic(key: string, pattern: string, { tree, map }: KeyPlace): boolean {
  if (pattern === 'load/*') {
    return arrivalKeys(tree, map)?.allowed.includes(key) === true || ['duration', 'requests', 'warmup'].includes(key);
  }
  if (pattern === '') return ['endpoints', 'assert', 'load', 'slo', 'vars', 'params'].includes(key);
  if (pattern === 'cases/*') return ['vars', 'assert', 'expected'].includes(key);
  return isEndpoint(pattern) && ['api', 'url', 'model', 'apiKeyEnv', 'sim'].includes(key);
}

interface Body {
  snippet: string;
  retrigger?: boolean;
}

function keyBody(key: string, schema: TSchema, place: KeyPlace): Body {
  const { form } = place;
  if (place.nameOnly) return { snippet: verbatim(key) };
  const at = patternOf([...place.path, key]);
  const value = valueBody(at, schema, form);
  const retrigger = value.retrigger === true;
  return { snippet: `${verbatim(form.before)}${key}:${value.snippet}${verbatim(form.after)}`, retrigger };
}

/** Common sections, written out. */
const SECTIONS: Readonly<Record<string, readonly string[]>> = {
  cases: ['  - name: ${1:first case}', '    vars: { $2 }', '    assert:', '      - contains: ${3:text}'],
  messages: [
    '  - role: system',
    '    content: ${1:Answer in one sentence.}',
    '  - role: user',
    "    content: '${2:Hello}'",
  ],
  prompts: ['  - name: ${1:short}', "    prompt: '${2:text}'", '  - name: ${3:long}', "    prompt: '${4:text}'"],
  load: [
    '  - name: ${1:steady}',
    `    pattern: ${choices(2, ['poisson', 'constant', 'concurrent', 'ramp', 'burst', 'sweep', 'capacity'])}`,
    '    rate: ${3:8/s}',
    '    duration: ${4:60s}',
    '    warmup: ${5:10s}',
  ],
  'cases/*/messages': ['  - role: user', "    content: '$1'"],
  'cases/*/turns': ['  - user: ${1:Hello}', '    assert:', '      - contains: ${2:text}'],
  'prompts/*/messages': ['  - role: user', "    content: '$1'"],
};

/** Sections that end in a place where something can be chosen. */
const OPEN_LISTS = new Set(['endpoints', 'slo', 'load/*/slo', 'assert', 'cases/*/assert', 'cases/*/turns/*/assert']);

/** Of the value behind `key:`, the blank between them included. */
function valueBody(at: string, schema: TSchema, form: Form): Body {
  const section = SECTIONS[at];
  if (section !== undefined && !form.flow) return { snippet: below(form, section) };
  if (OPEN_LISTS.has(at)) {
    return form.flow ? { snippet: ` [$1]`, retrigger: true } : { snippet: `${below(form, ['  - '])}`, retrigger: true };
  }
  const [first = schema] = alternatives(schema);
  const { default: fallback, examples = [], enum: words } = annotationsOf(first);
  const type = typesOf(first).find((name) => name !== 'null');
  if (words !== undefined || type === 'boolean') return { snippet: ' ', retrigger: true };
  const [example] = examples;
  if (type === 'object') return mapBody(first, example, form);
  if (type === 'array' || metaOf(first).kind === 'assertion') {
    return form.flow ? { snippet: ' [$1]', retrigger: true } : { snippet: below(form, ['  - ']), retrigger: true };
  }
  const given = fallback ?? example;
  if (typeof given === 'string' || typeof given === 'number') return { snippet: ` ${stop(1, String(given))}` };
  const { quantity } = metaOf(first);
  if (quantity !== undefined) return { snippet: ` ${stop(1, QUANTITIES[quantity])}` };
  return { snippet: ' ', retrigger: true };
}

const QUANTITIES = {
  duration: '10s',
  rate: '8/s',
  money: '$0.50',
  size: '1GB',
  percent: '5%',
  age: '90d',
  speed: '2x',
} as const;

function mapBody(schema: TSchema, example: unknown, form: Form): Body {
  const [first] = annotationsOf(schema).required ?? [];
  if (form.flow || isRecord(example)) {
    const text = isRecord(example)
      ? Object.entries(example)
          .map(
            ([key, value], index) =>
              `${key}: ${stop(index + 1, typeof value === 'string' ? value : JSON.stringify(value))}`,
          )
          .join(', ')
      : '$1';
    return { snippet: ` { ${text} }`, retrigger: !isRecord(example) };
  }
  if (first !== undefined) return { snippet: below(form, [`  ${first}: $1`]) };
  return { snippet: below(form, ['  ']), retrigger: true };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
