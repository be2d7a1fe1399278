import { dirname, resolve } from 'node:path';
import { kindOf } from '../spec/discover';
import type { FileKind, TextPosition, TextRange } from '../spec/document';
import { TextLines } from '../spec/lines';
import type { Span } from '../spec/tree';
import type { LooseTree } from './loose/nodes';
import { parseLoose } from './loose/parse';

/** A text with what its features need of it, each made when first asked for. */
export class LanguageDocument {
  readonly kind: FileKind;
  private looseTree: LooseTree | undefined;
  /** Of an earlier text. */
  private earlierTree: LooseTree | undefined;
  private textLines: TextLines | undefined;

  constructor(
    /** Without a byte order mark. */
    readonly text: string,
    /** Absolute. */
    readonly path: string,
    /** The document before an edit, of which is taken over what still holds. */
    before?: LanguageDocument,
  ) {
    this.earlierTree = before?.looseTree ?? before?.earlierTree;
    this.kind = kindOf(path) ?? 'eval';
  }

  /** The text as far as it can be made out while it is broken. */
  get loose(): LooseTree {
    this.looseTree ??= parseLoose(this.text, this.earlierTree);
    // Once it has been made use of, or every text since the file was opened would be kept.
    this.earlierTree = undefined;
    return this.looseTree;
  }

  get lines(): TextLines {
    return (this.textLines ??= new TextLines(this.text));
  }

  range({ start, end }: Span): TextRange {
    return this.lines.range(start, end);
  }

  offset(position: TextPosition): number {
    return this.lines.offset(position);
  }

  /** A path as the file writes it, with or without `file://`, as an absolute one. */
  resolve(reference: string): string {
    return resolve(dirname(this.path), reference.replace(/^file:\/\//, ''));
  }
}
