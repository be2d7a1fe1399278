/** Runs side by side for a terminal. */
import type { ComparedPair, ComparedRow, ComparedVerdict, RunComparison } from '../../protocol/run-comparison';
import { parseSloExpression } from '../metrics/slo';
import { columns, type Cell } from './columns';
import {
  candidateNames,
  cellText,
  differenceText,
  intervalText,
  labelsOf,
  methodText,
  pairTitle,
  pText,
  rowName,
  sampleText,
  sectionTitle,
  valueText,
  winnerText,
} from './comparison-text';
import { wrap } from './layout';
import { plainData } from './plain';
import { levelOf } from './points';
import { painter, VERDICT_LOOK, type Paint, type Tone } from './style';
import { choiceLines, frontLines, type SelectionContext } from './table-selection';

export interface ComparisonTableOptions {
  colour: boolean;
  /** Columns of the terminal; sentences wrap to it. */
  width: number;
}

export function renderComparisonTable(raw: RunComparison, { colour, width }: ComparisonTableOptions): string {
  const comparison = plainData(raw);
  const paint = painter(colour);
  const labels = labelsOf(comparison);
  const lines = ['', ...headLines(comparison, labels, paint)];
  for (const pair of comparison.pairs) lines.push('', ...pairLines(comparison, pair, labels, paint, width));
  if (comparison.pairs.length === 0) lines.push('', paint('unsure', 'The runs have no target in common.'));
  lines.push(...matrixLines(comparison, labels, paint));
  lines.push(...choice(comparison, labels, { paint, width }));
  lines.push(...noteLines(comparison, labels, paint, width));
  const method = methodText(comparison, levelOf(comparison.confidence));
  lines.push('', ...sentences(method, width, (text) => paint('dim', text)), '');
  return lines.join('\n');
}

function headLines({ runs }: RunComparison, labels: readonly string[], paint: Paint): string[] {
  const rows = runs.map(({ id, tool, name, started_at: started, verdict }, index): Cell[] => {
    const look = verdict === null ? null : VERDICT_LOOK[verdict];
    return [
      { text: labels[index] ?? '', tone: 'strong' },
      { text: look === null ? '' : `${look.sign} ${look.word}`, tone: look?.tone ?? 'plain' },
      { text: id },
      { text: tool === 'promptrig' ? name : `${name} (${tool})` },
      { text: started ?? '', tone: 'dim' },
    ];
  });
  return columns(rows, paint);
}

const TONES: Record<ComparedVerdict, Tone> = {
  'first better': 'bad',
  'second better': 'good',
  'no difference shown': 'plain',
  'not tested': 'dim',
};

function pairLines(
  { confidence }: RunComparison,
  pair: ComparedPair,
  labels: readonly string[],
  paint: Paint,
  width: number,
): string[] {
  const [first = '', second = ''] = [labels[0], labels[pair.run]];
  const lines = [paint('strong', pairTitle(pair, labels))];
  for (const caveat of pair.caveats) lines.push(...sentences(caveat, width, (text) => paint('unsure', text)));
  const rows: Cell[][] = [];
  const titles = new Map<number, string>();
  for (const section of pair.sections) {
    titles.set(rows.length, sectionTitle(section));
    for (const row of section.rows) rows.push(rowCells(row, [first, second]));
  }
  const head: Cell[] = [
    'metric',
    first,
    second,
    `${second} less ${first}`,
    `${levelOf(confidence)} CI`,
    'p',
    'n',
    'better',
  ].map((text, index) => ({ text, tone: 'dim', ...(index >= 1 && index <= 3 ? { align: 'right' as const } : {}) }));
  const [headLine = '', ...rowLines] = columns([head, ...rows], paint);
  lines.push(`  ${headLine}`);
  rowLines.forEach((line, index) => {
    const title = titles.get(index);
    if (title !== undefined) lines.push(` ${paint('strong', title)}`);
    lines.push(`  ${line}`);
  });
  return lines;
}

function rowCells(row: ComparedRow, labels: readonly [string, string]): Cell[] {
  const tone = TONES[row.verdict];
  return [
    { text: row.notes.length > 0 && row.method !== 'mcnemar' ? `${rowName(row)} *` : rowName(row) },
    { text: valueText(row.first, row), align: 'right' },
    { text: valueText(row.second, row), align: 'right' },
    { text: differenceText(row), align: 'right', tone },
    { text: intervalText(row) },
    { text: pText(row), tone: 'dim' },
    { text: sampleText(row), tone: 'dim' },
    { text: winnerText(row, labels), tone },
  ];
}

function matrixLines({ slos, runs }: RunComparison, labels: readonly string[], paint: Paint): string[] {
  if (slos.length === 0) return [];
  const head: Cell[] = ['SLO', 'stage', ...runs.map((_, index) => labels[index] ?? '')].map((text) => ({
    text,
    tone: 'dim',
  }));
  const rows = slos.map(({ expr, stage, cells }): Cell[] => {
    const parsed = parseSloExpression(expr);
    return [
      { text: expr },
      { text: stage },
      ...cells.map((cell): Cell => {
        if (cell === null) return { text: '-', tone: 'dim' };
        const look = VERDICT_LOOK[cell.verdict];
        return { text: `${look.sign} ${cellText(cell, parsed.ok ? parsed.unit : null)}`, tone: look.tone };
      }),
    ];
  });
  return ['', paint('strong', 'SLOs'), ...columns([head, ...rows], paint).map((line) => `  ${line}`)];
}

/** The targets that nobody beats outright, and the choice under the SLOs. */
function choice(comparison: RunComparison, labels: readonly string[], context: SelectionContext): string[] {
  const { pareto, selection } = comparison;
  const name = candidateNames(comparison, labels);
  return [
    ...(pareto === undefined ? [] : frontLines(pareto, context, name)),
    ...(selection === undefined ? [] : choiceLines(selection, context, name)),
  ];
}

/** What must be known of each run, and where its definitions differ. */
function noteLines({ runs }: RunComparison, labels: readonly string[], paint: Paint, width: number): string[] {
  const lines: string[] = [];
  for (const [index, { caveats, notes }] of runs.entries()) {
    if (caveats.length + notes.length === 0) continue;
    lines.push('', paint('strong', `About ${labels[index] ?? ''}`));
    for (const text of caveats) lines.push(...sentences(text, width, (part) => paint('unsure', part)));
    for (const { metric, text } of notes) {
      const lead = metric === '*' ? '' : `* ${metric}: `;
      lines.push(...sentences(lead + text, width, (part) => paint('dim', part)));
    }
  }
  return lines;
}

function sentences(text: string, width: number, dress: (part: string) => string): string[] {
  return wrap(text, Math.max(20, width - 2)).map((line) => `  ${dress(line)}`);
}
