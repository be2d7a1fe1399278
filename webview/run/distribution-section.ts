/** How one latency is spread over the requests: bars, the share that took at most so long, and the usual statistics. */
import { formatCount, formatValue } from '../../src/protocol/format';
import type { Distribution } from '../../src/protocol/run-json';
import type { TimeSpan } from '../charts/axis';
import { Brush } from '../charts/brush';
import { quantile, sortedLatencies, spreadOf, type Bin, type LatencyName, type Spread } from '../charts/distribution';
import { CdfChart, HistogramChart } from '../charts/distribution-chart';
import { OnScreen } from '../charts/on-screen';
import type { Palette } from '../charts/palette';
import { el, setHidden, setText } from '../dom';
import { dropdown } from '../ui/controls';
import type { ChartData, FileKind } from '../charts/chart-data';
import { ChartFrame } from '../charts/chart-frame';
import { limitsOf } from './limits';
import { placeTip } from '../charts/plot-tip';
import type { Section } from './section';
import type { Shown } from './selection';
import type { RunStore, StageView } from './store';
import type { ZoomControl } from './zoom';

/** Of this many requests on the distribution is drawn anew twice a second only: sorting them takes milliseconds. */
const MANY = 5000;
const MANY_INTERVAL_MS = 500;

interface Named {
  name: LatencyName;
  label: string;
  /** Where the result of a stage has the same values. */
  result: string | null;
  /** The metric whose limits it is held against. */
  limit: string;
}

const TTFT: Named = { name: 'ttft', label: 'Time to first token', result: 'ttft', limit: 'ttft' };
const NAMES: Named[] = [
  TTFT,
  { name: 'itl', label: 'Inter-token latency, mean of a request', result: null, limit: 'itl' },
  { name: 'itlMax', label: 'Inter-token latency, longest gap of a request', result: null, limit: 'itl' },
  { name: 'e2e', label: 'End to end', result: 'e2e', limit: 'e2e' },
];

/** Rows of the table of shares. */
const SHARES = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1];

const STATS = ['n', 'mean', 'p50', 'p90', 'p95', 'p99', 'max'] as const;
type Stat = (typeof STATS)[number];

export interface DistributionActions {
  /** Narrows the list of requests to a latency; null takes that back. */
  filter: (name: LatencyName, span: TimeSpan | null) => void;
  redraw: () => void;
  toggle: () => void;
  save: (kind: FileKind, chart: ChartFrame) => void;
}

export class DistributionSection implements Section {
  readonly histogram: ChartFrame;
  readonly cdf: ChartFrame;
  readonly element: HTMLElement;
  private readonly choice = dropdown({ label: 'Latency of the distribution', onChange: (name) => this.choose(name) });
  private readonly stats = STATS.map((name) => el('dd', { class: 'number', data: { stat: name } }));
  private readonly onScreen: OnScreen;
  private readonly tips: HTMLElement[] = [];
  /** Says the bar that the arrow keys have reached. */
  private readonly said = el('p', { class: 'hidden-text', role: 'status' });
  private bars: HistogramChart | null = null;
  private curve: CdfChart | null = null;
  private stage: StageView | null = null;
  private spread: Spread | null = null;
  private chosen: LatencyName = 'ttft';
  private selected: { name: LatencyName; span: TimeSpan } | null = null;
  private highlighted: Bin | null = null;
  /** What the last drawing showed, and when. */
  private drawn: unknown[] = [];
  private drawnMs = Number.NEGATIVE_INFINITY;
  private waiting = false;

  constructor(
    private palette: Palette,
    private readonly zoom: ZoomControl,
    private readonly actions: DistributionActions,
  ) {
    const onToggle = () => {
      this.drawn = [];
      actions.toggle();
    };
    this.histogram = new ChartFrame({
      title: 'Histogram',
      legend: [
        { swatch: 'swatch-bar', label: 'requests' },
        { swatch: 'swatch-limit', label: 'SLO' },
      ],
      columns: [
        { label: 'Latency', numeric: false },
        { label: 'Requests', numeric: true },
        { label: 'Share', numeric: true },
      ],
      onToggle,
      onSave: actions.save,
      data: () => this.binData(),
    });
    this.cdf = new ChartFrame({
      title: 'Share of requests within a latency',
      legend: [
        { swatch: 'swatch-share', label: 'share of requests' },
        { swatch: 'swatch-limit', label: 'SLO' },
      ],
      columns: [
        { label: 'Share', numeric: false },
        { label: 'At most', numeric: true },
      ],
      onToggle,
      onSave: actions.save,
      data: () => this.shareData(),
    });
    this.element = el(
      'section',
      { class: 'distribution', aria: { label: 'Distribution' } },
      el(
        'div',
        { class: 'section-head' },
        el('h2', {}, 'Distribution'),
        el('span', { class: 'choice' }, this.choice.element),
      ),
      el('dl', { class: 'stats' }, ...STATS.map((name, i) => el('div', {}, el('dt', {}, name), this.stats[i] ?? null))),
      el('div', { class: 'charts' }, this.histogram.element, this.cdf.element),
      this.said,
    );
    this.onScreen = new OnScreen(this.element, actions.redraw);
    this.choice.update(
      NAMES.map(({ name, label }) => ({ value: name, label })),
      this.chosen,
    );
    this.listen();
  }

  get metric(): LatencyName {
    return this.chosen;
  }

  choose(name: string): void {
    const known = NAMES.find((one) => one.name === name);
    if (known === undefined || known.name === this.chosen) return;
    this.chosen = known.name;
    this.highlighted = null;
    this.drawn = [];
    this.choice.update(
      NAMES.map((one) => ({ value: one.name, label: one.label })),
      known.name,
    );
    this.actions.toggle();
  }

  /** The latencies that the list of requests is narrowed to, wherever that came from. */
  select(selected: { name: LatencyName; span: TimeSpan } | null): void {
    this.selected = selected;
    this.drawn = [];
  }

  render(_store: RunStore, shown: Shown | null): void {
    const stage = shown?.stage ?? null;
    const empty = stage === null || (stage.data.pattern === 'cases' && stage.points.points.length === 0);
    setHidden(this.element, empty);
    this.stage = empty ? null : stage;
    if (this.stage === null) return;
    const { points, data } = this.stage;
    const { span } = this.zoom;
    const state = [points, points.version, data.result, data.results.length, span, this.chosen, this.selected];
    if (state.every((part, i) => part === this.drawn[i])) return;
    const tables = this.histogram.tableShown || this.cdf.tableShown;
    if (!this.onScreen.shown && !tables) {
      this.drawn = [];
      return;
    }
    // What the reader did is drawn at once; what arrives can wait.
    const same = this.drawn[0] === points && this.drawn[4] === span && this.drawn[5] === this.chosen;
    if (same && points.points.length > MANY && this.later()) return;
    this.drawn = state;
    this.drawnMs = performance.now();
    const limits = limitsOf(data, this.named.limit);
    const limit = limits.length === 0 ? null : Math.max(...limits.map(({ value }) => value));
    // Of a stage whose faster requests were dropped the rest would not be a fair sample.
    const whole = span === null && points.dropped > 0;
    this.spread = spreadOf(
      whole ? points.spread(this.chosen) : sortedLatencies(points.points, this.chosen, span),
      limit,
    );
    this.draw(this.spread);
  }

  setPalette(palette: Palette): void {
    this.palette = palette;
    this.bars?.setPalette(palette);
    this.curve?.setPalette(palette);
  }

  private get named(): Named {
    return NAMES.find(({ name }) => name === this.chosen) ?? TTFT;
  }

  private later(): boolean {
    const left = this.drawnMs + MANY_INTERVAL_MS - performance.now();
    if (left <= 0) return false;
    if (!this.waiting) {
      this.waiting = true;
      setTimeout(() => {
        this.waiting = false;
        this.actions.redraw();
      }, left);
    }
    return true;
  }

  private draw(spread: Spread): void {
    const { stage } = this;
    if (stage === null) return;
    const limits = limitsOf(stage.data, this.named.limit);
    const selected = this.selected?.name === this.chosen ? this.selected.span : null;
    const latency = (ms: number) => formatValue(ms, 'ms');
    if (this.histogram.tableShown) this.histogram.setRows(this.binRows(spread));
    else {
      this.bars ??= new HistogramChart(
        this.histogram.canvas,
        { latency, value: (n) => (Number.isInteger(n) ? formatCount(n) : '') },
        this.palette,
      );
      this.bars.draw({ spread, limits, selected });
    }
    if (this.cdf.tableShown) this.cdf.setRows(shareRows(spread));
    else {
      this.curve ??= new CdfChart(
        this.cdf.canvas,
        { latency, value: (share) => formatValue(share, 'ratio') },
        this.palette,
      );
      this.curve.draw({ spread, limits, selected });
    }
    this.describe(spread, stage);
  }

  private describe(spread: Spread, stage: StageView): void {
    const { values, beyond } = spread;
    const { label } = this.named;
    const p50 = quantile(values, 0.5);
    const p99 = quantile(values, 0.99);
    const note =
      values.length > 0 ? '' : stage.data.status === 'done' ? 'No request to count.' : 'Waiting for a request';
    const middle =
      p50 === null || p99 === null
        ? ''
        : ` Half took at most ${formatValue(p50, 'ms')}, 99% at most ${formatValue(p99, 'ms')}.`;
    const caption = beyond === 0 ? '' : `▶ ${formatCount(beyond)} beyond the axis`;
    const count = `${formatCount(values.length)} requests`;
    this.histogram.describe({ summary: `Histogram of ${label} over ${count}.${middle}`, note, caption });
    this.cdf.describe({ summary: `Share of ${count} within a ${label}.${middle}`, note, caption });
    const stats = this.statsOf(spread, stage);
    STATS.forEach((name, i) => {
      const cell = this.stats[i];
      const value = stats[name];
      if (cell !== undefined)
        setText(cell, value === null ? '–' : name === 'n' ? formatCount(value) : formatValue(value, 'ms'));
    });
  }

  /** Those of the result where it has the same values and all of them; else those of the requests in view. */
  private statsOf({ values }: Spread, { data, points }: StageView): Record<Stat, number | null> {
    const { result } = this.named;
    const exact: Distribution | undefined =
      this.zoom.span === null && result !== null ? data.result?.metrics?.[result] : undefined;
    if (exact !== undefined && exact.n >= values.length && points.points.length > 0)
      return Object.fromEntries(STATS.map((name) => [name, exact[name]])) as Record<Stat, number>;
    const sum = values.reduce((total, value) => total + value, 0);
    return {
      n: values.length,
      mean: values.length === 0 ? null : sum / values.length,
      p50: quantile(values, 0.5),
      p90: quantile(values, 0.9),
      p95: quantile(values, 0.95),
      p99: quantile(values, 0.99),
      max: values.at(-1) ?? null,
    };
  }

  private binRows({ bins, values, beyond, axis }: Spread): string[][] {
    const row = (label: string, n: number) => [label, formatCount(n), formatValue(n / values.length, 'ratio')];
    const rows = bins.filter(({ n }) => n > 0).map((bin) => row(binText(bin), bin.n));
    return beyond > 0 ? [...rows, row(`over ${formatValue(axis.max, 'ms')}`, beyond)] : rows;
  }

  private binData(): ChartData {
    const { bins, beyond, axis } = this.spread ?? { bins: [], beyond: 0, axis: { max: 0 } };
    const rows: ChartData['rows'] = bins.map(({ from, to, n }) => [from, to, n]);
    if (beyond > 0) rows.push([axis.max, null, beyond]);
    return { columns: ['from_ms', 'to_ms', 'requests'], rows };
  }

  private shareData(): ChartData {
    const values = this.spread?.values ?? new Float64Array();
    return {
      columns: ['latency_ms', 'share'],
      rows: [...values].map((value, i) => [value, (i + 1) / values.length]),
    };
  }

  private listen(): void {
    const plots = [
      { frame: this.histogram, chart: () => this.bars, label: 'Histogram' },
      { frame: this.cdf, chart: () => this.curve, label: 'Share of requests within a latency' },
    ];
    for (const { frame, chart, label } of plots) {
      const tip = el('div', { class: 'tip number', hidden: true, aria: { hidden: true } });
      this.tips.push(tip);
      frame.plot.append(tip);
      frame.plot.tabIndex = 0;
      frame.plot.setAttribute('role', 'group');
      new Brush(frame.plot, {
        area: () => chart()?.area ?? null,
        onBrush: (from, to) => {
          const drawn = chart();
          if (drawn !== null) this.actions.filter(this.chosen, { from: drawn.valueAt(from), to: drawn.valueAt(to) });
        },
        onClick: ({ x }) => {
          const bin = frame === this.histogram ? (this.bars?.binAt(x) ?? null) : null;
          if (bin !== null && bin.n > 0) this.actions.filter(this.chosen, bin);
          else this.actions.filter(this.chosen, null);
        },
        onHover: (pixel) => (frame === this.histogram ? this.hoverBar(pixel) : this.hoverShare(pixel)),
        onDoubleClick: () => this.actions.filter(this.chosen, null),
      });
      frame.plot.setAttribute(
        'aria-label',
        frame === this.histogram
          ? `${label}: left and right arrow keys move between bars, Enter lists their requests, Escape lists all`
          : `${label}: Escape lists all requests`,
      );
      frame.plot.addEventListener('keydown', (event) => this.key(event, frame === this.histogram));
    }
  }

  private hoverBar(pixel: { x: number } | null): void {
    const bin = pixel === null ? null : (this.bars?.binAt(pixel.x) ?? null);
    this.highlight(bin === null || bin.n === 0 ? null : bin);
  }

  private highlight(bin: Bin | null): void {
    this.highlighted = bin;
    this.bars?.highlight(bin);
    this.histogram.plot.classList.toggle('pointing', bin !== null);
    const tip = this.tips[0];
    if (tip === undefined) return;
    placeTip(tip, bin === null || this.bars === null ? null : this.bars.position(bin), () =>
      bin === null ? '' : countText(bin),
    );
  }

  private hoverShare(pixel: { x: number } | null): void {
    const at = pixel === null ? null : (this.curve?.shareAt(pixel.x) ?? null);
    const tip = this.tips[1];
    if (tip === undefined) return;
    placeTip(tip, at === null || this.curve === null ? null : this.curve.position(at), () =>
      at === null ? '' : `${formatValue(at.share, 'ratio')} within ${formatValue(at.value, 'ms')}`,
    );
  }

  private key(event: KeyboardEvent, bars: boolean): void {
    if (event.key === 'Escape') {
      this.highlight(null);
      this.actions.filter(this.chosen, null);
      return;
    }
    if (!bars || this.spread === null) return;
    const filled = this.spread.bins.filter(({ n }) => n > 0);
    const at = filled.findIndex(({ from }) => from === this.highlighted?.from);
    const steps: Record<string, number> = {
      ArrowRight: at + 1,
      ArrowLeft: at === -1 ? filled.length - 1 : at - 1,
      Home: 0,
      End: filled.length - 1,
    };
    const wanted = steps[event.key];
    if (wanted !== undefined) {
      const bin = filled[Math.max(0, Math.min(filled.length - 1, wanted))] ?? null;
      this.highlight(bin);
      setText(this.said, bin === null ? '' : countText(bin));
    } else if (event.key === 'Enter' && this.highlighted !== null) this.actions.filter(this.chosen, this.highlighted);
    else return;
    event.preventDefault();
  }
}

function binText({ from, to }: Bin): string {
  return `${formatValue(from, 'ms')} – ${formatValue(to, 'ms')}`;
}

function countText(bin: Bin): string {
  return `${binText(bin)}: ${formatCount(bin.n)} ${bin.n === 1 ? 'request' : 'requests'}`;
}

function shareRows({ values }: Spread): string[][] {
  if (values.length === 0) return [];
  return SHARES.map((share) => [formatValue(share, 'ratio'), formatValue(quantile(values, share) ?? 0, 'ms')]);
}
