/** The graded answers: one row each, in the order in which they came; open one for its answer and its assertions. */
import type { AssertionResult, CaseRecord } from '../../src/protocol/run-json';
import { formatCount, formatValue } from '../../src/protocol/format';
import { el, icon, setHidden, setText } from '../dom';
import { button, checkbox } from '../ui/controls';
import type { Post, Section } from './section';
import type { Shown } from './selection';
import type { RunStore, TargetView } from './store';
import { outcomeWord } from './verdicts';

/** Rows are added a page at a time: a file with ten thousand cases would freeze the view. */
const PAGE = 200;
/** Of an answer at first; a reader asks for the rest. */
const ANSWER_CHARACTERS = 4000;

export class Cases implements Section {
  private readonly list = el('ul', { class: 'cases' });
  private readonly counts = el('p', { class: 'muted number' });
  private readonly more;
  private readonly onlyFailed;
  private readonly waiting = el('p', { class: 'muted' }, 'Waiting for the first answer');
  readonly element: HTMLElement;
  private rows: { record: CaseRecord; element: HTMLElement }[] = [];
  private limit = PAGE;
  private target: TargetView | null = null;
  private version = -1;
  private quality: TargetView['quality'] | null = null;

  constructor(private readonly post: Post) {
    this.more = button({
      label: `Show ${PAGE} more`,
      icon: 'chevron-down',
      appearance: 'secondary',
      onClick: () => {
        this.limit += PAGE;
        this.refresh();
      },
    });
    this.onlyFailed = checkbox({ label: 'Only what did not pass', onChange: () => this.refresh() });
    this.element = el(
      'section',
      { class: 'quality', aria: { label: 'Answers' } },
      el('div', { class: 'section-head' }, el('h2', {}, 'Answers'), this.counts, this.onlyFailed.element),
      this.waiting,
      this.list,
      this.more.element,
    );
  }

  render(_store: RunStore, shown: Shown | null): void {
    const target = shown?.target ?? null;
    setHidden(this.element, target === null || (target.quality.total === 0 && target.cases.length === 0));
    if (target === null) return;
    const { quality, casesVersion } = target;
    if (target === this.target && quality === this.quality && casesVersion === this.version) return;
    if (target.id !== this.target?.id) {
      this.rows = [];
      this.limit = PAGE;
      this.list.replaceChildren();
    }
    this.target = target;
    this.version = casesVersion;
    this.quality = quality;
    this.refresh();
  }

  private refresh(): void {
    const { target } = this;
    if (target === null) return;
    const { passed, failed, errors, skipped, total } = target.quality;
    const parts = [`${passed} of ${total} passed`];
    if (failed > 0) parts.push(`${failed} failed`);
    if (errors > 0) parts.push(`${errors} in error`);
    if (skipped > 0) parts.push(`${skipped} skipped`);
    setText(this.counts, parts.join(' · '));
    const wanted = this.onlyFailed.checked()
      ? target.cases.filter(({ outcome }) => outcome === 'failed' || outcome === 'error')
      : target.cases;
    setHidden(this.waiting, wanted.length > 0);
    setText(this.waiting, target.cases.length === 0 ? 'Waiting for the first answer' : 'Every answer so far passed.');
    setHidden(this.more.element, wanted.length <= this.limit);
    this.place(wanted.slice(0, this.limit));
  }

  /** Keeps every row whose record is the same: an open answer must not close because another one arrived. */
  private place(records: CaseRecord[]): void {
    const known = new Map(this.rows.map((row) => [rowKey(row.record), row]));
    this.rows = records.map((record) => {
      const row = known.get(rowKey(record));
      // A new snapshot holds the same records in new objects.
      if (row !== undefined && (row.record === record || JSON.stringify(row.record) === JSON.stringify(record)))
        return row;
      return { record, element: this.row(record) };
    });
    const keep = new Set(this.rows.map(({ element }) => element));
    for (const child of [...this.list.children]) if (!keep.has(child as HTMLElement)) child.remove();
    this.rows.forEach(({ element }, i) => {
      const there = this.list.children[i];
      if (there !== element) this.list.insertBefore(element, there ?? null);
    });
  }

  private row(record: CaseRecord): HTMLElement {
    const { icon: glyph, tone, word } = outcomeWord(record.outcome);
    const content = el('div', { class: 'case-body' });
    const details = el(
      'details',
      {},
      el(
        'summary',
        {},
        icon('chevron-right', 'twistie'),
        el('span', { class: 'badge case-outcome' }, icon(glyph, `tone-${tone}`), el('span', {}, word)),
        el('span', { class: 'case-name' }, record.name),
        record.repeat > 0 ? el('span', { class: 'muted number' }, `repeat ${record.repeat + 1}`) : null,
        el('span', { class: 'muted case-reason' }, reasonOf(record)),
      ),
      content,
    );
    details.addEventListener('toggle', () => {
      if (details.open && content.childElementCount === 0) this.fill(content, record);
    });
    return el('li', {}, details);
  }

  private fill(content: HTMLElement, record: CaseRecord): void {
    const reveal = el('button', { class: 'link', type: 'button' }, 'Go to the case in the eval file');
    reveal.addEventListener('click', () => this.post({ type: 'reveal', pointer: record.case }));
    content.append(
      record.assertions.length === 0
        ? el('p', { class: 'muted' }, record.reason ?? 'The case has no assertion.')
        : el('ul', { class: 'assertions' }, ...record.assertions.map((assertion) => this.assertion(assertion))),
    );
    if (record.reasoning !== null && record.reasoning !== '')
      content.append(el('h3', {}, 'Reasoning'), longText(record.reasoning));
    if (record.answer !== null) content.append(el('h3', {}, 'Answer'), longText(record.answer));
    content.append(reveal);
  }

  private assertion(assertion: AssertionResult): HTMLElement {
    const { icon: glyph, tone, word } = outcomeWord(assertion.outcome);
    const name = el(
      'button',
      { class: 'link', type: 'button', title: 'Go to the assertion in the eval file' },
      assertion.type,
    );
    name.addEventListener('click', () => this.post({ type: 'reveal', pointer: assertion.pointer }));
    const score =
      assertion.score === null
        ? null
        : el('span', { class: 'muted number' }, `score ${formatValue(assertion.score, 'count')}`);
    return el(
      'li',
      {},
      el('span', { class: 'badge case-outcome' }, icon(glyph, `tone-${tone}`), el('span', {}, word)),
      name,
      score,
      el('span', { class: 'assertion-reason' }, assertion.reason),
    );
  }
}

function rowKey({ case_id, repeat }: CaseRecord): string {
  return `${repeat} ${case_id}`;
}

function reasonOf(record: CaseRecord): string {
  if (record.outcome === 'passed') return '';
  return record.assertions.find(({ outcome }) => outcome === record.outcome)?.reason ?? record.reason ?? '';
}

/** Text as it is, whatever it holds; a very long one in two steps, since laying out a million characters takes seconds. */
function longText(text: string): HTMLElement {
  const block = el('pre', { class: 'answer', tabindex: 0 }, text.slice(0, ANSWER_CHARACTERS));
  if (text === '') return el('p', { class: 'muted' }, 'The answer is empty.');
  if (text.length <= ANSWER_CHARACTERS) return block;
  const rest = el('button', { class: 'link', type: 'button' }, `Show all ${formatCount(text.length)} characters`);
  rest.addEventListener('click', () => {
    block.textContent = text;
    rest.remove();
    block.focus();
  });
  return el('div', {}, block, rest);
}
