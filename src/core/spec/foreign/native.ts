/** The native spec that an imported file amounts to, as a tree whose nodes stand at their places in the imported file. */
import type { Json } from '../../../protocol/plan';
import { rememberIndexes } from '../cleaned';
import type { EvalSpec } from '../schema';
import { setOwn } from '../own';
import type { ListNode, MapEntry, PlainValue, Span, TreeNode } from '../tree';
import { mapOf, plainNode } from './source';

/** Keys of a list's items in pointers, where these are not their indexes. */
const listKeys = new WeakMap<ListNode, readonly string[]>();

/** A list whose items have keys of their own in pointers, such as `3#2` for the second case that stems from the fourth test. */
export function keyedList(items: readonly { key: string; node: TreeNode }[], span: Span): ListNode {
  const list: ListNode = {
    kind: 'list',
    items: items.map(({ node }) => node),
    span,
    flow: false,
    size: items.reduce((sum, { node }) => sum + node.size, 1),
  };
  listKeys.set(
    list,
    items.map(({ key }) => key),
  );
  return list;
}

export function keysOf(list: ListNode): readonly string[] {
  return listKeys.get(list) ?? list.items.map((_, index) => String(index));
}

/** A map under construction; keys without a value are left out. */
export class MapBuilder {
  private readonly entries: MapEntry[] = [];

  constructor(private readonly span: Span) {}

  set(key: string, node: TreeNode | undefined, keySpan: Span | null = null): this {
    if (node !== undefined) this.entries.push({ key, keySpan: keySpan ?? node.span, node, merged: false });
    return this;
  }

  /** A plain value at the place of the whole. */
  value(key: string, value: Json | undefined, span: Span = this.span): this {
    return this.set(key, value === undefined ? undefined : plainNode(value, span));
  }

  get isEmpty(): boolean {
    return this.entries.length === 0;
  }

  build(): TreeNode {
    return mapOf(this.entries, this.span);
  }
}

/** The node at the keys of a pointer, with the keys that lists have in pointers. */
export function keyedNodeAt(root: TreeNode | null, keys: readonly string[]): TreeNode | undefined {
  let node: TreeNode | undefined = root ?? undefined;
  for (const key of keys) {
    if (node?.kind === 'map') node = node.entries.get(key)?.node;
    else if (node?.kind === 'list') {
      const index: number = keysOf(node).indexOf(key);
      node = index < 0 ? undefined : node.items[index];
    } else return undefined;
  }
  return node;
}

/** The tree as a spec; its lists know the keys of their items. */
export function toSpec(root: TreeNode): EvalSpec {
  // The tree is built of what the format allows: a conversion that breaks this is caught by the tests, not by a person.
  return plainOf(root) as EvalSpec;
}

function plainOf(node: TreeNode): PlainValue {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') {
    const items = node.items.map(plainOf);
    const keys = listKeys.get(node);
    if (keys !== undefined) rememberIndexes(items, keys);
    return items;
  }
  const result: { [key: string]: PlainValue } = {};
  for (const [key, entry] of node.entries) setOwn(result, key, plainOf(entry.node));
  return result;
}
