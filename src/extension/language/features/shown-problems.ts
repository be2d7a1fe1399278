import type { Diagnostic, TextRange } from '../../../core/spec/document';

/** Codes of what a schema, or a YAML parser, can say as well. */
const SCHEMA_CODES = new Set([
  'yaml-syntax',
  'duplicate-key',
  'unknown-alias',
  'unknown-key',
  'unknown-value',
  'unknown-assertion',
  'wrong-type',
  'missing-key',
  'bad-unit',
  'out-of-range',
  'empty-list',
]);

/**
 * The diagnostics to show beside those of another extension: what it has marked at the same place, and what only repeats the
 * schema, is left to it. Its remedies stay, since code actions do not depend on who has drawn the line.
 */
export function shownBeside(diagnostics: readonly Diagnostic[], theirs: readonly TextRange[]): Diagnostic[] {
  if (theirs.length === 0) return [...diagnostics];
  return diagnostics.filter(
    ({ code, range }) => !SCHEMA_CODES.has(code) || !theirs.some((other) => touch(range, other)),
  );
}

function touch(a: TextRange, b: TextRange): boolean {
  return !isBefore(a.end, b.start) && !isBefore(b.end, a.start);
}

function isBefore(a: TextRange['start'], b: TextRange['start']): boolean {
  return a.line < b.line || (a.line === b.line && a.character < b.character);
}
