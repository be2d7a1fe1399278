/** Rows of a CSV file, each with its place. */
import { parse } from 'csv-parse/sync';
import { messageOf } from '../../util/errors';
import type { Cursor } from './cursor';
import type { Place, SourceFile } from './source';

export interface CsvRow {
  /** By column; names without the white space around them. */
  record: Record<string, string>;
  place: Place;
  /** Why the row cannot be trusted. */
  fault?: string;
}

/** The rows below the header. A file that is no CSV is reported at the line where that shows, and has none. */
export function csvRows(reference: Cursor, file: SourceFile): CsvRow[] {
  const raw = records(file, false) ?? records(file, true);
  if (raw === null || 'problem' in raw) {
    const line = raw?.line ?? 1;
    const message = `The file is not CSV: ${raw?.problem ?? 'it has no rows'}.`;
    reference.context.problems.error('bad-file', message, lineAt(file, line));
    return [];
  }
  const [header, ...rest] = raw;
  if (header === undefined) return [];
  const columns = header.record.map((name) => name.trim());
  return rest.map(({ record, line }) => {
    const place = lineAt(file, line);
    const fault =
      record.length === columns.length
        ? undefined
        : `the row has ${record.length} columns and the header has ${columns.length}`;
    const data: Record<string, string> = {};
    columns.forEach((column, index) => {
      if (column !== '__proto__') data[column] = record[index] ?? '';
    });
    return { record: data, place, ...(fault === undefined ? {} : { fault }) };
  });
}

interface RawRow {
  record: string[];
  /** From 1: where it starts. */
  line: number;
}

/** Null where the other reading of quotes is worth a try. */
function records(file: SourceFile, relaxed: boolean): RawRow[] | { problem: string; line: number } | null {
  try {
    const rows = parse(file.text, {
      bom: true,
      info: true,
      relax_column_count: true,
      relax_quotes: relaxed,
      skip_empty_lines: true,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    return rows.map(({ record, info }) => ({
      record,
      line: info.lines - record.reduce((sum, field) => sum + (field.match(/\r\n|\r|\n/g)?.length ?? 0), 0),
    }));
  } catch (error) {
    if (!relaxed) return null;
    const line = (error as { lines?: unknown }).lines;
    return { problem: messageOf(error).replace(/\.$/, ''), line: typeof line === 'number' ? line : 1 };
  }
}

function lineAt(file: SourceFile, line: number): Place {
  const start = file.lines.offset({ line: Math.max(0, line - 1), character: 0 });
  return { file, span: { start, end: file.lines.lineEnd(start) } };
}
