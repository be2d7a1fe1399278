/** Texts with a cursor: `|` is where it stands, `||` a bar of the text itself. */
import assert from 'node:assert/strict';
import { completionsAt } from '../../../src/core/language/completions';
import { LanguageDocument } from '../../../src/core/language/language-document';
import type { Completion, LanguageContext } from '../../../src/core/language/types';
import { TextLines } from '../../../src/core/spec/lines';
import type { TextEdit } from '../../../src/core/spec/document';

export interface Marked {
  text: string;
  offset: number;
}

export function marked(source: string): Marked {
  const parts = source.split(/(?<!\|)\|(?!\|)/);
  assert.equal(parts.length, 2, `one cursor is needed in ${JSON.stringify(source)}`);
  const [before = '', after = ''] = parts.map((part) => part.replaceAll('||', '|'));
  return { text: before + after, offset: before.length };
}

export const EVAL_PATH = '/workspace/evals/chat.eval.yaml';
export const SHARED_PATH = '/workspace/promptrig.yaml';

export function at(source: string, path = EVAL_PATH): { document: LanguageDocument; offset: number } {
  const { text, offset } = marked(source);
  return { document: new LanguageDocument(text, path), offset };
}

export async function complete(source: string, context: LanguageContext = {}, path = EVAL_PATH): Promise<Completion[]> {
  const { document, offset } = at(source, path);
  const found = await completionsAt(document, offset, context);
  for (const { range, label } of found) {
    // What VS Code asks for: one line, and the cursor in it.
    const position = document.lines.position(offset);
    assert.equal(range.start.line, position.line, label);
    assert.equal(range.end.line, position.line, label);
    assert.ok(range.start.character <= position.character && range.end.character >= position.character, label);
  }
  return found.sort((a, b) => (a.sortText < b.sortText ? -1 : 1));
}

export async function labels(source: string, context: LanguageContext = {}, path = EVAL_PATH): Promise<string[]> {
  return (await complete(source, context, path)).map(({ label }) => label);
}

/** The text after `label` has been chosen, as an editor would insert it; stops of the cursor show their text. */
export async function choose(
  source: string,
  label: string,
  context: LanguageContext = {},
  path = EVAL_PATH,
): Promise<string> {
  const found = await complete(source, context, path);
  const item = found.find((candidate) => candidate.label === label);
  assert.ok(item, `${label} is not among ${found.map((candidate) => candidate.label).join(', ')}`);
  const { text } = marked(source);
  const lines = new TextLines(text);
  const line = text.slice(lines.lineStart(lines.offset(item.range.start)));
  const blanks = /^[ \t]*/.exec(line)?.[0] ?? '';
  const inserted = plain(item.snippet).replaceAll('\n', `\n${blanks}`);
  return edited(text, [{ range: item.range, newText: inserted }]);
}

/** A snippet as text: placeholders show their default, choices their first option. */
export function plain(snippet: string): string {
  return snippet
    .replace(/\$\{\d+\|((?:[^|\\]|\\.)*?)\|\}/g, (_, options: string) => options.split(/(?<!\\),/)[0] ?? '')
    .replace(/\$\{\d+:((?:[^}\\]|\\.)*)\}/g, '$1')
    .replace(/(?<!\\)\$\d+/g, '')
    .replace(/\\([\\$}|,])/g, '$1');
}

export function edited(text: string, edits: readonly TextEdit[]): string {
  const lines = new TextLines(text);
  const sorted = [...edits].sort((a, b) => lines.offset(b.range.start) - lines.offset(a.range.start));
  return sorted.reduce(
    (result, { range, newText }) =>
      result.slice(0, lines.offset(range.start)) + newText + result.slice(lines.offset(range.end)),
    text,
  );
}
