/** What can be folded: every map, list and text of several lines, and runs of comments. */
import type { LanguageDocument } from './language-document';
import type { LooseNode } from './loose/nodes';
import type { Fold } from './types';

/** Folds in the order of their lines, at most one for each first line. */
export function foldingOf(document: LanguageDocument): Fold[] {
  const tree = document.loose;
  const { lines } = tree;
  const folds = new Map<number, Fold>();
  /** Lines of texts, where a `#` starts no comment. */
  const inText = new Set<number>();
  const add = (start: number, end: number, isComment = false): void => {
    const startLine = lines.at(start);
    const endLine = lines.at(end);
    const known = folds.get(startLine);
    // Of several things that start on one line the largest can be folded.
    if (endLine > startLine && (known === undefined || known.endLine < endLine))
      folds.set(startLine, { startLine, endLine, isComment });
  };
  const visit = (node: LooseNode | null): void => {
    if (node === null) return;
    // Of a block its owner says where it starts: `cases:`, `- name: …`.
    if (node.kind === 'scalar' || node.flow) add(node.start, node.end);
    if (node.kind === 'scalar')
      for (let line = lines.at(node.start) + 1; line <= lines.at(node.end); line++) inText.add(line);
    if (node.kind === 'map')
      for (const { keySpan, value } of node.entries) {
        if (value !== null) add(keySpan.start, value.end);
        visit(value);
      }
    if (node.kind === 'list')
      for (const { start, value } of node.items) {
        if (value !== null) add(start, value.end);
        visit(value);
      }
  };
  visit(tree.root);
  let first: number | null = null;
  for (let line = 0; line <= lines.count; line++) {
    const isComment = line < lines.count && lines.isEmpty(line) && !lines.isBlank(line) && !inText.has(line);
    if (isComment) first ??= line;
    else if (first !== null) {
      add(lines.start(first), lines.end(line - 1), true);
      first = null;
    }
  }
  return [...folds.values()].sort((a, b) => a.startLine - b.startLine);
}
