/** What the format allows at a path: the definitions that a key or a value there is held against. */
import type { TSchema } from '@sinclair/typebox';
import type { FileKind } from '../spec/document';
import { evalSchema, workspaceSchema } from '../spec/schema';
import {
  ASSERTION_KEYS,
  assertionJsonSchema,
  assertionType,
  splitNegation,
  type AssertionType,
} from '../spec/schema-assertion';
import { metaOf } from '../spec/schema-kit';
import { childOf, nodeAtPath, textAt, type LooseTree, type Path } from './loose/nodes';

export type Slot =
  | { kind: 'schema'; schema: TSchema }
  /** One assertion of a list. */
  | { kind: 'assertion' }
  /** What an assertion is held against. */
  | { kind: 'assertion-value'; name: string; type: AssertionType; schema: TSchema }
  /** Another key of the long form. */
  | { kind: 'assertion-key'; key: keyof typeof ASSERTION_KEYS }
  /** A place in a map of free keys. */
  | { kind: 'free' };

interface Keywords {
  $ref?: string;
  anyOf?: TSchema[];
  properties?: Record<string, TSchema>;
  patternProperties?: Record<string, TSchema>;
  additionalProperties?: TSchema | boolean;
  items?: TSchema;
}

/** The definitions of the place at `path`; none where the format says nothing about it. */
export function slotsAt(tree: LooseTree, kind: FileKind, path: Path): Slot[] {
  if (kind !== 'eval' && kind !== 'workspace') return foreignSlots(tree, path);
  let slots: Slot[] = [{ kind: 'schema', schema: kind === 'workspace' ? workspaceSchema : evalSchema }];
  path.forEach((key, index) => {
    slots = slots.flatMap((slot) => step(tree, slot, key, path.slice(0, index)));
  });
  return slots;
}

/** Assertions of other formats are named as ours, wherever they stand. */
function foreignSlots(tree: LooseTree, path: Path): Slot[] {
  const at = path.lastIndexOf('assert');
  if (at < 0 || typeof path[at + 1] !== 'number') return [];
  let slots: Slot[] = [{ kind: 'assertion' }];
  for (let index = at + 2; index < path.length; index++) {
    const key = path[index] ?? '';
    slots = slots.flatMap((slot) => step(tree, slot, key, path.slice(0, index)));
  }
  return slots;
}

/** The alternatives of a definition that is a union. */
export function alternatives(schema: TSchema): TSchema[] {
  const { anyOf } = schema as Keywords;
  return anyOf === undefined || metaOf(schema).kind === 'json' ? [schema] : anyOf.flatMap(alternatives);
}

/** The known keys of a map; empty for anything else. */
export function propertiesOf(schema: TSchema): Record<string, TSchema> {
  return (schema as Keywords).properties ?? {};
}

/** What a definition says about its values. */
export interface Annotations {
  description?: string;
  default?: unknown;
  examples?: readonly unknown[];
  enum?: readonly string[];
  enumDescriptions?: readonly string[];
  minimum?: number;
  maximum?: number;
  required?: readonly string[];
}

export function annotationsOf(schema: TSchema): Annotations {
  // TypeBox types all of a schema's keywords as any.
  return schema;
}

/** JSON types of a definition. */
export function typesOf(schema: TSchema): readonly string[] {
  const { type } = schema as { type?: string | string[] };
  return type === undefined ? [] : typeof type === 'string' ? [type] : type;
}

/** What the items of a list are; undefined for what is no list. */
export function itemSlot(schema: TSchema): Slot | undefined {
  const [slot] = stepSchema(schema, 0);
  return metaOf(schema).kind === 'json' ? undefined : slot;
}

function step(tree: LooseTree, slot: Slot, key: string | number, container: Path): Slot[] {
  switch (slot.kind) {
    case 'schema':
      return alternatives(slot.schema).flatMap((schema) => stepSchema(schema, key));
    case 'assertion':
      return typeof key === 'string' ? assertionKey(tree, key, container) : [];
    case 'assertion-value':
      return alternatives(slot.schema).flatMap((schema) => stepSchema(schema, key));
    case 'assertion-key':
      return slot.key === 'assert' && typeof key === 'number' ? [{ kind: 'assertion' }] : [];
    case 'free':
      return [{ kind: 'free' }];
  }
}

function stepSchema(schema: TSchema, key: string | number): Slot[] {
  const meta = metaOf(schema);
  if (meta.kind === 'assertion') return typeof key === 'number' ? [{ kind: 'assertion' }] : [];
  if (meta.kind === 'json') return [{ kind: 'free' }];
  const { properties = {}, patternProperties = {}, additionalProperties, items } = schema as Keywords;
  if (typeof key === 'number') {
    if (items === undefined) return [];
    // Only assertions refer to a definition, since sets of them nest.
    return [(items as Keywords).$ref === undefined ? { kind: 'schema', schema: items } : { kind: 'assertion' }];
  }
  const own = Object.hasOwn(properties, key) ? properties[key] : undefined;
  const open = typeof additionalProperties === 'object' ? additionalProperties : undefined;
  const found = own ?? Object.values(patternProperties)[0] ?? open;
  return found === undefined ? [] : [{ kind: 'schema', schema: found }];
}

function assertionKey(tree: LooseTree, key: string, container: Path): Slot[] {
  const node = nodeAtPath(tree.root, container);
  const isLong = childOf(node, 'type') !== undefined || key === 'type';
  if (!isLong) return assertionValue(key);
  if (key === 'value') return assertionValue(textAt(tree, node, 'type') ?? '');
  return isAssertionKey(key) ? [{ kind: 'assertion-key', key }] : [];
}

function assertionValue(name: string): Slot[] {
  const type = assertionType(splitNegation(name).type);
  const schema = valueSchemas()[name];
  return type === undefined || schema === undefined ? [] : [{ kind: 'assertion-value', name, type, schema }];
}

let schemas: Record<string, TSchema> | undefined;

/** What each assertion takes, by its name, as the JSON Schema of assertions has it. */
function valueSchemas(): Record<string, TSchema> {
  if (schemas !== undefined) return schemas;
  const { anyOf = [] } = assertionJsonSchema() as Keywords;
  // The alternative with one key; the other is the long form.
  schemas = propertiesOf(anyOf.at(-1) ?? ({} as TSchema));
  return schemas;
}

export function isAssertionKey(key: string): key is keyof typeof ASSERTION_KEYS {
  return Object.hasOwn(ASSERTION_KEYS, key);
}

/**
 * A path as a pattern: `cases/*` for an item, whatever its index. A single stage that is not in a list counts as `load/*`.
 */
export function patternOf(path: Path): string {
  const parts = path.map((key) => (typeof key === 'number' ? '*' : key));
  if (parts[0] === 'load' && parts.length > 1 && parts[1] !== '*') parts.splice(1, 0, '*');
  return parts.join('/');
}

/** The pattern of a map: a single stage is the map at `load`. */
export function mapPatternOf(path: Path): string {
  return path.length === 1 && path[0] === 'load' ? 'load/*' : patternOf(path);
}

/**
 * The path that something below an `x-…` key has where it is used by alias; the path itself for everything else. Keys that
 * only hold anchors are free, but what is written there is held against the place of its use.
 */
export function usedPath(tree: LooseTree, path: Path): Path {
  const [first] = path;
  if (typeof first !== 'string' || !first.startsWith('x-')) return path;
  for (let length = path.length; length > 0; length--) {
    const anchor = nodeAtPath(tree.root, path.slice(0, length))?.anchor;
    const use = anchor === undefined ? undefined : aliasPath(tree, anchor);
    if (use !== undefined) return [...use, ...path.slice(length)];
  }
  return path;
}

function aliasPath(tree: LooseTree, anchor: string): Path | undefined {
  const search = (node: LooseTree['root'], path: Path): Path | undefined => {
    if (node === null) return undefined;
    if (node.kind === 'scalar')
      return node.style === 'alias' && tree.text.slice(node.start + 1, node.end) === anchor ? path : undefined;
    if (node.kind === 'list') {
      for (const [index, { value }] of node.items.entries()) {
        const found = search(value, [...path, index]);
        if (found !== undefined) return found;
      }
      return undefined;
    }
    for (const { key, value } of node.entries) {
      // A merge brings the keys of the anchor into the map that it stands in.
      const found = search(value, key === '<<' ? path : [...path, key]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return search(tree.root, []);
}
