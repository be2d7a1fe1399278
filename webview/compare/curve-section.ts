/** Latency against rate of each contender: where its curve crosses the SLO, and what a good request costs there. */
import type { ComparePanelState } from '../../src/protocol/compare-panel';
import { formatValue } from '../../src/protocol/format';
import type { CurvePoint, CurveResult } from '../../src/protocol/run-json';
import type { ChartData, FileKind } from '../charts/chart-data';
import { ChartFrame } from '../charts/chart-frame';
import { CurvesChart } from '../charts/curves-chart';
import type { Palette } from '../charts/palette';
import { PointButtons } from '../charts/point-buttons';
import { el, setHidden } from '../dom';
import { dropdown } from '../ui/controls';
import type { Hovers } from '../ui/hover';
import { verdictWord } from '../words';
import { badge } from './badge';
import { labelOf, nameById, namesOf, type Named } from './contender-name';
import { limitOf } from './limit-of';
import { Drawn, type ChartSection } from './section';
import { unitOf } from './slo-matrix';

interface Curve {
  id: string;
  curve: CurveResult;
  /** By rate. */
  points: CurvePoint[];
}

/** Stands for what was completed, where no SLO is chosen. */
const COMPLETED = 'completed';

export class CurveSection implements ChartSection {
  readonly frame: ChartFrame;
  private readonly stageChoice = dropdown({
    label: 'Stage of the curves',
    onChange: (value) => this.choose({ stage: value }),
  });
  private readonly exprChoice = dropdown({
    label: 'SLO of the curves',
    onChange: (value) => this.choose({ expr: value }),
  });
  private readonly stageField = el(
    'span',
    { class: 'choice' },
    el('span', { aria: { hidden: true } }, 'Stage'),
    this.stageChoice.element,
  );
  private readonly exprField = el(
    'span',
    { class: 'choice' },
    el('span', { aria: { hidden: true } }, 'SLO'),
    this.exprChoice.element,
  );
  private readonly results = el('ul', { class: 'fitting', aria: { label: 'Highest rates' } });
  private readonly buttons: PointButtons;
  private readonly drawn = new Drawn();
  private chart: CurvesChart | null = null;
  private state: ComparePanelState | null = null;
  private chosen: { stage: string | null; expr: string | null } = { stage: null, expr: null };
  private curves: Curve[] = [];
  private expr = COMPLETED;

  constructor(
    private palette: Palette,
    hovers: Hovers,
    private readonly actions: { toggle: () => void; save: (kind: FileKind, chart: ChartFrame) => void },
  ) {
    this.frame = new ChartFrame({
      title: 'Capacity',
      legend: [],
      columns: [
        { label: 'Contender', numeric: false },
        { label: 'Offered', numeric: true },
        { label: 'Value', numeric: true },
        { label: 'Completed', numeric: true },
        { label: 'Good', numeric: true },
        { label: 'Verdict', numeric: true },
      ],
      onToggle: () => {
        this.drawn.forget();
        actions.toggle();
      },
      onSave: actions.save,
      data: () => this.data(),
    });
    this.buttons = new PointButtons('Steps of the curves: arrow keys move between them', {
      made: (id, button) => hovers.attach(button, () => this.lines(id)),
      press: () => undefined,
    });
    const { element, plot } = this.frame;
    element.insertBefore(el('div', { class: 'choices' }, this.stageField, this.exprField), element.children[1] ?? null);
    element.insertBefore(this.results, element.children[1] ?? null);
    plot.append(this.buttons.element);
    plot.classList.add('pointing');
  }

  get element(): HTMLElement {
    return this.frame.element;
  }

  setPalette(palette: Palette): void {
    this.palette = palette;
    this.chart?.setPalette(palette);
  }

  render(state: ComparePanelState): void {
    const { curves, contenders, metrics } = state;
    this.state = state;
    setHidden(this.element, curves.length === 0);
    if (curves.length === 0 || !this.drawn.changed(curves, contenders, metrics, this.chosen)) return;
    const stages = [...new Set(curves.map(({ curve }) => curve.stage))];
    const stage = stages.find((name) => name === this.chosen.stage) ?? stages[0] ?? '';
    this.curves = curves
      .filter(({ curve }) => curve.stage === stage)
      .map(({ id, curve }) => ({ id, curve, points: [...curve.points].sort((a, b) => xOf(a) - xOf(b)) }));
    const exprs = [
      ...new Set(this.curves.flatMap(({ points }) => points.flatMap(({ values }) => Object.keys(values)))),
    ];
    this.expr = exprs.find((expr) => expr === this.chosen.expr) ?? binding(this.curves, exprs);
    setHidden(this.stageField, stages.length < 2);
    this.stageChoice.update(
      stages.map((name) => ({ value: name, label: name })),
      stage,
    );
    this.exprChoice.update(
      [...exprs.map((expr) => ({ value: expr, label: expr })), { value: COMPLETED, label: 'Completed rate' }],
      this.expr,
    );
    const names = namesOf(state);
    this.frame.setLegend([
      ...this.curves.flatMap(({ id }) => {
        const named = names.get(id);
        return named === undefined ? [] : [{ swatch: '', label: named.label, look: named.look }];
      }),
      { swatch: 'swatch-hollow', label: 'hollow: an SLO is missed' },
      { swatch: 'swatch-rate', label: 'highest rate that meets them all' },
      ...(limitOf(this.expr) === null ? [] : [{ swatch: 'swatch-limit', label: 'SLO' }]),
    ]);
    this.results.replaceChildren(...[...this.curves].sort(byRate).map(({ id, curve }) => resultLine(id, curve, names)));
    this.frame.setRows(this.rows(names));
    if (!this.frame.tableShown) this.draw(names);
    const above = this.frame.tableShown ? 0 : (this.chart?.beyondAxis ?? 0);
    this.frame.describe({
      summary: this.summary(names),
      note: this.curves.some(({ points }) => points.length > 0) ? '' : 'No step has ended.',
      caption: [
        `${this.subject()} against the offered rate`,
        above > 0 ? `${above} above the axis, drawn at its edge` : '',
      ]
        .filter((part) => part !== '')
        .join(' · '),
    });
  }

  private choose(change: { stage?: string; expr?: string }): void {
    this.chosen = { ...this.chosen, ...change };
    this.actions.toggle();
  }

  private subject(): string {
    return this.expr === COMPLETED ? 'Completed rate' : (this.expr.split(/\s/)[0] ?? this.expr);
  }

  private draw(names: ReadonlyMap<string, Named>): void {
    this.chart ??= new CurvesChart(
      this.frame.canvas,
      { rate: (value) => formatValue(Number(value.toPrecision(6)), '1/s'), value: (value) => this.valueText(value) },
      this.palette,
      (places) => this.buttons.place(places),
    );
    const limit = limitOf(this.expr);
    this.buttons.update(
      this.curves.flatMap(({ id, points }) =>
        points.map((_, i) => ({ id: `${id}\n${i}`, label: this.lines(`${id}\n${i}`).join('. ') })),
      ),
    );
    this.chart.draw({
      series: this.curves.flatMap(({ id, curve, points }) => {
        const look = names.get(id)?.look;
        if (look === undefined) return [];
        return [
          {
            id,
            look,
            marks: points.map((point) => ({ x: xOf(point), y: this.valueOf(point), met: point.verdict === 'pass' })),
            best: curve.rate,
          },
        ];
      }),
      limit: limit === null ? null : { value: limit, label: this.expr },
    });
  }

  private valueOf(point: CurvePoint): number | null {
    return this.expr === COMPLETED ? point.rps : (point.values[this.expr] ?? null);
  }

  private valueText(value: number | null): string {
    if (value === null) return '–';
    const unit = this.expr === COMPLETED || this.state === null ? '1/s' : unitOf(this.expr, this.state);
    return formatValue(Number(value.toPrecision(6)), unit);
  }

  private lines(key: string): string[] {
    const [id = '', index = '-1'] = key.split('\n');
    const point = this.curves.find((each) => each.id === id)?.points[Number(index)];
    if (point === undefined || this.state === null) return [];
    return [
      `${labelOf(namesOf(this.state), id)} at ${formatValue(xOf(point), '1/s')}`,
      `${this.subject()}: ${this.valueText(this.valueOf(point))}`,
      `Completed: ${formatValue(point.rps, '1/s')}`,
      point.goodput === null ? '' : `Good: ${formatValue(point.goodput, '1/s')}`,
      verdictWord(point.verdict).word,
    ].filter((line) => line !== '');
  }

  private rows(names: ReadonlyMap<string, Named>): string[][] {
    return this.curves.flatMap(({ id, points }) =>
      points.map((point) => [
        labelOf(names, id),
        formatValue(xOf(point), '1/s'),
        this.valueText(this.valueOf(point)),
        formatValue(point.rps, '1/s'),
        point.goodput === null ? '–' : formatValue(point.goodput, '1/s'),
        verdictWord(point.verdict).word,
      ]),
    );
  }

  private summary(names: ReadonlyMap<string, Named>): string {
    const rates = this.curves.map(({ id, curve }) =>
      curve.rate === null
        ? `${labelOf(names, id)}: no rate is known to meet the SLOs`
        : `${labelOf(names, id)}: up to ${formatValue(curve.rate, '1/s')}`,
    );
    return `${this.subject()} against the offered rate. ${rates.join('; ')}.`;
  }

  private data(): ChartData {
    const exprs = [
      ...new Set(this.curves.flatMap(({ points }) => points.flatMap(({ values }) => Object.keys(values)))),
    ];
    const label = (id: string) => this.state?.contenders.find((each) => each.id === id)?.label ?? id;
    return {
      columns: ['contender', 'step', 'offered_rps', 'completed_rps', 'good_rps', 'verdict', ...exprs],
      rows: this.curves.flatMap(({ id, points }) =>
        points.map(({ stage, rate, rps, goodput, verdict, values }) => [
          ...[label(id), stage, rate, rps, goodput, verdict],
          ...exprs.map((expr) => values[expr] ?? null),
        ]),
      ),
    };
  }
}

/** Where a step stands along the axis of rates; a closed loop offers what is completed. */
function xOf({ rate, rps }: CurvePoint): number {
  return rate ?? rps;
}

function byRate(a: Curve, b: Curve): number {
  return (b.curve.rate ?? -1) - (a.curve.rate ?? -1);
}

/** The SLO that ends a curve first; without a miss the first one in ms. */
function binding(curves: readonly Curve[], exprs: readonly string[]): string {
  for (const { points } of curves)
    for (const { verdict, values } of points) {
      if (verdict !== 'fail') continue;
      const missed = exprs.find((expr) => misses(expr, values[expr] ?? null));
      if (missed !== undefined) return missed;
    }
  return exprs.find((expr) => /ms\b|\ds\b/.test(expr)) ?? exprs[0] ?? COMPLETED;
}

function misses(expr: string, value: number | null): boolean {
  const limit = limitOf(expr);
  if (value === null || limit === null) return false;
  return /[>≥]/.test(expr) ? value < limit : value > limit;
}

function resultLine(id: string, curve: CurveResult, names: ReadonlyMap<string, Named>): HTMLElement {
  const facts: string[] = [];
  if (curve.rate !== null) facts.push(`up to ${formatValue(curve.rate, '1/s')}`);
  if (curve.cost_per_good !== null) facts.push(`${formatValue(curve.cost_per_good, 'USD')} a good request there`);
  if (curve.confidence === 'low') facts.push('low confidence');
  return el(
    'li',
    { title: curve.conclusion },
    badge(verdictWord(curve.verdict), 'fit-word'),
    nameById(names, id),
    el('span', { class: 'number' }, facts.length === 0 || curve.rate === null ? curve.conclusion : facts.join(' · ')),
  );
}
