/** A YAML text with its tree, for edits that leave every byte alone which they are not about. */
import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  parseDocument,
  type Document,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml';
import { messageOf } from '../../util/errors';
import { UneditableError, type SourceEdit } from './source-edit';

export type Entry = Pair<Node, Node | null>;

export class YamlSource {
  /** As most lines of the file end. */
  readonly eol: string;

  private constructor(
    readonly text: string,
    readonly document: Document.Parsed,
  ) {
    this.eol = text.includes('\r\n') ? '\r\n' : '\n';
  }

  /** @throws UneditableError where the text is not one valid YAML document */
  static read(text: string): YamlSource {
    const document = parsed(text);
    const [error] = document.errors;
    if (error !== undefined) throw new UneditableError('The file has a syntax error.', error.message);
    return new YamlSource(text, document);
  }

  /** Everything that the file says, as plain data; an empty map for an empty file. */
  get data(): unknown {
    return dataOf(this.document);
  }

  /** The top level of the file; null where it says nothing yet. @throws UneditableError where it is a list or a text */
  get root(): YAMLMap<Node, Node | null> | null {
    const { contents } = this.document;
    if (contents === null || (isScalar(contents) && contents.value === null)) return null;
    if (!isMap(contents)) throw new UneditableError('The file is not a map of keys.');
    return contents;
  }

  /** Column of an offset, from 0. */
  column(offset: number): number {
    return offset - this.lineStart(offset);
  }

  lineStart(offset: number): number {
    return this.text.lastIndexOf('\n', offset - 1) + 1;
  }

  /** Offset of the end of the line, before its line break. */
  lineEnd(offset: number): number {
    const at = this.text.indexOf('\n', offset);
    if (at < 0) return this.text.length;
    return this.text[at - 1] === '\r' && at > offset ? at - 1 : at;
  }

  /** Whether only white space stands before `offset` on its line. */
  isFirstOnLine(offset: number): boolean {
    return this.text.slice(this.lineStart(offset), offset).trim() === '';
  }

  /**
   * Where the lines of a block node end, before their line break: after its value, the comment on its last line, and comments
   * below that are indented deeper than `column`, which speak of it.
   */
  blockEnd(valueEnd: number, column: number): number {
    // A block scalar ends after its last line break.
    const atLineStart = valueEnd > 0 && this.text[valueEnd - 1] === '\n';
    let end = atLineStart ? this.lineEnd(this.lineStart(valueEnd - 1)) : this.lineEnd(valueEnd);
    for (;;) {
      const next = this.text.indexOf('\n', end) + 1;
      if (next === 0 || next >= this.text.length) return end;
      const line = this.text.slice(next, this.lineEnd(next));
      const indent = line.length - line.trimStart().length;
      if (!line.trimStart().startsWith('#') || indent <= column) return end;
      end = this.lineEnd(next);
    }
  }

  /** Removes whole lines, from the one that holds `start` to the one that ends at `end`. */
  removeLines(start: number, end: number): SourceEdit {
    const from = this.lineStart(start);
    if (from === 0) {
      const after = this.text.indexOf('\n', end);
      return { offset: 0, length: after < 0 ? this.text.length : after + 1, newText: '' };
    }
    const before = this.text[from - 2] === '\r' ? from - 2 : from - 1;
    return { offset: before, length: end - before, newText: '' };
  }
}

export function rangeOf(node: Node): [start: number, valueEnd: number] {
  if (!node.range) throw new UneditableError('The file is written in an unusual way.', 'a node without a place');
  return [node.range[0], node.range[1]];
}

/**
 * Where the last thing that a node says ends. The library counts comments below a block as a part of it, which may speak of what
 * comes next.
 */
export function contentEnd(node: Node, text: string): number {
  if (isCollection(node) && node.flow !== true) {
    const last: unknown = node.items.at(-1);
    if (isPair(last)) return entryEnd(last as Entry, text);
    if (isNode(last)) return Math.max(contentEnd(last, text), (dashesOf(node).at(-1) ?? -1) + 1);
  }
  return rangeOf(node)[1];
}

/** Where an entry ends: with its value, or with its colon where it has none. */
export function entryEnd(entry: Entry, text: string): number {
  const { key, value } = entry;
  if (value !== null && value.range && value.range[1] > value.range[0]) return contentEnd(value, text);
  const colon = colonOf(entry);
  return text[colon] === ':' ? colon + 1 : rangeOf(key)[1];
}

/** Offset of the colon behind the key; -1 where there is none. */
export function colonOf(entry: Entry): number {
  const token = entry.srcToken?.sep?.find((part) => part.type === 'map-value-ind');
  return token?.offset ?? -1;
}

/** Offsets of the dashes of a block list. */
export function dashesOf({ srcToken }: Node): number[] {
  if (srcToken?.type !== 'block-seq') return [];
  return srcToken.items.flatMap(({ start }) =>
    start.flatMap((part) => (part.type === 'seq-item-ind' ? [part.offset] : [])),
  );
}

/** The entry of a key; undefined where the map has none. */
export function entryOf(map: YAMLMap<Node, Node | null>, key: string): Entry | undefined {
  return map.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
}

/** Whether a value is left out: `endpoints:` with nothing behind it, or an explicit null. */
export function isNothing(node: Node | null): boolean {
  return node === null || (isScalar(node) && node.value === null);
}

/** @throws UneditableError for a node that is shared with, or tied to, another place of the file */
export function refuseShared(node: Node | null, what: string): void {
  if (isAlias(node)) throw new UneditableError(`${what} is an alias of another place in the file.`);
}

function parsed(text: string): Document.Parsed {
  return parseDocument(text, {
    version: '1.2',
    merge: true,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
    keepSourceTokens: true,
  });
}

function dataOf(document: Document): unknown {
  try {
    return (document.toJS() as unknown) ?? {};
  } catch (error) {
    throw new UneditableError('Another place of the file refers to this one.', messageOf(error));
  }
}
