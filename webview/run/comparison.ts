/** One line that says how the run stands against its baseline and its targets against each other; open it for the reasons. */
import { el, icon, setHidden, setText } from '../dom';
import { comparisonOf, type Line } from './comparison-model';
import type { Post } from './post';
import type { Section } from './section';
import type { RunStore } from './store';

/** Cases that a line leads to. */
const MOST_LINKS = 8;

export class ComparisonSection implements Section {
  private readonly summary = el('span');
  private readonly glyph = el('span', {});
  private readonly list = el('ul', { class: 'comparison-lines' });
  readonly element: HTMLElement;
  private written = '';

  constructor(private readonly post: Post) {
    this.element = el(
      'section',
      { class: 'comparison', aria: { label: 'Comparison' } },
      el('details', {}, el('summary', {}, icon('chevron-right', 'twistie'), this.glyph, this.summary), this.list),
    );
  }

  render({ head }: RunStore): void {
    const model = head === null ? null : comparisonOf(head.comparison, head.baseline, head.confidence ?? 0.95);
    setHidden(this.element, model === null);
    if (model === null) return;
    const key = JSON.stringify(model);
    if (key === this.written) return;
    this.written = key;
    setText(this.summary, model.summary);
    const worst = model.lines.find(({ word }) => word.tone === 'fail') ?? model.lines[0];
    this.glyph.replaceChildren(...(worst === undefined ? [] : [icon(worst.word.icon, `tone-${worst.word.tone}`)]));
    this.list.replaceChildren(
      ...model.lines.map((line) => this.line(line)),
      ...(model.more > 0 ? [el('li', { class: 'muted' }, `${model.more} more pairs are in run.json.`)] : []),
    );
  }

  private line({ word, text, cases }: Line): HTMLElement {
    const links = cases.slice(0, MOST_LINKS).map((pointer) => {
      if (this.post.standalone === true) return el('span', {}, ' ', pointer);
      const link = el('button', { class: 'link', type: 'button', title: 'Go to the case in the eval file' }, pointer);
      link.addEventListener('click', () => this.post({ type: 'reveal', pointer }));
      return el('span', {}, ' ', link);
    });
    return el(
      'li',
      {},
      icon(word.icon, `tone-${word.tone}`),
      el('span', {}, el('span', { class: 'hidden-text' }, `${word.word}: `), text, ...links),
    );
  }
}
