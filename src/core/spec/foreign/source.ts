/** Texts that an imported file is made of, as trees whose nodes know where they stand. */
import { parseDocument } from 'yaml';
import type { Json } from '../../../protocol/plan';
import { TextLines, withoutBom } from '../lines';
import { buildTree, type MapEntry, type ScalarValue, type Span, type TreeNode } from '../tree';

/** A text file: the imported one, or one that it refers to. */
export interface SourceFile {
  /** Absolute, as given. */
  path: string;
  text: string;
  lines: TextLines;
}

/** A place in a file, for diagnostics. */
export interface Place {
  file: SourceFile;
  span: Span;
}

export function sourceFile(path: string, content: string): SourceFile {
  const text = withoutBom(content);
  return { path, text, lines: new TextLines(text) };
}

export type ParsedTree = { ok: true; root: TreeNode | null } | { ok: false; reason: string; span: Span };

/** The tree of a YAML or JSON text; never throws. */
export function parseTree(file: SourceFile): ParsedTree {
  const start: Span = { start: 0, end: 0 };
  try {
    const document = parseDocument(file.text, {
      version: '1.2',
      merge: true,
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'error',
    });
    const [error] = document.errors;
    if (error !== undefined) {
      // JSON may be indented with tabs, which YAML forbids: what a JSON parser reads is right, only its places are unknown.
      const data = jsonOf(file);
      if (data !== undefined) return { ok: true, root: plainNode(data, start) };
      const [from, to] = error.pos;
      return { ok: false, reason: error.message.replace(/\s+/g, ' '), span: { start: from, end: to } };
    }
    const { root, problems } = buildTree(document, file.text);
    const fatal = root === null ? problems[0] : undefined;
    return fatal === undefined ? { ok: true, root } : { ok: false, reason: fatal.message, span: fatal.span };
  } catch (error) {
    const reason = error instanceof RangeError ? 'it is nested too deeply' : String(error);
    return { ok: false, reason, span: start };
  }
}

function jsonOf(file: SourceFile): Json | undefined {
  if (!/\.json$/i.test(file.path)) return undefined;
  try {
    return JSON.parse(file.text) as Json;
  } catch {
    // The YAML parser has named the place of the error, which is the better message.
    return undefined;
  }
}

/** Plain data as a tree whose every node stands at `span`. */
export function plainNode(value: Json, span: Span): TreeNode {
  if (Array.isArray(value)) {
    const items = value.map((item) => plainNode(item, span));
    return { kind: 'list', items, span, flow: false, size: sizeOf(items) };
  }
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).map(([key, item]): MapEntry => ({
      key,
      keySpan: span,
      node: plainNode(item, span),
      merged: false,
    }));
    return mapOf(entries, span);
  }
  return scalarOf(value, span);
}

export function scalarOf(value: ScalarValue, span: Span): TreeNode {
  return { kind: 'scalar', value, span, style: 'plain', size: 1 };
}

export function mapOf(entries: readonly MapEntry[], span: Span): TreeNode {
  return {
    kind: 'map',
    entries: new Map(entries.map((entry) => [entry.key, entry])),
    span,
    flow: false,
    size: sizeOf(entries.map(({ node }) => node)),
  };
}

/** A copy of a tree whose every node stands at `span`: what comes from another file has its place at the reference to it. */
export function placedAt(node: TreeNode, span: Span): TreeNode {
  if (node.kind === 'scalar') return { ...node, span, style: 'plain' };
  if (node.kind === 'list') return { ...node, span, items: node.items.map((item) => placedAt(item, span)) };
  const entries = [...node.entries.values()].map((entry) => ({
    ...entry,
    keySpan: span,
    node: placedAt(entry.node, span),
  }));
  return mapOf(entries, span);
}

function sizeOf(nodes: readonly TreeNode[]): number {
  return nodes.reduce((sum, node) => sum + node.size, 1);
}
