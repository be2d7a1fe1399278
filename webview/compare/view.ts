/** Puts the parts together in the order verdict, reason, evidence, and redraws them at a pace that a person can follow. */
import type { ComparePanelReply, ComparePanelSaved, ComparePanelState } from '../../src/protocol/compare-panel';
import { browserFrames } from '../charts/browser-frames';
import { csvOf, jsonOf, type ChartData, type FileKind } from '../charts/chart-data';
import type { ChartFrame } from '../charts/chart-frame';
import { FrameLimiter } from '../charts/frame-limiter';
import { onThemeChange, readPalette, type Palette } from '../charts/palette';
import { composePicture, pngOf } from '../charts/picture';
import { el, setHidden } from '../dom';
import { Hovers } from '../ui/hover';
import { CaseDetail } from './case-detail';
import { CaseGrid } from './case-grid';
import { EVERY_CASE, type CaseFilter } from './case-list';
import { Caveats } from './caveats';
import { Choice } from './choice';
import { CurveSection } from './curve-section';
import { Front } from './front';
import { Header } from './header';
import { MetricTable } from './metric-table';
import { Notice } from './notice';
import type { Post } from './post';
import { Race } from './race';
import type { ChartSection, Section } from './section';
import { SloMatrix } from './slo-matrix';
import type { CompareStore } from './store';
import { TrendSection } from './trend-section';
import { TriangleSection } from './triangle-section';

/** What survives a hidden view and a reloaded window. */
export interface SavedView extends ComparePanelSaved {
  /** Charts that are shown as tables. */
  tables: string[];
  filter: CaseFilter;
  openCase: string | null;
  /** Of the page and of the list of cases, in pixels. */
  scroll: { page: number; cases: number };
}

const FRAME_MS = 100;
/** For readers who asked their system for less motion: the same data, in larger steps. */
const REDUCED_FRAME_MS = 1000;
const SCROLL_QUIET_MS = 250;

export class CompareView {
  readonly element: HTMLElement;
  private readonly limiter: FrameLimiter;
  private readonly hovers = new Hovers();
  private readonly notice: Notice;
  private readonly header: Header;
  private readonly table: MetricTable;
  private readonly sections: Section[];
  private readonly frames: Map<string, ChartFrame>;
  private readonly trends: TrendSection;
  private readonly cases: CaseGrid;
  private readonly detail: CaseDetail;
  private readonly body: HTMLElement;
  private palette: Palette = readPalette();
  private restoring = true;
  /** What waits for the first snapshot with contenders. */
  private pending: Pick<SavedView, 'openCase' | 'scroll'> | null = null;

  constructor(
    private readonly store: CompareStore,
    private readonly post: Post,
    saved: SavedView | null,
    private readonly save: (view: SavedView) => void,
  ) {
    const { palette, hovers } = this;
    const toggle = () => {
      this.remember();
      this.refresh();
    };
    const chartActions = { toggle, save: (kind: FileKind, chart: ChartFrame) => this.saveChart(kind, chart) };
    this.notice = new Notice(post);
    this.header = new Header(
      {
        post,
        savePicture: () => this.savePicture(),
        saveTable: () => this.saveData('csv', 'metrics', this.table.data()),
      },
      hovers,
    );
    const choice = new Choice(post);
    const caveats = new Caveats();
    this.table = new MetricTable(post, hovers);
    const slos = new SloMatrix(hovers);
    const front = new Front(palette, hovers, post, chartActions);
    const triangles = new TriangleSection(palette, hovers, chartActions);
    const curves = new CurveSection(palette, hovers, chartActions);
    this.trends = new TrendSection(palette, hovers, chartActions);
    this.cases = new CaseGrid({ open: (id) => this.openCase(id), filtered: () => this.remember() }, hovers);
    this.detail = new CaseDetail({ post, close: () => this.closeCase(), step: (by) => this.stepCase(by) });
    const race = new Race(store);
    const charts: ChartSection[] = [front, triangles, this.trends, curves];
    this.frames = new Map([
      ['front', front.frame],
      ['triangles', triangles.frame],
      ['curves', curves.frame],
    ]);
    this.sections = [race, choice, caveats, this.table, slos, ...charts, this.cases, this.detail];
    this.body = el(
      'div',
      { class: 'body' },
      race.element,
      choice.element,
      caveats.element,
      this.table.element,
      slos.element,
      el('div', { class: 'trade' }, front.element, triangles.element),
      this.cases.element,
      this.detail.element,
      this.trends.element,
      curves.element,
    );
    this.element = el(
      'main',
      { class: 'compare' },
      this.header.element,
      this.notice.element,
      this.body,
      hovers.element,
    );
    for (const [name, frame] of this.frames) frame.showTable(saved?.tables.includes(name) ?? false);
    this.trends.showTable(saved?.tables.includes('trends') ?? false);
    this.cases.restore(saved?.filter ?? EVERY_CASE);
    this.pending = saved === null ? null : { openCase: saved.openCase, scroll: saved.scroll };
    this.restoring = false;
    let quiet: ReturnType<typeof setTimeout> | null = null;
    document.addEventListener(
      'scroll',
      () => {
        if (quiet !== null) clearTimeout(quiet);
        quiet = setTimeout(() => this.remember(), SCROLL_QUIET_MS);
      },
      { capture: true, passive: true },
    );
    const calm = matchMedia('(prefers-reduced-motion: reduce)');
    this.limiter = new FrameLimiter(
      () => this.render(),
      () => (calm.matches ? REDUCED_FRAME_MS : FRAME_MS),
      browserFrames,
    );
    onThemeChange(() => {
      this.palette = readPalette();
      for (const chart of charts) chart.setPalette(this.palette);
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
  receive(reply: ComparePanelReply): void {
    this.detail.receive(reply);
  }

  /** Keeps what is compared and the reader's choices for the next start of this page. */
  remember(): void {
    const { state } = this.store;
    // Before what was kept is back in place there is nothing new to keep.
    if (this.restoring || state === null || this.pending !== null) return;
    const tables = [...this.frames].filter(([, frame]) => frame.tableShown).map(([name]) => name);
    this.save({
      ...savedOf(state),
      tables: this.trends.tableShown ? [...tables, 'trends'] : tables,
      filter: this.cases.filter,
      openCase: this.detail.id,
      scroll: { page: window.scrollY, cases: this.cases.scrollTop },
    });
  }

  private render(): void {
    const { state } = this.store;
    this.notice.render(state);
    setHidden(this.body, state === null || state.contenders.length === 0);
    setHidden(this.header.element, state === null);
    if (state === null) return;
    this.element.classList.toggle('live', state.status === 'running');
    this.header.render(state);
    for (const section of this.sections) section.render(state);
    this.hovers.tidy();
    if (this.pending !== null && state.contenders.length > 0) this.bringBack(state, this.pending);
  }

  private bringBack({ cases }: ComparePanelState, { openCase, scroll }: Pick<SavedView, 'openCase' | 'scroll'>): void {
    this.pending = null;
    if (openCase !== null && cases.some(({ id }) => id === openCase)) {
      this.detail.show(openCase, false);
      this.cases.mark(openCase);
    }
    this.cases.scrollTo(scroll.cases);
    requestAnimationFrame(() => window.scrollTo({ top: scroll.page }));
  }

  private openCase(id: string): void {
    this.detail.show(id, true);
    this.cases.mark(id);
    this.remember();
  }

  private closeCase(): void {
    this.detail.show(null, false);
    this.cases.mark(null);
    this.cases.focus();
    this.remember();
  }

  private stepCase(by: 1 | -1): void {
    const next = this.detail.id === null ? null : this.cases.neighbour(this.detail.id, by);
    if (next !== null) this.openCase(next);
  }

  private saveChart(kind: FileKind, chart: ChartFrame): void {
    if (kind !== 'png') {
      this.saveData(kind, chart.title, chart.data());
      return;
    }
    const part = chart.picture();
    if (part === null) return;
    const data = pngOf(composePicture([part], [this.placeText()], this.palette));
    this.post({ type: 'save', kind: 'png', name: this.nameOf(chart.title), data });
  }

  private saveData(kind: 'csv' | 'json', what: string, data: ChartData): void {
    this.post({ type: 'save', kind, name: this.nameOf(what), data: kind === 'csv' ? csvOf(data) : jsonOf(data) });
  }

  /** Every chart that is shown as one. */
  private savePicture(): void {
    const parts = [...this.frames.values(), ...this.trends.frames].flatMap((frame) => frame.picture() ?? []);
    if (parts.length === 0) return;
    const lines = [this.store.state?.title ?? '', this.placeText()];
    this.post({
      type: 'save',
      kind: 'png',
      name: this.nameOf('charts'),
      data: pngOf(composePicture(parts, lines, this.palette)),
    });
  }

  private placeText(): string {
    const { contenders = [], stage = null } = this.store.state ?? {};
    const who = contenders.map(({ label }) => label).join(' / ');
    return stage === null ? who : `${who} · ${stage}`;
  }

  private nameOf(what: string): string {
    return [this.store.state?.title, what].filter((part) => part != null && part !== '').join('-');
  }
}

function savedOf({ contenders, reference, stage, pareto, selection }: ComparePanelState): ComparePanelSaved {
  return {
    contenders: contenders.map(({ id, run, target }) => ({ id, run: run.id, path: run.path, target })),
    reference,
    stage,
    axes: pareto === null ? null : { x: pareto.x, y: pareto.y },
    select:
      selection === null
        ? null
        : {
            aim: selection.aim,
            limits: [...selection.result.subject_to, ...selection.invalid.map(({ text }) => text)],
          },
  };
}
