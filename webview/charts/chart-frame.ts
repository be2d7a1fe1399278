/** What every chart has around its canvas: title, legend, the table that says the same, its files, a line for remarks. */
import { markSvg } from './marks';
import type { SeriesLook } from './series-look';
import type { PicturePart } from './picture';
import { el, icon, setAttribute, setHidden, setText } from '../dom';
import { button } from '../ui/controls';
import { menu } from '../ui/menu';
import type { ChartData, FileKind } from './chart-data';
import type { Word } from '../words';

export interface LegendEntry {
  /** Class of the swatch, which has the shape and the colour of what it stands for. */
  swatch: string;
  label: string;
  /** In place of a swatch: the mark of a series. */
  look?: SeriesLook;
}

export interface TableColumn {
  label: string;
  numeric: boolean;
}

export interface ChartFrameOptions {
  title: string;
  legend: LegendEntry[];
  columns: TableColumn[];
  onToggle: (table: boolean) => void;
  /** Hands out the chart as a file. */
  onSave: (kind: FileKind, chart: ChartFrame) => void;
  /** What is drawn, as plain numbers. */
  data: () => ChartData;
}

export class ChartFrame {
  readonly canvas = el('canvas', { role: 'img' });
  readonly plot: HTMLElement;
  readonly element: HTMLElement;
  private readonly note = el('p', { class: 'plot-note' });
  private readonly caption = el('p', { class: 'caption muted' });
  private readonly body = el('tbody');
  private readonly table: HTMLElement;
  private readonly legend: HTMLElement;
  private readonly toggle;
  private readonly heading: HTMLElement;
  private readonly head = el('tr');
  private entries: readonly LegendEntry[];
  private rows = '';

  constructor(private readonly options: ChartFrameOptions) {
    const { title, legend, columns } = options;
    this.entries = legend;
    this.setColumns(columns);
    this.table = el(
      'div',
      // Scrolls, so it must be reachable by keyboard.
      { class: 'twin', hidden: true, tabindex: 0, role: 'region', aria: { label: `${title}, as a table` } },
      el('table', {}, el('caption', { class: 'hidden-text' }, title), el('thead', {}, this.head), this.body),
    );
    this.plot = el('div', { class: 'plot' }, this.canvas, this.note);
    this.toggle = button({
      label: 'Show as table',
      icon: 'table',
      appearance: 'icon',
      onClick: () => this.showTable(!this.tableShown),
    });
    this.toggle.element.classList.add('toggle-table');
    const files = menu({
      label: `Save ${title}`,
      icon: 'save',
      appearance: 'icon',
      items: () => [
        { label: 'Picture (PNG)', onChoose: () => options.onSave('png', this) },
        { label: 'Data (CSV)', onChoose: () => options.onSave('csv', this) },
        { label: 'Data (JSON)', onChoose: () => options.onSave('json', this) },
      ],
    });
    this.heading = el('h2', {}, title);
    this.legend = el('ul', { class: 'legend' });
    this.setLegend(legend);
    this.element = el(
      'section',
      { class: 'chart', aria: { label: title } },
      el(
        'div',
        { class: 'chart-head' },
        this.heading,
        el('div', { class: 'tools' }, files.element, this.toggle.element),
      ),
      this.legend,
      this.plot,
      this.table,
      this.caption,
    );
  }

  get title(): string {
    return this.options.title;
  }

  get tableShown(): boolean {
    return !this.table.hidden;
  }

  /** What is drawn, as plain numbers. */
  data(): ChartData {
    return this.options.data();
  }

  /** The chart as a part of a picture; null while it shows nothing. */
  picture(): PicturePart | null {
    if (this.element.hidden || this.canvas.width === 0 || !this.note.hidden) return null;
    return {
      title: this.heading.textContent ?? this.title,
      legend: [...this.entries],
      canvas: this.canvas,
      caption: this.caption.textContent ?? '',
    };
  }

  setLegend(entries: readonly LegendEntry[]): void {
    this.entries = entries;
    this.legend.replaceChildren(...entries.map((entry) => legendItem(entry)));
  }

  setColumns(columns: readonly TableColumn[]): void {
    this.head.replaceChildren(
      ...columns.map(({ label, numeric }) => el('th', { scope: 'col', class: numeric ? 'number' : '' }, label)),
    );
  }

  showTable(shown: boolean): void {
    if (shown === this.tableShown) return;
    setHidden(this.table, !shown);
    setHidden(this.plot, shown);
    setHidden(this.legend, shown);
    this.toggle.setFace(shown ? 'Show as chart' : 'Show as table', shown ? 'graph-line' : 'table');
    this.options.onToggle(shown);
  }

  /** Puts what the chart comes to in place of its title. */
  setHeading(text: string, { icon: name, tone, word }: Word): void {
    const key = `${name} ${tone} ${word} ${text}`;
    if (this.heading.dataset['shown'] === key) return;
    this.heading.dataset['shown'] = key;
    this.heading.replaceChildren(icon(name, `tone-${tone}`), el('span', { class: 'hidden-text' }, `${word}: `), text);
  }

  /** `summary` is what the picture says, in words; `note` stands in its middle while there is nothing to draw. */
  describe(text: { summary: string; note: string; caption: string }): void {
    setAttribute(this.canvas, 'aria-label', text.summary);
    setText(this.note, text.note);
    setHidden(this.note, text.note === '');
    setText(this.caption, text.caption);
  }

  /** Each row's first cell is its head. */
  setRows(rows: string[][]): void {
    const key = JSON.stringify(rows);
    if (key === this.rows) return;
    this.rows = key;
    this.body.replaceChildren(
      ...rows.map(([head = '', ...cells]) =>
        el('tr', {}, el('th', { scope: 'row' }, head), ...cells.map((cell) => el('td', { class: 'number' }, cell))),
      ),
    );
  }
}

function legendItem({ swatch, label, look }: LegendEntry): HTMLElement {
  if (look !== undefined)
    return el(
      'li',
      {},
      el('span', { class: 'mark' }, markSvg(look), el('span', { class: 'letter' }, look.letter)),
      label,
    );
  return el('li', {}, el('span', { class: `swatch ${swatch}`, aria: { hidden: true } }), label);
}
