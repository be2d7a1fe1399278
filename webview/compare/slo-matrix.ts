/** Every SLO against every contender: who keeps it, by how much that is sure. */
import type { ComparePanelState, CompareSloRow } from '../../src/protocol/compare-panel';
import type { SloCell } from '../../src/protocol/run-comparison';
import { formatValue } from '../../src/protocol/format';
import type { Unit } from '../../src/protocol/plan';
import { el, setHidden, setText } from '../dom';
import { GridKeys } from '../ui/grid-keys';
import type { Hovers } from '../ui/hover';
import { verdictWord } from '../words';
import { badge } from './badge';
import { contenderName, namesOf } from './contender-name';
import { Drawn, type Section } from './section';

export class SloMatrix implements Section {
  private readonly table = el('table', {
    class: 'compare-table',
    role: 'grid',
    aria: { label: 'SLOs of the contenders' },
  });
  private readonly summary = el('p', { class: 'muted' });
  private readonly keys = new GridKeys(this.table);
  private readonly drawn = new Drawn();
  readonly element = el(
    'section',
    { class: 'part', aria: { label: 'Service level objectives' } },
    el('div', { class: 'section-head' }, el('h2', {}, 'Service level objectives'), this.summary),
    el('div', { class: 'table-scroll' }, this.table),
  );

  constructor(private readonly hovers: Hovers) {}

  render(state: ComparePanelState): void {
    const { slos, contenders, metrics } = state;
    setHidden(this.element, slos.length === 0);
    if (!this.drawn.changed(slos, contenders, metrics)) return;
    setText(this.summary, summaryOf(state));
    const names = namesOf(state);
    this.table.style.setProperty('--contenders', String(contenders.length));
    const { focused } = this.keys;
    this.table.replaceChildren(
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          el('th', { scope: 'col', class: 'first' }, 'SLO'),
          ...contenders.map(({ id }) => {
            const named = names.get(id);
            return el('th', { scope: 'col' }, named === undefined ? id : contenderName(named));
          }),
        ),
      ),
      el('tbody', {}, ...slos.map((row) => this.row(row, state))),
    );
    this.keys.update();
    if (focused) this.keys.refocus();
  }

  private row(row: CompareSloRow, state: ComparePanelState): HTMLElement {
    const unit = unitOf(row.expr, state);
    const head = el(
      'th',
      { scope: 'row', class: 'first', tabindex: -1, data: { cell: '' } },
      el('code', {}, row.expr),
      el('span', { class: 'muted cell-line' }, row.stage === '' ? 'the cases' : row.stage),
    );
    const definition = state.metrics[metricOf(row.expr, state)];
    this.hovers.attach(head, () => [
      row.expr,
      definition === undefined ? '' : `Formula: ${definition.formula}`,
      definition?.meaning ?? '',
    ]);
    return el(
      'tr',
      {},
      head,
      ...row.cells.map((cell, i) => {
        const element = el('td', { tabindex: -1, data: { cell: '' } }, ...contentOf(cell, unit));
        this.hovers.attach(element, () => linesOf(cell, row, state.contenders[i]?.label ?? '', unit));
        return element;
      }),
    );
  }
}

function contentOf(cell: SloCell | null, unit: Unit): HTMLElement[] {
  if (cell === null) return [el('span', { class: 'muted' }, 'not judged')];
  const doubts = doubtsOf(cell);
  return [
    el(
      'span',
      { class: 'slo-cell' },
      badge(verdictWord(cell.verdict)),
      el('span', { class: 'number' }, cell.value === null ? 'no sample' : formatValue(cell.value, unit)),
    ),
    ...(doubts.length === 0 ? [] : [el('span', { class: 'cell-line muted' }, doubts.join(' · '))]),
  ];
}

function doubtsOf({ confidence, foreign }: SloCell): string[] {
  const doubts: string[] = [];
  if (confidence === 'low') doubts.push('low confidence');
  if (foreign === true) doubts.push('by its own definition');
  return doubts;
}

function linesOf(cell: SloCell | null, { expr, stage }: CompareSloRow, label: string, unit: Unit): string[] {
  if (cell === null) return [`${expr} of ${label}`, 'Its run says nothing about this.'];
  const { value, verdict, confidence, foreign } = cell;
  return [
    `${expr} of ${label}: ${verdictWord(verdict).word.toLowerCase()}`,
    value === null ? 'No sample.' : `Measured: ${formatValue(value, unit)}${stage === '' ? '' : `, in ${stage}`}`,
    confidence === 'low' ? 'Few samples carry the verdict: it may turn out otherwise the next time.' : '',
    foreign === true ? 'Judged from a value of another tool, by its definition.' : '',
  ];
}

function summaryOf({ slos, contenders }: ComparePanelState): string {
  const keeping = contenders.filter((_, i) => {
    const cells = slos.flatMap(({ cells: row }) => row[i] ?? []);
    return cells.length > 0 && cells.every(({ verdict }) => verdict === 'pass');
  });
  if (keeping.length === 0) return 'No contender keeps all of them.';
  return keeping.length === contenders.length
    ? 'Every contender keeps all of them.'
    : `All of them are kept by ${keeping.map(({ label }) => label).join(', ')}.`;
}

/** The metric that an expression is about: all of its subject, or its subject without a statistic. */
function metricOf(expr: string, { metrics }: ComparePanelState): string {
  const subject = /^[^\s<>=]+/.exec(expr)?.[0] ?? expr;
  if (metrics[subject] !== undefined) return subject;
  return /^(.+?)\.(?:mean|min|max|stdev|p\d+(?:\.\d+)?)$/.exec(subject)?.[1] ?? subject;
}

/** Where the extension sent no definition the names of metrics still say it. */
export function unitOf(expr: string, state: ComparePanelState): Unit {
  const metric = metricOf(expr, state);
  const known = state.metrics[metric]?.unit;
  if (known !== undefined) return known;
  if (metric.startsWith('cost')) return 'USD';
  if (metric.startsWith('quality.') || /_(?:rate|ratio)$/.test(metric)) return 'ratio';
  if (metric.endsWith('_tps')) return 'tokens/s';
  return metric.endsWith('rps') || metric === 'goodput' ? '1/s' : 'ms';
}
