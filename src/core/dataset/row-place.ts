/** The place in its file of a row, and of everything in it: found when a problem has to be shown, since most rows have none. */
import { parseDocument } from 'yaml';
import type { TextPosition, TextRange } from '../spec/document';
import { TextLines } from '../spec/lines';
import { pointerKeys } from '../spec/pointer';
import { spanInScalar } from '../spec/scalar-map';
import { buildTree, nodeAt, type TreeNode } from '../spec/tree';
import { rangeAt, type Row } from './rows';

/** A text in which rows stand, with their trees. */
interface RowSource {
  root: TreeNode;
  text: string;
  lines: TextLines;
  /** Where the text begins in its file. */
  origin: TextPosition;
}

export class RowPlace {
  constructor(
    /** Absolute path of the file. */
    readonly path: string,
    readonly start: TextPosition,
    /** Null where only the row's beginning is known, such as in CSV. */
    private readonly source: (() => RowSource | null) | null,
  ) {}

  /** Of the node at a JSON pointer within the row; of the row's beginning where that is not known. */
  rangeOf(pointer: string): TextRange {
    const source = this.source?.() ?? null;
    if (source === null) return rangeAt(this.start, 1);
    const node = nodeAt(source.root, pointerKeys(pointer)) ?? source.root;
    const { start } = node.span;
    // The whole of a long row would be a wall of red: its first line is enough to find it.
    const end = node.kind === 'scalar' ? node.span.end : Math.min(node.span.end, source.lines.lineEnd(start));
    return moved(source.lines.range(start, end), source.origin);
  }

  /** Of a part of the text at a pointer; undefined where that is not known. */
  rangeWithin(pointer: string, offset: number, length: number): TextRange | undefined {
    const source = this.source?.() ?? null;
    const node = source === null ? undefined : nodeAt(source.root, pointerKeys(pointer));
    if (source === null || node?.kind !== 'scalar') return undefined;
    const span = spanInScalar(node, source.text, offset, length);
    return moved(source.lines.range(span.start, span.end), source.origin);
  }

  /** The row's tree and text, for its validation with places; null where there is none. */
  tree(): RowSource | null {
    return this.source?.() ?? null;
  }
}

/** The place of a row. `whole` is the text of a file that can only be read whole. */
export function placeOfRow(path: string, row: Row, whole: { text: string; lines: TextLines } | null): RowPlace {
  const { start } = row;
  if ('fault' in row) return new RowPlace(path, row.fault.range.start, null);
  const { node, text } = row;
  if (node !== undefined && whole !== null)
    return new RowPlace(path, start, () => ({ root: node, ...whole, origin: { line: 0, character: 0 } }));
  return new RowPlace(
    path,
    start,
    text.startsWith('{') || text.trimStart().startsWith('{') ? () => jsonSource(text, start) : null,
  );
}

/** JSON is YAML but for a few corners, in which the beginning of the row has to do. */
function jsonSource(text: string, origin: TextPosition): RowSource | null {
  try {
    const document = parseDocument(text, { version: '1.2', uniqueKeys: false, prettyErrors: false, logLevel: 'error' });
    const { root } = buildTree(document, text);
    return root === null || document.errors.length > 0 ? null : { root, text, lines: new TextLines(text), origin };
  } catch (error) {
    // The parser is recursive: very deep nesting runs out of stack.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** A range of a text that begins at `origin` of its file. */
export function moved({ start, end }: TextRange, origin: TextPosition): TextRange {
  const move = ({ line, character }: TextPosition): TextPosition => ({
    line: origin.line + line,
    character: line === 0 ? origin.character + character : character,
  });
  return { start: move(start), end: move(end) };
}
