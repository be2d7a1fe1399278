/** Assertions on SQL: `is-sql`, `contains-sql`. */
import type { AssertionPlan, Json } from '../../protocol/plan';
import { isStackOverflow, runBounded } from './bounded';
import { place, quote } from './excerpt';
import { DEFAULT_DIALECT, SQL_DIALECTS, sqlDialect, type SqlDialect } from './sql-dialects';
import { commaIsMissing, notInDialect } from './sql-slips';
import { listed } from './values';
import {
  unevaluated,
  type AnswerUnderTest,
  type Check,
  type CheckResult,
  type Parsers,
  type QualityServices,
  type TextSpan,
  type Unevaluated,
} from './types';

interface Wanted {
  dialect: SqlDialect;
  /** Patterns such as `select::null::users` of what may be used; null for anything. */
  tables: string[] | null;
  columns: string[] | null;
}

/** The whole answer is valid SQL of the dialect, and uses no table or column but those allowed. */
async function isSql(
  assertion: AssertionPlan,
  answer: AnswerUnderTest,
  services: QualityServices,
): Promise<CheckResult> {
  const wanted = wantedSql(assertion);
  if ('kind' in wanted) return wanted;
  const parsers = await services.parsers();
  const { text } = answer;
  return bounded(() => {
    const problem = problemOf(text, wanted, parsers);
    const { dialect } = wanted;
    const fenced = problem !== null && text.trimStart().startsWith('```');
    const reason = fenced
      ? 'is inside a Markdown code fence (```): tell the prompt to answer without one, or use contains-sql'
      : (problem ?? `is valid ${dialect} SQL${allowed(wanted)}`);
    return { kind: 'found', holds: problem === null, reason, expected: `${dialect} SQL`, actual: text };
  });
}

/** A code block of the answer is such SQL, or the whole answer where it has no code block. */
async function containsSql(
  assertion: AssertionPlan,
  answer: AnswerUnderTest,
  services: QualityServices,
): Promise<CheckResult> {
  const wanted = wantedSql(assertion);
  if ('kind' in wanted) return wanted;
  const parsers = await services.parsers();
  const { text } = answer;
  const { dialect } = wanted;
  const common = { kind: 'found', expected: `${dialect} SQL`, actual: text } as const;
  return bounded(() => {
    const blocks = sqlBlocks(text);
    const candidates = blocks.length > 0 ? blocks : [{ start: 0, end: text.length }];
    let firstProblem: string | undefined;
    for (const span of candidates) {
      const problem = problemOf(text.slice(span.start, span.end), wanted, parsers);
      if (problem === null) {
        const reason = `contains valid ${dialect} SQL at ${place(text, span.start)}${allowed(wanted)}`;
        return { ...common, holds: true, reason, spans: [span] };
      }
      firstProblem ??= `${blocks.length > 0 ? `the code block at ${place(text, span.start)}` : 'the answer'} ${problem}`;
    }
    return { ...common, holds: false, reason: `contains no valid ${dialect} SQL: ${firstProblem}` };
  });
}

function allowed({ tables, columns }: Wanted): string {
  if (tables === null && columns === null) return '';
  return ` and uses only what is allowed`;
}

function problemOf(text: string, wanted: Wanted, parsers: Parsers): string | null {
  const { dialect, tables, columns } = wanted;
  if (text.trim() === '') return `is empty, not ${dialect} SQL`;
  const syntax = parsers.sqlProblem(text, dialect) ?? commaIsMissing(text, dialect) ?? notInDialect(text, dialect);
  if (syntax !== null) return `is not valid ${dialect} SQL: ${syntax}`;
  if (tables === null && columns === null) return null;
  const uses = parsers.sqlUses(text, dialect);
  const forbidden = [
    ...(tables === null ? [] : uses.tables.filter((use) => !matchesAny(use, tables))),
    ...(columns === null ? [] : uses.columns.filter((use) => !matchesAny(use, columns))),
  ];
  if (forbidden.length === 0) return null;
  return `uses ${listed(forbidden.map((use) => quote(use)))}, which is not among the allowed ${listed([...(tables ?? []), ...(columns ?? [])], 5)}`;
}

/** Entries are regular expressions that must match as a whole in any case, as in promptfoo. */
function matchesAny(use: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => new RegExp(`^(?:${pattern})$`, 'i').test(use));
}

function wantedSql({ value, type }: AssertionPlan): Wanted | Unevaluated {
  const any: Wanted = { dialect: DEFAULT_DIALECT, tables: null, columns: null };
  if (value === undefined || value === null || value === '' || typeof value === 'boolean') return any;
  if (typeof value !== 'object' || Array.isArray(value)) {
    return unevaluated(`${type} needs no value, or a map such as {databaseType: PostgreSQL, allowedTables: [...]}`);
  }
  const named = value['databaseType'] ?? DEFAULT_DIALECT;
  const dialect = typeof named === 'string' ? sqlDialect(named) : undefined;
  if (dialect === undefined) {
    return unevaluated(
      `${type}: the databaseType ${JSON.stringify(named)} is not known; it is one of ${SQL_DIALECTS.join(', ')}`,
    );
  }
  const tables = patternsOf(value['allowedTables'], 'allowedTables', type);
  if (tables !== null && 'kind' in tables) return tables;
  const columns = patternsOf(value['allowedColumns'], 'allowedColumns', type);
  if (columns !== null && 'kind' in columns) return columns;
  return { dialect, tables, columns: columns === null ? null : columns.flatMap(withoutTable) };
}

/** A column whose table the statement does not name is listed as `select::null::id`: it is allowed where any table's is. */
function withoutTable(pattern: string): string[] {
  const parts = pattern.split('::');
  return parts.length === 3 && parts[1] !== 'null' ? [pattern, `${parts[0]}::null::${parts[2]}`] : [pattern];
}

function patternsOf(value: Json | undefined, key: string, type: string): string[] | null | Unevaluated {
  if (value === undefined || value === null) return null;
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    return unevaluated(`${type}: ${key} must be a list of texts such as "select::null::users"`);
  }
  for (const pattern of value) {
    try {
      new RegExp(pattern);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return unevaluated(`${type}: ${key} has a regular expression that does not compile: ${reason}`);
    }
  }
  return value.length === 0 ? null : value;
}

/** Contents of the fenced code blocks of Markdown that are marked as SQL, or as nothing. */
function sqlBlocks(text: string): TextSpan[] {
  const blocks: TextSpan[] = [];
  const fence = /^[ \t]{0,3}(`{3,}|~{3,})[ \t]*([^\r\n]*)$/gm;
  let open: { marks: string; isSql: boolean; start: number } | undefined;
  for (let match = fence.exec(text); match !== null; match = fence.exec(text)) {
    const [line, marks = '', info = ''] = match;
    if (open === undefined) {
      const language = info.trim().toLowerCase();
      open = { marks, isSql: language === '' || language === 'sql', start: match.index + line.length };
    } else if (info.trim() === '' && marks[0] === open.marks[0] && marks.length >= open.marks.length) {
      if (open.isSql) blocks.push(trimmed(text, open.start, match.index));
      open = undefined;
    }
  }
  return blocks;
}

function trimmed(text: string, start: number, end: number): TextSpan {
  const block = text.slice(start, end);
  const lead = block.length - block.trimStart().length;
  return { start: start + lead, end: start + Math.max(lead, block.trimEnd().length) };
}

function bounded(check: () => CheckResult): CheckResult {
  try {
    return runBounded('reading the answer as SQL', check);
  } catch (error) {
    if (isStackOverflow(error)) return unevaluated('the SQL is nested too deeply to be read');
    throw error;
  }
}

export const SQL_CHECKS: Readonly<Record<string, Check>> = { 'is-sql': isSql, 'contains-sql': containsSql };
