/** Puts the parts together in the order verdict, reason, evidence, and redraws them at a pace that a person can follow. */
import type { TickPoint } from '../../src/protocol/events';
import { browserFrames } from '../charts/browser-frames';
import { FrameLimiter } from '../charts/frame-limiter';
import { onThemeChange, readPalette } from '../charts/palette';
import { el, setHidden } from '../dom';
import { Cases } from './cases';
import { Counters } from './counters';
import { Errors } from './errors';
import { Header } from './header';
import { LatencySection } from './latency-section';
import { Notice } from './notice';
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
  private readonly charts: { name: string; section: LatencySection | RateSection }[];
  private readonly latencies: LatencySection[];
  private readonly detail = new RequestDetail();
  private readonly body: HTMLElement;
  private readonly quality: Cases;
  private readonly evidence: HTMLElement;
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
    this.latencies = [ttft, itl];
    this.charts = [
      { name: 'ttft', section: ttft },
      { name: 'itl', section: itl },
      { name: 'rate', section: rate },
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
    this.sections = [header, notice, tiles, counters, ttft, itl, rate, errors, this.quality];
    this.evidence = el(
      'div',
      { class: 'evidence' },
      el('div', { class: 'charts' }, ttft.element, itl.element),
      this.detail.element,
      el('div', { class: 'charts' }, rate.element, errors.element),
    );
    this.body = el('div', { class: 'body' }, tiles.element, counters.element, this.evidence, this.quality.element);
    this.element = el('main', { class: 'run' }, header.element, notice.element, this.body);
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
    for (const section of this.sections) section.render(this.store, shown);
  }

  /** Where there is no load the answers are the evidence, so they come first. */
  private arrange(shown: Shown | null): void {
    const load = shown?.stage != null && shown.stage.data.pattern !== 'cases';
    const drawn = load || (shown?.stage?.points.points.length ?? 0) > 0;
    setHidden(this.evidence, !drawn);
    const [first, second] = load ? [this.evidence, this.quality.element] : [this.quality.element, this.evidence];
    if (first.nextElementSibling !== second) this.body.append(first, second);
    const idle = this.store.head === null || this.store.head.status === 'idle';
    setHidden(this.body, idle);
  }
}
