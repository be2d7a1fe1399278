/**
 * Where each character of a scalar's value stands in the file: quotes, escapes, indentation and folding make the two differ.
 * It lets an error inside a template be shown under the very word.
 */
import type { ScalarNode, Span } from './tree';

/** Offset in the file of every UTF-16 unit of the value, and of its end. */
export type ScalarMap = readonly number[];

/** Maps the value of `node` to `source`; where the two cannot be aligned the rest maps to where they part. */
export function mapScalar(node: ScalarNode, source: string): ScalarMap {
  const value = String(node.value ?? '');
  const { start, end } = node.span;
  switch (node.style) {
    case 'double':
      return align(value, source, start + 1, end, readEscape);
    case 'single':
      return align(value, source, start + 1, end, readDoubledQuote);
    case 'literal':
    case 'folded':
      return alignBlock(value, source, start, end);
    default:
      return align(value, source, start, end, () => null);
  }
}

/** The part of the file that `length` characters of the value from `offset` come from. */
export function spanInScalar(node: ScalarNode, source: string, offset: number, length: number): Span {
  const map = mapScalar(node, source);
  const last = map.length - 1;
  const start = map[Math.min(offset, last)] ?? node.span.start;
  const lastUnit = map[Math.min(offset + Math.max(1, length) - 1, last)] ?? start;
  const end = map[Math.min(offset + length, last)] ?? lastUnit + 1;
  // The next unit may stand on another line or behind an escape; one past the last unit is the tighter bound.
  return { start, end: Math.max(start, Math.min(end, Math.max(lastUnit + 1, start))) };
}

interface Escape {
  /** Characters of the file. */
  length: number;
  text: string;
}

type EscapeReader = (source: string, at: number) => Escape | null;

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  e: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  N: '\u0085',
  _: '\u00a0',
  L: '\u2028',
  P: '\u2029',
  ' ': ' ',
  '"': '"',
  '/': '/',
  '\\': '\\',
  '\t': '\t',
};

const HEX_LENGTHS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

function readEscape(source: string, at: number): Escape | null {
  if (source[at] !== '\\') return null;
  const letter = source[at + 1] ?? '';
  const simple = SIMPLE_ESCAPES[letter];
  if (simple !== undefined) return { length: 2, text: simple };
  const digits = HEX_LENGTHS[letter];
  if (digits !== undefined) {
    const code = Number.parseInt(source.slice(at + 2, at + 2 + digits), 16);
    const text = Number.isInteger(code) && code <= 0x10ffff ? String.fromCodePoint(code) : '';
    return { length: 2 + digits, text };
  }
  // A backslash at the end of a line joins it to the next one.
  const line = /^\\\r?\n[ \t]*/.exec(source.slice(at, at + 1000))?.[0];
  return line === undefined ? null : { length: line.length, text: '' };
}

function readDoubledQuote(source: string, at: number): Escape | null {
  return source.startsWith("''", at) ? { length: 2, text: "'" } : null;
}

const BLANKS = /[ \t]*/y;
const LINE_ENDS = /[ \t\r\n]*/y;

/** Flow scalars: a line end with the white space around it is one space, or a line end for each empty line. */
function align(value: string, source: string, from: number, end: number, escape: EscapeReader): number[] {
  const map: number[] = [];
  let at = from;
  while (map.length < value.length) {
    if (at >= end) break;
    const escaped = escape(source, at);
    if (escaped !== null) {
      for (let i = 0; i < escaped.text.length && map.length < value.length; i++) map.push(at);
      at += escaped.length;
      continue;
    }
    // A run of blanks is looked at once, however long: it is white space within a line, or part of a fold.
    const blanksEnd = matchEnd(BLANKS, source, at);
    if (isLineEnd(source[blanksEnd])) {
      const foldEnd = matchEnd(LINE_ENDS, source, blanksEnd);
      const breaks = source.slice(blanksEnd, foldEnd).replace(/\r\n?/g, '\n').split('\n').length - 1;
      for (let i = 0; i < Math.max(1, breaks - 1) && map.length < value.length; i++) map.push(at);
      at = foldEnd;
      continue;
    }
    if (blanksEnd > at) {
      while (at < blanksEnd && map.length < value.length && value[map.length] === source[at]) map.push(at++);
      if (at < blanksEnd) break;
      continue;
    }
    if (value[map.length] !== source[at]) break;
    map.push(at++);
  }
  return finish(map, value.length, at);
}

/** Block scalars: the header line, then indented lines, kept (`|`) or folded (`>`). */
function alignBlock(value: string, source: string, start: number, end: number): number[] {
  const headerEnd = /\r\n|\r|\n/.exec(source.slice(start, end))?.index;
  if (headerEnd === undefined) return finish([], value.length, start);
  const from = lineAfter(source, start + headerEnd);
  const first = /^(?:[ \t]*(?:\r\n|\r|\n))*( *)/.exec(source.slice(from, end))?.[1]?.length ?? 0;
  // A number in the header counts from the parent's indentation, which is unknown here: the one that fits is the right one.
  const isExplicit = /[1-9]/.test(source.slice(start, start + headerEnd));
  for (let indent = first; isExplicit && indent > 0; indent--) {
    const { map, at } = alignLines(value, source, from, indent);
    if (map.length === value.length) return finish(map, value.length, at);
  }
  const { map, at } = alignLines(value, source, from, first);
  return finish(map, value.length, at);
}

function alignLines(value: string, source: string, from: number, indent: number): { map: number[]; at: number } {
  const map: number[] = [];
  let at = skipIndent(source, from, indent);
  while (map.length < value.length && at < source.length) {
    const wanted = value[map.length];
    const found = source[at];
    if (!isLineEnd(found)) {
      if (wanted !== found) break;
      map.push(at++);
      continue;
    }
    // A folded line end is a space; of a run of empty lines the first line end vanishes.
    if (wanted === '\n' || wanted === ' ') map.push(at);
    at = skipIndent(source, lineAfter(source, at), indent);
  }
  return { map, at };
}

function matchEnd(pattern: RegExp, source: string, at: number): number {
  pattern.lastIndex = at;
  return at + (pattern.exec(source)?.[0].length ?? 0);
}

function isLineEnd(character: string | undefined): boolean {
  return character === '\n' || character === '\r';
}

function lineAfter(source: string, at: number): number {
  return at + (source.startsWith('\r\n', at) ? 2 : 1);
}

function skipIndent(source: string, at: number, indent: number): number {
  let next = at;
  while (next - at < indent && source[next] === ' ') next++;
  return next;
}

function finish(map: number[], length: number, at: number): number[] {
  while (map.length <= length) map.push(at);
  return map;
}
