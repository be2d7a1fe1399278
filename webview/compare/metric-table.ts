/** Every metric of every contender, each with its interval and its difference to the reference, and who wins it. */
import type { CompareCell, ComparePanelState, CompareRow, CompareSection } from '../../src/protocol/compare-panel';
import { formatCount } from '../../src/protocol/format';
import type { ChartData } from '../charts/chart-data';
import { el, icon, setHidden, setText } from '../dom';
import { dropdown } from '../ui/controls';
import { GridKeys } from '../ui/grid-keys';
import type { Hovers } from '../ui/hover';
import { badge } from './badge';
import { contenderName, namesOf, type Named } from './contender-name';
import { beside, intervalText, pText, signedInterval, signedText, valueText } from './numbers';
import type { Post } from './post';
import { Drawn, type Section } from './section';
import { againstWord, BEST } from './words';

const TITLES: Record<CompareSection['kind'], string> = {
  quality: 'Quality',
  latency: 'Latency',
  rates: 'Rates',
  cost: 'Cost',
};

export class MetricTable implements Section {
  private readonly table = el('table', {
    class: 'compare-table',
    role: 'grid',
    aria: { label: 'Metrics of the contenders' },
  });
  private readonly scroller = el('div', { class: 'table-scroll' }, this.table);
  private readonly note = el('p', { class: 'caption muted' });
  private readonly none = el('p', { class: 'muted' }, 'Nothing was measured of any contender.');
  private readonly stages;
  private readonly choice: HTMLElement;
  private readonly keys = new GridKeys(this.table);
  private readonly drawn = new Drawn();
  private state: ComparePanelState | null = null;
  readonly element: HTMLElement;

  constructor(
    post: Post,
    private readonly hovers: Hovers,
  ) {
    this.stages = dropdown({ label: 'Stage', onChange: (stage) => post({ type: 'stage', stage }) });
    this.choice = el('span', { class: 'choice' }, el('span', { aria: { hidden: true } }, 'Stage'), this.stages.element);
    this.element = el(
      'section',
      { class: 'part', aria: { label: 'Metrics' } },
      el('div', { class: 'section-head' }, el('h2', {}, 'Metrics'), this.choice),
      this.scroller,
      this.none,
      this.note,
    );
  }

  render(state: ComparePanelState): void {
    this.state = state;
    const { sections, contenders, reference, stages, stage, metrics, tested } = state;
    setHidden(this.choice, stages.length < 2);
    this.stages.update(
      stages.map(({ name, load }) => ({
        value: name,
        label: load === '' || load === name ? name : `${name} – ${load}`,
      })),
      stage ?? '',
    );
    if (!this.drawn.changed(sections, contenders, reference, metrics, tested)) return;
    const rows = sections.flatMap((section) => section.rows);
    setHidden(this.none, rows.length > 0);
    setHidden(this.scroller, rows.length === 0);
    setText(this.note, methodText(state));
    const names = namesOf(state);
    this.table.style.setProperty('--contenders', String(contenders.length));
    const { focused } = this.keys;
    this.table.replaceChildren(this.head(state, names), ...sections.map((section) => this.body(section, state, names)));
    this.keys.update();
    if (focused) this.keys.refocus();
  }

  /** Every number of the table, for a file. */
  data(): ChartData {
    return this.state === null ? { columns: [], rows: [] } : tableData(this.state);
  }

  private head({ contenders, reference }: ComparePanelState, names: ReadonlyMap<string, Named>): HTMLElement {
    return el(
      'thead',
      {},
      el(
        'tr',
        {},
        el('th', { scope: 'col', class: 'first' }, 'Metric'),
        ...contenders.map(({ id }) => {
          const named = names.get(id);
          return el(
            'th',
            { scope: 'col' },
            named === undefined ? id : contenderName(named),
            id === reference ? el('span', { class: 'muted' }, ' reference') : null,
          );
        }),
      ),
    );
  }

  private body(
    { kind, note, rows }: CompareSection,
    state: ComparePanelState,
    names: ReadonlyMap<string, Named>,
  ): HTMLElement {
    const group = el(
      'tr',
      { class: 'group' },
      el('th', { scope: 'rowgroup', class: 'first' }, TITLES[kind]),
      el(
        'td',
        { colspan: Math.max(1, state.contenders.length) },
        [kind === 'latency' || kind === 'rates' ? stageText(state) : '', note ?? '']
          .filter((text) => text !== '')
          .join(' · '),
      ),
    );
    return el('tbody', {}, group, ...rows.map((row) => this.row(row, state, names)));
  }

  private row(row: CompareRow, state: ComparePanelState, names: ReadonlyMap<string, Named>): HTMLElement {
    const head = el(
      'th',
      { scope: 'row', class: 'first', tabindex: -1, data: { cell: '' } },
      el(
        'span',
        { class: 'metric-head' },
        el('span', { class: 'metric-name' }, row.label),
        el('span', { class: 'muted direction' }, row.better === 'lower' ? 'less is better' : 'more is better'),
      ),
      conclusionOf(row, names),
    );
    this.hovers.attach(head, () => metricLines(row, state));
    return el('tr', {}, head, ...row.cells.map((cell, i) => this.cell(cell, row, i, state)));
  }

  private cell(cell: CompareCell, row: CompareRow, at: number, state: ComparePanelState): HTMLElement {
    const { value, n, ci, notes } = cell;
    const contender = state.contenders[at];
    const wins = contender !== undefined && contender.id === row.winner;
    const facts: string[] = [];
    if (ci !== null && value !== null) facts.push(intervalText(ci, value, row.unit, state.confidence));
    if (n !== null) facts.push(`n ${formatCount(n)}`);
    const element = el(
      'td',
      { class: wins ? 'winner' : '', tabindex: -1, data: { cell: '' } },
      el(
        'span',
        { class: 'cell-value number' },
        valueText(value, row.unit),
        notes.length === 0
          ? null
          : el(
              'span',
              { class: 'note-mark' },
              icon('info'),
              el('span', { class: 'hidden-text' }, 'its definition differs'),
            ),
        wins ? badge(BEST, 'best') : null,
      ),
      facts.length === 0 ? null : el('span', { class: 'cell-line muted number' }, facts.join(' · ')),
      againstLine(cell, row),
      ...notes.map((note) => el('span', { class: 'cell-line cell-note muted' }, note)),
    );
    this.hovers.attach(element, () => cellLines(cell, row, contender?.label ?? '', state));
    return element;
  }
}

function stageText({ stage, stages }: ComparePanelState): string {
  const load = stages.find(({ name }) => name === stage)?.load;
  if (stage === null) return '';
  return load === undefined || load === '' || load === stage ? `of ${stage}` : `of ${stage}, ${load}`;
}

function conclusionOf(
  { winner, conclusion, cells }: CompareRow,
  names: ReadonlyMap<string, Named>,
): HTMLElement | null {
  if (cells.length < 2) return null;
  const named = winner === null ? undefined : names.get(winner);
  if (named === undefined) return el('span', { class: 'conclusion muted' }, icon('dash'), el('span', {}, conclusion));
  const text = conclusion === '' ? 'best' : conclusion;
  return el(
    'span',
    { class: 'conclusion' },
    icon(BEST.icon, `tone-${BEST.tone}`),
    el('span', {}, text.includes(named.label) ? text : `${named.label}: ${text}`),
  );
}

function againstLine({ against, value }: CompareCell, { unit }: CompareRow): HTMLElement | null {
  if (against === null) return null;
  const { icon: glyph, tone, word } = againstWord(against.verdict);
  return el(
    'span',
    { class: 'cell-line number against' },
    icon(glyph, `tone-${tone}`),
    el(
      'span',
      {},
      `${signedText(beside(against.difference, value), unit)} `,
      el('span', { class: against.verdict === 'better' || against.verdict === 'worse' ? 'strong' : 'muted' }, word),
    ),
  );
}

function metricLines(row: CompareRow, state: ComparePanelState): string[] {
  const definition = state.metrics[row.metric];
  return [
    row.label,
    definition === undefined ? '' : `Formula: ${definition.formula}`,
    definition?.meaning ?? '',
    row.better === 'lower' ? 'Less is better.' : 'More is better.',
    row.conclusion === '' ? '' : `Conclusion: ${row.conclusion}.`,
    methodText(state),
  ];
}

function cellLines(cell: CompareCell, row: CompareRow, label: string, state: ComparePanelState): string[] {
  const { value, n, ci, against, notes } = cell;
  const { unit } = row;
  const definition = state.metrics[row.metric];
  const reference = state.contenders.find(({ id }) => id === state.reference)?.label ?? '';
  const lines = [`${row.label} of ${label}: ${valueText(value, unit)}`];
  if (ci !== null && value !== null) lines.push(intervalText(ci, value, unit, state.confidence));
  lines.push(
    n === null ? (value === null ? 'Not measured.' : 'The sample is not known.') : `Sample: n ${formatCount(n)}`,
  );
  if (against !== null) {
    const parts = [`Difference to ${reference}: ${signedText(beside(against.difference, value), unit)}`];
    if (against.ci !== null) parts.push(`${levelText(state.confidence)} CI ${signedInterval(against.ci, unit)}`);
    lines.push(`${parts.join(', ')}.`);
    const word = againstWord(against.verdict).word;
    lines.push(
      against.pAdjusted === null
        ? `${word}${against.reason === undefined ? '' : `: ${against.reason}`}`
        : `${pText(against.pAdjusted)} after Holm's correction over ${formatCount(state.tested)} rows: ${word}`,
    );
  }
  if (definition !== undefined) lines.push(`Formula: ${definition.formula}`, definition.meaning);
  return [...lines, ...notes];
}

function methodText({ tested, reference, contenders, confidence }: ComparePanelState): string {
  const label = contenders.find(({ id }) => id === reference)?.label;
  if (label === undefined || contenders.length < 2) return '';
  return tested === 0
    ? `Differences are to ${label}; none of them could be tested.`
    : `Differences are to ${label}, intervals at ${levelText(confidence)}; p-values are adjusted over the ${formatCount(tested)} rows that were tested (Holm).`;
}

function levelText(confidence: number): string {
  return `${Number((confidence * 100).toPrecision(4))}%`;
}

/** A row for each number, as data frames take them. */
function tableData({ sections, contenders, reference, stage }: ComparePanelState): ChartData {
  return {
    columns: [
      ...['section', 'stage', 'metric', 'unit', 'better', 'contender', 'reference', 'value', 'ci_low', 'ci_high', 'n'],
      ...['difference', 'difference_ci_low', 'difference_ci_high', 'p_adjusted', 'verdict', 'winner'],
    ],
    rows: sections.flatMap(({ kind, rows }) =>
      rows.flatMap((row) =>
        row.cells.map(({ value, ci, n, against }, i) => [
          kind,
          kind === 'latency' || kind === 'rates' ? stage : null,
          row.stat === null ? row.metric : `${row.metric}.${row.stat}`,
          row.unit,
          row.better,
          contenders[i]?.label ?? '',
          contenders.find(({ id }) => id === reference)?.label ?? '',
          value,
          ci?.[0] ?? null,
          ci?.[1] ?? null,
          n,
          against?.difference ?? null,
          against?.ci?.[0] ?? null,
          against?.ci?.[1] ?? null,
          against?.pAdjusted ?? null,
          against?.verdict ?? null,
          contenders.find(({ id }) => id === row.winner)?.label ?? null,
        ]),
      ),
    ),
  };
}
