/** Errors by kind, most frequent first as the engine counts them; the order of a kind stays where it first appeared. */
import { formatCount } from '../../src/protocol/format';
import { el, icon, setHidden, setText } from '../dom';
import type { Section } from './section';
import type { Shown } from './selection';
import type { RunStore, StageData } from './store';

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
  private readonly all = el('p', { class: 'error-text', hidden: true });
  // As tall as the chart beside it however many kinds there are: the first error must not push what is below.
  readonly element = el(
    'section',
    { class: 'errors', aria: { label: 'Errors' } },
    el('h2', {}, 'Errors'),
    this.all,
    el(
      'div',
      { class: 'errors-list', tabindex: 0, role: 'region', aria: { label: 'Errors by kind' } },
      this.none,
      this.table,
    ),
  );
  private readonly rows = new Map<string, { row: HTMLElement; count: HTMLElement; example: HTMLElement }>();
  private stage: unknown = null;

  render(_store: RunStore, shown: Shown | null): void {
    const stage = shown?.stage ?? null;
    const errors = stage?.data.errors ?? [];
    setHidden(this.element, stage === null);
    setHidden(this.table, errors.length === 0);
    setHidden(this.none, errors.length > 0);
    setText(this.none, stage?.data.status === 'done' ? 'None.' : 'None so far.');
    const sentence = stage === null ? '' : nothingAnswered(stage.data);
    setHidden(this.all, sentence === '');
    if (this.all.dataset['shown'] !== sentence) {
      this.all.dataset['shown'] = sentence;
      this.all.replaceChildren(icon('error', 'tone-fail'), sentence);
    }
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

/** Whether a stage is over and not one of its requests got an answer. */
export function isUnanswered({ status, counts }: StageData): boolean {
  return status === 'done' && counts.completed === 0 && counts.failed + counts.timed_out + counts.truncated > 0;
}

function nothingAnswered(stage: StageData): string {
  if (!isUnanswered(stage)) return '';
  const { counts, errors } = stage;
  const failed = counts.failed + counts.timed_out + counts.truncated;
  const worst = [...errors].sort((a, b) => b.count - a.count)[0];
  const why = worst === undefined ? '' : ` ${worst.example}`;
  return `None of the ${formatCount(failed)} requests of this stage got an answer.${why}`;
}
