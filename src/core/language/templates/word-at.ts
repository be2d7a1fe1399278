import { openTagAt, TEMPLATE_WORDS } from './words';

export interface TemplateWord {
  text: string;
  start: number;
  end: number;
  /** `name` is that of a variable, `other` a keyword or a part of a path. */
  kind: 'name' | 'filter' | 'test' | 'other';
}

/** The word of a template at `offset` of a text; null outside of templates, and inside their texts. */
export function wordAt(text: string, offset: number): TemplateWord | null {
  let start = offset;
  let end = offset;
  while (start > 0 && /[\w$]/.test(text.charAt(start - 1))) start--;
  while (end < text.length && /[\w$]/.test(text.charAt(end))) end++;
  const word = text.slice(start, end);
  if (!/^[A-Za-z_$]/.test(word)) return null;
  const tag = openTagAt(text, start);
  if (tag === null) return null;
  const before = tag.before.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '_');
  // A quote that is left over is open.
  if (/["']/.test(before)) return null;
  const head = before.trimEnd();
  const kind = /(?<!\|)\|$/.test(head)
    ? 'filter'
    : /\bis(?:\s+not)?$/.test(head)
      ? 'test'
      : head.endsWith('.') || TEMPLATE_WORDS.has(word) || (tag.kind === 'block' && head === '')
        ? 'other'
        : 'name';
  return { text: word, start, end, kind };
}
