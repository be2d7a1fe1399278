/** Completion of assertions: every type with a snippet of its value, and the keys of the long form. */
import {
  ASSERTION_KEYS,
  ASSERTION_TYPES,
  SEVERITIES,
  assertionType,
  splitNegation,
  type AssertionType,
} from '../../spec/schema-assertion';
import { assertionDocs } from '../docs';
import { textAt } from '../loose/nodes';
import { isAssertionKey } from '../slots';
import { choices, stop, verbatim } from '../snippet';
import type { Draft } from './draft';
import { below, type Form } from './form';
import type { KeyPlace } from './keys';

/** What may be written in an assertion: its type, or a further key of its long form. */
export function assertionDrafts(place: KeyPlace): Draft[] {
  const { present, nameOnly } = place;
  const isLong = present.has('type') || [...present].some((key) => isAssertionKey(key));
  if (isLong) return longKeys(place);
  if (present.size > 0) return [];
  return [...types(place), ...(nameOnly ? [] : [longForm(place)])];
}

function types(place: KeyPlace): Draft[] {
  return Object.entries(ASSERTION_TYPES).flatMap(([name, type], index) => [
    typeDraft(name, type, place, index < 4 ? 0 : 1),
    typeDraft(`not-${name}`, type, place, 3),
  ]);
}

function typeDraft(name: string, type: AssertionType, { form, nameOnly }: KeyPlace, group: number): Draft {
  return {
    label: name,
    kind: 'assertion',
    documentation: assertionDocs(name, type),
    snippet: nameOnly ? name : `${verbatim(form.before)}${shortForm(name, type, form)}${verbatim(form.after)}`,
    group,
    source: 'schema',
  };
}

/** The whole assertion, as it is written most briefly. */
function shortForm(name: string, type: AssertionType, form: Form): string {
  const { type: plain } = splitNegation(name);
  switch (type.value) {
    case 'none':
    case 'optional':
    case 'elements':
      return `${name}:`;
    case 'texts':
      return `${name}: [$1]`;
    case 'pattern':
      return `${name}: '$1'`;
    case 'words':
      return `${name}: { min: ${stop(1, '1')}, max: ${stop(2, '60')} }`;
    case 'sql':
      return `${name}: { databaseType: ${stop(1, 'PostgreSQL')} }`;
    case 'call':
      return `${name}: { name: ${stop(1, 'get_weather')}, arguments: { $2 } }`;
    case 'reasons':
      return `${name}: ${choices(1, FINISH_REASONS)}`;
    case 'schema':
      if (plain === 'contains-json') return `${name}:`;
      return form.flow
        ? `${name}: { type: object, required: [$1] }`
        : `${name}:${below(form, ['  type: object', '  required: [$1]'])}`;
    case 'reference':
    case 'similarity':
      return longText(name, THRESHOLDS[plain] ?? '0.75', form);
    case 'limit-ms':
    case 'limit-usd':
    case 'limit-count':
      return `${name}: ${stop(1, exampleOf(type))}`;
    case 'group':
      return form.flow
        ? `${name}: { threshold: ${stop(1, '0.5')}, assert: [{ $2 }] }`
        : `${name}:${below(form, [`  threshold: ${stop(1, '0.5')}`, '  assert:', '    - contains: $2'])}`;
    default:
      return `${name}: $1`;
  }
}

/** The example of a limit. */
export function exampleOf({ example }: AssertionType): string {
  return typeof example === 'string' || typeof example === 'number' ? String(example) : '';
}

const THRESHOLDS: Readonly<Record<string, string>> = { levenshtein: '5', similar: '0.8', bleu: '0.5' };

export const FINISH_REASONS = ['stop', 'length', 'tool_calls', 'content_filter'] as const;

function longText(name: string, threshold: string, form: Form): string {
  const parts = [`type: ${name}`, 'value: $1', `threshold: ${stop(2, threshold)}`];
  const [first = '', ...rest] = parts;
  return form.flow ? parts.join(', ') : `${first}${below(form, rest)}`;
}

function longForm({ form }: KeyPlace): Draft {
  const parts = [`type: $1`, 'value: $2'];
  const [first = '', ...rest] = parts;
  const body = form.flow ? parts.join(', ') : `${first}${below(form, rest)}`;
  return {
    label: 'type',
    detail: 'long form, with threshold, weight, severity, …',
    kind: 'key',
    documentation: ASSERTION_KEYS.type,
    snippet: `${verbatim(form.before)}${body}${verbatim(form.after)}`,
    group: 2,
    retrigger: true,
    source: 'schema',
  };
}

function longKeys({ tree, map, present, form, nameOnly }: KeyPlace): Draft[] {
  const type = assertionType(splitNegation(textAt(tree, map, 'type') ?? '').type);
  return Object.entries(ASSERTION_KEYS).flatMap(([key, documentation]): Draft[] => {
    if (present.has(key) || !fits(key, type)) return [];
    const value =
      key === 'severity'
        ? choices(1, Object.keys(SEVERITIES))
        : key === 'weight'
          ? stop(1, '1')
          : key === 'transform'
            ? stop(1, 'output.trim()')
            : '';
    const snippet = nameOnly
      ? key
      : key === 'assert'
        ? form.flow
          ? 'assert: [{ $1 }]'
          : `assert:${below(form, ['  - '])}`
        : `${key}: ${value}`;
    return [
      {
        label: key,
        kind: 'key',
        documentation,
        snippet: nameOnly ? key : `${verbatim(form.before)}${snippet}${verbatim(form.after)}`,
        group: key === 'value' || key === 'type' ? 0 : 1,
        retrigger: !nameOnly && (key === 'type' || key === 'assert'),
        source: 'schema',
      },
    ];
  });
}

/** Leaves out what has no effect with a type. */
function fits(key: string, type: AssertionType | undefined): boolean {
  if (type === undefined) return true;
  if (key === 'assert') return type.value === 'group';
  if (key === 'value') return type.value !== 'group' && type.value !== 'none';
  return true;
}

/** Names of types, behind `type:`. */
export function typeNames(): Draft[] {
  return Object.entries(ASSERTION_TYPES).flatMap(([name, type], index) =>
    [name, `not-${name}`].map((label): Draft => ({
      label,
      kind: 'assertion',
      documentation: assertionDocs(label, type),
      snippet: label,
      group: label === name ? (index < 4 ? 0 : 1) : 3,
      source: 'schema',
    })),
  );
}
