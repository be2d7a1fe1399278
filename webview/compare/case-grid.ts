/**
 * Every case against every contender. Only the rows in view exist, so that ten thousand cases scroll like ten; the focus stays
 * on the grid, which names its active cell.
 */
import type { CompareCase, CompareCaseCell, ComparePanelState } from '../../src/protocol/compare-panel';
import { formatCount } from '../../src/protocol/format';
import { el, icon, iconClass, setAttribute, setClass, setHidden, setText } from '../dom';
import { dropdown, textField } from '../ui/controls';
import type { Hovers } from '../ui/hover';
import { EVERY_CASE, listCases, passText, tagsOf, type CaseFilter, type CaseShow } from './case-list';
import { contenderName, namesOf, type Named } from './contender-name';
import { Drawn, type Section } from './section';
import { oneLine } from './visible-text';
import { caseWord, FLAKY } from './words';

const ROW_PX = 28;
const SPARE_ROWS = 6;
const COLUMN_PX = 128;
const SEARCH_QUIET_MS = 200;

export interface CaseGridActions {
  open: (id: string) => void;
  /** The reader's choice of cases has changed. */
  filtered: () => void;
}

export class CaseGrid implements Section {
  readonly element: HTMLElement;
  private readonly viewport: HTMLElement;
  private readonly headRow = el('div', { class: 'case-row', role: 'row', aria: { rowindex: '1' } });
  private readonly sizer = el('div', { class: 'case-rows', role: 'rowgroup' });
  private readonly count = el('p', { class: 'muted number' });
  private readonly none = el('p', { class: 'rows-note muted' });
  private readonly about = el('p', { class: 'case-about muted number', role: 'status' });
  private readonly show = dropdown({
    label: 'Cases to list',
    onChange: (value) => this.filterBy({ show: value as CaseShow }),
  });
  private readonly tag = dropdown({ label: 'Tag', onChange: (value) => this.filterBy({ tag: value }) });
  private readonly search = textField({
    label: 'Find in cases',
    placeholder: 'Find: name, answer, reason…',
    onInput: (text) => this.find(text),
  });
  private readonly remark = el('p', { class: 'muted', hidden: true });
  private readonly tools: HTMLElement;
  private readonly rows = new Map<number, Row>();
  private readonly drawn = new Drawn();
  private readonly columns = new Drawn();
  private listed: CompareCase[] = [];
  private all: readonly CompareCase[] = [];
  private names: Named[] = [];
  private active = { row: 0, column: 0 };
  private opened: string | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private queued = false;
  filter: CaseFilter = EVERY_CASE;

  constructor(
    private readonly actions: CaseGridActions,
    private readonly hovers: Hovers,
  ) {
    this.viewport = el(
      'div',
      {
        class: 'case-view',
        role: 'grid',
        tabindex: 0,
        aria: { label: 'Cases: arrow keys move between cells, Enter opens a case', rowcount: '1', colcount: '1' },
      },
      el('div', { class: 'case-head', role: 'rowgroup' }, this.headRow),
      this.sizer,
      this.none,
    );
    this.tools = el('div', { class: 'case-tools' }, this.show.element, this.tag.element, this.search.element);
    this.element = el(
      'section',
      { class: 'part case-part', aria: { label: 'Cases' } },
      el(
        'div',
        { class: 'section-head' },
        el('h2', {}, 'Cases'),
        this.count,
        el('span', { class: 'fill' }),
        this.tools,
      ),
      this.remark,
      this.viewport,
      this.about,
    );
    this.viewport.addEventListener('scroll', () => this.queue());
    this.viewport.addEventListener('keydown', (event) => this.key(event));
    this.viewport.addEventListener('focus', () => this.describeActive());
    this.viewport.addEventListener('blur', () => setText(this.about, ''));
    new ResizeObserver(() => this.queue()).observe(this.viewport);
  }

  get scrollTop(): number {
    return this.viewport.scrollTop;
  }

  /** What was looked at before the page was started anew. */
  restore(filter: CaseFilter): void {
    this.filter = filter;
    this.search.setValue(filter.text);
  }

  /** Once the cases are there. */
  scrollTo(top: number): void {
    this.viewport.scrollTop = top;
    this.draw();
  }

  focus(): void {
    this.viewport.focus({ preventScroll: true });
  }

  /** Marks the case that is shown below. */
  mark(id: string | null): void {
    this.opened = id;
    this.draw();
  }

  /** The case before or after another one in the list; null at its ends. */
  neighbour(id: string, step: 1 | -1): string | null {
    const at = this.listed.findIndex((one) => one.id === id);
    return at === -1 ? null : (this.listed[at + step]?.id ?? null);
  }

  render(state: ComparePanelState): void {
    const { cases, contenders, casesText } = state;
    setHidden(this.element, cases.length === 0 && casesText === undefined);
    setHidden(this.remark, casesText === undefined);
    setText(this.remark, casesText ?? '');
    for (const part of [this.viewport, this.about, this.tools]) setHidden(part, cases.length === 0);
    const others = this.columns.changed(contenders);
    if (!this.drawn.changed(cases, contenders)) return;
    this.all = cases;
    if (others) this.setColumns(state);
    this.relist();
  }

  private setColumns(state: ComparePanelState): void {
    this.names = [...namesOf(state).values()];
    this.headRow.replaceChildren(
      el('div', { role: 'columnheader', class: 'case-first' }, 'Case'),
      ...this.names.map((named) => el('div', { role: 'columnheader', class: 'case-cell' }, contenderName(named))),
    );
    this.viewport.style.setProperty('--contenders', String(this.names.length));
    setAttribute(this.viewport, 'aria-colcount', String(this.names.length + 1));
    for (const row of this.rows.values()) row.element.remove();
    this.rows.clear();
  }

  private filterBy(change: Partial<CaseFilter>): void {
    this.filter = { ...this.filter, ...change };
    this.active = { ...this.active, row: 0 };
    this.viewport.scrollTop = 0;
    this.relist();
    this.actions.filtered();
  }

  private find(text: string): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      this.filterBy({ text });
    }, SEARCH_QUIET_MS);
  }

  private relist(): void {
    const { all, filter } = this;
    const tags = tagsOf(all);
    if (filter.tag !== '' && all.length > 0 && !tags.includes(filter.tag)) this.filter = { ...filter, tag: '' };
    this.listed = listCases(all, this.filter);
    const n = (show: CaseShow) => formatCount(listCases(all, { ...EVERY_CASE, show }).length);
    this.show.update(
      [
        { value: 'all', label: `All (${formatCount(all.length)})` },
        { value: 'failed', label: `Failed (${n('failed')})` },
        { value: 'differs', label: `Differ (${n('differs')})` },
        { value: 'flaky', label: `Flaky (${n('flaky')})` },
      ],
      this.filter.show,
    );
    setHidden(this.tag.element, tags.length === 0);
    this.tag.update(
      [{ value: '', label: 'Any tag' }, ...tags.map((tag) => ({ value: tag, label: tag }))],
      this.filter.tag,
    );
    setText(
      this.count,
      this.listed.length === all.length
        ? formatCount(all.length)
        : `${formatCount(this.listed.length)} of ${formatCount(all.length)}`,
    );
    setHidden(this.none, this.listed.length > 0);
    setText(this.none, 'No case matches.');
    this.active.row = Math.max(0, Math.min(this.active.row, this.listed.length - 1));
    this.draw();
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
    const room = this.viewport.clientHeight;
    if (room === 0) return;
    setAttribute(this.viewport, 'aria-rowcount', String(this.listed.length + 1));
    this.sizer.style.height = `${this.listed.length * ROW_PX}px`;
    const first = Math.max(0, Math.floor(this.viewport.scrollTop / ROW_PX) - SPARE_ROWS);
    const last = Math.min(this.listed.length, Math.ceil((this.viewport.scrollTop + room) / ROW_PX) + SPARE_ROWS);
    for (const [at, row] of this.rows) {
      if (at >= first && at < last) continue;
      row.element.remove();
      this.rows.delete(at);
    }
    for (let at = first; at < last; at++) {
      const one = this.listed[at];
      if (one === undefined) continue;
      this.rowAt(at).show(one, at, {
        active: at === this.active.row ? this.active.column : -1,
        open: one.id === this.opened,
      });
    }
    setAttribute(
      this.viewport,
      'aria-activedescendant',
      this.rows.has(this.active.row) ? cellId(this.active.row, this.active.column) : null,
    );
  }

  private rowAt(at: number): Row {
    const known = this.rows.get(at);
    if (known !== undefined) return known;
    const row = new Row(this.names, this.hovers, (column) => {
      this.active = { row: at, column };
      const one = this.listed[at];
      if (one !== undefined) this.actions.open(one.id);
      this.draw();
    });
    this.rows.set(at, row);
    this.sizer.append(row.element);
    return row;
  }

  private key(event: KeyboardEvent): void {
    if (event.altKey || event.metaKey || event.shiftKey) return;
    const { row, column } = this.active;
    const last = this.listed.length - 1;
    const page = Math.max(1, Math.floor(this.viewport.clientHeight / ROW_PX) - 2);
    const steps: Record<string, [number, number]> = {
      ArrowUp: [row - 1, column],
      ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1],
      PageUp: [row - page, column],
      PageDown: [row + page, column],
      Home: event.ctrlKey ? [0, 0] : [row, 0],
      End: event.ctrlKey ? [last, this.names.length] : [row, this.names.length],
    };
    if (event.key === 'Enter') {
      const one = this.listed[row];
      if (one === undefined) return;
      event.preventDefault();
      this.actions.open(one.id);
      return;
    }
    const wanted = steps[event.key];
    if (wanted === undefined || last < 0) return;
    event.preventDefault();
    this.active = {
      row: Math.max(0, Math.min(last, wanted[0])),
      column: Math.max(0, Math.min(this.names.length, wanted[1])),
    };
    this.reveal();
    this.draw();
    this.describeActive();
  }

  /** Scrolls as little as is needed for the active cell to be seen, beside its head and the names. */
  private reveal(): void {
    const { viewport } = this;
    const { row, column } = this.active;
    const room = viewport.clientHeight - ROW_PX;
    const top = row * ROW_PX;
    if (top < viewport.scrollTop) viewport.scrollTop = top;
    else if (top + ROW_PX > viewport.scrollTop + room) viewport.scrollTop = top + ROW_PX - room;
    if (column === 0) return;
    const first = this.headRow.firstElementChild?.clientWidth ?? 0;
    const width = this.headRow.children[column]?.clientWidth ?? COLUMN_PX;
    const left = (column - 1) * width;
    const across = viewport.clientWidth - first;
    if (left < viewport.scrollLeft) viewport.scrollLeft = left;
    else if (left + width > viewport.scrollLeft + across) viewport.scrollLeft = left + width - across;
  }

  private describeActive(): void {
    const one = this.listed[this.active.row];
    const named = this.names[this.active.column - 1];
    if (one === undefined) return;
    const cell = named === undefined ? null : (one.cells[this.active.column - 1] ?? null);
    setText(
      this.about,
      named === undefined ? caseText(one) : [`${one.name}, ${named.label}`, ...cellText(cell)].join(' · '),
    );
  }
}

function caseText({ name, tags, differs }: CompareCase): string {
  const parts = [name];
  if (tags.length > 0) parts.push(tags.join(', '));
  parts.push(differs ? 'the contenders differ' : 'the contenders agree');
  return parts.join(' · ');
}

function cellText(cell: CompareCaseCell | null): string[] {
  if (cell === null) return ['not asked'];
  const parts = [[caseWord(cell.state).word, passText(cell)].filter((part) => part !== '').join(' ')];
  if (cell.flaky) parts.push('its repeats disagree');
  if (cell.reason !== '') parts.push(oneLine(cell.reason));
  return parts;
}

function cellId(row: number, column: number): string {
  return `case-${row}-${column}`;
}

class Row {
  readonly element: HTMLElement;
  private readonly name = el('span', { class: 'case-name' });
  private readonly differs = el(
    'span',
    { class: 'case-differs' },
    icon('diff'),
    el('span', { class: 'hidden-text' }, 'differs'),
  );
  private readonly first: HTMLElement;
  private readonly cells: Cell[];
  private shown: CompareCase | null = null;

  constructor(names: readonly Named[], hovers: Hovers, press: (column: number) => void) {
    this.first = el('div', { class: 'case-first', role: 'rowheader' }, this.name, this.differs);
    this.cells = names.map(
      (named, i) =>
        new Cell(
          named,
          hovers,
          () => this.shown?.cells[i] ?? null,
          () => this.shown,
        ),
    );
    this.element = el('div', { class: 'case-row', role: 'row' }, this.first, ...this.cells.map((cell) => cell.element));
    this.element.addEventListener('click', (event) => {
      const at = [...this.element.children].findIndex((child) => child.contains(event.target as Node));
      press(Math.max(0, at));
    });
  }

  show(one: CompareCase, at: number, { active, open }: { active: number; open: boolean }): void {
    this.shown = one;
    this.element.style.top = `${at * ROW_PX}px`;
    setAttribute(this.element, 'aria-rowindex', String(at + 2));
    setAttribute(this.element, 'aria-selected', String(open));
    setClass(this.element, open ? 'case-row opened' : 'case-row');
    setText(this.name, one.name);
    setAttribute(this.first, 'title', [one.name, ...one.tags].join('\n'));
    setHidden(this.differs, !one.differs);
    this.first.id = cellId(at, 0);
    this.first.classList.toggle('active', active === 0);
    this.cells.forEach((cell, i) => {
      cell.element.id = cellId(at, i + 1);
      cell.element.classList.toggle('active', active === i + 1);
      cell.show(one.cells[i] ?? null);
    });
  }
}

class Cell {
  private readonly glyph = icon('circle-outline');
  private readonly word = el('span');
  private readonly passed = el('span', { class: 'number' });
  private readonly flaky = el('span', { class: 'muted' }, FLAKY.word);
  readonly element = el(
    'div',
    { class: 'case-cell', role: 'gridcell' },
    this.glyph,
    this.word,
    this.passed,
    this.flaky,
  );

  constructor(named: Named, hovers: Hovers, cell: () => CompareCaseCell | null, one: () => CompareCase | null) {
    hovers.attach(this.element, () => [
      `${one()?.name ?? ''}, ${named.label}`,
      ...cellText(cell()),
      oneLine(cell()?.answer ?? ''),
    ]);
  }

  show(cell: CompareCaseCell | null): void {
    setHidden(this.glyph, cell === null);
    setHidden(this.passed, cell === null);
    setHidden(this.flaky, cell?.flaky !== true);
    if (cell === null) {
      setClass(this.word, 'muted');
      setText(this.word, 'not asked');
      return;
    }
    const { icon: glyph, tone, word } = caseWord(cell.state);
    setClass(this.glyph, iconClass(glyph, `tone-${tone}`));
    setClass(this.word, '');
    setText(this.word, word);
    setText(this.passed, passText(cell));
  }
}
