/** Lines of a text with their indentation, found in one pass. Line ends are those of the editor: LF, CRLF and a lone CR. */
export class SourceLines {
  readonly starts: number[] = [0];
  /** Where each line's content ends, its line end not included. */
  readonly ends: number[] = [];
  /** Blanks at the start of each line; a tab counts as one. */
  readonly indents: number[] = [];

  constructor(private readonly text: string) {
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code !== 10 && code !== 13) continue;
      this.ends.push(at);
      if (code === 13 && text.charCodeAt(at + 1) === 10) at++;
      this.starts.push(at + 1);
    }
    this.ends.push(text.length);
    for (let line = 0; line < this.starts.length; line++) this.indents.push(this.indentOf(line));
  }

  get count(): number {
    return this.starts.length;
  }

  start(line: number): number {
    return this.starts[line] ?? this.text.length;
  }

  end(line: number): number {
    return this.ends[line] ?? this.text.length;
  }

  indent(line: number): number {
    return this.indents[line] ?? 0;
  }

  /** Offset of the first character that is no blank. */
  content(line: number): number {
    return this.start(line) + this.indent(line);
  }

  isBlank(line: number): boolean {
    return this.content(line) >= this.end(line);
  }

  /** Blank, or nothing but a comment. */
  isEmpty(line: number): boolean {
    return this.isBlank(line) || this.text.charAt(this.content(line)) === '#';
  }

  /** The line of an offset. */
  at(offset: number): number {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private indentOf(line: number): number {
    const start = this.start(line);
    const end = this.end(line);
    let at = start;
    while (at < end && isBlankCode(this.text.charCodeAt(at))) at++;
    return at - start;
  }
}

function isBlankCode(code: number): boolean {
  return code === 32 || code === 9;
}

/** Whether the character at `at` is a blank, or lies at or behind `end`. */
export function isGap(text: string, at: number, end: number): boolean {
  return at >= end || isBlankCode(text.charCodeAt(at));
}

/** The first offset from `at` on that is no blank, at most `end`. */
export function skipBlanks(text: string, at: number, end: number): number {
  let next = at;
  while (next < end && isBlankCode(text.charCodeAt(next))) next++;
  return next;
}

/** `end`, without the blanks before it. */
export function trimEnd(text: string, start: number, end: number): number {
  let last = end;
  while (last > start && isBlankCode(text.charCodeAt(last - 1))) last--;
  return last;
}
