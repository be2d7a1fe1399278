/**
 * Every request of the stage as a row: filtered, sorted, with the stretches of its time. Only the rows in view exist, so that a
 * hundred thousand of them scroll like a hundred.
 */
import type { TickPoint } from '../../src/protocol/events';
import { formatCount, formatValue } from '../../src/protocol/format';
import type { LatencyName } from '../charts/distribution';
import { instantText } from '../charts/instant';
import { OnScreen } from '../charts/on-screen';
import { el, icon, setAttribute, setClass, setHidden, setText } from '../dom';
import { button, dropdown, textField } from '../ui/controls';
import { menu } from '../ui/menu';
import type { Asks, Found } from './asks';
import type { ChartData, FileKind } from '../charts/chart-data';
import { limitsOf } from './limits';
import {
  AS_ENDED,
  RequestList,
  type RequestFilter,
  type RequestLimits,
  type Show,
  type Sort,
  type SortKey,
} from './requests-model';
import type { Section } from './section';
import type { Shown } from './selection';
import type { RunStore, StageView } from './store';
import { requestWord } from '../words';
import { PHASES, placeOf, roughSegmentsOf, scaleOf, segmentsOf, type Segment } from './waterfall';
import type { ZoomControl } from './zoom';

/** Rows beyond those in view that are there already, so that a short scroll shows no gap. */
const SPARE_ROWS = 4;
const SEARCH_QUIET_MS = 300;
const LATENCY_LABELS: Record<LatencyName, string> = {
  ttft: 'TTFT',
  itl: 'ITL mean',
  itlMax: 'longest gap',
  e2e: 'end to end',
};

interface Column {
  key: SortKey | null;
  label: string;
  className: string;
  help: string;
}

const COLUMNS: Column[] = [
  {
    key: 'arrival',
    label: 'Request',
    className: 'c-id',
    help: 'Its number within the stage; in the order in which they ended',
  },
  { key: null, label: 'Outcome', className: 'c-outcome', help: 'How it ended' },
  { key: 't', label: 'At', className: 'c-at number', help: 'When its first token came, since the stage started' },
  { key: 'ttft', label: 'TTFT', className: 'c-ttft number', help: 'Time to first token' },
  { key: 'itl', label: 'ITL', className: 'c-itl number', help: 'Mean gap between its tokens' },
  { key: 'itlMax', label: 'Max gap', className: 'c-gap number', help: 'Longest gap between its tokens' },
  { key: 'e2e', label: 'End to end', className: 'c-e2e number', help: 'Until its last token' },
  { key: null, label: '', className: 'c-waterfall', help: 'Where its time was spent' },
];

export interface RequestsActions {
  select: (point: TickPoint | null) => void;
  open: () => void;
  redraw: () => void;
  save: (kind: FileKind, name: string, data: ChartData) => void;
  /** The latencies that the list is narrowed to have changed here. */
  narrowed: (latency: RequestFilter['latency']) => void;
}

export class RequestsSection implements Section {
  readonly element: HTMLElement;
  private readonly list = new RequestList();
  private readonly viewport: HTMLElement;
  private readonly sizer = el('div', { class: 'rows', role: 'rowgroup' });
  private readonly heads: { head: HTMLElement; button: HTMLButtonElement | null; column: Column }[];
  private readonly scaleText = el('span', { class: 'muted number' });
  private readonly count = el('p', { class: 'muted number' });
  private readonly none = el('p', { class: 'rows-note muted' });
  private readonly show = dropdown({ label: 'Requests to list', onChange: (value) => this.setShow(value as Show) });
  private readonly search = textField({
    label: 'Find in requests',
    placeholder: 'Find: case, error, status…',
    onInput: (text) => this.find(text),
  });
  private readonly chip = el('button', { class: 'chip', type: 'button', hidden: true });
  private readonly newer = button({
    label: 'Show new requests',
    icon: 'arrow-down',
    appearance: 'secondary',
    onClick: () => this.relist(true),
  });
  private readonly rows = new Map<number, Row>();
  private stage: StageView | null = null;
  private stageName = '';
  private target = '';
  private filter: RequestFilter = { show: 'all', latency: null, time: null, found: null };
  private sort: Sort = AS_ENDED;
  private searchText = '';
  private searchTimer: ReturnType<typeof setTimeout> | null = null;
  private searched: Found | null = null;
  private selected: TickPoint | null = null;
  private active = -1;
  private filesThere = false;
  private queued = false;
  private readonly onScreen: OnScreen;

  constructor(
    private readonly asks: Asks,
    private readonly zoom: ZoomControl,
    private readonly actions: RequestsActions,
  ) {
    this.heads = COLUMNS.map((column) => this.head(column));
    this.viewport = el(
      'div',
      {
        class: 'requests-view',
        role: 'grid',
        tabindex: 0,
        aria: { label: 'Requests: arrow keys move between rows, Enter opens one', rowcount: '1', colcount: '8' },
      },
      el(
        'div',
        { role: 'rowgroup', class: 'requests-head' },
        el('div', { class: 'row', role: 'row', aria: { rowindex: '1' } }, ...this.heads.map(({ head }) => head)),
      ),
      this.sizer,
      this.none,
    );
    const files = menu({
      label: 'Save this list',
      icon: 'save',
      appearance: 'icon',
      items: () => [
        { label: 'List (CSV)', onChoose: () => actions.save('csv', 'requests', this.data()) },
        { label: 'List (JSON)', onChoose: () => actions.save('json', 'requests', this.data()) },
      ],
    });
    this.newer.element.classList.add('newer');
    this.element = el(
      'section',
      { class: 'requests', aria: { label: 'Requests' } },
      el(
        'div',
        { class: 'section-head' },
        el('h2', {}, 'Requests'),
        this.count,
        this.newer.element,
        el('span', { class: 'fill' }),
        this.chip,
        this.show.element,
        this.search.element,
        files.element,
      ),
      el(
        'ul',
        { class: 'legend' },
        ...PHASES.map(({ phase, label, help }) =>
          el('li', { title: help }, el('span', { class: `phase phase-${phase}`, aria: { hidden: true } }), label),
        ),
      ),
      this.viewport,
    );
    this.onScreen = new OnScreen(this.viewport, () => this.queue());
    this.chip.addEventListener('click', () => actions.narrowed(null));
    this.viewport.addEventListener('scroll', () => this.queue());
    this.viewport.addEventListener('keydown', (event) => this.key(event));
    if (typeof ResizeObserver !== 'undefined') new ResizeObserver(() => this.queue()).observe(this.viewport);
  }

  render({ head }: RunStore, shown: Shown | null): void {
    const stage = shown?.stage ?? null;
    setHidden(this.element, stage === null);
    if (stage === null || shown === null) {
      this.stage = null;
      return;
    }
    this.filesThere = head?.can?.files ?? false;
    setHidden(this.search.element, !this.filesThere);
    if (stage.data.name !== this.stageName || shown.target.id !== this.target) {
      this.stageName = stage.data.name;
      this.target = shown.target.id;
      this.active = -1;
      this.viewport.scrollTop = 0;
      if (this.searchText !== '') this.find(this.searchText);
    }
    this.stage = stage;
    this.relist(false);
  }

  /** Marks the row of a request that is shown, wherever that came from. */
  select(point: TickPoint | null): void {
    this.selected = point;
    this.draw();
  }

  /** Lists requests of these latencies; null lists all again. */
  narrow(latency: RequestFilter['latency']): void {
    this.filter = { ...this.filter, latency };
    this.relist(false);
  }

  /** Lists what a tile is about: the requests over a limit, or those that failed, the worst first. */
  explain(metric: string): void {
    const by = ({ ttft: 'ttft', itl: 'itlMax', e2e: 'e2e' } as const)[metric];
    this.setShow(metric === 'error_rate' ? 'failed' : by === undefined ? 'all' : 'over');
    this.sort = by === undefined ? AS_ENDED : { by, descending: true };
    this.actions.narrowed(null);
    this.relist(true);
    this.element.scrollIntoView({ block: 'start' });
    this.viewport.focus({ preventScroll: true });
  }

  /** The request before or after the one that is shown, in the order of the list; null at its ends. */
  neighbour(of: TickPoint, step: 1 | -1): TickPoint | null {
    const { rows } = this.list;
    const at = rows.findIndex(({ request }) => request === of.request);
    return at === -1 ? null : (rows[at + step] ?? null);
  }

  /** New rows of the extension are there. */
  redraw(): void {
    this.queue();
  }

  private get limits(): RequestLimits {
    const lowest = (metric: string) => {
      const limits = this.stage === null ? [] : limitsOf(this.stage.data, metric);
      return limits.length === 0 ? null : Math.min(...limits.map(({ value }) => value));
    };
    return { ttft: lowest('ttft'), itl: lowest('itl'), e2e: lowest('e2e') };
  }

  private relist(again: boolean): void {
    const { stage } = this;
    if (stage === null) return;
    const found = this.searchText === '' ? null : (this.searched?.ids ?? null);
    const { latency, show } = this.filter;
    const filter: RequestFilter = { show, latency, time: this.zoom.span, found };
    this.list.update(stage.points, filter, this.sort, this.limits, again);
    this.describe(stage);
    this.draw();
  }

  private describe({ points, data }: StageView): void {
    const { rows, newer } = this.list;
    const all = points.arrived.length;
    const parts = [rows.length === all ? formatCount(all) : `${formatCount(rows.length)} of ${formatCount(all)}`];
    if (points.dropped > 0)
      parts.push(
        `${formatCount(points.dropped)} ${points.failed > points.arrived.length / 2 ? 'more' : 'faster ones'} are not listed`,
      );
    if (this.searchText !== '' && this.searched?.complete === false)
      parts.push(`only the first ${formatCount(this.searched.ids.size)} that were found`);
    const searched = this.searched?.searched ?? null;
    if (this.searchText !== '' && searched !== null && searched < all)
      parts.push(`searched in the ${formatCount(searched)} with details`);
    setText(this.count, parts.join(' · '));
    this.newer.element.classList.toggle('none', newer === 0);
    if (newer > 0) this.newer.setFace(`Show ${formatCount(newer)} new`, 'arrow-down');
    const { latency } = this.filter;
    setHidden(this.chip, latency === null);
    if (latency !== null) {
      const label = `${LATENCY_LABELS[latency.name]} ${formatValue(latency.span.from, 'ms')} – ${formatValue(latency.span.to, 'ms')}`;
      if (this.chip.dataset['shown'] !== label) {
        this.chip.dataset['shown'] = label;
        this.chip.replaceChildren(
          label,
          icon('close'),
          el('span', { class: 'hidden-text' }, 'List all latencies again'),
        );
      }
    }
    const options: { value: Show; label: string }[] = [
      { value: 'all', label: 'All' },
      { value: 'failed', label: `Failed (${formatCount(points.failed)})` },
    ];
    const { ttft, itl, e2e } = this.limits;
    if (ttft !== null || itl !== null || e2e !== null) options.push({ value: 'over', label: 'Over a limit' });
    this.show.update(options, this.filter.show);
    setHidden(this.none, rows.length > 0);
    setText(
      this.none,
      all === 0
        ? data.status === 'done'
          ? 'No request was made.'
          : 'Waiting for the first request to end'
        : this.searchText !== '' && this.searched === null
          ? 'Searching…'
          : 'No request matches.',
    );
  }

  private queue(): void {
    if (this.queued) return;
    this.queued = true;
    requestAnimationFrame(() => {
      this.queued = false;
      this.draw();
    });
  }

  private draw(): void {
    if (this.element.hidden || this.stage === null || !this.onScreen.shown) return;
    const { rows } = this.list;
    const height = rowHeight();
    const room = this.viewport.clientHeight;
    if (room === 0) return;
    setAttribute(this.viewport, 'aria-rowcount', String(rows.length + 1));
    this.sizer.style.height = `${rows.length * height}px`;
    const top = this.viewport.scrollTop;
    const first = Math.max(0, Math.floor(top / height) - SPARE_ROWS);
    const last = Math.min(rows.length, Math.ceil((top + room) / height) + SPARE_ROWS);
    for (const [at, row] of this.rows) {
      if (at >= first && at < last) continue;
      row.element.remove();
      this.rows.delete(at);
    }
    const drawn: { point: TickPoint; row: Row; segments: Segment[] }[] = [];
    for (let at = first; at < last; at++) {
      const point = rows[at];
      if (point === undefined) continue;
      const row = this.rowAt(at);
      const known = this.filesThere ? this.asks.row(point.request) : undefined;
      row.show(point, known, {
        top: at * height,
        index: at + 2,
        selected: point.request === this.selected?.request,
        active: at === this.active,
      });
      drawn.push({ point, row, segments: known === undefined ? roughSegmentsOf(point) : segmentsOf(known, point) });
    }
    const staggered = this.sort.by === 'arrival' || this.sort.by === 't';
    const scale = scaleOf(
      drawn.map(({ segments }) => segments),
      staggered,
    );
    for (const { row, segments, point } of drawn)
      row.waterfall(segments, scale, staggered ? scale.from : (segments[0]?.from ?? 0), point.ok);
    setText(
      this.scaleText,
      drawn.length === 0
        ? ''
        : staggered
          ? `${instantText(scale.from, 100)} – ${instantText(scale.to, 100)}`
          : `0 – ${formatValue(scale.to, 'ms')}`,
    );
    const current = this.rows.get(this.active);
    setAttribute(this.viewport, 'aria-activedescendant', current === undefined ? null : current.element.id);
  }

  private rowAt(at: number): Row {
    const known = this.rows.get(at);
    if (known !== undefined) return known;
    const row = new Row(at, () => {
      this.active = at;
      const point = this.list.rows[at];
      if (point !== undefined) this.actions.select(point);
    });
    this.rows.set(at, row);
    this.sizer.append(row.element);
    return row;
  }

  private head(column: Column): { head: HTMLElement; button: HTMLButtonElement | null; column: Column } {
    const { key, label, className, help } = column;
    if (key === null) {
      const content = label === '' ? [el('span', { class: 'hidden-text' }, 'Waterfall'), this.scaleText] : [label];
      return {
        head: el('div', { class: className, role: 'columnheader', title: help }, ...content),
        button: null,
        column,
      };
    }
    const sorter = el(
      'button',
      { class: 'sorter', type: 'button', title: `${help}. Click to sort.` },
      label,
      icon('blank'),
    );
    sorter.addEventListener('click', () => this.sortBy(key));
    const head = el('div', { class: className, role: 'columnheader', aria: { sort: 'none' } }, sorter);
    return { head, button: sorter, column };
  }

  /** First the largest, then the smallest, then the order in which they ended. */
  private sortBy(key: SortKey): void {
    const { by, descending } = this.sort;
    if (key === 'arrival') this.sort = by === 'arrival' ? { by: key, descending: !descending } : AS_ENDED;
    else if (by !== key) this.sort = { by: key, descending: true };
    else this.sort = descending ? { by: key, descending: false } : AS_ENDED;
    this.viewport.scrollTop = 0;
    this.active = -1;
    this.showSort();
    this.relist(true);
  }

  private showSort(): void {
    for (const { head, button: sorter, column } of this.heads) {
      if (sorter === null) continue;
      const sorted = this.sort.by === column.key && (column.key !== 'arrival' || this.sort.descending);
      setAttribute(head, 'aria-sort', sorted ? (this.sort.descending ? 'descending' : 'ascending') : 'none');
      const glyph = sorter.querySelector('.codicon');
      if (glyph !== null)
        setClass(glyph, `codicon codicon-${sorted ? (this.sort.descending ? 'arrow-down' : 'arrow-up') : 'blank'}`);
    }
  }

  private setShow(show: Show): void {
    this.filter = { ...this.filter, show };
    this.viewport.scrollTop = 0;
    this.active = -1;
    this.showSort();
    this.relist(true);
  }

  private find(text: string): void {
    this.searchText = text.trim();
    this.searched = null;
    if (this.searchTimer !== null) clearTimeout(this.searchTimer);
    if (this.searchText === '') {
      this.relist(true);
      return;
    }
    this.searchTimer = setTimeout(() => {
      this.asks.find(this.target, this.stageName, this.searchText, (found) => {
        this.searched = found;
        this.viewport.scrollTop = 0;
        this.relist(true);
      });
    }, SEARCH_QUIET_MS);
  }

  private key(event: KeyboardEvent): void {
    if (event.target !== this.viewport) return;
    const { rows } = this.list;
    const page = Math.max(1, Math.floor(this.viewport.clientHeight / rowHeight()) - 2);
    const steps: Record<string, number> = {
      ArrowDown: this.active + 1,
      ArrowUp: this.active - 1,
      PageDown: this.active + page,
      PageUp: this.active - page,
      Home: 0,
      End: rows.length - 1,
    };
    const wanted = steps[event.key];
    if (wanted !== undefined) this.activate(Math.max(0, Math.min(rows.length - 1, wanted)));
    else if (event.key === 'Enter' || event.key === ' ') {
      const point = rows[this.active];
      if (point === undefined) return;
      this.actions.select(point);
      if (event.key === 'Enter') this.actions.open();
    } else if (event.key === 'Escape' && this.selected !== null) this.actions.select(null);
    else return;
    event.preventDefault();
  }

  private activate(at: number): void {
    const point = this.list.rows[at];
    if (point === undefined) return;
    this.active = at;
    const height = rowHeight();
    const head = this.viewport.querySelector<HTMLElement>('.requests-head')?.offsetHeight ?? 0;
    const top = at * height;
    const bottom = top + height + head;
    if (top < this.viewport.scrollTop) this.viewport.scrollTop = top;
    else if (bottom > this.viewport.scrollTop + this.viewport.clientHeight)
      this.viewport.scrollTop = bottom - this.viewport.clientHeight;
    // A request that is open follows, as the preview of a list does.
    if (this.selected !== null) this.actions.select(point);
    else this.draw();
  }

  private data(): ChartData {
    return {
      columns: ['request', 'completed', 'warmup', 't_ms', 'ttft_ms', 'itl_mean_ms', 'itl_max_ms', 'e2e_ms'],
      rows: this.list.rows.map((point) => [
        point.request,
        point.ok,
        point.warmup,
        point.t,
        point.ttft,
        point.itl,
        point.itlMax,
        point.e2e,
      ]),
    };
  }
}

/** Two lines a row where there is no room for the waterfall beside the numbers. */
function rowHeight(): number {
  return window.innerWidth <= NARROW_PX ? 44 : 24;
}

const NARROW_PX = 640;

let rowCount = 0;

/** A row in view; it shows one request after the other while its place stays in view. */
class Row {
  readonly element: HTMLElement;
  private readonly name = el('span', { class: 'row-name' });
  private readonly caseName = el('span', { class: 'muted' });
  private readonly glyph = icon('pass');
  private readonly word = el('span');
  private readonly cells = ['c-at', 'c-ttft', 'c-itl', 'c-gap', 'c-e2e'].map((name) =>
    el('div', { class: `${name} number`, role: 'gridcell' }),
  );
  private readonly bars = PHASES.map(({ phase }) => el('span', { class: `phase phase-${phase}` }));
  private readonly end = el('span', { class: 'phase-end', hidden: true, aria: { hidden: true } }, '×');
  private readonly track = el('div', { class: 'track' }, ...this.bars, this.end);
  private readonly waterfallCell = el('div', { class: 'c-waterfall', role: 'gridcell' }, this.track);

  constructor(at: number, onClick: () => void) {
    this.element = el(
      'div',
      { class: 'row', role: 'row', id: `request-${at}-${++rowCount}` },
      el('div', { class: 'c-id', role: 'gridcell' }, this.name, this.caseName),
      el('div', { class: 'c-outcome', role: 'gridcell' }, this.glyph, this.word),
      ...this.cells,
      this.waterfallCell,
    );
    this.element.addEventListener('click', onClick);
  }

  show(
    point: TickPoint,
    row: { outcome: string; errorKind: string | null; caseName: string | null } | undefined,
    place: { top: number; index: number; selected: boolean; active: boolean },
  ): void {
    const { element } = this;
    element.style.transform = `translateY(${place.top}px)`;
    setAttribute(element, 'aria-rowindex', String(place.index));
    setAttribute(element, 'aria-selected', String(place.selected));
    setClass(element, `row${place.selected ? ' selected' : ''}${place.active ? ' active' : ''}`);
    setText(this.name, shortName(point.request));
    setText(this.caseName, row?.caseName ?? '');
    const word = requestWord(point, row);
    setClass(this.glyph, `codicon codicon-${word.icon} tone-${word.tone}`);
    setText(this.word, word.word);
    const ms = (value: number | null) => (value === null ? '–' : formatValue(value, 'ms'));
    const texts = [instantText(point.t, 100), ms(point.ttft), ms(point.itl), ms(point.itlMax), ms(point.e2e)];
    this.cells.forEach((cell, i) => setText(cell, texts[i] ?? ''));
  }

  waterfall(segments: readonly Segment[], scale: { from: number; to: number }, startMs: number, ok: boolean): void {
    let end = 0;
    PHASES.forEach(({ phase }, i) => {
      const bar = this.bars[i];
      const segment = segments.find((one) => one.phase === phase);
      if (bar === undefined) return;
      setHidden(bar, segment === undefined);
      if (segment === undefined) return;
      const { left, width } = placeOf(segment, scale, startMs);
      bar.style.left = `${(left * 100).toFixed(3)}%`;
      bar.style.width = `${(width * 100).toFixed(3)}%`;
      end = Math.max(end, left + width);
    });
    setHidden(this.end, ok);
    this.end.style.left = `${(end * 100).toFixed(3)}%`;
    const text = segments.map(({ phase, from, to }) => `${phase} ${formatValue(to - from, 'ms')}`).join(', ');
    setAttribute(this.waterfallCell, 'aria-label', text === '' ? null : text);
    setAttribute(this.waterfallCell, 'title', text === '' ? null : text);
  }
}

/** The number of a request within its stage. */
export function shortName(id: string): string {
  return `#${id.slice(id.lastIndexOf('/') + 1)}`;
}
