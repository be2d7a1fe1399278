import type { TextSpan } from './types';

/** More occurrences cannot be looked at. */
const MOST_SPANS = 100;

/** A text that is searched for others, with places in the text as it was given. */
export class Searched {
  /** What is searched: the text, or its lower case. */
  private readonly searched: string;
  private folded: Searched | undefined;

  constructor(
    readonly text: string,
    readonly ignoreCase: boolean,
  ) {
    this.searched = ignoreCase ? text.toLowerCase() : text;
  }

  /** The same text, searched in any case. */
  get inAnyCase(): Searched {
    return this.ignoreCase ? this : (this.folded ??= new Searched(this.text, true));
  }

  /** The first occurrence; null where there is none. `needle` is not empty. */
  first(needle: string): TextSpan | null {
    const folded = this.fold(needle);
    const index = this.searched.indexOf(folded);
    return index < 0 ? null : this.span(index, folded.length);
  }

  /** The first hundred occurrences, none overlapping another. */
  all(needle: string): TextSpan[] {
    const folded = this.fold(needle);
    const spans: TextSpan[] = [];
    let index = this.searched.indexOf(folded);
    while (index >= 0 && spans.length < MOST_SPANS) {
      spans.push(this.span(index, folded.length));
      index = this.searched.indexOf(folded, index + folded.length);
    }
    return spans;
  }

  /** The longest start of `needle` (of at most `most` characters) that occurs. */
  longestStart(needle: string, most: number): TextSpan | null {
    const folded = this.fold(needle).slice(0, most);
    let low = 0;
    let high = folded.length;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.searched.includes(folded.slice(0, middle))) low = middle;
      else high = middle - 1;
    }
    return low === 0 ? null : this.span(this.searched.indexOf(folded.slice(0, low)), low);
  }

  private fold(needle: string): string {
    return this.ignoreCase ? needle.toLowerCase() : needle;
  }

  private span(index: number, length: number): TextSpan {
    if (this.searched.length === this.text.length) return { start: index, end: index + length };
    return { start: this.original(index), end: this.original(index + length - 1) + 1 };
  }

  /** The place in the text of a place in its lower case: `İ` is the one character whose lower case takes two units. */
  private original(folded: number): number {
    let index = folded;
    let longer = this.text.indexOf('İ');
    while (longer >= 0 && longer < index) {
      index--;
      longer = this.text.indexOf('İ', longer + 1);
    }
    return index;
  }
}

/** Spans in their order, those that overlap made one; at most a hundred. */
export function mergeSpans(spans: readonly TextSpan[]): TextSpan[] {
  const merged: TextSpan[] = [];
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    const last = merged[merged.length - 1];
    if (last !== undefined && span.start < last.end) last.end = Math.max(last.end, span.end);
    else if (merged.length < MOST_SPANS) merged.push({ ...span });
  }
  return merged;
}
