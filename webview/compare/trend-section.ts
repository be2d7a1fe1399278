/** What each parameter of a matrix changes, all else equal: small charts of the metrics along its values. */
import type { ComparePanelState } from '../../src/protocol/compare-panel';
import { formatValue, significant } from '../../src/protocol/format';
import type { Unit } from '../../src/protocol/plan';
import type { MatrixTrend } from '../../src/protocol/run-json';
import type { ChartData, FileKind } from '../charts/chart-data';
import { ChartFrame } from '../charts/chart-frame';
import { Drawing } from '../charts/drawing';
import type { Palette } from '../charts/palette';
import { PointButtons } from '../charts/point-buttons';
import { drawTrends, TREND_PX, trendColumns, type TrendInput } from '../charts/trend-panels';
import { el, setHidden } from '../dom';
import type { Hovers } from '../ui/hover';
import { labelOf, namesOf, type Named } from './contender-name';
import { Drawn, type ChartSection } from './section';

type Point = MatrixTrend['points'][number];
type Key = Exclude<keyof Point, 'value' | 'target'>;

interface Metric {
  key: Key;
  label: string;
  unit: Unit;
}

const METRICS: Metric[] = [
  { key: 'pass_rate', label: 'Pass rate', unit: 'ratio' },
  { key: 'score', label: 'Score', unit: 'ratio' },
  { key: 'flake_rate', label: 'Flake rate', unit: 'ratio' },
  { key: 'distinct', label: 'Distinct answers', unit: 'count' },
  { key: 'output_tokens', label: 'Output tokens', unit: 'count' },
  { key: 'ttft_p50', label: 'TTFT p50', unit: 'ms' },
  { key: 'e2e_p50', label: 'End to end p50', unit: 'ms' },
  { key: 'e2e_p99', label: 'End to end p99', unit: 'ms' },
  { key: 'cost_per_request', label: 'Cost per request', unit: 'USD' },
];

interface TrendActions {
  toggle: () => void;
  save: (kind: FileKind, chart: ChartFrame) => void;
}

export class TrendSection implements ChartSection {
  readonly element = el('div', { class: 'trends' });
  private readonly charts = new Map<string, TrendChart>();
  private readonly drawn = new Drawn();
  private table = false;

  constructor(
    private palette: Palette,
    private readonly hovers: Hovers,
    private readonly actions: TrendActions,
  ) {}

  /** Those that are there now. */
  get frames(): ChartFrame[] {
    return [...this.charts.values()].map(({ frame }) => frame);
  }

  get tableShown(): boolean {
    return this.table;
  }

  showTable(shown: boolean): void {
    this.table = shown;
    for (const frame of this.frames) frame.showTable(shown);
  }

  setPalette(palette: Palette): void {
    this.palette = palette;
    for (const chart of this.charts.values()) chart.setPalette(palette);
  }

  render(state: ComparePanelState): void {
    const { matrix, contenders } = state;
    setHidden(this.element, matrix.length === 0);
    if (!this.drawn.changed(matrix, contenders)) return;
    const names = namesOf(state);
    const keys = matrix.map(({ param, fixed }) => `${param}\n${fixed}`);
    for (const [key, chart] of this.charts)
      if (!keys.includes(key)) {
        chart.frame.element.remove();
        this.charts.delete(key);
      }
    matrix.forEach((trend, i) => {
      const key = keys[i] ?? '';
      let chart = this.charts.get(key);
      if (chart === undefined) {
        chart = new TrendChart(trend, this.palette, this.hovers, {
          ...this.actions,
          toggle: () => {
            this.table = this.frames.some((frame) => frame.tableShown);
            this.actions.toggle();
          },
        });
        this.charts.set(key, chart);
        this.element.append(chart.frame.element);
        chart.frame.showTable(this.table);
      }
      chart.render(trend, names);
    });
  }
}

class TrendChart {
  readonly frame: ChartFrame;
  private readonly buttons: PointButtons;
  private readonly drawing: Drawing;
  private trend: MatrixTrend;
  private metrics: Metric[] = [];
  private names: ReadonlyMap<string, Named> = new Map();
  private input: TrendInput = { steps: [], looks: [], panels: [] };

  constructor(trend: MatrixTrend, palette: Palette, hovers: Hovers, actions: TrendActions) {
    this.trend = trend;
    this.frame = new ChartFrame({
      title: trend.fixed === '' ? `Along ${trend.param}` : `Along ${trend.param}, with ${trend.fixed}`,
      legend: [],
      columns: [],
      onToggle: () => {
        this.draw();
        actions.toggle();
      },
      onSave: actions.save,
      data: () => this.data(),
    });
    this.buttons = new PointButtons('Values: arrow keys move between them', {
      made: (id, button) => hovers.attach(button, () => this.lines(id)),
      press: () => undefined,
    });
    const { plot, canvas } = this.frame;
    plot.classList.add('pointing', 'multiples');
    plot.append(this.buttons.element);
    this.drawing = new Drawing(
      canvas,
      plot,
      (sheet) => {
        this.reserve();
        this.buttons.place(drawTrends(sheet, this.input));
      },
      palette,
    );
  }

  setPalette(palette: Palette): void {
    this.drawing.setPalette(palette);
  }

  render(trend: MatrixTrend, names: ReadonlyMap<string, Named>): void {
    this.trend = trend;
    this.names = names;
    const { points, param } = trend;
    this.metrics = METRICS.filter(({ key }) => points.some((point) => point[key] !== null));
    this.input = {
      steps: points.map(({ value }) => stepText(value)),
      looks: points.map(({ target }) => names.get(target)?.look ?? null),
      panels: this.metrics.map(({ key, label, unit }) => ({
        title: label,
        values: points.map((point) => point[key]),
        format: (value: number) => numberText(value, unit),
        share: unit === 'ratio',
      })),
    };
    const targets = [...new Set(points.map(({ target }) => target))];
    this.frame.setLegend(
      targets.flatMap((id) => {
        const named = names.get(id);
        return named === undefined ? [] : [{ swatch: '', label: named.label, look: named.look }];
      }),
    );
    this.frame.setColumns([
      { label: param, numeric: false },
      { label: 'Contender', numeric: true },
      ...this.metrics.map(({ label }) => ({ label, numeric: true })),
    ]);
    this.frame.setRows(
      points.map((point) => [
        stepText(point.value),
        labelOf(names, point.target),
        ...this.metrics.map(({ key, unit }) => {
          const value = point[key];
          return value === null ? '–' : numberText(value, unit);
        }),
      ]),
    );
    this.frame.describe({
      summary: this.summary(),
      note: this.metrics.length > 0 ? '' : 'Nothing was measured along it.',
      caption: `Left to right: ${param} ${this.input.steps.join(', ')}`,
    });
    this.buttons.update(
      this.metrics.flatMap((metric, i) =>
        points.flatMap((point, step) =>
          point[metric.key] === null ? [] : [{ id: `${i} ${step}`, label: this.lines(`${i} ${step}`).join('. ') }],
        ),
      ),
    );
    this.draw();
  }

  private draw(): void {
    if (this.frame.tableShown) return;
    this.reserve();
    this.drawing.draw();
  }

  private reserve(): void {
    const { plot } = this.frame;
    const rows = Math.ceil(this.metrics.length / trendColumns(plot.clientWidth));
    const height = `${Math.max(1, rows) * TREND_PX.height}px`;
    if (plot.style.height !== height) plot.style.height = height;
  }

  private lines(id: string): string[] {
    const [panel = -1, step = -1] = id.split(' ').map(Number);
    const metric = this.metrics[panel];
    const point = this.trend.points[step];
    if (metric === undefined || point === undefined) return [];
    const value = point[metric.key];
    return [
      `${metric.label}: ${value === null ? 'not measured' : numberText(value, metric.unit)}`,
      `${this.trend.param} ${stepText(point.value)}, ${labelOf(this.names, point.target)}`,
    ];
  }

  private summary(): string {
    const { points, param } = this.trend;
    const first = points[0];
    const last = points.at(-1);
    if (first === undefined || last === undefined) return `Nothing was measured along ${param}.`;
    const moves = this.metrics.map(({ key, label, unit }) => {
      const text = (point: Point) => (point[key] === null ? 'unknown' : numberText(point[key], unit));
      return `${label} from ${text(first)} to ${text(last)}`;
    });
    return `From ${param} ${stepText(first.value)} to ${stepText(last.value)}: ${moves.join(', ')}.`;
  }

  private data(): ChartData {
    const keys = METRICS.map(({ key }) => key);
    return {
      columns: [this.trend.param, 'contender', ...keys],
      rows: this.trend.points.map((point) => [
        stepText(point.value),
        labelOf(this.names, point.target),
        ...keys.map((key) => point[key]),
      ]),
    };
  }
}

function stepText(value: Point['value']): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function numberText(value: number, unit: Unit): string {
  return unit === 'count' ? significant(value) : formatValue(value, unit);
}
