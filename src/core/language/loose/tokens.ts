/** The words of a line of YAML: keys, dashes, quotes, comments. None of them looks beyond its line. */
import type { Span } from '../../spec/tree';
import { isGap, skipBlanks, trimEnd } from './source-lines';

export interface KeyToken {
  key: string;
  span: Span;
  colon: number;
}

/** Characters that no plain key starts with. */
const NO_KEY = '[]{},#|>@%`';

export function isQuote(character: string): character is '"' | "'" {
  return character === '"' || character === "'";
}

/** A dash that starts the item of a block list. */
export function isDash(text: string, at: number, end: number): boolean {
  return text[at] === '-' && isGap(text, at + 1, end);
}

/** The key that starts at `at`, with its colon; null where the line is none. */
export function keyAt(text: string, at: number, end: number): KeyToken | null {
  const first = text.charAt(at);
  if (at >= end || NO_KEY.includes(first)) return null;
  if (isQuote(first)) {
    const close = closingQuote(text, at, end);
    if (close === null) return null;
    const colon = skipBlanks(text, close + 1, end);
    if (text[colon] !== ':' || !isGap(text, colon + 1, end)) return null;
    return { key: unquoted(text.slice(at + 1, close), first), span: { start: at, end: close + 1 }, colon };
  }
  if ('-?:'.includes(first) && isGap(text, at + 1, end)) return null;
  for (let next = at; next < end; next++) {
    const character = text[next];
    if (character === '#' && next > at && isGap(text, next - 1, end)) return null;
    if (character !== ':' || !isGap(text, next + 1, end)) continue;
    const keyEnd = trimEnd(text, at, next);
    return { key: text.slice(at, keyEnd), span: { start: at, end: keyEnd }, colon: next };
  }
  return null;
}

/** Where the quote that opens at `at` is closed; null where that is not before `end`. */
export function closingQuote(text: string, at: number, end: number): number | null {
  return closingFrom(text, at + 1, end, text.charAt(at));
}

/** As `closingQuote`, from within the quoted text. */
export function closingFrom(text: string, from: number, end: number, quote: string): number | null {
  for (let next = from; next < end; next++) {
    const character = text[next];
    if (quote === '"' && character === '\\') next++;
    else if (character === quote) {
      if (quote === "'" && text[next + 1] === "'") next++;
      else return next;
    }
  }
  return null;
}

function unquoted(inner: string, quote: '"' | "'"): string {
  return quote === "'" ? inner.replaceAll("''", "'") : inner.replace(/\\(.)/g, '$1');
}

/** Where a plain scalar that starts at `at` ends on its line: before a comment, without trailing blanks. */
export function plainEnd(text: string, at: number, end: number): number {
  for (let next = at + 1; next < end; next++) {
    if (text[next] === '#' && isGap(text, next - 1, end)) return trimEnd(text, at, next);
  }
  return trimEnd(text, at, end);
}

/** Whether a comment starts at `at`, which is the first character behind a blank. */
export function isComment(text: string, at: number): boolean {
  return text[at] === '#';
}
