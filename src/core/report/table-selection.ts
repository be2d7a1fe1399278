/** Of a run that selects: the targets that nobody beats outright, and what choosing under the SLOs costs. */
import type { ParetoResult, SelectionResult } from '../../protocol/run-json';
import { choiceSentence } from '../compare/constraint';
import { axisInfo } from '../compare/pareto-values';
import { formatValue } from '../metrics/format';
import { columns, type Cell } from './columns';
import { INDENT, sentence } from './sentence';
import type { TableContext } from './table';

export function selectionLines({ run, paint, width }: TableContext): string[] {
  if (run.purpose !== 'selection') return [];
  const { pareto, selection } = run.comparison ?? {};
  const context = { paint, width };
  return [
    ...(pareto === undefined ? [] : frontLines(pareto, context)),
    ...(selection === undefined ? [] : choiceLines(selection, context)),
  ];
}

export type SelectionContext = Pick<TableContext, 'paint' | 'width'>;
type Naming = (id: string) => string;

/** @param name how a target is called */
export function frontLines(pareto: ParetoResult, { paint }: SelectionContext, name: Naming = (id) => id): string[] {
  const { axes, stage, points, front, dominated, left_out: leftOut = [] } = pareto;
  const place = stage === undefined ? '' : `  ${paint('dim', stage)}`;
  const head: Cell[] = ['', ...axes, ''].map((text) => ({ text, tone: 'dim', align: 'right' }));
  const rows = points.map(({ id, values }): Cell[] => {
    const by = dominated.find((each) => each.id === id)?.by;
    const reason = leftOut.find((each) => each.id === id)?.reason;
    const isFront = front.includes(id);
    const tone = isFront ? 'plain' : 'dim';
    return [
      { text: name(id), tone: isFront ? 'strong' : 'dim' },
      ...values.map((value, index): Cell => {
        const unit = axisInfo(axes[index] ?? '')?.unit ?? 'count';
        return { text: value === null ? '-' : formatValue(value, unit), align: 'right', tone };
      }),
      {
        text: isFront
          ? 'on the front'
          : by === undefined
            ? `left out: ${reason ?? 'unknown'}`
            : `dominated by ${name(by)}`,
        tone: isFront ? 'good' : 'dim',
      },
    ];
  });
  return ['', `${paint('strong', 'Front')}${place}`, ...columns([head, ...rows], paint).map((line) => INDENT + line)];
}

export function choiceLines(
  selection: SelectionResult,
  context: SelectionContext,
  name: Naming = (id) => id,
): string[] {
  const { paint } = context;
  const lines = ['', paint('strong', 'Choice')];
  lines.push(...sentence(`subject to ${selection.subject_to.join(', ')}`, context, 'dim'));
  for (const { id, sure } of selection.fitting) {
    lines.push(
      ...sentence(`✓ ${name(id)} meets all of them${sure ? '' : ', not all with high confidence'}`, context, 'good'),
    );
  }
  for (const { id, reasons } of selection.rejected) {
    lines.push(...sentence(`✗ ${name(id)} ${reasons.join(', ')}`, context, 'bad'));
  }
  if (selection.fitting.length === 0) {
    lines.push(...sentence('No target meets every limit: relax one, or bring another target.', context, 'unsure'));
  }
  for (const choice of selection.choices)
    lines.push(...sentence(choiceSentence(choice, selection, name), context, 'plain'));
  return lines;
}
