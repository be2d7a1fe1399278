/** How messages name nodes, values and what a schema asks for. */
import type { TSchema } from '@sinclair/typebox';
import { metaOf } from './schema-kit';
import type { TreeNode } from './tree';

interface Keywords {
  type?: string;
  enum?: string[];
  anyOf?: TSchema[];
}

/** "must be …": what a schema asks for, in words. */
export function labelOf(schema: TSchema): string {
  const { label } = metaOf(schema);
  if (label !== undefined) return label;
  const keywords = schema as Keywords;
  if (keywords.anyOf !== undefined) return [...new Set(keywords.anyOf.map(labelOf))].join(' or ');
  if (keywords.enum !== undefined) return `one of ${keywords.enum.join(', ')}`;
  switch (keywords.type) {
    case 'object':
      return 'a map';
    case 'array':
      return 'a list';
    case 'string':
      return 'a text';
    case 'boolean':
      return 'true or false';
    case 'integer':
      return 'a whole number';
    case 'number':
      return 'a number';
    default:
      return 'a value';
  }
}

/** What a node is, in words. */
export function describeNode(node: TreeNode): string {
  if (node.kind === 'map') return 'a map';
  if (node.kind === 'list') return 'a list';
  if (node.value === null) return 'empty';
  if (typeof node.value === 'string') return `the text "${clip(node.value)}"`;
  if (typeof node.value === 'boolean') return String(node.value);
  return `the number ${node.value}`;
}

/** One line of at most forty characters. */
export function clip(value: string): string {
  const line = value.replace(/\s+/g, ' ').trim();
  return line.length > 40 ? `${line.slice(0, 39)}…` : line;
}

/** How a message names the node of a pointer: its key, or its place in a list. */
export function nameOf(pointer: string): string {
  const keys = pointer.split('/').slice(1);
  const last = keys.at(-1)?.replaceAll('~1', '/').replaceAll('~0', '~');
  if (last === undefined) return 'The file';
  if (!/^\d+$/.test(last)) return `"${last}"`;
  const list = keys.at(-2)?.replaceAll('~1', '/').replaceAll('~0', '~');
  return list === undefined ? `Item ${Number(last) + 1}` : `Item ${Number(last) + 1} of "${list}"`;
}
