/** One latency over time, with its points within reach of pointer and keyboard. */
import type { TickPoint } from '../../src/protocol/events';
import { formatCount, formatClock, formatValue } from '../../src/protocol/format';
import { LatencyChart } from '../charts/latency-chart';
import type { Palette } from '../charts/palette';
import type { Limit } from '../charts/stage-layer';
import { el, setHidden, setText } from '../dom';
import { ChartFrame } from './chart-frame';
import type { Section } from './section';
import type { Shown } from './selection';
import type { RunStore, StageView } from './store';
import { timeBuckets } from './time-buckets';

const TITLES = { ttft: 'Time to first token', itl: 'Inter-token latency' } as const;

export class LatencySection implements Section {
  private readonly frame: ChartFrame;
  private readonly tip = el('div', { class: 'tip number', hidden: true, aria: { hidden: true } });
  private chart: LatencyChart | null = null;
  private stage: StageView | null = null;
  private selected: TickPoint | null = null;
  /** What the last drawing showed. */
  private drawn: unknown[] = [];

  constructor(
    private readonly metric: 'ttft' | 'itl',
    private palette: Palette,
    private readonly onSelect: (point: TickPoint) => void,
    onToggle: () => void,
  ) {
    const marks =
      metric === 'ttft'
        ? [{ swatch: 'swatch-point', label: 'request' }]
        : [
            { swatch: 'swatch-point', label: 'request mean' },
            { swatch: 'swatch-gap', label: 'longest gap' },
          ];
    this.frame = new ChartFrame(
      TITLES[metric],
      [
        ...marks,
        { swatch: 'swatch-p50', label: 'p50' },
        { swatch: 'swatch-p99', label: 'p99 (last 10 s)' },
        { swatch: 'swatch-limit', label: 'SLO' },
      ],
      [
        { label: 'Time', numeric: false },
        { label: 'Requests', numeric: true },
        { label: metric === 'ttft' ? 'p50' : 'p50 of means', numeric: true },
        { label: metric === 'ttft' ? 'p99' : 'p99 of means', numeric: true },
        { label: metric === 'ttft' ? 'Slowest' : 'Longest gap', numeric: true },
        { label: 'Failed', numeric: true },
      ],
      () => {
        this.drawn = [];
        onToggle();
      },
    );
    const { plot } = this.frame;
    plot.append(this.tip);
    plot.tabIndex = 0;
    plot.setAttribute('role', 'group');
    plot.setAttribute('aria-label', `${TITLES[metric]}: left and right arrow keys move between requests`);
    plot.addEventListener('pointermove', (event) => this.hover(this.pointAt(event), event));
    plot.addEventListener('pointerleave', () => this.hover(null, null));
    plot.addEventListener('click', (event) => {
      const point = this.pointAt(event);
      if (point !== null) this.onSelect(point);
    });
    plot.addEventListener('keydown', (event) => this.key(event));
  }

  get element(): HTMLElement {
    return this.frame.element;
  }

  get tableShown(): boolean {
    return this.frame.tableShown;
  }

  showTable(shown: boolean): void {
    this.frame.showTable(shown);
  }

  render(_store: RunStore, shown: Shown | null): void {
    const stage = shown?.stage ?? null;
    const empty = stage === null || (stage.data.pattern === 'cases' && stage.points.points.length === 0);
    setHidden(this.element, empty);
    this.stage = empty ? null : stage;
    if (this.stage === null) return;
    const { data, points, history } = this.stage;
    const state = [points, points.version, history.length, data.elapsedMs, data.status];
    if (state.every((part, i) => part === this.drawn[i])) return;
    this.drawn = state;
    if (this.frame.tableShown) this.renderTable(this.stage);
    else this.draw(this.stage);
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
      { time: formatClock, latency: (ms) => formatValue(ms, 'ms') },
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
    });
    this.chart.mark('selected', this.selected);
  }

  private renderTable({ data, points }: StageView): void {
    const ms = (value: number | null) => (value === null ? '–' : formatValue(value, 'ms'));
    this.frame.setRows(
      timeBuckets(points, this.metric, data.elapsedMs).map((bucket) => [
        `${formatClock(bucket.fromMs)} – ${formatClock(bucket.toMs)}${bucket.warmup ? ' (warm-up)' : ''}`,
        formatCount(bucket.n),
        ms(bucket.p50),
        ms(bucket.p99),
        ms(bucket.max),
        formatCount(bucket.failed),
      ]),
    );
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

  private pointAt(event: MouseEvent): TickPoint | null {
    const { left, top } = this.frame.canvas.getBoundingClientRect();
    return this.chart?.nearest({ x: event.clientX - left, y: event.clientY - top }) ?? null;
  }

  private hover(point: TickPoint | null, event: MouseEvent | null): void {
    this.chart?.mark('hovered', point);
    this.frame.plot.classList.toggle('pointing', point !== null);
    setHidden(this.tip, point === null);
    if (point === null || event === null || this.chart === null) return;
    setText(this.tip, this.tipText(point));
    const { x, y } = this.chart.position(point);
    const width = this.frame.plot.clientWidth;
    this.tip.style.left = `${Math.max(0, Math.min(x + 10, width - this.tip.offsetWidth))}px`;
    this.tip.style.top = `${Math.max(0, y - this.tip.offsetHeight - 8)}px`;
  }

  private tipText(point: TickPoint): string {
    const value = point[this.metric];
    const at = `at ${formatValue(point.t / 1000, 'count')} s`;
    if (!point.ok || value === null) return `failed ${at}`;
    const gap = this.metric === 'itl' && point.itlMax !== null ? `, longest ${formatValue(point.itlMax, 'ms')}` : '';
    return `${formatValue(value, 'ms')}${gap} ${at}`;
  }

  private key(event: KeyboardEvent): void {
    const points = this.stage?.points.points ?? [];
    if (points.length === 0) return;
    // By id: after a new snapshot the same request is another object.
    const at = points.findIndex(({ request }) => request === this.selected?.request);
    const steps: Record<string, number> = {
      ArrowLeft: at === -1 ? points.length - 1 : at - 1,
      ArrowRight: at + 1,
      PageUp: at - 10,
      PageDown: at + 10,
      Home: 0,
      End: points.length - 1,
    };
    const wanted = steps[event.key];
    if (wanted === undefined) return;
    event.preventDefault();
    const point = points[Math.max(0, Math.min(points.length - 1, wanted))];
    if (point !== undefined) this.onSelect(point);
  }
}

/** The upper limits that are set for this latency. A run opened from its files has results and no plan. */
function limitsOf({ slos, results }: StageView['data'], metric: 'ttft' | 'itl'): Limit[] {
  const expressions = slos.length > 0 ? slos : results;
  return expressions.flatMap(({ expr, limit }) => {
    const [, name, stat = '', operator] = /^(\w+)(?:\.(\S+))?\s*(<=?)/.exec(expr) ?? [];
    if (name !== metric) return [];
    return [{ value: limit, label: `${stat} ${operator === '<' ? '<' : '≤'} ${formatValue(limit, 'ms')}`.trim() }];
  });
}
