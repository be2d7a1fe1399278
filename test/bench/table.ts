import type { BenchRow } from './bench';

/** Rows as a Markdown table. */
export function markdownTable(rows: readonly BenchRow[]): string {
  const cells = rows.map((row) => [row.what, row.reach, row.measured, verdict(row.met), row.note ?? '']);
  const lines = [['what', 'reach', 'measured', 'verdict', 'note'], ['---', '---', '---', '---', '---'], ...cells];
  return lines.map((line) => `| ${line.map(escapeCell).join(' | ')} |`).join('\n');
}

function verdict(met: boolean | null): string {
  if (met === null) return '–';
  return met ? 'met' : '**missed**';
}

function escapeCell(text: string): string {
  return text.replace(/\|/g, '\\|').replace(/\s*\n\s*/g, ' ');
}
