/** One case side by side: every contender's answer with the words that differ from the reference's, and what was said of it. */
import type { ComparePanelReply, ComparePanelState, ContenderAnswers } from '../../src/protocol/compare-panel';
import { formatValue } from '../../src/protocol/format';
import { el, icon, setHidden, setText } from '../dom';
import { button, checkbox, dropdown, progressRing } from '../ui/controls';
import { badge } from './badge';
import { contenderName, namesOf, type Named } from './contender-name';
import { longText } from './long-text';
import type { Post } from './post';
import { Drawn, type Section } from './section';
import { oneLine } from './visible-text';
import { assertionWord, caseWord } from './words';
import { wordDiff } from './word-diff';

type Repeat = ContenderAnswers['repeats'][number];

export interface CaseDetailActions {
  post: Post;
  close: () => void;
  step: (by: 1 | -1) => void;
}

export class CaseDetail implements Section {
  private readonly title = el('h2', { tabindex: -1 });
  private readonly note = el('p', { class: 'muted', role: 'status' });
  private readonly ring = progressRing('Reading the answers');
  private readonly columns = el('div', { class: 'answers' });
  private readonly repeats = dropdown({ label: 'Repeat', onChange: (value) => this.setRepeat(Number(value)) });
  private readonly choice = el(
    'span',
    { class: 'choice' },
    el('span', { aria: { hidden: true } }, 'Repeat'),
    this.repeats.element,
  );
  private readonly marks = checkbox({ label: 'Mark differences', onChange: () => this.fill() });
  private readonly legend = el(
    'p',
    { class: 'muted diff-legend' },
    el('ins', {}, 'only here'),
    ' ',
    el('del', {}, 'only in the reference'),
  );
  private readonly drawn = new Drawn();
  private state: ComparePanelState | null = null;
  private answers: ContenderAnswers[] | null = null;
  private error = '';
  private repeat = 0;
  private cancels: (() => void)[] = [];
  /** Id of the case that is shown. */
  id: string | null = null;
  readonly element: HTMLElement;

  constructor(private readonly actions: CaseDetailActions) {
    const tool = (label: string, glyph: string, onClick: () => void) =>
      button({ label, icon: glyph, appearance: 'icon', onClick }).element;
    const reveal = el('button', { class: 'link', type: 'button' }, 'Go to the case in its eval file');
    reveal.addEventListener('click', () => {
      if (this.id !== null) actions.post({ type: 'reveal', case: this.id });
    });
    this.marks.setChecked(true);
    this.element = el(
      'section',
      { class: 'part case-detail', hidden: true, aria: { label: 'Answers to one case' } },
      el(
        'div',
        { class: 'section-head' },
        this.title,
        this.ring,
        el('span', { class: 'fill' }),
        reveal,
        el(
          'span',
          { class: 'tools' },
          tool('Previous case', 'arrow-up', () => actions.step(-1)),
          tool('Next case', 'arrow-down', () => actions.step(1)),
          tool('Close the case', 'close', () => actions.close()),
        ),
      ),
      el('div', { class: 'section-head' }, this.choice, this.marks.element, this.legend),
      this.note,
      this.columns,
    );
    this.element.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') actions.close();
    });
  }

  /** Shows a case and asks for its answers; null shows none. */
  show(id: string | null, focus: boolean): void {
    this.id = id;
    this.answers = null;
    this.error = '';
    this.repeat = 0;
    this.drawn.forget();
    setHidden(this.element, id === null);
    if (id === null) {
      this.cancel();
      this.columns.replaceChildren();
      return;
    }
    this.actions.post({ type: 'answers', case: id });
    if (this.state !== null) this.render(this.state);
    if (!focus) return;
    this.element.scrollIntoView({ block: 'nearest' });
    this.title.focus({ preventScroll: true });
  }

  receive(reply: ComparePanelReply): void {
    if (reply.case !== this.id) return;
    if ('error' in reply) this.error = reply.error;
    else {
      this.answers = reply.answers;
      this.error = '';
    }
    this.drawn.forget();
    if (this.state !== null) this.render(this.state);
  }

  render(state: ComparePanelState): void {
    const before = this.state;
    this.state = state;
    if (this.id === null) return;
    const one = state.cases.find(({ id }) => id === this.id);
    // The answers of a contender that was added since, or that went on, are asked for again.
    if (before !== null && (before.contenders !== state.contenders || changedCells(before, state, this.id)))
      this.actions.post({ type: 'answers', case: this.id });
    if (!this.drawn.changed(one, state.contenders, state.reference)) return;
    setText(this.title, one === undefined ? this.id : one.name);
    setHidden(this.ring, this.answers !== null || this.error !== '');
    setText(this.note, this.error);
    setHidden(this.note, this.error === '');
    this.fill();
  }

  private setRepeat(repeat: number): void {
    this.repeat = repeat;
    this.fill();
  }

  private cancel(): void {
    for (const cancel of this.cancels) cancel();
    this.cancels = [];
  }

  private fill(): void {
    this.cancel();
    const { state, answers } = this;
    setHidden(this.choice, true);
    if (state === null || answers === null) {
      this.columns.replaceChildren();
      return;
    }
    const most = Math.max(0, ...answers.map(({ repeats }) => repeats.length));
    this.repeat = Math.min(this.repeat, Math.max(0, most - 1));
    setHidden(this.choice, most < 2);
    this.repeats.update(
      Array.from({ length: most }, (_, i) => ({ value: String(i), label: `${i + 1} of ${most}` })),
      String(this.repeat),
    );
    const names = namesOf(state);
    const reference = answers.find(({ id }) => id === state.reference)?.repeats[this.repeat]?.answer ?? null;
    const marked = this.marks.checked() && reference !== null;
    setHidden(this.legend, !marked || answers.length < 2);
    // The reference stands first, beside what is held against it.
    const ordered = [...answers].sort((a, b) => Number(b.id === state.reference) - Number(a.id === state.reference));
    this.columns.replaceChildren(
      ...ordered.flatMap((one) => {
        const named = names.get(one.id);
        if (named === undefined) return [];
        const against = marked && one.id !== state.reference ? reference : null;
        return [this.column(one, named, one.id === state.reference, against)];
      }),
    );
  }

  private column(
    { repeats }: ContenderAnswers,
    named: Named,
    isReference: boolean,
    against: string | null,
  ): HTMLElement {
    const repeat = repeats[this.repeat];
    const head = el('h3', {}, contenderName(named), isReference ? el('span', { class: 'muted' }, ' reference') : null);
    if (repeat === undefined)
      return el('article', { class: 'answer-column' }, head, el('p', { class: 'muted' }, 'It was not asked this.'));
    return el(
      'article',
      { class: 'answer-column' },
      head,
      repeats.length > 1 ? repeatsLine(repeats, this.repeat) : null,
      factsOf(repeat),
      assertionsOf(repeat),
      this.answerOf(repeat, named, against),
      repeat.reasoning === null || repeat.reasoning === '' ? null : this.reasoningOf(repeat.reasoning, named),
    );
  }

  private answerOf({ answer, state }: Repeat, { label }: Named, against: string | null): HTMLElement {
    const { post } = this.actions;
    const title = `Answer of ${label}`;
    if (answer === null)
      return el('p', { class: 'muted' }, state === 'running' ? 'It is being answered.' : 'There is no answer.');
    const plain = longText([{ text: answer, kind: 'same' }], answer, title, post);
    if (against === null) return plain;
    const place = el('div', { class: 'answer-place' }, plain);
    this.cancels.push(
      wordDiff(against, answer, ({ pieces, note, same }) => {
        const remark = same ? 'The same as the reference.' : note;
        place.replaceChildren(
          longText(pieces, answer, title, post),
          ...(remark === '' ? [] : [el('p', { class: 'muted' }, remark)]),
        );
      }),
    );
    return place;
  }

  private reasoningOf(reasoning: string, { label }: Named): HTMLElement {
    const content = el('div', {});
    const details = el('details', {}, el('summary', {}, icon('chevron-right', 'twistie'), 'Reasoning'), content);
    details.addEventListener('toggle', () => {
      if (details.open && content.childElementCount === 0)
        content.append(
          longText([{ text: reasoning, kind: 'same' }], reasoning, `Reasoning of ${label}`, this.actions.post),
        );
    });
    return details;
  }
}

function changedCells(before: ComparePanelState, now: ComparePanelState, id: string): boolean {
  if (before.cases === now.cases) return false;
  const of = ({ cases }: ComparePanelState) => JSON.stringify(cases.find((one) => one.id === id)?.cells);
  return of(before) !== of(now);
}

/** What became of each repeat, since the one that is shown may be the exception. */
function repeatsLine(repeats: readonly Repeat[], shown: number): HTMLElement {
  const passed = repeats.filter(({ state }) => state === 'passed').length;
  return el(
    'p',
    { class: 'repeats' },
    ...repeats.map(({ state }, i) => {
      const { icon: glyph, tone, word } = caseWord(state);
      return el(
        'span',
        { class: i === shown ? 'repeat shown' : 'repeat', title: `Repeat ${i + 1}: ${word}` },
        icon(glyph, `tone-${tone}`),
        el('span', { class: 'hidden-text' }, `repeat ${i + 1}: ${word} `),
      );
    }),
    el('span', { class: 'muted number' }, `${passed} of ${repeats.length} passed`),
  );
}

function factsOf({ state, ttftMs, e2eMs, outputTokens, costUsd }: Repeat): HTMLElement {
  const fact = (label: string, value: string | null) =>
    el('div', {}, el('dt', {}, label), el('dd', { class: 'number' }, value ?? '–'));
  return el(
    'div',
    { class: 'answer-facts' },
    badge(caseWord(state)),
    el(
      'dl',
      {},
      fact('TTFT', ttftMs === null ? null : formatValue(ttftMs, 'ms')),
      fact('End to end', e2eMs === null ? null : formatValue(e2eMs, 'ms')),
      fact('Output', outputTokens === null ? null : formatValue(outputTokens, 'tokens')),
      fact('Cost', costUsd === null ? null : formatValue(costUsd, 'USD')),
    ),
  );
}

function assertionsOf({ assertions }: Repeat): HTMLElement | null {
  if (assertions.length === 0) return null;
  return el(
    'ul',
    { class: 'assertion-list' },
    ...assertions.map(({ label, state, reason }) =>
      el(
        'li',
        {},
        badge(assertionWord(state)),
        el('span', {}, oneLine(label)),
        reason === '' ? null : el('span', { class: 'muted' }, oneLine(reason)),
      ),
    ),
  );
}
