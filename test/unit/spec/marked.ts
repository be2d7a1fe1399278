/** Tests write the place of an expected diagnostic into the text itself, between « and ». */
import assert from 'node:assert/strict';
import type { Diagnostic, TextRange } from '../../../src/core/spec/document';
import { TextLines, withoutBom } from '../../../src/core/spec/lines';
import { parseEvalFile, type EvalDocument, type ParseContext } from '../../../src/core/spec/parse';

export interface Marked {
  text: string;
  range: TextRange;
  marked: string;
}

export function unmark(source: string): Marked {
  const start = source.indexOf('«');
  const end = source.indexOf('»');
  assert.ok(start >= 0 && end > start, 'the text marks one place');
  const marked = source.slice(start + 1, end);
  const text = source.slice(0, start) + marked + source.slice(end + 1);
  // Positions count without a byte order mark, as an editor shows the text.
  const shift = text.length - withoutBom(text).length;
  const lines = new TextLines(withoutBom(text));
  return { text, marked, range: lines.range(start - shift, start - shift + marked.length) };
}

/** Parses a marked text and asserts that `code` is reported once, exactly there. */
export function expectAt(
  source: string,
  code: string,
  options: { path?: string; context?: ParseContext; only?: boolean } = {},
): { diagnostic: Diagnostic; document: EvalDocument; text: string } {
  const { text, range } = unmark(source);
  const document = parseEvalFile(text, options.path ?? '/w/test.eval.yaml', options.context);
  const found = document.diagnostics.filter((diagnostic) => diagnostic.code === code);
  const all = document.diagnostics
    .map((item) => `${item.code} ${JSON.stringify(item.range)} ${item.message}`)
    .join('\n');
  assert.equal(found.length, 1, `one ${code} among:\n${all}`);
  const [diagnostic] = found;
  assert.ok(diagnostic !== undefined);
  assert.deepEqual(diagnostic.range, range, all);
  if (options.only === true) assert.equal(document.diagnostics.length, 1, all);
  return { diagnostic, document, text };
}

/** The text after the edits of a suggestion. */
export function applySuggestion(text: string, diagnostic: Diagnostic, title: RegExp): string {
  const suggestion = diagnostic.suggestions.find((item) => title.test(item.title));
  assert.ok(
    suggestion !== undefined,
    `${String(title)} among ${diagnostic.suggestions.map((item) => item.title).join('; ')}`,
  );
  const source = withoutBom(text);
  const lines = new TextLines(source);
  return [...suggestion.edits]
    .sort((a, b) => lines.offset(b.range.start) - lines.offset(a.range.start))
    .reduce(
      (result, { range, newText }) =>
        result.slice(0, lines.offset(range.start)) + newText + result.slice(lines.offset(range.end)),
      source,
    );
}

export function parse(text: string, context?: ParseContext): EvalDocument {
  return parseEvalFile(text, '/w/test.eval.yaml', context);
}

export function codes(document: EvalDocument): string[] {
  return document.diagnostics.map(({ code }) => code);
}

/** The part of a text that a range covers. */
export function slice(text: string, range: TextRange | undefined): string | undefined {
  if (range === undefined) return undefined;
  const source = withoutBom(text);
  const lines = new TextLines(source);
  return source.slice(lines.offset(range.start), lines.offset(range.end));
}

export const CASES = 'cases: [{ name: a }]\n';
