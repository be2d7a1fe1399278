/** Flow collections, `[…]` and `{…}`: one that is never closed ends where the lines are indented no further than its owner. */
import { MAX_DEPTH } from '../../spec/tree';
import type { LooseEntry, LooseItem, LooseList, LooseMap, LooseNode, LooseScalar } from './nodes';
import { isGap, skipBlanks, trimEnd, type SourceLines } from './source-lines';
import { closingFrom, closingQuote, isComment, isQuote, keyAt } from './tokens';

export class FlowParser {
  private at = 0;
  private depth = 0;
  /** The last line that was looked at. */
  seen: number;
  /** Nothing that follows belongs to what is open. */
  private cut = false;

  /**
   * @param line in which the collection starts; afterwards the one in which it ends
   * @param parent column of its owner
   */
  constructor(
    private readonly text: string,
    private readonly lines: SourceLines,
    public line: number,
    private readonly parent: number,
  ) {
    this.seen = line;
  }

  collection(at: number): LooseMap | LooseList {
    this.at = at;
    return this.open();
  }

  private open(): LooseMap | LooseList {
    const start = this.at;
    const base = { flow: true, column: start - this.lines.start(this.line), start, end: start + 1 };
    const isList = this.text[start] === '[';
    this.at++;
    this.depth++;
    const node: LooseMap | LooseList = isList
      ? { kind: 'list', ...base, items: this.items() }
      : { kind: 'map', ...base, entries: this.entries() };
    this.depth--;
    // A bracket of the other kind closes what is outside.
    if (!this.cut && this.text[this.at] === (isList ? ']' : '}')) this.at++;
    node.end = this.at;
    return node;
  }

  private items(): LooseItem[] {
    const items: LooseItem[] = [];
    while (this.toContent()) {
      const start = this.at;
      const value = this.pairOrNode();
      items.push({ start, value });
      if (this.at === start) this.at++;
    }
    return items;
  }

  private entries(): LooseEntry[] {
    const entries: LooseEntry[] = [];
    while (this.toContent()) {
      const { at } = this;
      entries.push(this.entry());
      if (this.at === at) this.at++;
    }
    return entries;
  }

  /** To the next item; false at a closing bracket and where the collection is cut off. */
  private toContent(): boolean {
    while (!this.cut && this.skip()) {
      const character = this.text[this.at];
      if (character === ']' || character === '}') return false;
      if (character !== ',') return true;
      this.at++;
    }
    return false;
  }

  /** Over blanks, comments and line ends; false where what follows is no part of the collection. */
  private skip(): boolean {
    for (;;) {
      const end = this.lines.end(this.line);
      const next = skipBlanks(this.text, this.at, end);
      if (next < end && !(isComment(this.text, next) && isGap(this.text, next - 1, end))) {
        this.at = next;
        return true;
      }
      const line = this.continuation();
      if (line === null) {
        this.cut = true;
        this.at = trimEnd(this.text, this.at, next);
        return false;
      }
      this.line = line;
      this.at = this.lines.content(line);
    }
  }

  /** The next line with content, where it continues the collection. */
  private continuation(): number | null {
    let line = this.line + 1;
    while (line < this.lines.count && this.lines.isEmpty(line)) line++;
    this.seen = Math.max(this.seen, line);
    if (line >= this.lines.count) return null;
    const isClosing = ']},'.includes(this.text.charAt(this.lines.content(line)));
    return isClosing || this.lines.indent(line) > this.parent ? line : null;
  }

  private entry(): LooseEntry {
    const key = this.key();
    const entry: LooseEntry = { key: key.text, keySpan: { start: key.start, end: key.end }, colon: null, value: null };
    if (this.skip() && this.text[this.at] === ':') {
      entry.colon = this.at++;
      if (this.skip() && !',]}'.includes(this.text.charAt(this.at))) entry.value = this.node();
    }
    return entry;
  }

  private key(): { text: string; start: number; end: number } {
    const start = this.at;
    const end = this.lines.end(this.line);
    const quote = this.text.charAt(start);
    if (isQuote(quote)) {
      const close = closingQuote(this.text, start, end);
      if (close !== null) {
        this.at = close + 1;
        return { text: this.text.slice(start + 1, close), start, end: this.at };
      }
    }
    this.at = this.plainStop(start, end);
    const keyEnd = trimEnd(this.text, start, this.at);
    return { text: this.text.slice(start, keyEnd), start, end: keyEnd };
  }

  /** An item of a list: `a`, or `a: 1`, which is a map of one key. */
  private pairOrNode(): LooseNode | null {
    const { at, line } = this;
    const node = this.node();
    if (this.cut || node?.kind !== 'scalar' || this.text[this.at] !== ':') return node;
    this.at = at;
    this.line = line;
    const column = at - this.lines.start(line);
    const entry = this.entry();
    return { kind: 'map', flow: true, column, start: at, end: this.at, entries: [entry] };
  }

  private node(): LooseNode | null {
    let anchor: string | undefined;
    for (;;) {
      const word = '&!'.includes(this.text.charAt(this.at))
        ? /^[&!][^\s,[\]{}]*(?=[\s,[\]{}]|$)/.exec(this.text.slice(this.at, this.lines.end(this.line)))?.[0]
        : undefined;
      if (word === undefined) break;
      if (word.startsWith('&')) anchor = word.slice(1);
      this.at += word.length;
      if (!this.skip()) return null;
    }
    const node = this.content();
    if (anchor !== undefined) node.anchor = anchor;
    return node;
  }

  private content(): LooseNode {
    const character = this.text.charAt(this.at);
    const next = this.text.charAt(this.at + 1);
    const isTemplate = character === '{' && (next === '{' || next === '%');
    if ((character === '[' || (character === '{' && !isTemplate)) && this.depth < MAX_DEPTH) return this.open();
    return isQuote(character) ? this.quoted(character) : this.plain();
  }

  private scalar(start: number, end: number, style: LooseScalar['style'], closed = true): LooseScalar {
    const column = start - this.lines.start(this.lines.at(start));
    return { kind: 'scalar', style, column, closed, start, end };
  }

  private quoted(quote: '"' | "'"): LooseScalar {
    const start = this.at;
    const style = quote === '"' ? 'double' : 'single';
    const first = this.line;
    const end = this.lines.end(first);
    let close = closingQuote(this.text, start, end);
    for (let line: number | null = first; close === null;) {
      line = this.continuation();
      if (line === null) break;
      this.line = line;
      close = closingFrom(this.text, this.lines.start(line), this.lines.end(line), quote);
    }
    if (close === null) {
      this.line = first;
      this.at = trimEnd(this.text, start, end);
      return this.scalar(start, this.at, style, false);
    }
    this.at = close + 1;
    return this.scalar(start, this.at, style);
  }

  private plain(): LooseScalar {
    const start = this.at;
    const style = this.text[start] === '*' ? 'alias' : 'plain';
    for (;;) {
      const end = this.lines.end(this.line);
      this.at = this.plainStop(this.at, end);
      if (skipBlanks(this.text, this.at, end) < end) break;
      const line = this.continuation();
      if (line === null || style === 'alias') break;
      const content = this.lines.content(line);
      // A text may go on there, but not with what starts something else.
      if (/[,\]}[{#"']/.test(this.text.charAt(content))) break;
      if (keyAt(this.text, content, this.lines.end(line)) !== null) break;
      this.line = line;
      this.at = content;
    }
    const stop = trimEnd(this.text, start, this.at);
    return this.scalar(start, stop, style);
  }

  /** Where a plain scalar is stopped on its line: a comma, a bracket, the colon behind a key, a comment. */
  private plainStop(from: number, end: number): number {
    for (let next = from; next < end; next++) {
      const character = this.text.charAt(next);
      if (character === '{' && this.text[next + 1] === '{') {
        const close = this.text.indexOf('}}', next);
        if (close < 0 || close > end) return end;
        next = close + 1;
        continue;
      }
      if (',[]{}'.includes(character)) return next;
      if (character === '#' && next > from && isGap(this.text, next - 1, end)) return next;
      if (character === ':' && (isGap(this.text, next + 1, end) || ',[]{}'.includes(this.text.charAt(next + 1))))
        return next;
    }
    return end;
  }
}
