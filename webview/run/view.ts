/** Puts the parts together in the order verdict, reason, evidence, and redraws them at a pace that a person can follow. */
import type { TickPoint } from '../../src/protocol/events';
import type { RunPanelReply } from '../../src/protocol/run-panel';
import { timeAxis, type TimeSpan } from '../charts/axis';
import { browserFrames } from '../charts/browser-frames';
import { FrameLimiter } from '../charts/frame-limiter';
import { onThemeChange, readPalette, type Palette } from '../charts/palette';
import { composePicture, pngOf } from '../charts/picture';
import { el, setHidden } from '../dom';
import { Asks } from './asks';
import { Cases } from './cases';
import { Caveats } from './caveats';
import { csvOf, jsonOf, type ChartData, type FileKind } from '../charts/chart-data';
import type { ChartFrame } from '../charts/chart-frame';
import { ComparisonSection } from './comparison';
import { Counters } from './counters';
import { isWhole } from './curve-model';
import { CurveSection } from './curve-section';
import { DistributionSection } from './distribution-section';
import { Errors, isUnanswered } from './errors';
import { EvidenceBar } from './evidence-bar';
import { wantedRequest } from './focus';
import { Header } from './header';
import { LatencySection } from './latency-section';
import { limitsOf } from './limits';
import { Notice } from './notice';
import { Phases } from './phases';
import { Quality } from './quality';
import { RequestDetail } from './request-detail';
import { RequestsSection } from './requests-section';
import type { RequestFilter } from './requests-model';
import type { Post } from './post';
import type { Section } from './section';
import { resolveChoice, type Choice, type Shown } from './selection';
import { SERIES, SeriesSection } from './series-section';
import type { RunStore } from './store';
import { Tiles } from './tiles';
import { TrendSection } from './trend-section';
import { Zoom } from './zoom';

/** What survives a hidden view and a reloaded window. `source` lets the extension find the run again. */
export interface SavedView {
  source: string;
  choice: Choice;
  /** Charts that are shown as tables. */
  tables: string[];
  /** The part of the stage that is looked at. */
  zoom?: TimeSpan | null;
  /** The latency whose distribution is shown. */
  latency?: string;
  /** The last request that the reader came for: it is opened once. */
  focused?: number;
  /** The trend that is shown; empty for the first choice, absent where none was asked for. */
  trend?: string;
}

const FRAME_MS = 100;
/** For readers who asked their system for less motion: the same data, in larger steps. */
const REDUCED_FRAME_MS = 1000;

export class RunView {
  readonly element: HTMLElement;
  private readonly limiter: FrameLimiter;
  private readonly sections: Section[];
  private readonly frames: Map<string, ChartFrame>;
  private readonly latencies: LatencySection[];
  private readonly detail: RequestDetail;
  private readonly requests: RequestsSection;
  private readonly distribution: DistributionSection;
  private readonly body: HTMLElement;
  private readonly quality: Cases;
  private readonly evidence: HTMLElement;
  private readonly latencyCharts: HTMLElement;
  private readonly seriesCharts: HTMLElement;
  private readonly curve: CurveSection;
  private readonly trends: TrendSection;
  private readonly phases = new Phases();
  private readonly facts: Quality;
  private readonly errors = new Errors();
  private readonly asks: Asks;
  private readonly zoom: Zoom;
  /** Those that show requests of one stage. */
  private readonly ofRequests: Set<Section>;
  private palette: Palette = readPalette();
  private choice: Choice;
  private shown: Choice = { target: null, stage: null };
  private selected: TickPoint | null = null;
  /** Start of the run that is shown: what tells one run from the next. */
  private run: string | null = null;
  private restoring = true;
  private focused: number | null;

  constructor(
    private readonly store: RunStore,
    private readonly post: Post,
    saved: SavedView | null,
    private readonly save: (view: SavedView) => void,
  ) {
    this.choice = saved?.choice ?? { target: null, stage: null };
    this.focused = saved?.focused ?? null;
    const { palette } = this;
    this.asks = new Asks(post, () => this.requests.redraw());
    const toggle = () => {
      this.remember();
      this.refresh();
    };
    this.zoom = new Zoom(() => this.whole(), toggle, saved?.zoom ?? null);
    const redraw = () => this.update();
    const onSave = (kind: FileKind, chart: ChartFrame) => this.saveChart(kind, chart);
    const select = (point: TickPoint | null) => this.select(point);
    const open = () => this.detail.focus();
    const latencyActions = { select, open, redraw, toggle, save: onSave };
    const ttft = new LatencySection('ttft', palette, this.zoom, latencyActions);
    const itl = new LatencySection('itl', palette, this.zoom, latencyActions);
    const series = (['rate', 'concurrency', 'tokens'] as const).map((name) => ({
      name,
      section: new SeriesSection(SERIES[name], palette, this.zoom, { redraw, toggle, save: onSave }),
    }));
    this.distribution = new DistributionSection(palette, this.zoom, {
      filter: (name, span) => this.narrow(span === null ? null : { name, span }),
      redraw,
      toggle,
      save: onSave,
    });
    this.curve = new CurveSection(
      palette,
      (step) => {
        this.choice = { target: this.shown.target, stage: step };
        toggle();
      },
      toggle,
      onSave,
    );
    this.trends = new TrendSection(post, palette, toggle, onSave);
    this.requests = new RequestsSection(this.asks, this.zoom, {
      select,
      open,
      redraw,
      save: (kind, name, data) => this.saveData(kind, name, data),
      narrowed: (latency) => this.narrow(latency),
    });
    this.detail = new RequestDetail(post, this.asks, palette, {
      close: () => this.closeDetail(),
      step: (by) => this.step(by),
    });
    this.latencies = [ttft, itl];
    this.frames = new Map([
      ['ttft', ttft.frame],
      ['itl', itl.frame],
      ['histogram', this.distribution.histogram],
      ['cdf', this.distribution.cdf],
      ...series.map(({ name, section }) => [name, section.frame] as const),
      ['curve', this.curve.frame],
      ['trends', this.trends.frame],
    ]);
    const header = new Header(
      post,
      (target, stage) => {
        this.choice = { target, stage };
        toggle();
      },
      () => this.savePicture(),
    );
    const notice = new Notice(post);
    const comparison = new ComparisonSection(post);
    this.quality = new Cases(post, this.asks);
    const tiles = new Tiles(post, (metric) => this.explain(metric));
    const counters = new Counters();
    this.facts = new Quality(post, this.asks);
    const caveats = new Caveats();
    const bar = new EvidenceBar(this.zoom);
    this.ofRequests = new Set([
      tiles,
      counters,
      bar,
      ttft,
      itl,
      this.distribution,
      ...series.map(({ section }) => section),
      this.errors,
      this.requests,
    ]);
    this.sections = [
      header,
      notice,
      caveats,
      comparison,
      this.curve,
      this.phases,
      ...this.ofRequests,
      this.facts,
      this.quality,
      this.trends,
    ];
    this.seriesCharts = el(
      'div',
      { class: 'charts small' },
      ...series.map(({ section }) => section.element),
      this.errors.element,
    );
    this.latencyCharts = el('div', { class: 'charts' }, ttft.element, itl.element);
    this.evidence = el(
      'div',
      { class: 'evidence' },
      bar.element,
      this.latencyCharts,
      this.distribution.element,
      this.seriesCharts,
      this.requests.element,
    );
    this.body = el(
      'div',
      { class: 'body' },
      comparison.element,
      this.curve.element,
      tiles.element,
      counters.element,
      this.evidence,
      this.phases.element,
      this.facts.element,
      this.quality.element,
      this.trends.element,
    );
    this.element = el(
      'main',
      { class: 'run' },
      header.element,
      notice.element,
      caveats.element,
      this.body,
      this.detail.element,
    );
    for (const [name, frame] of this.frames) frame.showTable(saved?.tables.includes(name) ?? false);
    if (saved?.trend !== undefined) this.trends.restore(saved.trend);
    if (saved?.latency !== undefined) this.distribution.choose(saved.latency);
    this.restoring = false;
    const calm = matchMedia('(prefers-reduced-motion: reduce)');
    this.limiter = new FrameLimiter(
      () => this.render(),
      () => (calm.matches ? REDUCED_FRAME_MS : FRAME_MS),
      browserFrames,
    );
    onThemeChange(() => {
      this.palette = readPalette();
      for (const part of [
        ...this.latencies,
        ...series.map(({ section }) => section),
        this.distribution,
        this.curve,
        this.trends,
        this.detail,
      ])
        part.setPalette(this.palette);
    });
  }

  /** Something changed: redraw when it is time. */
  update(): void {
    if (!this.restoring) this.limiter.request();
  }

  /** Redraws at once: for a snapshot, and for what the reader did. */
  refresh(): void {
    if (!this.restoring) this.limiter.now();
  }

  /** An answer to something that a part has asked. */
  receive(reply: RunPanelReply): void {
    if (reply.type === 'trends') this.trends.receive(reply);
    else this.asks.receive(reply);
  }

  /** Keeps the reader's choices for the next start of this page. */
  remember(): void {
    if (this.restoring || this.store.head === null) return;
    const tables = [...this.frames].filter(([, frame]) => frame.tableShown).map(([name]) => name);
    this.save({
      source: this.store.head.source,
      choice: this.choice,
      tables,
      zoom: this.zoom.span,
      latency: this.distribution.metric,
      ...(this.focused === null ? {} : { focused: this.focused }),
      ...(this.trends.saved === null ? {} : { trend: this.trends.saved }),
    });
  }

  /** All of the stage that is shown, as its charts have it. */
  private whole(): TimeSpan {
    const stage = resolveChoice(this.store.targets, this.choice, this.shown)?.stage?.data;
    return { from: 0, to: timeAxis(stage?.elapsedMs ?? 0, stage?.plannedMs ?? null, 8).max };
  }

  private select(point: TickPoint | null): void {
    const { data } = this.stageShown() ?? {};
    const wasOpen = this.detail.open;
    this.selected = point;
    if (point !== null) this.zoom.include(point.t);
    for (const latency of this.latencies) latency.select(point);
    this.requests.select(point);
    const limits = data === undefined ? [] : limitsOf(data, 'itl');
    this.detail.show(point, {
      place: this.shown.stage ?? '',
      gapLimit: limits.length === 0 ? null : Math.min(...limits.map(({ value }) => value)),
      known: this.store.head?.can?.files === true,
    });
    this.element.classList.toggle('docked', this.detail.open);
    // What was clicked must not lie behind the dock that it opens.
    if (!wasOpen && this.detail.open) document.activeElement?.scrollIntoView({ block: 'nearest' });
  }

  /** Opens the request that the reader came for, as soon as it is there. */
  private openWanted(): void {
    const { head, targets } = this.store;
    const focus = head?.focus;
    if (focus === undefined || focus.number === this.focused) return;
    // Of a stored run the requests come after it has said that it reads them.
    const hasPoints = targets.some(({ stages }) => stages.some(({ points }) => points.points.length > 0));
    const complete = head?.status !== 'running' && (head?.loading === undefined ? hasPoints : head.loading === null);
    const wanted = wantedRequest(targets, focus.request, complete);
    if (wanted === null) return;
    this.focused = focus.number;
    this.choice = { target: wanted.target, stage: wanted.stage };
    this.remember();
    this.draw();
    this.select(wanted.point);
    this.detail.focus();
  }

  private closeDetail(): void {
    const chart = this.latencies.find(({ frame }) => !frame.element.hidden && !frame.tableShown);
    const inDock = this.detail.element.contains(document.activeElement);
    this.select(null);
    if (inDock) (chart?.frame.plot ?? this.requests.element).focus({ preventScroll: true });
  }

  private step(by: 1 | -1): void {
    const next = this.selected === null ? null : this.requests.neighbour(this.selected, by);
    if (next !== null) this.select(next);
  }

  private narrow(latency: RequestFilter['latency']): void {
    this.distribution.select(latency);
    this.requests.narrow(latency);
    this.refresh();
  }

  /** The evidence behind a tile. */
  private explain(metric: string): void {
    if (metric.startsWith('quality.')) this.quality.explain();
    else this.requests.explain(metric);
  }

  private stageShown() {
    return resolveChoice(this.store.targets, this.choice, this.shown)?.stage ?? null;
  }

  private render(): void {
    this.draw();
    this.openWanted();
  }

  private draw(): void {
    const shown = resolveChoice(this.store.targets, this.choice, this.shown);
    const now: Choice = { target: shown?.target.id ?? null, stage: shown?.stage?.data.name ?? null };
    const run = this.store.head?.startedAt ?? null;
    const before = this.shown;
    const first = this.run === null && before.target === null;
    const other = now.target !== before.target || now.stage !== before.stage || run !== this.run;
    if (run !== this.run) this.asks.clear();
    this.shown = now;
    this.run = run;
    if (other && !first) {
      this.zoom.reset();
      this.distribution.select(null);
      this.requests.narrow(null);
    }
    if (other && this.selected !== null) this.select(null);
    this.arrange(shown);
    // A sweep has no requests of its own: its steps have.
    const single = shown?.stage != null && isWhole(shown.stage) ? { ...shown, stage: null } : shown;
    for (const section of this.sections) section.render(this.store, this.ofRequests.has(section) ? single : shown);
  }

  /** Where there is no load the answers are the evidence, so they come first; where nothing was answered, the errors. */
  private arrange(shown: Shown | null): void {
    const { head } = this.store;
    const whole = shown?.stage != null && isWhole(shown.stage);
    const load = shown?.stage != null && shown.stage.data.pattern !== 'cases';
    const drawn = (load && !whole) || (shown?.stage?.points.points.length ?? 0) > 0;
    setHidden(this.evidence, !drawn);
    const answers = [this.facts.element, this.quality.element];
    const { element: phases } = this.phases;
    const trends = this.trends.element;
    const order = load ? [this.evidence, phases, ...answers, trends] : [...answers, this.evidence, phases, trends];
    if (order.some((element, i) => i > 0 && order[i - 1]?.nextElementSibling !== element)) this.body.append(...order);
    const unanswered = shown?.stage != null && isUnanswered(shown.stage.data);
    if (unanswered !== (this.errors.element.nextElementSibling === this.latencyCharts)) {
      if (unanswered) this.evidence.insertBefore(this.errors.element, this.latencyCharts);
      else this.seriesCharts.append(this.errors.element);
    }
    this.evidence.classList.toggle('unanswered', unanswered);
    setHidden(this.body, head === null || head.status === 'idle' || head.advice !== undefined);
  }

  private saveChart(kind: FileKind, chart: ChartFrame): void {
    if (kind !== 'png') {
      this.saveData(kind, chart.title, chart.data());
      return;
    }
    const part = chart.picture();
    if (part === null) return;
    this.post({
      type: 'save',
      kind: 'png',
      name: this.nameOf(chart.title),
      data: pngOf(composePicture([part], [this.placeText()], this.palette)),
    });
  }

  private saveData(kind: FileKind, title: string, data: ChartData): void {
    if (kind === 'png') return;
    this.post({ type: 'save', kind, name: this.nameOf(title), data: kind === 'csv' ? csvOf(data) : jsonOf(data) });
  }

  /** Every chart that is shown as one. */
  private savePicture(): void {
    const parts = [...this.frames.values()].flatMap((frame) => frame.picture() ?? []);
    if (parts.length === 0) return;
    const { head } = this.store;
    const lines = [head?.title ?? '', this.placeText()];
    const data = pngOf(composePicture(parts, lines, this.palette));
    this.post({ type: 'save', kind: 'png', name: this.nameOf('charts'), data });
  }

  private placeText(): string {
    const { head } = this.store;
    const { target, stage } = this.shown;
    return [head?.title, target, stage, head?.startedAt].filter((part) => part != null && part !== '').join(' · ');
  }

  private nameOf(what: string): string {
    return [this.store.head?.title, this.shown.stage, what].filter((part) => part != null && part !== '').join('-');
  }
}
