/** What a chart draws, as plain numbers for a file. Names end in their unit. */
export interface ChartData {
  columns: string[];
  rows: (string | number | boolean | null)[][];
}

export type FileKind = 'png' | 'csv' | 'json';

/** RFC 4180. A spreadsheet runs a cell that begins like a formula; an apostrophe makes it text. */
export function csvOf({ columns, rows }: ChartData): string {
  return [columns, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

/** A list of objects, as data frames and `jq` take them. */
export function jsonOf({ columns, rows }: ChartData): string {
  const objects = rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i] ?? null])));
  return `${JSON.stringify(objects, null, 1)}\n`;
}

function cell(value: string | number | boolean | null): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const text = value.replace(/[\r\n]+/g, ' ');
  const safe = /^\s*[=+\-@＝＋－＠]/.test(text) ? `'${text}` : text;
  return /[",]/.test(safe) || /^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
