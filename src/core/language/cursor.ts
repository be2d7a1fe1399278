/** What a place in a text is: a key, a value, or nothing that anything can be said about. Works while the text is broken. */
import type { Span } from '../spec/tree';
import type {
  LooseEntry,
  LooseItem,
  LooseList,
  LooseMap,
  LooseNode,
  LooseScalar,
  LooseTree,
  Path,
} from './loose/nodes';
import { isGap } from './loose/source-lines';

export interface Cursor {
  offset: number;
  /** `key`: of `map`, whose path is `path`. `value`: the value at `path`. */
  at: 'key' | 'value' | 'none';
  path: Path;
  /** The map that a key belongs to; null for the first key of one. */
  map: LooseMap | null;
  /** The key under the cursor, or whose value the cursor is in. */
  entry: LooseEntry | null;
  /** The scalar under the cursor. */
  scalar: LooseScalar | null;
  /** What a completion replaces: on one line, without quotes, and around the cursor. */
  span: Span;
  /** Inside `{}` or `[]`. */
  flow: boolean;
  /** A map or a list in block style may start here. */
  ownLine: boolean;
  /** A new item of a list, whose dash is yet to be written. */
  dash: boolean;
  /** A blank is missing behind the colon. */
  tight: boolean;
  /** Where the text stands in its line; further lines are indented against the blanks at the line's start. */
  column: number;
  lineIndent: number;
}

/** What lies at `offset` (UTF-16 units). */
export function cursorAt(tree: LooseTree, offset: number): Cursor {
  return new Finder(tree, Math.max(0, Math.min(offset, tree.text.length))).find();
}

class Finder {
  private readonly line: number;
  private readonly isBlank: boolean;
  /** Where the text of the line starts; of a blank line the cursor itself. */
  private readonly column: number;

  constructor(
    private readonly tree: LooseTree,
    private readonly offset: number,
  ) {
    const { lines } = tree;
    this.line = lines.at(offset);
    this.isBlank = lines.isBlank(this.line);
    this.column = this.isBlank ? offset - lines.start(this.line) : lines.indent(this.line);
  }

  find(): Cursor {
    const found = this.search();
    return { ...found, column: found.span.start - this.tree.lines.start(this.line) };
  }

  private search(): Cursor {
    const { root, lines } = this.tree;
    if (!this.isBlank && this.offset < lines.content(this.line)) return this.none();
    if (!this.isBlank && this.tree.text[lines.content(this.line)] === '#' && !this.inBlockScalar(root))
      return this.none();
    if (root === null) return this.key([], null, null, this.empty());
    return this.node(root, [], false, true);
  }

  /** A line of a text that starts with `#` is no comment. */
  private inBlockScalar(node: LooseNode | null): boolean {
    if (node === null || this.offset < node.start) return false;
    if (node.kind === 'scalar') return node.style === 'block' && this.offset <= node.end;
    const inner = node.kind === 'map' ? node.entries.map(({ value }) => value) : node.items.map(({ value }) => value);
    const last = inner.findLast((value) => value !== null && value.start <= this.offset);
    return this.inBlockScalar(last ?? null);
  }

  private node(node: LooseNode, path: Path, flow: boolean, ownLine: boolean): Cursor {
    if (node.kind === 'scalar') return this.scalar(node, path, flow, ownLine);
    if (node.flow) return node.kind === 'map' ? this.flowMap(node, path) : this.flowList(node, path);
    return node.kind === 'map' ? this.map(node, path) : this.list(node, path);
  }

  private map(map: LooseMap, path: Path): Cursor {
    const index = map.entries.findLastIndex(({ keySpan }) => keySpan.start <= this.offset);
    const entry = map.entries[index];
    if (entry === undefined) return this.newKey(map, path);
    if (this.offset <= entry.keySpan.end) return this.key(path, map, entry, entry.keySpan);
    const isKeyLine = this.tree.lines.at(entry.keySpan.end) === this.line;
    const below = [...path, entry.key];
    const { value } = entry;
    if (isKeyLine) {
      if (entry.colon === null) return this.none();
      if (this.offset <= entry.colon) return this.key(path, map, entry, { ...entry.keySpan, end: this.offset });
      if (value === null || value.start > this.tree.lines.end(this.line)) return this.emptyValue(below, entry, false);
      return this.offset < value.start ? this.none() : this.within(value, below, entry, false);
    }
    if (value !== null && this.reaches(value, map.column)) return this.within(value, below, entry, this.isFirst(value));
    if (!this.isBlank) return this.none();
    if (this.column === map.column) return this.newKey(map, path);
    return value === null && this.column > map.column ? this.emptyValue(below, entry, true) : this.none();
  }

  private newKey(map: LooseMap, path: Path): Cursor {
    return this.isBlank && this.column === map.column ? this.key(path, map, null, this.empty()) : this.none();
  }

  private list(list: LooseList, path: Path): Cursor {
    const index = list.items.findLastIndex(({ start }) => start <= this.offset);
    const item = list.items[index];
    if (item === undefined) return this.newItem(list, path, 0);
    const { value } = item;
    const below = [...path, index];
    if (this.tree.lines.at(item.start) === this.line) {
      if (this.offset <= item.start) return this.none();
      if (value === null || value.start > this.tree.lines.end(this.line)) return this.emptyValue(below, null, true);
      return this.offset < value.start ? this.none() : this.within(value, below, null, true);
    }
    if (value !== null && this.reaches(value, list.column)) return this.within(value, below, null, this.isFirst(value));
    if (!this.isBlank) return this.none();
    if (this.column === list.column) return this.newItem(list, path, index + 1);
    return value === null && this.column > list.column ? this.emptyValue(below, null, true) : this.none();
  }

  private newItem(list: LooseList, path: Path, index: number): Cursor {
    if (!this.isBlank || this.column !== list.column) return this.none();
    return { ...this.emptyValue([...path, index], null, true), dash: true };
  }

  /** Whether the line of the cursor is part of a value that starts further up. */
  private reaches(value: LooseNode, parent: number): boolean {
    if (value.start > this.offset) return false;
    if (value.kind === 'scalar') {
      if (this.offset <= value.end) return true;
      // The empty lines below a block of text, and blanks behind the last word of a text.
      if (value.style === 'block' && this.isBlank) return this.column > parent;
      return this.tree.lines.at(value.end) === this.line;
    }
    if (value.flow) return this.offset <= value.end;
    return this.isBlank ? this.column > parent && this.column >= value.column : true;
  }

  /** Whether the value starts on a line of its own. */
  private isFirst(value: LooseNode): boolean {
    const { lines } = this.tree;
    const line = lines.at(value.start);
    return lines.content(line) === value.start;
  }

  private within(value: LooseNode, path: Path, entry: LooseEntry | null, ownLine: boolean): Cursor {
    const found = this.node(value, path, false, ownLine);
    return found.entry === null && found.at === 'value' ? { ...found, entry } : found;
  }

  private scalar(node: LooseScalar, path: Path, flow: boolean, ownLine: boolean): Cursor {
    const { text, lines } = this.tree;
    const gap = text.slice(node.end, this.offset);
    if (this.offset > node.end && node.style !== 'block') {
      // Behind a plain text the next word of it may follow.
      if (node.style !== 'plain' || !/^[ \t]*$/.test(gap)) return this.none();
    }
    const isQuoted = node.style === 'single' || node.style === 'double';
    const first = isQuoted ? node.start + 1 : node.start;
    const last = isQuoted && node.closed ? node.end - 1 : node.end;
    if (this.offset < first || (isQuoted && this.offset > last)) return this.none();
    const span = {
      start: Math.max(first, Math.min(lines.content(this.line), this.offset)),
      end: Math.max(this.offset, Math.min(last, lines.end(this.line))),
    };
    return { ...this.base(), at: 'value', path, scalar: node, span, flow, ownLine };
  }

  private flowMap(map: LooseMap, path: Path): Cursor {
    if (this.isOutside(map)) return this.none();
    const entry = map.entries.findLast(({ keySpan }) => keySpan.start <= this.offset);
    if (entry === undefined) return this.flowKey(map, path, map.start + 1);
    if (this.offset <= entry.keySpan.end) return { ...this.key(path, map, entry, entry.keySpan), flow: true };
    const below = [...path, entry.key];
    if (entry.colon === null) return this.flowKey(map, path, entry.keySpan.end);
    if (this.offset <= entry.colon) return this.none();
    const { value } = entry;
    if (value === null) {
      if (this.hasComma(entry.colon + 1)) return this.flowKey(map, path, entry.colon + 1);
      return this.inComment(entry.colon) ? this.none() : { ...this.emptyValue(below, entry, false), flow: true };
    }
    if (this.offset < value.start) return this.none();
    if (this.offset > value.end && this.hasComma(value.end)) return this.flowKey(map, path, value.end);
    const found = this.node(value, below, true, false);
    return found.entry === null && found.at === 'value' ? { ...found, entry } : found;
  }

  private flowKey(map: LooseMap, path: Path, from: number): Cursor {
    const isFirst = map.entries.every(({ keySpan }) => keySpan.start > this.offset);
    if (this.inComment(from) || (!isFirst && !this.hasComma(from))) return this.none();
    return { ...this.key(path, map, null, this.empty()), flow: true };
  }

  private flowList(list: LooseList, path: Path): Cursor {
    if (this.isOutside(list)) return this.none();
    const index = list.items.findLastIndex(({ start }) => start <= this.offset);
    const item: LooseItem | undefined = list.items[index];
    const end = item === undefined ? list.start + 1 : (item.value?.end ?? item.start);
    if (item === undefined || (this.offset > end && this.hasComma(end))) {
      if (this.inComment(end)) return this.none();
      return { ...this.emptyValue([...path, index + 1], null, false), flow: true };
    }
    if (item.value === null) return this.none();
    return this.node(item.value, [...path, index], true, false);
  }

  private isOutside(node: LooseMap | LooseList): boolean {
    const isClosed = /[\]}]/.test(this.tree.text.charAt(node.end - 1)) && node.end - 1 > node.start;
    return this.offset <= node.start || (isClosed && this.offset >= node.end);
  }

  private hasComma(from: number): boolean {
    return this.tree.text.slice(from, this.offset).includes(',');
  }

  /** Whether a comment starts between `from` and the cursor, on its line. */
  private inComment(from: number): boolean {
    const { text, lines } = this.tree;
    for (let at = Math.max(from, lines.start(this.line)); at < this.offset; at++) {
      if (text[at] === '#' && (at === lines.start(this.line) || isGap(text, at - 1, text.length))) return true;
    }
    return false;
  }

  private key(path: Path, map: LooseMap | null, entry: LooseEntry | null, span: Span): Cursor {
    const { lines } = this.tree;
    // A text of several lines above a map is taken for a key in the making; only the word in this line is.
    const start = Math.max(span.start, Math.min(lines.content(this.line), this.offset));
    const own = { start, end: Math.max(this.offset, Math.min(span.end, lines.end(this.line))) };
    return { ...this.base(), at: 'key', path, map, entry, span: own, ownLine: true };
  }

  /** An empty place for a value. */
  private emptyValue(path: Path, entry: LooseEntry | null, ownLine: boolean): Cursor {
    const { text } = this.tree;
    const from = entry?.colon ?? this.tree.lines.start(this.line);
    if (this.inComment(from)) return this.none();
    const tight = this.offset > 0 && /[:-]/.test(text.charAt(this.offset - 1));
    return { ...this.base(), at: 'value', path, entry, ownLine, tight };
  }

  private empty(): Span {
    return { start: this.offset, end: this.offset };
  }

  private none(): Cursor {
    return this.base();
  }

  private base(): Cursor {
    return {
      offset: this.offset,
      at: 'none',
      path: [],
      map: null,
      entry: null,
      scalar: null,
      span: this.empty(),
      flow: false,
      ownLine: false,
      dash: false,
      tight: false,
      column: 0,
      // On a blank line all that stands before the cursor is its indentation.
      lineIndent: this.column,
    };
  }
}
