/** What a stage offered and what became of it, over time: rate, concurrency and tokens, each on a scale of its own. */
import { formatCount, formatValue } from '../../src/protocol/format';
import type { RunPanelSample } from '../../src/protocol/run-panel';
import { Brush } from '../charts/brush';
import { instantText } from '../charts/instant';
import { OnScreen } from '../charts/on-screen';
import type { Palette } from '../charts/palette';
import { SeriesChart, type SeriesLine } from '../charts/series-chart';
import { el, setHidden } from '../dom';
import type { ChartData, FileKind } from '../charts/chart-data';
import { ChartFrame } from '../charts/chart-frame';
import { placeTip } from '../charts/plot-tip';
import type { ChartSection } from './section';
import type { Shown } from './selection';
import type { RunStore, StageView } from './store';
import { zoomKey, type ZoomControl } from './zoom';

/** Rows of the table; beyond it every n-th sample is a row. */
const MOST_ROWS = 12;

interface Spec {
  title: string;
  lines: (SeriesLine & { swatch: string; column: string })[];
  format: (value: number) => string;
  /** The scale reaches at least to it. */
  least: number;
  summary: (data: StageView['data']) => string;
}

const perSecond = (value: number) => formatValue(value, '1/s');

export const SERIES: Record<'rate' | 'concurrency' | 'tokens', Spec> = {
  rate: {
    title: 'Rate',
    lines: [
      {
        label: 'offered',
        swatch: 'swatch-offered',
        column: 'offered_rps',
        color: (theme) => theme.p50,
        width: 1.5,
        dash: [6, 3],
        of: ({ offeredRps }) => offeredRps,
      },
      {
        label: 'achieved',
        swatch: 'swatch-achieved',
        column: 'achieved_rps',
        color: (theme) => theme.point,
        width: 2,
        of: ({ rps }) => rps,
      },
    ],
    format: perSecond,
    least: 1,
    summary: ({ offeredRps, rps }) => `Offered ${perSecond(offeredRps)}, achieved ${perSecond(rps)}.`,
  },
  concurrency: {
    title: 'Concurrency',
    lines: [
      {
        label: 'in flight',
        swatch: 'swatch-flight',
        column: 'in_flight',
        color: (theme) => theme.secondary,
        width: 2,
        of: ({ inFlight }) => inFlight,
      },
    ],
    format: (value) => formatValue(value, 'count'),
    least: 3,
    summary: ({ inFlight }) => `${formatCount(inFlight)} in flight.`,
  },
  tokens: {
    title: 'Token throughput',
    lines: [
      {
        label: 'output tokens per second',
        swatch: 'swatch-tokens',
        column: 'output_tps',
        color: (theme) => theme.p99,
        width: 2,
        of: ({ outputTps }) => outputTps,
      },
    ],
    format: (value) => formatValue(value, 'count'),
    least: 10,
    summary: ({ outputTps }) => `${formatValue(outputTps, 'tokens/s')}.`,
  },
};

export interface SeriesActions {
  redraw: () => void;
  toggle: () => void;
  save: (kind: FileKind, chart: ChartFrame) => void;
}

export class SeriesSection implements ChartSection {
  readonly frame: ChartFrame;
  private readonly tip = el('div', { class: 'tip number', hidden: true, aria: { hidden: true } });
  private readonly onScreen: OnScreen;
  private chart: SeriesChart | null = null;
  private stage: StageView | null = null;
  /** What the last drawing showed. */
  private drawn: unknown[] = [];

  constructor(
    private readonly spec: Spec,
    private palette: Palette,
    private readonly zoom: ZoomControl,
    actions: SeriesActions,
  ) {
    this.frame = new ChartFrame({
      title: spec.title,
      legend: spec.lines.map(({ swatch, label }) => ({ swatch, label })),
      columns: [
        { label: 'Time', numeric: false },
        ...spec.lines.map(({ label }) => ({ label: label.charAt(0).toUpperCase() + label.slice(1), numeric: true })),
      ],
      onToggle: () => {
        this.drawn = [];
        actions.toggle();
      },
      onSave: actions.save,
      data: () => this.data(),
    });
    const { plot, element } = this.frame;
    this.onScreen = new OnScreen(element, actions.redraw);
    plot.append(this.tip);
    plot.tabIndex = 0;
    plot.setAttribute('role', 'group');
    plot.setAttribute('aria-label', `${spec.title}: plus and minus zoom, 0 shows the whole stage`);
    new Brush(plot, {
      area: () => this.chart?.area ?? null,
      onBrush: (from, to) => {
        if (this.chart !== null) zoom.set({ from: this.chart.timeAt(from), to: this.chart.timeAt(to) });
      },
      onClick: () => undefined,
      onHover: (pixel) => this.hover(pixel),
      onDoubleClick: () => zoom.set(null),
    });
    plot.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') zoom.set(null);
      else if (!zoomKey(event, zoom)) return;
      event.preventDefault();
    });
  }

  get element(): HTMLElement {
    return this.frame.element;
  }

  render(_store: RunStore, shown: Shown | null): void {
    const stage = shown?.stage ?? null;
    setHidden(this.element, stage === null || stage.data.pattern === 'cases');
    this.stage = this.element.hidden ? null : stage;
    if (this.stage === null) return;
    const { history, data } = this.stage;
    const state = [history, history.length, data.status, data.elapsedMs, this.zoom.span];
    if (state.every((part, i) => part === this.drawn[i])) return;
    const visible = this.onScreen.shown || this.frame.tableShown;
    this.drawn = visible ? state : [];
    if (this.frame.tableShown) this.frame.setRows(this.rows());
    else if (visible) this.draw(this.stage);
    this.frame.describe({
      summary: `${this.spec.title} over time. ${this.spec.summary(data)}`,
      note:
        history.length > 0
          ? ''
          : data.status === 'done'
            ? 'Nothing was kept of it over time.'
            : 'Waiting for the first request',
      caption: '',
    });
  }

  setPalette(palette: Palette): void {
    this.palette = palette;
    this.chart?.setPalette(palette);
  }

  private draw({ data, history }: StageView): void {
    const { spec } = this;
    this.chart ??= new SeriesChart(
      this.frame.canvas,
      spec.lines,
      { time: instantText, value: spec.format },
      spec.least,
      this.palette,
    );
    const { warmupMs, cooldownMs, plannedMs, elapsedMs } = data;
    this.chart.draw({ history, warmupMs, cooldownMs, plannedMs, elapsedMs, zoom: this.zoom.span });
  }

  private inView(): RunPanelSample[] {
    const { span } = this.zoom;
    const history = this.stage?.history ?? [];
    return span === null ? history : history.filter(({ t }) => t >= span.from && t <= span.to);
  }

  private rows(): string[][] {
    const samples = this.inView();
    const every = Math.ceil(samples.length / MOST_ROWS);
    const shown = samples.filter((_, i) => i % every === 0);
    const step = (shown[1]?.t ?? 1000) - (shown[0]?.t ?? 0);
    return shown.map((sample) => [
      instantText(sample.t, step),
      ...this.spec.lines.map(({ of }) => this.spec.format(of(sample))),
    ]);
  }

  private data(): ChartData {
    const { lines } = this.spec;
    return {
      columns: ['t_ms', ...lines.map(({ column }) => column)],
      rows: this.inView().map((sample) => [sample.t, ...lines.map(({ of }) => of(sample))]),
    };
  }

  private hover(pixel: { x: number; y: number } | null): void {
    const { chart, stage } = this;
    const at = pixel === null || chart === null ? Number.NaN : chart.timeAt(pixel.x);
    const sample = Number.isFinite(at) ? nearestSample(stage?.history ?? [], at) : undefined;
    placeTip(
      this.tip,
      sample === undefined || chart === null || pixel === null ? null : { x: chart.pixelAt(sample.t), y: pixel.y },
      () =>
        sample === undefined
          ? ''
          : `${this.spec.lines.map(({ label, of }) => `${label} ${this.spec.format(of(sample))}`).join(', ')} at ${instantText(sample.t, 100)}`,
    );
  }
}

function nearestSample(history: readonly RunPanelSample[], t: number): RunPanelSample | undefined {
  let low = 0;
  let high = history.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((history[middle]?.t ?? 0) < t) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [history[low - 1], history[low]];
  if (before === undefined || after === undefined) return before ?? after;
  return t - before.t < after.t - t ? before : after;
}
