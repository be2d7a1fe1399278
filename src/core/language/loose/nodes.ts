/**
 * A YAML text as far as it can be made out, however broken it is: what completion and hover work with while a line is half
 * typed. The parser's tree (`spec/tree.ts`) is exact and holds data; this one holds nothing but places.
 */
import type { Span } from '../../spec/tree';
import type { SourceLines } from './source-lines';

export interface LooseTree {
  text: string;
  lines: SourceLines;
  root: LooseNode | null;
  /** By the line of its dash; what the tree of a text that differs little takes over. */
  outerItems: ReadonlyMap<number, OuterItem>;
}

/** An item of a block list that is in no other, such as a case, with the lines that made it what it is. */
export interface OuterItem {
  item: LooseItem;
  column: number;
  depth: number;
  /** The first line behind it that has content. */
  next: number;
  /** The last line that was looked at: another text there might have made another item. */
  seen: number;
}

export type LooseNode = LooseMap | LooseList | LooseScalar;

interface LooseBase extends Span {
  /** Name behind `&`. */
  anchor?: string;
}

export interface LooseMap extends LooseBase {
  kind: 'map';
  flow: boolean;
  /** Of its first key in its line; of the bracket of a flow map. */
  column: number;
  /** In the order of the text. */
  entries: LooseEntry[];
}

export interface LooseEntry {
  /** Without quotes. */
  key: string;
  keySpan: Span;
  /** Null for a key that is half typed. */
  colon: number | null;
  value: LooseNode | null;
}

export interface LooseList extends LooseBase {
  kind: 'list';
  flow: boolean;
  /** Of its dashes; of the bracket of a flow list. */
  column: number;
  items: LooseItem[];
}

export interface LooseItem {
  /** Of the dash; of the item itself in a flow list. */
  start: number;
  value: LooseNode | null;
}

export interface LooseScalar extends LooseBase {
  kind: 'scalar';
  style: 'plain' | 'single' | 'double' | 'block' | 'alias';
  /** Of its first character in its line. */
  column: number;
  /** False for a quote that is not closed. */
  closed: boolean;
}

export type Path = readonly (string | number)[];

/** The value of the last entry called `key`; undefined in anything but a map, and where it has no value. */
export function childOf(node: LooseNode | null | undefined, key: string): LooseNode | undefined {
  if (node?.kind !== 'map') return undefined;
  return node.entries.find((entry) => entry.key === key)?.value ?? undefined;
}

/** The node at a path. */
export function nodeAtPath(root: LooseNode | null, path: Path): LooseNode | undefined {
  let node: LooseNode | undefined = root ?? undefined;
  for (const key of path) {
    if (typeof key === 'number') node = node?.kind === 'list' ? (node.items[key]?.value ?? undefined) : undefined;
    else node = childOf(node, key);
    if (node === undefined) return undefined;
  }
  return node;
}

/** Items of a list, without those that have no value. */
export function itemsOf(node: LooseNode | undefined): LooseNode[] {
  return node?.kind === 'list' ? node.items.flatMap(({ value }) => value ?? []) : [];
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '"': '"', '\\': '\\', '/': '/' };

/** What a scalar says, near enough for names: line folding and rare escapes are not followed. */
export function scalarText({ text }: Pick<LooseTree, 'text'>, node: LooseScalar): string {
  const raw = text.slice(node.start, node.end);
  switch (node.style) {
    case 'double':
      return raw
        .slice(1, node.closed ? -1 : undefined)
        .replace(/\\(.)/g, (_, letter: string) => ESCAPES[letter] ?? letter)
        .replace(/\s*\r?\n\s*/g, ' ');
    case 'single':
      return raw
        .slice(1, node.closed ? -1 : undefined)
        .replaceAll("''", "'")
        .replace(/\s*\r?\n\s*/g, ' ');
    case 'block':
      return raw.replace(/^[^\n]*\n?/, '').replace(/^[ \t]+/gm, '');
    case 'alias':
      return raw;
    case 'plain':
      return raw.replace(/\s*\r?\n\s*/g, ' ');
  }
}

/** The text of a scalar child; undefined where there is none. */
export function textAt(tree: LooseTree, node: LooseNode | null | undefined, key: string): string | undefined {
  const child = childOf(node, key);
  return child?.kind === 'scalar' ? scalarText(tree, child) : undefined;
}

/** Every node with its path, parents first. */
export function* everyNode(node: LooseNode | null, path: Path = []): Generator<{ node: LooseNode; path: Path }> {
  if (node === null) return;
  yield { node, path };
  if (node.kind === 'map') for (const { key, value } of node.entries) yield* everyNode(value, [...path, key]);
  if (node.kind === 'list')
    for (const [index, { value }] of node.items.entries()) yield* everyNode(value, [...path, index]);
}
