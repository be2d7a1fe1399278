/** Two metrics against each other: who is beaten by nobody, who is beaten by whom, and where the limits lie. */
import type { CompareAxis, CompareFront, ComparePanelState } from '../../src/protocol/compare-panel';
import { formatInterval, formatValue } from '../../src/protocol/format';
import type { ChartData, FileKind } from '../charts/chart-data';
import { ChartFrame } from '../charts/chart-frame';
import type { Palette } from '../charts/palette';
import { PointButtons } from '../charts/point-buttons';
import { ScatterChart, type ScatterLimit, type ScatterPoint } from '../charts/scatter-chart';
import { el, setHidden, setText } from '../dom';
import { dropdown } from '../ui/controls';
import type { Hovers } from '../ui/hover';
import { labelOf, namesOf, type Named } from './contender-name';
import { valueText } from './numbers';
import type { Post } from './post';
import { Drawn, type ChartSection } from './section';

export class Front implements ChartSection {
  readonly frame: ChartFrame;
  private readonly xAxis;
  private readonly yAxis;
  private readonly across = el('p', { class: 'axis-name axis-x muted' });
  private readonly upward = el('p', { class: 'axis-name axis-y muted' });
  private readonly leftOut = el('ul', { class: 'left-out muted' });
  private readonly buttons: PointButtons;
  private readonly drawn = new Drawn();
  private chart: ScatterChart | null = null;
  private state: ComparePanelState | null = null;

  constructor(
    private palette: Palette,
    hovers: Hovers,
    private readonly post: Post,
    actions: { toggle: () => void; save: (kind: FileKind, chart: ChartFrame) => void },
  ) {
    this.frame = new ChartFrame({
      title: 'Trade-off',
      legend: [],
      columns: [],
      onToggle: () => {
        this.drawn.forget();
        actions.toggle();
      },
      onSave: actions.save,
      data: () => this.data(),
    });
    this.xAxis = dropdown({ label: 'Across', onChange: (x) => this.ask({ x }) });
    this.yAxis = dropdown({ label: 'Upwards', onChange: (y) => this.ask({ y }) });
    this.buttons = new PointButtons('Contenders: arrow keys move between them, Enter opens the run of one', {
      made: (id, button) => hovers.attach(button, () => this.lines(id)),
      press: (id) => post({ type: 'open-run', id }),
    });
    const { element, plot } = this.frame;
    const choices = el(
      'div',
      { class: 'choices' },
      el('span', { class: 'choice' }, el('span', { aria: { hidden: true } }, 'Upwards'), this.yAxis.element),
      el('span', { class: 'choice' }, el('span', { aria: { hidden: true } }, 'Across'), this.xAxis.element),
    );
    element.insertBefore(choices, element.children[1] ?? null);
    element.insertBefore(this.upward, plot);
    plot.after(this.across);
    element.append(this.leftOut);
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
    const { pareto, axes, contenders } = state;
    this.state = state;
    setHidden(this.element, pareto === null || axes.length < 2);
    if (pareto === null || axes.length < 2) return;
    if (!this.drawn.changed(pareto, axes, contenders)) return;
    const options = axes.map(({ axis, label }) => ({ value: axis, label }));
    this.xAxis.update(options, pareto.x);
    this.yAxis.update(options, pareto.y);
    const [x, y] = [axisNamed(axes, pareto.x), axisNamed(axes, pareto.y)];
    const names = namesOf(state);
    const points = pointsOf(pareto, names);
    const table = this.frame.tableShown;
    setText(this.across, `${x.label}: ${directionOf(x, 'across')}`);
    setText(this.upward, `${y.label}: ${directionOf(y, 'upward')}`);
    for (const name of [this.across, this.upward]) setHidden(name, table);
    this.frame.setLegend([
      ...[...names.values()].map(({ label, look }) => ({ swatch: '', label, look })),
      { swatch: 'swatch-front', label: 'front: beaten by none' },
      ...(pareto.dominated.length > 0 ? [{ swatch: 'swatch-hollow', label: 'hollow: beaten by another' }] : []),
      ...(pareto.limits.length > 0 ? [{ swatch: 'swatch-limit', label: 'SLO, its missed side shaded' }] : []),
    ]);
    this.frame.setColumns([
      { label: 'Contender', numeric: false },
      { label: y.label, numeric: true },
      { label: x.label, numeric: true },
      { label: 'On the front', numeric: true },
    ]);
    this.frame.setRows(rowsOf(pareto, x, y, names));
    if (!table) this.draw(pareto, x, y, points);
    this.frame.describe({
      summary: summaryOf(pareto, x, y, names),
      note: points.length > 0 ? '' : 'No contender has a value on both axes.',
      caption: captionOf(x, y),
    });
    setHidden(this.leftOut, pareto.leftOut.length === 0);
    this.leftOut.replaceChildren(
      ...pareto.leftOut.map(({ id, reason }) => el('li', {}, `${labelOf(names, id)} is left out: ${reason}`)),
    );
  }

  private ask(change: { x?: string; y?: string }): void {
    const pareto = this.state?.pareto;
    if (pareto == null) return;
    this.post({ type: 'axes', x: pareto.x, y: pareto.y, ...change });
  }

  private draw(pareto: CompareFront, x: CompareAxis, y: CompareAxis, points: ScatterPoint[]): void {
    // Made on first use: a chart that starts without a size would never lay itself out.
    this.chart ??= new ScatterChart(
      this.frame.canvas,
      { x: (value) => this.tick('x', value), y: (value) => this.tick('y', value) },
      this.palette,
      (places) => this.buttons.place(places),
    );
    this.buttons.update(points.map(({ id }) => ({ id, label: this.lines(id).join('. ') })));
    this.chart.draw({
      points,
      front: pareto.front,
      lower: { x: x.better === 'lower', y: y.better === 'lower' },
      limits: pareto.limits.flatMap((limit): ScatterLimit[] => {
        const axis = limit.axis === pareto.x ? 'x' : limit.axis === pareto.y ? 'y' : null;
        if (axis === null) return [];
        const minimum =
          /[>≥]/.test(limit.expr) || (!/[<≤]/.test(limit.expr) && axisNamed([x, y], limit.axis).better === 'higher');
        return [{ axis, value: limit.value, bad: minimum ? 'below' : 'above', label: limit.expr }];
      }),
      share: { x: x.unit === 'ratio', y: y.unit === 'ratio' },
    });
  }

  private tick(which: 'x' | 'y', value: number): string {
    const { state } = this;
    const axis = state?.pareto == null ? undefined : state.axes.find((each) => each.axis === state.pareto?.[which]);
    if (axis?.unit === 'ratio' && value > 1 + 1e-9) return '';
    return formatValue(Number(value.toPrecision(6)), axis?.unit ?? 'count');
  }

  private lines(id: string): string[] {
    const { state } = this;
    const point = state?.pareto?.points.find((each) => each.id === id);
    if (state?.pareto == null || point === undefined) return [];
    const names = namesOf(state);
    const [x, y] = [axisNamed(state.axes, state.pareto.x), axisNamed(state.axes, state.pareto.y)];
    return [
      labelOf(names, id),
      `${y.label}: ${measured(point.y, point.yCi, y, state.confidence)}`,
      `${x.label}: ${measured(point.x, point.xCi, x, state.confidence)}`,
      standing(state.pareto, id, names),
    ];
  }

  private data(): ChartData {
    const { pareto, contenders = [] } = this.state ?? {};
    if (pareto == null) return { columns: [], rows: [] };
    const label = (id: string) => contenders.find((each) => each.id === id)?.label ?? id;
    return {
      columns: [
        'contender',
        pareto.x,
        `${pareto.x}_low`,
        `${pareto.x}_high`,
        pareto.y,
        `${pareto.y}_low`,
        `${pareto.y}_high`,
        'front',
        'dominated_by',
      ],
      rows: pareto.points.map(({ id, x, y, xCi, yCi }) => {
        const by = pareto.dominated.find((each) => each.id === id)?.by;
        return [
          ...[label(id), x, xCi?.[0] ?? null, xCi?.[1] ?? null, y, yCi?.[0] ?? null, yCi?.[1] ?? null],
          pareto.front.includes(id),
          by === undefined ? null : label(by),
        ];
      }),
    };
  }
}

function axisNamed(axes: readonly CompareAxis[], name: string): CompareAxis {
  return axes.find(({ axis }) => axis === name) ?? { axis: name, label: name, unit: 'count', better: 'lower' };
}

/** Which way is better, as a word and an arrow. */
function directionOf({ better }: CompareAxis, way: 'across' | 'upward'): string {
  if (way === 'across') return better === 'lower' ? '← less is better' : 'more is better →';
  return better === 'lower' ? '↓ less is better' : '↑ more is better';
}

function pointsOf({ points, dominated }: CompareFront, names: ReadonlyMap<string, Named>): ScatterPoint[] {
  return points.flatMap(({ id, x, y, xCi, yCi }) => {
    const look = names.get(id)?.look;
    if (look === undefined || x === null || y === null) return [];
    return [{ id, look, x, y, xCi, yCi, dominated: dominated.some((each) => each.id === id) }];
  });
}

function measured(
  value: number | null,
  ci: [number, number] | null,
  { unit }: CompareAxis,
  confidence: number,
): string {
  if (value === null) return 'not measured';
  const interval = ci === null ? '' : `, ${formatValue(confidence, 'ratio')} CI ${formatInterval(ci, value, unit)}`;
  return `${formatValue(value, unit)}${interval}`;
}

function standing({ front, dominated, leftOut }: CompareFront, id: string, names: ReadonlyMap<string, Named>): string {
  const by = dominated.find((each) => each.id === id)?.by;
  if (by !== undefined) return `Dominated by ${labelOf(names, by)}`;
  if (front.includes(id)) return 'On the front: beaten by none';
  return leftOut.find((each) => each.id === id)?.reason ?? '';
}

function rowsOf(pareto: CompareFront, x: CompareAxis, y: CompareAxis, names: ReadonlyMap<string, Named>): string[][] {
  const withCi = (value: number | null, ci: [number, number] | null, { unit }: CompareAxis) =>
    value !== null && ci !== null
      ? `${valueText(value, unit)} (${formatInterval(ci, value, unit)})`
      : valueText(value, unit);
  return pareto.points.map((point) => {
    const by = pareto.dominated.find(({ id }) => id === point.id)?.by;
    return [
      labelOf(names, point.id),
      withCi(point.y, point.yCi, y),
      withCi(point.x, point.xCi, x),
      by === undefined ? (pareto.front.includes(point.id) ? 'yes' : '–') : `dominated by ${labelOf(names, by)}`,
    ];
  });
}

function summaryOf(pareto: CompareFront, x: CompareAxis, y: CompareAxis, names: ReadonlyMap<string, Named>): string {
  const front = pareto.front.map((id) => labelOf(names, id)).join(', ');
  const beaten = pareto.dominated.map(({ id, by }) => `${labelOf(names, id)} is dominated by ${labelOf(names, by)}`);
  const limits = pareto.limits.map(({ expr }) => expr);
  return [
    `${y.label} against ${x.label}.`,
    front === '' ? 'No front.' : `Beaten by none: ${front}.`,
    ...beaten.map((sentence) => `${sentence}.`),
    limits.length === 0 ? '' : `Limits: ${limits.join(', ')}.`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function captionOf(x: CompareAxis, y: CompareAxis): string {
  const word = ({ better }: CompareAxis) => (better === 'lower' ? 'less' : 'more');
  return `${y.label} (${word(y)} is better) against ${x.label} (${word(x)} is better); whiskers are intervals`;
}
