/** Assertions in one form, whichever way they were written. */
import { parse } from 'yaml';
import type { Json, Severity } from '../../protocol/plan';
import type { EndpointRef } from './schema';
import { assertionType, splitNegation, type AssertionObject, type AssertionSpec } from './schema-assertion';
import { parseDurationMs, parseUsd } from './units';

export interface NormalAssertion {
  /** Without `not-`. */
  type: string;
  negate: boolean;
  value?: Json;
  /** In base units: ms, USD, tokens, a score. */
  threshold?: number;
  weight: number;
  name?: string;
  severity: Severity;
  transform?: string;
  /** Members of an `assert-set`. */
  members?: AssertionSpec[];
  /** Why it is not evaluated, and what else only imported files say: see `AssertionObject`. */
  skip?: string;
  judge?: EndpointRef;
  rubricPrompt?: string;
  config?: Json;
  /** Where its value stands below the assertion: `value`, or the type in the short form. */
  valueKey: string;
}

/** Normalises a validated assertion. */
export function normalizeAssertion(spec: AssertionSpec): NormalAssertion {
  if (isObjectForm(spec)) return fromObject(spec, 'value', spec.value);
  const [name, value] = Object.entries(spec)[0] ?? ['', null];
  if (assertionType(splitNegation(name).type)?.value === 'group') {
    const group = value as { threshold?: number; assert?: AssertionSpec[] };
    return fromObject({ type: name, threshold: group.threshold, assert: group.assert }, name, undefined);
  }
  return fromObject({ type: name }, name, value === null ? undefined : value);
}

function isObjectForm(spec: AssertionSpec): spec is AssertionObject {
  return Object.hasOwn(spec, 'type');
}

function fromObject(spec: AssertionObject, valueKey: string, given: Json | undefined): NormalAssertion {
  const { type, negate } = splitNegation(spec.type);
  const kind = assertionType(type)?.value;
  const value = kind === 'schema' && typeof given === 'string' ? (schemaInText(given) ?? given) : given;
  const threshold = limitOf(kind, spec.threshold ?? (isLimit(kind) ? value : undefined));
  return {
    type,
    negate,
    ...(value === undefined || value === null ? {} : { value }),
    ...(threshold === undefined ? {} : { threshold }),
    weight: spec.weight ?? 1,
    ...(spec.name === undefined ? {} : { name: spec.name }),
    severity: spec.severity ?? 'error',
    ...(spec.transform === undefined ? {} : { transform: spec.transform }),
    ...(spec.assert === undefined ? {} : { members: spec.assert }),
    ...(spec.skip === undefined ? {} : { skip: spec.skip }),
    ...(spec.judge === undefined ? {} : { judge: spec.judge }),
    ...(spec.rubricPrompt === undefined ? {} : { rubricPrompt: spec.rubricPrompt }),
    ...(spec.config === undefined ? {} : { config: spec.config }),
    valueKey,
  };
}

/**
 * A JSON Schema that is written as text, in JSON or, as promptfoo's files do, in YAML. Null where the text is something else:
 * a path, or a template whose text is known only later.
 */
export function schemaInText(text: string): { [key: string]: Json } | null {
  if (text.startsWith('file://') || text.includes('{{') || text.includes('{%')) return null;
  let schema: unknown;
  try {
    schema = parse(text, { merge: true, maxAliasCount: 1000, logLevel: 'error' });
  } catch {
    return null;
  }
  const isMap = schema !== null && typeof schema === 'object' && !Array.isArray(schema);
  return isMap ? (schema as { [key: string]: Json }) : null;
}

function isLimit(kind: string | undefined): boolean {
  return kind === 'limit-ms' || kind === 'limit-usd' || kind === 'limit-count';
}

/** The limit in the base unit of its kind; undefined where it is none (or a template that is not rendered yet). */
export function limitOf(kind: string | undefined, value: Json | undefined): number | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  if (kind === 'limit-ms') return parseDurationMs(value) ?? undefined;
  if (kind === 'limit-usd') return parseUsd(value) ?? undefined;
  return typeof value === 'number' ? value : undefined;
}
