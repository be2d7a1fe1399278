/** Reads a YAML text without ever giving up: what does not fit is attached where a person most likely means it. */
import { MAX_DEPTH } from '../../spec/tree';
import { EarlierItems } from './earlier-items';
import { FlowParser } from './flow';
import type { LooseEntry, LooseItem, LooseList, LooseMap, LooseNode, LooseScalar, LooseTree, OuterItem } from './nodes';
import { skipBlanks, SourceLines, trimEnd } from './source-lines';
import { closingFrom, closingQuote, isComment, isDash, isQuote, keyAt, plainEnd } from './tokens';

/**
 * The tree of a text; linear in its length.
 * @param before the tree of a text that may differ little, such as by a keystroke: what both have in common is taken over
 */
export function parseLoose(text: string, before?: LooseTree): LooseTree {
  const lines = new SourceLines(text);
  const parser = new BlockParser(text, lines, before === undefined ? null : new EarlierItems(before, text, lines));
  return { text, lines, root: parser.document(), outerItems: parser.outerItems };
}

class BlockParser {
  /** The first line that nothing has claimed yet. */
  private line = 0;
  private depth = 0;
  /** The last line that a collection in brackets has looked at; it may look further than what it takes. */
  private seen = 0;
  private isInItem = false;
  readonly outerItems = new Map<number, OuterItem>();

  constructor(
    private readonly text: string,
    private readonly lines: SourceLines,
    private readonly earlier: EarlierItems | null,
  ) {}

  document(): LooseNode | null {
    const holder: Holder = { value: null };
    for (this.skip(); this.line < this.lines.count; this.skip()) attach(holder, this.next(-1));
    return holder.value;
  }

  /** To the first line with content. */
  private skip(): void {
    while (this.line < this.lines.count && (this.lines.isEmpty(this.line) || this.isMarker())) this.line++;
  }

  /** `---` and `...` part documents; an eval file is one. */
  private isMarker(): boolean {
    const start = this.lines.start(this.line);
    return /^(?:---|\.\.\.)(?:\s|$)/.test(this.text.slice(start, start + 4));
  }

  /** The node that starts with the current line; takes at least that line. */
  private next(parent: number): LooseNode | null {
    const before = this.line;
    const node = this.node(this.lines.content(this.line), parent, false);
    if (this.line === before) this.line++;
    return node;
  }

  /**
   * The node at an offset of the current line.
   * @param parent column of what contains it: lines that are indented no further do not belong to it
   * @param inline behind a key, where neither a list nor a map can start
   */
  private node(offset: number, parent: number, inline: boolean): LooseNode | null {
    const end = this.lines.end(this.line);
    const column = offset - this.lines.start(this.line);
    const { at, anchor } = this.properties(offset, end);
    if (at >= end || isComment(this.text, at)) {
      this.line++;
      return withAnchor(this.below(parent, inline), anchor);
    }
    if (!inline && this.depth < MAX_DEPTH) {
      this.depth++;
      const block = isDash(this.text, at, end)
        ? this.list(at)
        : keyAt(this.text, at, end) !== null
          ? this.map(at, column)
          : undefined;
      this.depth--;
      if (block !== undefined) return withAnchor(block, anchor);
    }
    return withAnchor(this.scalarOrFlow(at, parent), anchor);
  }

  /** Anchors and tags before a node. */
  private properties(offset: number, end: number): { at: number; anchor?: string } {
    let at = offset;
    let anchor: string | undefined;
    for (;;) {
      const word = '&!'.includes(this.text.charAt(at))
        ? /^[&!][^\s,[\]{}]*(?=\s|$)/.exec(this.text.slice(at, end))?.[0]
        : undefined;
      if (word === undefined) return { at, ...(anchor === undefined ? {} : { anchor }) };
      if (word.startsWith('&')) anchor = word.slice(1);
      at = skipBlanks(this.text, at + word.length, end);
    }
  }

  /** The value that starts on a line below its key or dash; null where the next line is not part of it. */
  private below(parent: number, afterKey: boolean): LooseNode | null {
    this.skip();
    if (this.line >= this.lines.count) return null;
    const indent = this.lines.indent(this.line);
    if (indent > parent) return this.next(parent);
    const at = this.lines.content(this.line);
    if (afterKey && indent === parent && isDash(this.text, at, this.lines.end(this.line))) return this.list(at);
    return null;
  }

  private list(offset: number): LooseList {
    const column = offset - this.lines.start(this.line);
    const list: LooseList = { kind: 'list', flow: false, column, start: offset, end: offset + 1, items: [] };
    for (let at = offset; ; at = this.lines.content(this.line)) {
      const item = this.isInItem ? this.item(at, column) : this.outerItem(at, column);
      list.items.push(item);
      list.end = item.value?.end ?? at + 1;
      if (this.line >= this.lines.count || this.lines.indent(this.line) !== column) return list;
      if (!isDash(this.text, this.lines.content(this.line), this.lines.end(this.line))) return list;
    }
  }

  /** The item whose dash is at `at`; afterwards the first line with content behind it is the current one. */
  private item(at: number, column: number): LooseItem {
    const item: LooseItem = { start: at, value: null };
    const end = this.lines.end(this.line);
    const rest = skipBlanks(this.text, at + 1, end);
    if (rest >= end || isComment(this.text, rest)) {
      this.line++;
      item.value = this.below(column, false);
    } else {
      item.value = this.node(rest, column, false);
    }
    for (const stray of this.strays(column)) attach(item, stray);
    this.skip();
    return item;
  }

  private outerItem(at: number, column: number): LooseItem {
    const { line, depth, seen } = this;
    const known = this.earlier?.take(line, column, depth);
    if (known === undefined) this.seen = line;
    this.isInItem = true;
    const item = known?.item ?? this.item(at, column);
    this.isInItem = false;
    // Nothing else looks beyond the line that ends the item.
    const outer = known ?? { item, column, depth, next: this.line, seen: Math.max(this.line, this.seen) };
    this.outerItems.set(line, outer);
    this.line = outer.next;
    this.seen = Math.max(seen, outer.seen);
    return item;
  }

  private map(offset: number, column: number): LooseMap {
    const map: LooseMap = { kind: 'map', flow: false, column, start: offset, end: offset, entries: [] };
    for (let at = offset; ; at = this.lines.content(this.line)) {
      const entry = this.entry(at, column);
      map.entries.push(entry);
      for (const stray of this.strays(column)) {
        // Keys that are indented too far are meant for the map that they follow in.
        if (!attach(entry, stray) && stray?.kind === 'map') map.entries.push(...stray.entries);
      }
      const last = map.entries.at(-1) ?? entry;
      map.end = last.value?.end ?? (last.colon === null ? last.keySpan.end : last.colon + 1);
      this.skip();
      if (this.line >= this.lines.count || this.lines.indent(this.line) !== column) return map;
      // A dash where a key is due belongs to no list: leave its lines out.
      while (isDash(this.text, this.lines.content(this.line), this.lines.end(this.line))) {
        this.list(this.lines.content(this.line));
        this.skip();
        if (this.line >= this.lines.count || this.lines.indent(this.line) !== column) return map;
      }
    }
  }

  private entry(offset: number, column: number): LooseEntry {
    const end = this.lines.end(this.line);
    const { at } = this.properties(offset, end);
    const token = keyAt(this.text, at, end);
    if (token === null) {
      const keyEnd = plainEnd(this.text, at, end);
      this.line++;
      return { key: this.text.slice(at, keyEnd), keySpan: { start: at, end: keyEnd }, colon: null, value: null };
    }
    const rest = skipBlanks(this.text, token.colon + 1, end);
    const entry: LooseEntry = { key: token.key, keySpan: token.span, colon: token.colon, value: null };
    if (rest >= end || isComment(this.text, rest)) {
      this.line++;
      entry.value = this.below(column, true);
    } else {
      entry.value = this.node(rest, column, true);
    }
    return entry;
  }

  /** Lines below a node that are indented as if they belonged to it. */
  private *strays(column: number): Generator<LooseNode | null> {
    for (this.skip(); this.line < this.lines.count && this.lines.indent(this.line) > column; this.skip())
      yield this.next(column);
  }

  private scalarOrFlow(at: number, parent: number): LooseNode {
    const character = this.text.charAt(at);
    const next = this.text.charAt(at + 1);
    if (character === '|' || character === '>') return this.block(at, parent);
    if (isQuote(character)) return this.quoted(at, parent);
    if (character === '[' || (character === '{' && next !== '{' && next !== '%' && next !== '#')) {
      const flow = new FlowParser(this.text, this.lines, this.line, parent);
      const node = flow.collection(at);
      // What follows a bracket on its line belongs to nothing.
      this.line = flow.line + 1;
      this.seen = Math.max(this.seen, flow.seen);
      return node;
    }
    return this.plain(at, parent);
  }

  private scalar(at: number, end: number, style: LooseScalar['style'], closed = true): LooseScalar {
    const column = at - this.lines.start(this.lines.at(at));
    return { kind: 'scalar', style, column, closed, start: at, end };
  }

  private block(at: number, parent: number): LooseScalar {
    let end = plainEnd(this.text, at, this.lines.end(this.line));
    this.line++;
    for (let line = this.line; line < this.lines.count; line++) {
      if (this.lines.isBlank(line)) continue;
      if (this.lines.indent(line) <= parent) break;
      end = trimEnd(this.text, this.lines.start(line), this.lines.end(line));
      this.line = line + 1;
    }
    return this.scalar(at, end, 'block');
  }

  private quoted(at: number, parent: number): LooseScalar {
    const quote = this.text.charAt(at);
    const style = quote === '"' ? 'double' : 'single';
    const lineEnd = this.lines.end(this.line);
    const close = closingQuote(this.text, at, lineEnd);
    if (close !== null) {
      this.line++;
      return this.scalar(at, close + 1, style);
    }
    for (let line = this.line + 1; line < this.lines.count; line++) {
      if (this.lines.isBlank(line)) continue;
      if (this.lines.indent(line) <= parent) break;
      const found = closingFrom(this.text, this.lines.start(line), this.lines.end(line), quote);
      if (found === null) continue;
      this.line = line + 1;
      return this.scalar(at, found + 1, style);
    }
    this.line++;
    return this.scalar(at, trimEnd(this.text, at, lineEnd), style, false);
  }

  private plain(at: number, parent: number): LooseScalar {
    let end = plainEnd(this.text, at, this.lines.end(this.line));
    const style = this.text[at] === '*' ? 'alias' : 'plain';
    this.line++;
    for (let line = this.line; style === 'plain' && line < this.lines.count; line++) {
      if (this.lines.isBlank(line)) continue;
      const start = this.lines.content(line);
      const lineEnd = this.lines.end(line);
      // In YAML a line with a colon would be an error there, and a dash part of the text; both are meant as structure.
      if (this.lines.indent(line) <= parent || isComment(this.text, start)) break;
      if (isDash(this.text, start, lineEnd) || keyAt(this.text, start, lineEnd) !== null) break;
      end = plainEnd(this.text, start, lineEnd);
      this.line = line + 1;
    }
    return this.scalar(at, end, style);
  }
}

interface Holder {
  value: LooseNode | null;
}

/** Adds a node to what is there already; false where the two do not go together. */
function attach(holder: Holder, stray: LooseNode | null): boolean {
  const { value } = holder;
  if (stray === null) return true;
  if (value === null) {
    holder.value = stray;
    return true;
  }
  if (value.kind === 'map' && stray.kind === 'map' && !value.flow && !stray.flow) {
    value.entries.push(...stray.entries);
    value.end = stray.end;
    return true;
  }
  if (value.kind === 'list' && stray.kind === 'list' && !value.flow && !stray.flow) {
    value.items.push(...stray.items);
    value.end = stray.end;
    return true;
  }
  // A word in the column of the keys below it is a key in the making.
  if (value.kind === 'scalar' && stray.kind === 'map' && value.style === 'plain' && value.column === stray.column) {
    const { start, end } = value;
    holder.value = { ...stray, start, entries: [halfTyped(start, end), ...stray.entries] };
    return true;
  }
  return false;

  function halfTyped(start: number, end: number): LooseEntry {
    return { key: '', keySpan: { start, end }, colon: null, value: null };
  }
}

function withAnchor(node: LooseNode | null, anchor: string | undefined): LooseNode | null {
  if (node !== null && anchor !== undefined) node.anchor = anchor;
  return node;
}
