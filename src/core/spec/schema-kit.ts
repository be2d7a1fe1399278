/**
 * The vocabulary in which the format is defined. Each function gives a TypeBox schema, hence a static type and a JSON Schema
 * in one, and may attach what JSON Schema cannot say (`META`) for our own validator. TypeBox is imported function by function:
 * its `Type` object would bring six times as much code into the extension's bundle.
 */
import {
  Array as ArrayType,
  Boolean as BooleanType,
  Integer as IntegerType,
  Number as NumberType,
  Object as ObjectType,
  Optional,
  Record as RecordType,
  String as StringType,
  Union as UnionType,
  Unsafe,
  type Static,
  type TOptional,
  type TProperties,
  type TSchema,
  type TUnsafe,
} from '@sinclair/typebox';
import type { Json } from '../../protocol/plan';
import { QUANTITY_LABELS, UNIT_PATTERNS, type Quantity } from './units';

/** Symbol keys are left out of JSON, so the generated schema stays plain. */
export const META = Symbol('promptrig.meta');

export interface SchemaMeta {
  /** Completes "must be …" in a message. */
  label?: string;
  quantity?: Quantity;
  /** `assertion`: the one-key map and the object form, validated by type. */
  kind?: 'assertion' | 'json';
  /** Keys that match are accepted without being known. */
  openKeys?: RegExp;
}

export type Described<T> = TUnsafe<T>;

export function metaOf(schema: TSchema): SchemaMeta {
  return (schema as { [META]?: SchemaMeta })[META] ?? {};
}

function withMeta(meta: SchemaMeta, options: object): object {
  return { ...options, [META]: meta };
}

/** What editors show on hover and beside a completion. */
interface Doc {
  description: string;
  default?: Json;
  examples?: Json[];
}

export function text(description: string, more: { examples?: string[]; label?: string; minLength?: number } = {}) {
  const { label, ...options } = more;
  return StringType(withMeta(label === undefined ? {} : { label }, { description, ...options }));
}

export function integer(description: string, more: { minimum?: number; maximum?: number; default?: number } = {}) {
  return IntegerType({ description, ...more });
}

export function decimal(description: string, more: { minimum?: number; maximum?: number; default?: number } = {}) {
  return NumberType({ description, ...more });
}

export function flag(description: string, more: { default?: boolean } = {}) {
  return BooleanType({ description, ...more });
}

/** A string of the given quantity, kept as written; `units.ts` turns it into a number. */
export function quantity(kind: Quantity, description: string, more: { default?: string } = {}) {
  return StringType(
    withMeta({ quantity: kind, label: QUANTITY_LABELS[kind] }, { description, pattern: UNIT_PATTERNS[kind], ...more }),
  );
}

/** One of a set of words, each with its own description for completion. */
export function choice<const T extends Record<string, string>>(
  values: T,
  description: string,
  more: { default?: keyof T & string } = {},
): Described<keyof T & string> {
  return Unsafe<keyof T & string>({
    type: 'string',
    enum: Object.keys(values),
    enumDescriptions: Object.values(values),
    description,
    ...more,
  });
}

export function list<T extends TSchema>(item: T, description: string, more: { minItems?: number } = {}) {
  return ArrayType(item, { description, ...more });
}

export function mapOf<T extends TSchema>(value: T, description: string) {
  return RecordType(StringType(), value, { description });
}

/** A map of known keys; others get a warning, and an error in editors that only know the JSON Schema. */
export function record<T extends TProperties>(properties: T, doc: string | Doc, meta: SchemaMeta = {}) {
  const options = typeof doc === 'string' ? { description: doc } : doc;
  return ObjectType(properties, withMeta(meta, { ...options, additionalProperties: false }));
}

export function either<const T extends TSchema[]>(options: [...T], description: string) {
  return UnionType<T>([...options], { description });
}

/** A map of free keys to any JSON values. */
export function freeMap(description: string, example?: Record<string, Json>): Described<Record<string, Json>> {
  return Unsafe<Record<string, Json>>(
    withMeta(
      { kind: 'json', label: 'a map' },
      { type: 'object', description, ...(example === undefined ? {} : { examples: [example] }) },
    ),
  );
}

/** A schema whose static type is given by hand, since it follows from data (such as the list of assertion types). */
export function custom<T>(meta: SchemaMeta, schema: object): Described<T> {
  return Unsafe<T>(withMeta(meta, schema));
}

export { Optional as optional };
export type { Static, TOptional, TSchema };
