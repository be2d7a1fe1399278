/** Puts the parts together in the order verdict, reason, evidence, and redraws them at a pace that a person can follow. */
import type { TickPoint } from '../../src/protocol/events';
import { browserFrames } from '../charts/browser-frames';
import { FrameLimiter } from '../charts/frame-limiter';
import { onThemeChange, readPalette } from '../charts/palette';
import { el, setHidden } from '../dom';
import { Cases } from './cases';
import { Caveats } from './caveats';
import { Counters } from './counters';
import { isWhole } from './curve-model';
import { CurveSection } from './curve-section';
import { Errors } from './errors';
import { Header } from './header';
import { LatencySection } from './latency-section';
import { Notice } from './notice';
import { Phases } from './phases';
import { RateSection } from './rate-section';
import { RequestDetail } from './request-detail';
import type { Post, Section } from './section';
import { resolveChoice, type Choice, type Shown } from './selection';
import type { RunStore } from './store';
import { Tiles } from './tiles';

/** What survives a hidden view and a reloaded window. `source` lets the extension find the run again. */
export interface SavedView {
  source: string;
  choice: Choice;
  /** Charts that are shown as tables. */
  tables: string[];
}

const FRAME_MS = 100;
/** For readers who asked their system for less motion: the same data, in larger steps. */
const REDUCED_FRAME_MS = 1000;

export class RunView {
  readonly element: HTMLElement;
  private readonly limiter: FrameLimiter;
  private readonly sections: Section[];
  private readonly charts: { name: string; section: LatencySection | RateSection | CurveSection }[];
  private readonly latencies: LatencySection[];
  private readonly detail = new RequestDetail();
  private readonly body: HTMLElement;
  private readonly quality: Cases;
  private readonly evidence: HTMLElement;
  private readonly curve: CurveSection;
  private readonly phases = new Phases();
  /** Those that show requests of one stage. */
  private readonly ofRequests: Set<Section>;
  private choice: Choice;
  private shown: Choice = { target: null, stage: null };
  /** Start of the run that is shown: what tells one run from the next. */
  private run: string | null = null;
  private restoring = true;

  constructor(
    private readonly store: RunStore,
    post: Post,
    saved: SavedView | null,
    private readonly save: (view: SavedView) => void,
  ) {
    this.choice = saved?.choice ?? { target: null, stage: null };
    const palette = readPalette();
    const refresh = () => {
      this.remember();
      this.refresh();
    };
    const select = (point: TickPoint) => this.select(point);
    const ttft = new LatencySection('ttft', palette, select, refresh);
    const itl = new LatencySection('itl', palette, select, refresh);
    const rate = new RateSection(palette, refresh);
    this.curve = new CurveSection(
      palette,
      (step) => {
        this.choice = { target: this.shown.target, stage: step };
        refresh();
      },
      refresh,
    );
    this.latencies = [ttft, itl];
    this.charts = [
      { name: 'ttft', section: ttft },
      { name: 'itl', section: itl },
      { name: 'rate', section: rate },
      { name: 'curve', section: this.curve },
    ];
    const header = new Header(post, (target, stage) => {
      this.choice = { target, stage };
      refresh();
    });
    const notice = new Notice(post);
    const tiles = new Tiles(post);
    const counters = new Counters();
    const errors = new Errors();
    this.quality = new Cases(post);
    const caveats = new Caveats();
    this.ofRequests = new Set([tiles, counters, ttft, itl, rate, errors]);
    this.sections = [header, notice, caveats, this.curve, this.phases, ...this.ofRequests, this.quality];
    this.evidence = el(
      'div',
      { class: 'evidence' },
      el('div', { class: 'charts' }, ttft.element, itl.element),
      this.detail.element,
      el('div', { class: 'charts' }, rate.element, errors.element),
    );
    this.body = el(
      'div',
      { class: 'body' },
      this.curve.element,
      tiles.element,
      counters.element,
      this.evidence,
      this.phases.element,
      this.quality.element,
    );
    this.element = el('main', { class: 'run' }, header.element, notice.element, caveats.element, this.body);
    for (const { name, section } of this.charts) section.showTable(saved?.tables.includes(name) ?? false);
    this.restoring = false;
    const calm = matchMedia('(prefers-reduced-motion: reduce)');
    this.limiter = new FrameLimiter(
      () => this.render(),
      () => (calm.matches ? REDUCED_FRAME_MS : FRAME_MS),
      browserFrames,
    );
    onThemeChange(() => {
      const changed = readPalette();
      for (const { section } of this.charts) section.setPalette(changed);
    });
  }

  /** Something changed: redraw when it is time. */
  update(): void {
    this.limiter.request();
  }

  /** Redraws at once: for a snapshot, and for what the reader did. */
  refresh(): void {
    if (!this.restoring) this.limiter.now();
  }

  /** Keeps the reader's choices for the next start of this page. */
  remember(): void {
    if (this.restoring || this.store.head === null) return;
    const tables = this.charts.filter(({ section }) => section.tableShown).map(({ name }) => name);
    this.save({ source: this.store.head.source, choice: this.choice, tables });
  }

  private select(point: TickPoint | null): void {
    for (const latency of this.latencies) latency.select(point);
    this.detail.show(point);
  }

  private render(): void {
    const shown = resolveChoice(this.store.targets, this.choice, this.shown);
    const now: Choice = { target: shown?.target.id ?? null, stage: shown?.stage?.data.name ?? null };
    const run = this.store.head?.startedAt ?? null;
    if (now.target !== this.shown.target || now.stage !== this.shown.stage || run !== this.run) this.select(null);
    this.shown = now;
    this.run = run;
    this.arrange(shown);
    // A sweep has no requests of its own: its steps have.
    const single = shown?.stage != null && isWhole(shown.stage) ? { ...shown, stage: null } : shown;
    for (const section of this.sections) section.render(this.store, this.ofRequests.has(section) ? single : shown);
  }

  /** Where there is no load the answers are the evidence, so they come first. */
  private arrange(shown: Shown | null): void {
    const whole = shown?.stage != null && isWhole(shown.stage);
    const load = shown?.stage != null && shown.stage.data.pattern !== 'cases';
    const drawn = (load && !whole) || (shown?.stage?.points.points.length ?? 0) > 0;
    setHidden(this.evidence, !drawn);
    const { element: phases } = this.phases;
    const order = load ? [this.evidence, phases, this.quality.element] : [this.quality.element, this.evidence, phases];
    if (order.some((element, i) => i > 0 && order[i - 1]?.nextElementSibling !== element)) this.body.append(...order);
    const idle = this.store.head === null || this.store.head.status === 'idle';
    setHidden(this.body, idle);
  }
}
