import type { TextPosition, TextRange } from './document';

/** Offsets of a text to lines and characters, with the line ends that VS Code knows: LF, CRLF and a lone CR. */
export class TextLines {
  private readonly starts: number[] = [0];
  /** Where each line's content ends, its line end not included. */
  private readonly ends: number[] = [];
  private readonly length: number;

  constructor(text: string) {
    this.length = text.length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code !== 10 && code !== 13) continue;
      this.ends.push(i);
      if (code === 13 && text.charCodeAt(i + 1) === 10) i++;
      this.starts.push(i + 1);
    }
    this.ends.push(text.length);
  }

  /** Number of lines; one for an empty text. */
  get count(): number {
    return this.starts.length;
  }

  /** The position of `offset`, clamped to the text; an offset inside a line end is the end of its line. */
  position(offset: number): TextPosition {
    const at = Math.max(0, Math.min(offset, this.length));
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.starts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    const start = this.starts[low] ?? 0;
    return { line: low, character: Math.min(at, this.ends[low] ?? at) - start };
  }

  /** The offset of a position, clamped to its line and the text. */
  offset({ line, character }: TextPosition): number {
    if (line < 0) return 0;
    const start = this.starts[line];
    if (start === undefined) return this.length;
    return Math.min(start + Math.max(0, character), this.ends[line] ?? this.length);
  }

  range(start: number, end: number): TextRange {
    return { start: this.position(start), end: this.position(Math.max(start, end)) };
  }

  /** Offset at which the line of `offset` starts. */
  lineStart(offset: number): number {
    return this.starts[this.position(offset).line] ?? 0;
  }

  /** Offset at which the content of the line of `offset` ends. */
  lineEnd(offset: number): number {
    return this.ends[this.position(offset).line] ?? this.length;
  }
}

/** A byte order mark is not part of the text that an editor shows: positions count without it. */
export function withoutBom(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}
