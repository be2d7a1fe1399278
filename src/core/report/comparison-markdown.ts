/** Runs side by side for a comment on a pull request. */
import type { ComparedPair, RunComparison } from '../../protocol/run-comparison';
import { parseSloExpression } from '../metrics/slo';
import { choiceSentence } from '../compare/constraint';
import { axisInfo } from '../compare/pareto-values';
import { formatValue } from '../metrics/format';
import {
  candidateNames,
  cellText,
  differenceText,
  intervalText,
  labelsOf,
  methodText,
  pText,
  rowName,
  sampleText,
  sectionTitle,
  valueText,
  winnerText,
} from './comparison-text';
import { codeCell, codeSpan } from './escape-markdown';
import { levelOf } from './points';
import { VERDICT_LOOK } from './style';

export function renderComparisonMarkdown(comparison: RunComparison): string {
  const labels = labelsOf(comparison);
  const { runs, pairs, slos } = comparison;
  const sections = [
    '### Promptrig: runs side by side\n',
    table(
      ['', 'run', 'name', 'started', 'verdict'],
      runs.map(({ id, tool, name, started_at: started, verdict }, index) => [
        `**${labels[index] ?? ''}**`,
        codeCell(id),
        `${codeCell(name)}${tool === 'promptrig' ? '' : ` (${tool})`}`,
        started === null ? '' : codeCell(started),
        verdict === null ? '' : `${VERDICT_LOOK[verdict].sign} ${VERDICT_LOOK[verdict].word}`,
      ]),
    ),
    ...pairs.flatMap((pair) => pairSections(comparison, pair, labels)),
  ];
  if (pairs.length === 0) sections.push('The runs have no target in common.\n');
  if (slos.length > 0) {
    const rows = slos.map(({ expr, stage, cells }) => {
      const parsed = parseSloExpression(expr);
      return [
        codeCell(expr),
        codeCell(stage),
        ...cells.map((cell) =>
          cell === null
            ? ''
            : `${VERDICT_LOOK[cell.verdict].sign} ${cellText(cell, parsed.ok ? parsed.unit : null).replace('$', '\\$')}`,
        ),
      ];
    });
    sections.push(table(['SLO', 'stage', ...labels], rows));
  }
  sections.push(...choiceSections(comparison, labels));
  const notes = runs.flatMap(({ caveats, notes: own }, index) => [
    ...caveats.map((text) => `- ⚠️ **${labels[index] ?? ''}**: ${codeSpan(text)}`),
    ...own.map(
      ({ metric, text }) =>
        `- **${labels[index] ?? ''}**${metric === '*' ? '' : ` ${codeSpan(metric)}`}: ${codeSpan(text)}`,
    ),
  ]);
  if (notes.length > 0) {
    sections.push(`<details><summary>About the runs</summary>\n\n${notes.join('\n')}\n\n</details>\n`);
  }
  sections.push(`${methodText(comparison, levelOf(comparison.confidence))}\n`);
  return sections.join('\n');
}

function pairSections({ confidence }: RunComparison, pair: ComparedPair, labels: readonly string[]): string[] {
  const [first = '', second = ''] = [labels[0], labels[pair.run]];
  const targets =
    pair.first === pair.second ? codeSpan(pair.first) : `${codeSpan(pair.first)} / ${codeSpan(pair.second)}`;
  const sections = [`#### ${second} against ${first}: ${targets}\n`];
  if (pair.caveats.length > 0) sections.push(`${pair.caveats.map((text) => `- ⚠️ ${codeSpan(text)}`).join('\n')}\n`);
  const rows = pair.sections.flatMap((section) =>
    section.rows.map((row, index) => [
      index === 0 ? codeCell(sectionTitle(section)) : '',
      codeCell(rowName(row)),
      valueText(row.first, row).replace('$', '\\$'),
      valueText(row.second, row).replace('$', '\\$'),
      differenceText(row).replace('$', '\\$'),
      intervalText(row),
      pText(row).replace('<', '&lt;'),
      sampleText(row),
      row.verdict === 'first better' || row.verdict === 'second better'
        ? `**${winnerText(row, [first, second])}**`
        : row.verdict,
    ]),
  );
  sections.push(
    table(
      ['', 'metric', first, second, `${second} less ${first}`, `${levelOf(confidence)} CI`, 'p', 'n', 'better'],
      rows,
    ),
  );
  return sections;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return `${[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')}\n`;
}

/** The targets that nobody beats outright, and the choice under the SLOs. */
function choiceSections(comparison: RunComparison, labels: readonly string[]): string[] {
  const { pareto, selection } = comparison;
  const name = candidateNames(comparison, labels);
  const sections: string[] = [];
  if (pareto !== undefined) {
    const { axes, points, front, dominated } = pareto;
    const rows = points.map(({ id, values }) => {
      const by = dominated.find((one) => one.id === id)?.by;
      const place = front.includes(id) ? 'on the front' : by === undefined ? '' : `dominated by ${name(by)}`;
      const shown = values.map((value, index) =>
        value === null ? '' : codeCell(formatValue(value, axisInfo(axes[index] ?? '')?.unit ?? 'count')),
      );
      return [codeCell(name(id)), ...shown, codeCell(place)];
    });
    sections.push(table(['front', ...axes.map((axis) => codeCell(axis)), ''], rows));
  }
  if (selection !== undefined) {
    const lines = selection.choices.map((choice) => `- ${codeSpan(choiceSentence(choice, selection, name))}`);
    sections.push(
      `Subject to ${selection.subject_to.map((expr) => codeSpan(expr)).join(', ')}:\n\n${lines.join('\n')}\n`,
    );
  }
  return sections;
}
