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

const LINE_FOLD = /[ \t]*(?:\r\n|\r|\n)[ \t\r\n]*/y;

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
    LINE_FOLD.lastIndex = at;
    const fold = LINE_FOLD.exec(source)?.[0];
    if (fold !== undefined) {
      const breaks = fold.replace(/\r\n?/g, '\n').split('\n').length - 1;
      for (let i = 0; i < Math.max(1, breaks - 1) && map.length < value.length; i++) map.push(at);
      at += fold.length;
      continue;
    }
    if (value[map.length] !== source[at]) break;
    map.push(at++);
  }
  return finish(map, value.length, at);
}

/** Block scalars: the header line, then indented lines, kept (`|`) or folded (`>`). */
function alignBlock(value: string, source: string, start: number, end: number): number[] {
  const map: number[] = [];
  const headerEnd = /\r\n|\r|\n/.exec(source.slice(start, end))?.index;
  if (headerEnd === undefined) return finish(map, value.length, start);
  let at = lineAfter(source, start + headerEnd);
  const indent = indentOf(source.slice(at, end), source.slice(start, start + headerEnd));
  at = skipIndent(source, at, indent);
  while (map.length < value.length && at < Math.max(end, at)) {
    if (at >= source.length) break;
    const wanted = value[map.length];
    const found = source[at];
    const atBreak = found === '\n' || found === '\r';
    if (!atBreak) {
      if (wanted !== found) break;
      map.push(at++);
      continue;
    }
    const next = skipIndent(source, lineAfter(source, at), indent);
    // A folded line end is a space; of a run of empty lines the first line end vanishes.
    if (wanted === '\n' || wanted === ' ') map.push(at);
    at = next;
  }
  return finish(map, value.length, at);
}

function indentOf(body: string, header: string): number {
  const explicit = /[1-9]/.exec(header)?.[0];
  const firstLine = /^(?:[ \t]*(?:\r\n|\r|\n))*( *)/.exec(body)?.[1]?.length ?? 0;
  // An explicit indentation is relative to the parent, which is unknown here: the least indented line is a fair guess.
  if (explicit === undefined) return firstLine;
  const widths = body
    .split(/\r\n|\r|\n/)
    .filter((line) => line.trim() !== '')
    .map((line) => /^ */.exec(line)?.[0].length ?? 0);
  return Math.min(firstLine, ...widths);
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
