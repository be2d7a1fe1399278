/** Templates by their words alone: what completion works with, since a template is unreadable while it is being typed. */
import type { VariableUse } from './uses';

/** Words that are no variables. */
export const TEMPLATE_WORDS = new Set(
  (
    'and or not in is if else elif elseif endif for endfor set endset raw endraw switch case default endswitch true false none ' +
    'null loop range include import from extends block endblock macro endmacro call endcall filter endfilter'
  ).split(' '),
);

const SECTION = /\{\{-?([\s\S]*?)(?:\}\}|$)|\{%-?([\s\S]*?)(?:%\}|$)|\{#[\s\S]*?(?:#\}|$)/g;
const WORD = /"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[A-Za-z_$][\w$]*/g;

/** Names that look like variables, in the order of the text. */
export function wordsOf(source: string): VariableUse[] {
  const uses: VariableUse[] = [];
  let isRaw = false;
  for (const match of source.matchAll(SECTION)) {
    const inner = match[1] ?? match[2];
    if (inner === undefined) continue;
    const tag = match[2]?.trim();
    if (tag === 'raw' || tag === 'endraw') isRaw = tag === 'raw';
    if (isRaw) continue;
    const start = match.index + match[0].indexOf(inner);
    for (const word of inner.matchAll(WORD)) {
      const [name] = word;
      if (/^["']/.test(name) || TEMPLATE_WORDS.has(name)) continue;
      const before = inner.slice(0, word.index).trimEnd();
      const after = inner.slice(word.index + name.length);
      // A part of a path, a filter, a test, a named argument or a call.
      if (/(?:[.|]|\bis|\bis not)$/.test(before) || /^\s*=(?!=)|^\(/.test(after)) continue;
      uses.push({ name, offset: start + word.index, within: [] });
    }
  }
  return uses;
}

export interface OpenTag {
  kind: 'output' | 'block';
  /** From behind `{{` or `{%` to the cursor. */
  before: string;
  /** From the cursor to the end of the tag, or of the line. */
  after: string;
  /** Whether the tag is closed. */
  isClosed: boolean;
  /** All of the template before the tag. */
  preceding: string;
}

/** The `{{` or `{%` that `offset` lies in; null elsewhere. */
export function openTagAt(text: string, offset: number): OpenTag | null {
  const head = text.slice(0, offset);
  const start = Math.max(head.lastIndexOf('{{'), head.lastIndexOf('{%'));
  if (start < 0) return null;
  const kind = head[start + 1] === '{' ? 'output' : 'block';
  const before = head.slice(start + 2).replace(/^-/, '');
  if (before.includes(kind === 'output' ? '}}' : '%}')) return null;
  const rest = text.slice(offset);
  const end = rest.search(kind === 'output' ? /-?\}\}/ : /-?%\}/);
  const next = rest.search(/\{\{|\{%|\n/);
  const isClosed = end >= 0 && (next < 0 || end < next);
  const after = isClosed ? rest.slice(0, end) : next < 0 ? rest : rest.slice(0, next);
  return { kind, before, after, isClosed, preceding: head.slice(0, start) };
}

/** Names of the loops that are open behind `preceding`: their variables are known there. */
export function openLoops(preceding: string): string[] {
  const open: string[][] = [];
  for (const [, tag = '', names = ''] of preceding.matchAll(/\{%-?\s*(for|endfor)\b\s*([\w$\s,]*?)(?:\sin\b|-?%\})/g)) {
    if (tag === 'endfor') open.pop();
    else
      open.push(
        names
          .split(',')
          .map((name) => name.trim())
          .filter((name) => name !== ''),
      );
  }
  return open.length === 0 ? [] : [...new Set(open.flat()), 'loop'];
}
