/**
 * The content of a YAML file as a plain tree with offsets: aliases resolved, `<<` merges applied, keys as strings. Everything
 * else reads this tree and none of the YAML library's nodes, so that what an alias or a merge means is decided in one place.
 */
import { setOwn } from './own';
import { isAlias, isMap, isScalar, isSeq, type Document, type Node, type Scalar } from 'yaml';

export type ScalarValue = string | number | boolean | null;

export interface Span {
  start: number;
  end: number;
}

export interface ScalarNode {
  kind: 'scalar';
  value: ScalarValue;
  span: Span;
  style: 'plain' | 'single' | 'double' | 'literal' | 'folded';
  /** Nodes below it, itself included, aliases expanded. */
  size: number;
}

export interface ListNode {
  kind: 'list';
  items: TreeNode[];
  span: Span;
  flow: boolean;
  size: number;
}

export interface MapNode {
  kind: 'map';
  entries: Map<string, MapEntry>;
  span: Span;
  flow: boolean;
  size: number;
}

export type TreeNode = ScalarNode | ListNode | MapNode;

export interface MapEntry {
  key: string;
  keySpan: Span;
  node: TreeNode;
  /** Whether it came in through `<<`. */
  merged: boolean;
}

export interface TreeProblem {
  code: 'duplicate-key' | 'wrong-type' | 'alias-bomb' | 'recursive-alias' | 'unknown-alias' | 'too-deep' | 'bad-merge';
  message: string;
  span: Span;
  /** Replaces `span`. */
  fix?: { title: string; newText: string };
}

export interface Tree {
  /** Null for a file without content, and where the problems leave nothing to work with. */
  root: TreeNode | null;
  problems: TreeProblem[];
}

/** Nodes of a file with every alias expanded; a hand-written file of 5 MB stays below. */
export const MAX_NODES = 1_000_000;
/** Deeper nesting is no eval file, and the walks over the tree are recursive. */
export const MAX_DEPTH = 100;

/** Builds the tree of a parsed document. Linear in the size of the file, whatever its aliases expand to. */
export function buildTree(document: Document.Parsed, source: string): Tree {
  const builder = new TreeBuilder(source);
  const contents = document.contents as Node | null;
  if (contents === null) return { root: null, problems: [] };
  const root = builder.build(contents, 0);
  const fatal = builder.problems.some(({ code }) => code === 'alias-bomb' || code === 'too-deep');
  return { root: fatal ? null : root, problems: builder.problems };
}

const MERGE_KEY = '<<';

class TreeBuilder {
  readonly problems: TreeProblem[] = [];
  private readonly anchors = new Map<string, TreeNode | 'open'>();
  private bombed = false;

  constructor(private readonly source: string) {}

  build(node: Node | null, depth: number): TreeNode {
    if (node === null) return emptyScalar({ start: 0, end: 0 });
    const span = this.spanOf(node);
    if (depth > MAX_DEPTH) {
      if (!this.problems.some(({ code }) => code === 'too-deep'))
        this.report('too-deep', `Nested more than ${MAX_DEPTH} levels deep; no key of the format needs that.`, span);
      return emptyScalar(span);
    }
    if (isAlias(node)) return this.alias(node.source, span);
    const anchor = 'anchor' in node ? node.anchor : undefined;
    if (anchor !== undefined) this.anchors.set(anchor, 'open');
    const built = this.content(node, span, depth);
    if (anchor !== undefined) this.anchors.set(anchor, built);
    if (built.size > MAX_NODES && !this.bombed) {
      this.bombed = true;
      this.report(
        'alias-bomb',
        `The aliases below expand to more than ${MAX_NODES} values; write the file without them.`,
        span,
      );
    }
    return built;
  }

  private alias(name: string, span: Span): TreeNode {
    const target = this.anchors.get(name);
    if (target === undefined) {
      this.report('unknown-alias', `There is no anchor "&${name}" above this alias.`, span);
      return emptyScalar(span);
    }
    if (target === 'open') {
      this.report('recursive-alias', `"*${name}" refers to a value that contains it.`, span);
      return emptyScalar(span);
    }
    // A copy, so that what is written by alias is located where it is used; what lies below it, where it is written.
    return { ...target, span };
  }

  private content(node: Node, span: Span, depth: number): TreeNode {
    if (isMap(node)) {
      const written = node.flow === true ? this.bareTemplate(span) : undefined;
      return written ?? this.map(node.items, span, node.flow === true, depth);
    }
    if (isSeq(node)) {
      const items = node.items.map((item) => this.build(item as Node | null, depth + 1));
      return { kind: 'list', items, span, flow: node.flow === true, size: sizeOf(items) };
    }
    if (isScalar(node)) return this.scalar(node, span);
    return emptyScalar(span);
  }

  /** `prompt: {{name}}` is a map of a map to YAML, and a forgotten pair of quotes to everybody else. */
  private bareTemplate(span: Span): ScalarNode | undefined {
    const written = this.source.slice(span.start, span.end);
    if (!/^\{\{[^\n{}]*\}\}$/.test(written)) return undefined;
    this.problems.push({
      code: 'wrong-type',
      message: `YAML reads ${written} as a map: put a text that starts with a template in quotes.`,
      span,
      fix: { title: 'Put it in quotes', newText: JSON.stringify(written) },
    });
    return { kind: 'scalar', value: written, span, style: 'plain', size: 1 };
  }

  private scalar(node: Scalar, span: Span): ScalarNode {
    const { value } = node;
    const plain: ScalarValue =
      value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number'
        ? value
        : // A symbol stands for `<<` outside a key; no other value comes out of the YAML 1.2 core schema.
          typeof value === 'symbol'
          ? MERGE_KEY
          : this.source.slice(span.start, span.end);
    return { kind: 'scalar', value: plain, span, style: styleOf(node), size: 1 };
  }

  private map(pairs: readonly { key: unknown; value: unknown }[], span: Span, flow: boolean, depth: number): MapNode {
    const entries = new Map<string, MapEntry>();
    const merges: { node: TreeNode; span: Span }[] = [];
    for (const pair of pairs) {
      const keyNode = pair.key as Node | null;
      const keySpan = keyNode === null ? { start: span.start, end: span.start } : this.spanOf(keyNode);
      const name = this.keyName(keyNode, keySpan);
      const value =
        pair.value === null
          ? emptyScalar({ start: keySpan.end, end: keySpan.end })
          : this.build(pair.value as Node, depth + 1);
      if (name === null) continue;
      if (name === MERGE_KEY && isScalar(keyNode) && (keyNode.type === undefined || keyNode.type === 'PLAIN')) {
        merges.push({ node: value, span: keySpan });
        continue;
      }
      if (entries.has(name)) {
        this.report('duplicate-key', `"${name}" is already set in this map; remove one of the two.`, keySpan);
        continue;
      }
      entries.set(name, { key: name, keySpan, node: value, merged: false });
    }
    for (const merge of merges) this.merge(entries, merge.node, merge.span);
    return { kind: 'map', entries, span, flow, size: sizeOf([...entries.values()].map((entry) => entry.node)) };
  }

  /** The keys of the map itself win, then those of earlier merges. */
  private merge(entries: Map<string, MapEntry>, node: TreeNode, span: Span): void {
    const sources = node.kind === 'list' ? node.items : [node];
    for (const source of sources) {
      if (source.kind !== 'map') {
        this.report('bad-merge', '"<<" merges a map, or a list of maps, such as "<<: *base".', span);
        return;
      }
      for (const [key, entry] of source.entries) if (!entries.has(key)) entries.set(key, { ...entry, merged: true });
    }
  }

  private keyName(node: Node | null, keySpan: Span): string | null {
    if (node === null) return '';
    if (isScalar(node)) {
      if (typeof node.value === 'symbol') return MERGE_KEY;
      const { value } = node;
      return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
    }
    if (isAlias(node)) {
      const target = this.anchors.get(node.source);
      if (target !== undefined && target !== 'open' && target.kind === 'scalar') return String(target.value ?? '');
    }
    this.report('wrong-type', 'A key must be a text, not a list or a map.', keySpan);
    return null;
  }

  private spanOf(node: Node): Span {
    const range = node.range;
    if (range === undefined || range === null) return { start: 0, end: 0 };
    const start = range[0];
    let end = Math.max(start, range[1]);
    // The end of a block lies behind its last line end: shown there, it would mark the line below.
    while (end > start && /\s/.test(this.source.charAt(end - 1))) end--;
    return { start, end };
  }

  private report(code: TreeProblem['code'], message: string, span: Span): void {
    this.problems.push({ code, message, span });
  }
}

function emptyScalar(span: Span): ScalarNode {
  return { kind: 'scalar', value: null, span, style: 'plain', size: 1 };
}

function sizeOf(children: readonly TreeNode[]): number {
  return children.reduce((sum, child) => sum + child.size, 1);
}

function styleOf(node: Scalar): ScalarNode['style'] {
  switch (node.type) {
    case 'QUOTE_DOUBLE':
      return 'double';
    case 'QUOTE_SINGLE':
      return 'single';
    case 'BLOCK_LITERAL':
      return 'literal';
    case 'BLOCK_FOLDED':
      return 'folded';
    default:
      return 'plain';
  }
}

/** The node at the keys of a JSON pointer; undefined where there is none. */
export function nodeAt(root: TreeNode | null, keys: readonly string[]): TreeNode | undefined {
  let node: TreeNode | undefined = root ?? undefined;
  for (const key of keys) {
    if (node === undefined) return undefined;
    if (node.kind === 'map') node = node.entries.get(key)?.node;
    else if (node.kind === 'list') node = /^(?:0|[1-9]\d*)$/.test(key) ? node.items[Number(key)] : undefined;
    else return undefined;
  }
  return node;
}

/** The tree as plain data. Keys such as `__proto__` become own properties, never a prototype. */
export function toPlain(node: TreeNode): PlainValue {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(toPlain);
  const result: { [key: string]: PlainValue } = {};
  for (const [key, entry] of node.entries) setOwn(result, key, toPlain(entry.node));
  return result;
}

export type PlainValue = ScalarValue | PlainValue[] | { [key: string]: PlainValue };
