/** Errors by kind, most frequent first as the engine counts them; the order of a kind stays where it first appeared. */
import { formatCount } from '../../src/protocol/format';
import { el, setHidden, setText } from '../dom';
import type { Section } from './section';
import type { Shown } from './selection';
import type { RunStore } from './store';

export class Errors implements Section {
  private readonly body = el('tbody');
  private readonly table = el(
    'table',
    {},
    el(
      'thead',
      {},
      el(
        'tr',
        {},
        el('th', { scope: 'col' }, 'Kind'),
        el('th', { scope: 'col', class: 'number' }, 'Count'),
        el('th', { scope: 'col' }, 'Example'),
      ),
    ),
    this.body,
  );
  private readonly none = el('p', { class: 'muted' }, 'None so far.');
  readonly element = el(
    'section',
    { class: 'errors', aria: { label: 'Errors' } },
    el('h2', {}, 'Errors'),
    this.none,
    this.table,
  );
  private readonly rows = new Map<string, { row: HTMLElement; count: HTMLElement; example: HTMLElement }>();
  private stage: unknown = null;

  render(_store: RunStore, shown: Shown | null): void {
    const stage = shown?.stage ?? null;
    const errors = stage?.data.errors ?? [];
    setHidden(this.element, stage === null);
    // The part stays in its place without errors, too: the first one must not push the chart beside it.
    setHidden(this.table, errors.length === 0);
    setHidden(this.none, errors.length > 0);
    setText(this.none, stage?.data.status === 'done' ? 'None.' : 'None so far.');
    if (stage !== this.stage) {
      this.stage = stage;
      this.rows.clear();
      this.body.replaceChildren();
    }
    for (const { kind, count, example } of errors) {
      let cells = this.rows.get(kind);
      if (cells === undefined) {
        const number = el('td', { class: 'number' });
        const text = el('td', { class: 'example' });
        const row = el('tr', {}, el('th', { scope: 'row' }, el('code', {}, kind)), number, text);
        cells = { row, count: number, example: text };
        this.rows.set(kind, cells);
        this.body.append(row);
      }
      setText(cells.count, formatCount(count));
      setText(cells.example, example);
    }
  }
}
