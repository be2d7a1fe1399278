/** The answers: one row each, in the order in which they began; open one for its text and its assertions. */
import type { AnswerStream, PanelCase } from '../../src/protocol/run-panel';
import { el, icon, iconClass, setClass, setHidden, setText } from '../dom';
import { button, checkbox } from '../ui/controls';
import { answerView } from './answer-view';
import type { Asks } from './asks';
import type { Post } from './post';
import type { Section } from './section';
import type { Shown } from './selection';
import { streamKey, type RunStore, type TargetView } from './store';
import { ANSWERING, INTERRUPTED, outcomeWord } from '../words';

/** Rows are added a page at a time: a file with ten thousand cases would freeze the view. */
const PAGE = 200;
/** Of an answer that is being written: its end is what changes. */
const STREAM_CHARACTERS = 600;

export class Cases implements Section {
  private readonly list = el('ul', { class: 'cases' });
  private readonly counts = el('p', { class: 'muted number' });
  private readonly more;
  private readonly onlyFailed;
  private readonly onlyFlaky;
  private readonly waiting = el('p', { class: 'muted' }, 'Waiting for the first answer');
  readonly element: HTMLElement;
  private rows = new Map<string, Row>();
  private limit = PAGE;
  private target: TargetView | null = null;
  private drawn: unknown[] = [];
  private running = false;

  constructor(
    private readonly post: Post,
    private readonly asks: Asks,
  ) {
    this.more = button({
      label: `Show ${PAGE} more`,
      icon: 'chevron-down',
      appearance: 'secondary',
      onClick: () => {
        this.limit += PAGE;
        this.refresh();
      },
    });
    this.onlyFailed = checkbox({ label: 'Only what did not pass', onChange: () => this.refresh(true) });
    this.onlyFlaky = checkbox({ label: 'Only flaky cases', onChange: () => this.refresh(true) });
    this.element = el(
      'section',
      { class: 'quality', aria: { label: 'Answers' } },
      el(
        'div',
        { class: 'section-head' },
        el('h2', {}, 'Answers'),
        this.counts,
        this.onlyFailed.element,
        this.onlyFlaky.element,
      ),
      this.waiting,
      this.list,
      this.more.element,
    );
  }

  /** Lists what did not pass: what a tile about quality is about. */
  explain(): void {
    this.onlyFailed.setChecked(true);
    this.refresh(true);
    this.element.scrollIntoView({ block: 'start' });
  }

  render({ head }: RunStore, shown: Shown | null): void {
    const target = shown?.target ?? null;
    const nothing = target !== null && target.quality.total === 0 && target.cases.length + target.streams.size === 0;
    setHidden(this.element, target === null || nothing);
    if (target === null) return;
    const running = head?.status === 'running';
    const { quality, qualityResult, casesVersion, streamsVersion } = target;
    const state = [target, quality, qualityResult, casesVersion, streamsVersion, running];
    if (state.every((part, i) => part === this.drawn[i])) return;
    this.drawn = state;
    if (target.id !== this.target?.id) {
      this.rows.clear();
      this.limit = PAGE;
      this.list.replaceChildren();
    }
    this.target = target;
    this.running = running;
    this.refresh();
  }

  private refresh(anew = false): void {
    const { target } = this;
    if (target === null) return;
    const { passed, failed, errors, skipped, total } = target.quality;
    const parts = [`${passed} of ${total} passed`];
    if (failed > 0) parts.push(`${failed} failed`);
    if (errors > 0) parts.push(`${errors} in error`);
    if (skipped > 0) parts.push(`${skipped} skipped`);
    if (this.running && target.streams.size > 0) parts.push(`${target.streams.size} being answered`);
    setText(this.counts, parts.join(' · '));
    const flaky = new Set(
      (target.qualityResult?.repeated ?? []).filter(({ n, passed: ok }) => ok > 0 && ok < n).map((one) => one.case),
    );
    setHidden(this.onlyFlaky.element, flaky.size === 0);
    const failedOnly = this.onlyFailed.checked();
    const flakyOnly = flaky.size > 0 && this.onlyFlaky.checked();
    const wanted = target.cases.filter(
      (record) =>
        (!failedOnly || record.outcome === 'failed' || record.outcome === 'error') &&
        (!flakyOnly || flaky.has(record.case)),
    );
    const streams = failedOnly || flakyOnly ? [] : [...target.streams.values()];
    setHidden(this.waiting, wanted.length + streams.length > 0);
    setText(this.waiting, target.cases.length === 0 ? 'Waiting for the first answer' : 'Every answer so far passed.');
    setHidden(this.more.element, wanted.length <= this.limit);
    this.place(wanted.slice(0, this.limit), streams, anew);
  }

  /** Keeps every row that is there: one that is open must not close, and one that was streamed gets its verdict in place. */
  private place(records: readonly PanelCase[], streams: readonly AnswerStream[], anew: boolean): void {
    const kept = new Map<string, Row>();
    const shown = new Map<string, PanelCase | AnswerStream>();
    for (const one of [...records, ...streams]) shown.set(streamKey(one), one);
    // Those that are there stay in their order, and what is new comes after them, until the reader asks for other ones.
    const there = anew ? [] : [...this.rows.keys()].filter((key) => shown.has(key));
    const known = new Set(there);
    const keys = [...there, ...[...shown.keys()].filter((key) => !known.has(key))];
    for (const key of keys) {
      const one = shown.get(key);
      if (one === undefined) continue;
      const row = this.rows.get(key) ?? new Row(this.post, this.asks);
      if ('outcome' in one) row.show(one);
      else row.stream(one, this.running);
      kept.set(key, row);
    }
    for (const [key, row] of this.rows) if (kept.get(key) !== row) row.element.remove();
    this.rows = kept;
    let at = 0;
    for (const { element } of kept.values()) {
      const there = this.list.children[at++];
      if (there !== element) this.list.insertBefore(element, there ?? null);
    }
  }
}

class Row {
  readonly element: HTMLElement;
  private readonly glyph = icon('sync');
  private readonly word = el('span');
  private readonly name = el('span', { class: 'case-name' });
  private readonly repeat = el('span', { class: 'muted number' });
  private readonly reason = el('span', { class: 'muted case-reason' });
  private readonly content = el('div', { class: 'case-body' });
  private readonly streamed = el('pre', { class: 'answer streamed' });
  private readonly details: HTMLDetailsElement;
  private record: PanelCase | null = null;
  private filled: PanelCase | null = null;

  constructor(
    private readonly post: Post,
    private readonly asks: Asks,
  ) {
    this.details = el(
      'details',
      {},
      el(
        'summary',
        {},
        icon('chevron-right', 'twistie'),
        el('span', { class: 'badge case-outcome' }, this.glyph, this.word),
        this.name,
        this.repeat,
        this.reason,
      ),
      this.content,
    );
    this.details.addEventListener('toggle', () => this.fill());
    this.element = el('li', {}, this.details);
  }

  show(record: PanelCase): void {
    // A new snapshot holds the same records in new objects.
    if (record === this.record || (this.record !== null && JSON.stringify(record) === JSON.stringify(this.record)))
      return;
    this.record = record;
    const { icon: glyph, tone, word } = outcomeWord(record.outcome);
    this.head(record.name, record.repeat, iconClass(glyph, `tone-${tone}`), word, reasonOf(record));
    this.fill();
  }

  stream({ name, repeat, text }: AnswerStream, running: boolean): void {
    const { icon: glyph, tone, word } = running ? ANSWERING : INTERRUPTED;
    const spin = running ? ' codicon-modifier-spin' : '';
    // The end of it, on one line: what was just said.
    const tail = text.slice(-160).replace(/\s+/g, ' ').trimStart();
    this.head(
      name,
      repeat,
      iconClass(glyph, `tone-${tone}${spin}`),
      word,
      tail === '' ? 'Waiting for its first token' : tail,
    );
    if (this.streamed.parentElement === null && this.record === null) this.content.append(this.streamed);
    setText(this.streamed, text.length > STREAM_CHARACTERS ? `…${text.slice(-STREAM_CHARACTERS)}` : text);
  }

  private head(name: string, repeat: number, glyph: string, word: string, reason: string): void {
    setClass(this.glyph, glyph);
    setText(this.word, word);
    setText(this.name, name);
    setText(this.repeat, repeat > 0 ? `repeat ${repeat + 1}` : '');
    setHidden(this.repeat, repeat === 0);
    setText(this.reason, reason);
  }

  private fill(): void {
    const { record } = this;
    if (record === null || record === this.filled || !this.details.open) return;
    this.filled = record;
    this.content.replaceChildren(answerView(record, { post: this.post, asks: this.asks }));
  }
}

function reasonOf(record: PanelCase): string {
  if (record.outcome === 'passed') return '';
  return record.assertions.find(({ outcome }) => outcome === record.outcome)?.reason ?? record.reason ?? '';
}
