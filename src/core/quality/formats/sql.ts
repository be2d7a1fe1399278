/** SQL by the grammars of its dialects; part of the parsers' bundle. */
import { Parser } from 'node-sql-parser';
import type { SqlDialect } from '../sql-dialects';

interface SyntaxProblem {
  location: { start: { offset: number; line: number; column: number } };
}

const parser = new Parser();

/** Null where `text` is one or several statements of the dialect; else where it stops being so. */
export function sqlProblem(text: string, dialect: SqlDialect): string | null {
  try {
    parser.parse(text, optionsOf(dialect));
    return null;
  } catch (error) {
    if (!isSyntaxProblem(error)) throw error;
    const { offset, line, column } = error.location.start;
    // The library trims, but reports places in what it trimmed.
    const trimmed = text.trim();
    const before = text.slice(0, text.indexOf(trimmed));
    const lines = before.split('\n').length - 1;
    const shift = line === 1 ? before.length - (before.lastIndexOf('\n') + 1) : 0;
    const where = `line ${line + lines}, column ${column + shift}`;
    const rest = trimmed.slice(offset, offset + 30).replace(/\s+/g, ' ');
    const near = rest === '' ? 'it ends too early' : `unexpected "${rest}${offset + 30 < trimmed.length ? '…' : ''}"`;
    return `${where}: ${near}`;
  }
}

/** What valid SQL touches, as `select::database::table` and `select::table::column`; `null` stands for what is not named. */
export function sqlUses(text: string, dialect: SqlDialect): { tables: string[]; columns: string[] } {
  const { tableList, columnList } = parser.parse(text, optionsOf(dialect));
  return { tables: tableList, columns: columnList };
}

function optionsOf(dialect: SqlDialect): { database: string } {
  return { database: dialect };
}

function isSyntaxProblem(error: unknown): error is SyntaxProblem {
  if (error === null || typeof error !== 'object' || !('location' in error)) return false;
  const { location } = error as { location?: { start?: unknown } | null };
  return typeof location?.start === 'object' && location.start !== null;
}
