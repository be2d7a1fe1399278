/** What a compare panel shows, as Markdown for a pull request or a page. */
import type { CompareCell, ComparePanelState, CompareRow } from '../../protocol/compare-panel';
import { formatInterval, formatValue } from '../metrics/format';
import { codeCell } from './escape-markdown';
import { signedPoints } from './points';

const TITLES = { quality: 'Quality', latency: 'Latency', rates: 'Rates', cost: 'Cost' } as const;

export function renderComparePanelMarkdown(state: ComparePanelState): string {
  const { contenders, stage, sections, slos, selection, pareto, caveats, confidence } = state;
  const names = contenders.map(({ label }) => cell(label));
  const nameOf = (id: string): string => cell(contenders.find((one) => one.id === id)?.label ?? id);
  const lines = [`# ${cell(state.title)}`, ''];
  if (stage !== null) lines.push(`Stage: ${cell(stage)}. Intervals and tests at ${Math.round(confidence * 100)}%.`, '');
  for (const { kind, note, rows } of sections) {
    const said = note === undefined ? [] : [`${note.charAt(0).toUpperCase()}${note.slice(1)}.`, ''];
    lines.push(`## ${TITLES[kind]}`, '', ...said, ...table(['', ...names, 'conclusion'], rows.map(rowOf)), '');
  }
  if (slos.length > 0) {
    const rows = slos.map(({ expr, stage: of, cells }) => [
      `${cell(expr)}${of === '' ? '' : ` (${cell(of)})`}`,
      ...cells.map((one) => (one === null ? '-' : one.verdict)),
    ]);
    lines.push('## SLOs', '', ...table(['', ...names], rows), '');
  }
  if (pareto !== null) {
    lines.push(`## Front on ${cell(pareto.x)} and ${cell(pareto.y)}`, '');
    for (const id of pareto.front) lines.push(`- ${nameOf(id)}`);
    for (const { id, by } of pareto.dominated) lines.push(`- ${nameOf(id)}: dominated by ${nameOf(by)}`);
    for (const { id, reason } of pareto.leftOut) lines.push(`- ${nameOf(id)}: left out, ${cell(reason)}`);
    lines.push('');
  }
  if (selection !== null) {
    const subject = selection.result.subject_to.map(cell).join(', ');
    lines.push('## Choice', '', `${cell(selection.sentence)}${subject === '' ? '' : ` Subject to ${subject}.`}`, '');
  }
  if (caveats.length > 0) lines.push('## Caveats', '', ...caveats.map((text) => `- ${cell(text)}`), '');
  return `${lines.join('\n').trimEnd()}\n`;
}

function table(head: readonly string[], rows: readonly string[][]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)];
}

function rowOf(row: CompareRow): string[] {
  return [cell(row.label), ...row.cells.map((one) => valueOf(row, one)), cell(row.conclusion)];
}

function valueOf({ unit }: CompareRow, { value, ci, against }: CompareCell): string {
  if (value === null) return '-';
  const interval = ci === null ? '' : ` (${formatInterval(ci, value, unit)})`;
  if (against === null) return `${formatValue(value, unit)}${interval}`;
  const { difference } = against;
  const sign = difference > 0 ? '+' : difference < 0 ? '−' : '';
  const text =
    unit === 'ratio' ? `${signedPoints(difference)} points` : `${sign}${formatValue(Math.abs(difference), unit)}`;
  return `${formatValue(value, unit)}${interval}, ${text}`;
}

function cell(text: string): string {
  return codeCell(text);
}
