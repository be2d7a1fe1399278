/** One latency over time, with its points within reach of pointer and keyboard. */
import type { TickPoint } from '../../src/protocol/events';
import { formatCount, formatValue } from '../../src/protocol/format';
import { Brush } from '../charts/brush';
import { instantText } from '../charts/instant';
import { LatencyChart } from '../charts/latency-chart';
import { OnScreen } from '../charts/on-screen';
import type { Palette } from '../charts/palette';
import { el, setHidden } from '../dom';
import type { ChartData, FileKind } from '../charts/chart-data';
import { ChartFrame } from '../charts/chart-frame';
import { limitsOf } from './limits';
import { placeTip } from '../charts/plot-tip';
import type { ChartSection } from './section';
import type { Shown } from './selection';
import type { RunStore, StageView } from './store';
import { timeBuckets } from './time-buckets';
import { zoomKey, type ZoomControl } from './zoom';

const TITLES = { ttft: 'Time to first token', itl: 'Inter-token latency' } as const;

export interface LatencyActions {
  /** Shows the request, or takes the one away that is shown. */
  select: (point: TickPoint | null) => void;
  /** Moves the focus to the request that is shown. */
  open: () => void;
  redraw: () => void;
  toggle: () => void;
  save: (kind: FileKind, chart: ChartFrame) => void;
}

export class LatencySection implements ChartSection {
  readonly frame: ChartFrame;
  private readonly tip = el('div', { class: 'tip number', hidden: true, aria: { hidden: true } });
  private readonly onScreen: OnScreen;
  private chart: LatencyChart | null = null;
  private stage: StageView | null = null;
  private selected: TickPoint | null = null;
  /** What the last drawing showed. */
  private drawn: unknown[] = [];

  constructor(
    private readonly metric: 'ttft' | 'itl',
    private palette: Palette,
    private readonly zoom: ZoomControl,
    private readonly actions: LatencyActions,
  ) {
    const marks =
      metric === 'ttft'
        ? [{ swatch: 'swatch-point', label: 'request' }]
        : [
            { swatch: 'swatch-point', label: 'request mean' },
            { swatch: 'swatch-gap', label: 'longest gap' },
          ];
    this.frame = new ChartFrame({
      title: TITLES[metric],
      legend: [
        ...marks,
        { swatch: 'swatch-p50', label: 'p50' },
        { swatch: 'swatch-p99', label: 'p99 (last 10 s)' },
        { swatch: 'swatch-limit', label: 'SLO' },
      ],
      columns: [
        { label: 'Time', numeric: false },
        { label: 'Requests', numeric: true },
        { label: metric === 'ttft' ? 'p50' : 'p50 of means', numeric: true },
        { label: metric === 'ttft' ? 'p99' : 'p99 of means', numeric: true },
        { label: metric === 'ttft' ? 'Slowest' : 'Longest gap', numeric: true },
        { label: 'Failed', numeric: true },
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
    plot.setAttribute(
      'aria-label',
      `${TITLES[metric]}: left and right arrow keys move between requests, Enter opens one, plus and minus zoom, 0 shows the whole stage`,
    );
    new Brush(plot, {
      area: () => this.chart?.area ?? null,
      onBrush: (from, to) => {
        if (this.chart !== null) zoom.set({ from: this.chart.timeAt(from), to: this.chart.timeAt(to) });
      },
      onClick: (pixel) => actions.select(this.chart?.nearest(pixel) ?? null),
      onHover: (pixel) => this.hover(pixel === null ? null : (this.chart?.nearest(pixel) ?? null)),
      onDoubleClick: () => zoom.set(null),
    });
    plot.addEventListener('keydown', (event) => this.key(event));
  }

  get element(): HTMLElement {
    return this.frame.element;
  }

  render(_store: RunStore, shown: Shown | null): void {
    const stage = shown?.stage ?? null;
    const empty = stage === null || (stage.data.pattern === 'cases' && stage.points.points.length === 0);
    setHidden(this.element, empty);
    this.stage = empty ? null : stage;
    if (this.stage === null) return;
    const { data, points, history } = this.stage;
    const state = [points, points.version, history, history.length, data.elapsedMs, data.status, this.zoom.span];
    if (state.every((part, i) => part === this.drawn[i])) return;
    const visible = this.onScreen.shown || this.frame.tableShown;
    this.drawn = visible ? state : [];
    if (this.frame.tableShown) this.renderTable(this.stage);
    else if (visible) this.draw(this.stage);
    this.frame.describe({
      summary: this.summary(this.stage),
      note:
        points.points.length > 0
          ? ''
          : data.status === 'done'
            ? 'No request got an answer.'
            : 'Waiting for the first token',
      caption: this.caption(points.dropped),
    });
  }

  /** Shows `point` as selected, or nothing. */
  select(point: TickPoint | null): void {
    this.selected = point;
    this.chart?.mark('selected', point);
  }

  setPalette(palette: Palette): void {
    this.palette = palette;
    this.chart?.setPalette(palette);
  }

  private draw({ data, points, history }: StageView): void {
    // Made on first use: a chart that starts without a size would never lay itself out.
    this.chart ??= new LatencyChart(
      this.frame.canvas,
      this.metric,
      { time: instantText, latency: (ms) => formatValue(ms, 'ms') },
      this.palette,
    );
    this.chart.draw({
      series: points,
      history,
      limits: limitsOf(data, this.metric),
      warmupMs: data.warmupMs,
      cooldownMs: data.cooldownMs,
      plannedMs: data.plannedMs,
      elapsedMs: data.elapsedMs,
      zoom: this.zoom.span,
    });
    this.chart.mark('selected', this.selected);
  }

  private renderTable({ data, points }: StageView): void {
    const ms = (value: number | null) => (value === null ? '–' : formatValue(value, 'ms'));
    this.frame.setRows(
      timeBuckets(points, this.metric, data.elapsedMs, this.zoom.span).map((bucket) => [
        `${instantText(bucket.fromMs, bucket.stepMs)} – ${instantText(bucket.toMs, bucket.stepMs)}${bucket.warmup ? ' (warm-up)' : ''}`,
        formatCount(bucket.n),
        ms(bucket.p50),
        ms(bucket.p99),
        ms(bucket.max),
        formatCount(bucket.failed),
      ]),
    );
  }

  private data(): ChartData {
    const { metric, zoom, stage } = this;
    const span = zoom.span;
    const points = (stage?.points.points ?? []).filter(({ t }) => span === null || (t >= span.from && t <= span.to));
    const values = metric === 'ttft' ? ['ttft_ms'] : ['itl_mean_ms', 'itl_max_ms'];
    return {
      columns: ['t_ms', ...values, 'completed', 'warmup', 'request'],
      rows: points.map((point) => [
        point.t,
        ...(metric === 'ttft' ? [point.ttft] : [point.itl, point.itlMax]),
        point.ok,
        point.warmup,
        point.request,
      ]),
    };
  }

  private summary({ data, points }: StageView): string {
    const p50 = this.metric === 'ttft' ? data.rolling.ttftP50 : data.rolling.itlP50;
    const p99 = this.metric === 'ttft' ? data.rolling.ttftP99 : data.rolling.itlP99;
    const parts = [`${TITLES[this.metric]} of ${formatCount(points.points.length)} requests over time.`];
    if (p50 !== null && p99 !== null)
      parts.push(`Last 10 s: p50 ${formatValue(p50, 'ms')}, p99 ${formatValue(p99, 'ms')}.`);
    for (const { label } of limitsOf(data, this.metric)) parts.push(`Limit: ${label}.`);
    if (points.failed > 0) parts.push(`${formatCount(points.failed)} failed.`);
    return parts.join(' ');
  }

  private caption(dropped: number): string {
    const above = this.frame.tableShown ? 0 : (this.chart?.beyondAxis ?? 0);
    const parts: string[] = [];
    if (above > 0) parts.push(`▲ ${formatCount(above)} above the axis`);
    if (dropped > 0) parts.push(`${formatCount(dropped)} faster requests are not drawn`);
    return parts.join(' · ');
  }

  private hover(point: TickPoint | null): void {
    this.chart?.mark('hovered', point);
    this.frame.plot.classList.toggle('pointing', point !== null);
    placeTip(this.tip, point === null || this.chart === null ? null : this.chart.position(point), () =>
      point === null ? '' : this.tipText(point),
    );
  }

  private tipText(point: TickPoint): string {
    const value = point[this.metric];
    const at = `at ${instantText(point.t, 100)}`;
    if (!point.ok || value === null) return `failed ${at}`;
    const gap = this.metric === 'itl' && point.itlMax !== null ? `, longest ${formatValue(point.itlMax, 'ms')}` : '';
    return `${formatValue(value, 'ms')}${gap} ${at}${point.warmup ? ' (not counted)' : ''}`;
  }

  private key(event: KeyboardEvent): void {
    if (zoomKey(event, this.zoom, this.selected?.t)) {
      event.preventDefault();
      return;
    }
    if (event.key === 'Enter' && this.selected !== null) {
      event.preventDefault();
      this.actions.open();
      return;
    }
    if (event.key === 'Escape') {
      if (this.selected !== null) this.actions.select(null);
      else this.zoom.set(null);
      return;
    }
    const points = this.stage?.points.points ?? [];
    if (points.length === 0 || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    // By id: after a new snapshot the same request is another object.
    const at = points.findIndex(({ request }) => request === this.selected?.request);
    const [first, last] = this.reach();
    const steps: Record<string, number> = {
      ArrowLeft: at === -1 ? last : at - 1,
      ArrowRight: at === -1 ? first : at + 1,
      PageUp: at - 10,
      PageDown: at + 10,
      Home: first,
      End: last,
    };
    const wanted = steps[event.key];
    if (wanted === undefined) return;
    event.preventDefault();
    const point = points[Math.max(0, Math.min(points.length - 1, wanted))];
    if (point !== undefined) this.actions.select(point);
  }

  /** Indexes of the first and the last request of the part that is looked at. */
  private reach(): [number, number] {
    const { points } = this.stage ?? {};
    if (points === undefined) return [0, 0];
    const { span } = this.zoom;
    if (span === null) return [0, points.points.length - 1];
    return [points.indexAt(span.from), Math.max(0, points.indexAt(span.to) - 1)];
  }
}
