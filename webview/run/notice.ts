/** What stands in place of measurements, or above what is left of them: nothing run yet, getting ready, broken off. */
import { el, icon, iconClass, setClass, setHidden, setText } from '../dom';
import { button, progressRing } from '../ui/controls';
import type { Post } from './post';
import type { Section } from './section';
import type { RunStore } from './store';
import { keptSentence } from './summary';
import { statusWord } from '../words';

export class Notice implements Section {
  private readonly glyph = icon('beaker');
  private readonly ring = progressRing('Loading the run');
  private readonly happened = el('strong');
  private readonly advice = el('span');
  private readonly action;
  private showsFiles = false;
  private readonly box: HTMLElement;
  readonly element: HTMLElement;

  constructor(private readonly post: Post) {
    this.action = button({
      label: 'Run',
      icon: 'play',
      appearance: 'primary',
      onClick: () => post({ type: this.showsFiles ? 'show-files' : 'rerun' }),
    });
    const text = el('p', {}, this.happened, this.advice);
    this.box = el('div', { class: 'notice', hidden: true }, this.glyph, this.ring, text, this.action.element);
    // The live region is there from the start: one that comes with its text is not announced.
    this.element = el('div', { class: 'notice-place', role: 'status' }, this.box);
  }

  render({ head, targets }: RunStore): void {
    const status = head?.status;
    // Getting ready is part of a run, and its head says so: a box that came and went would push the page up and down.
    const preparing = head === null;
    const broken = status === 'crashed' || status === 'error' || status === 'stopped';
    this.showsFiles = head?.advice !== undefined;
    setHidden(this.box, !(preparing || broken || status === 'idle'));
    setHidden(this.ring, !preparing);
    setHidden(this.glyph, preparing);
    setHidden(this.action.element, preparing || this.post.standalone === true);
    setHidden(this.happened, !broken);
    if (preparing) {
      setClass(this.box, 'notice');
      setText(this.advice, 'Loading the run.');
    } else if (broken) {
      const { icon: name, tone, word } = statusWord(status);
      setClass(this.box, `notice notice-${tone}`);
      setClass(this.glyph, iconClass(name, `tone-${tone}`));
      setText(this.happened, head.statusText === '' ? `${word}.` : head.statusText);
      setText(this.advice, head.advice ?? `${keptSentence(targets)} ${ADVICE[status]}`);
      if (this.showsFiles) this.action.setFace('Show its files', 'folder-opened');
      else this.action.setFace('Run again', 'debug-rerun');
    } else if (status === 'idle') {
      setClass(this.box, 'notice');
      setClass(this.glyph, iconClass('beaker', 'tone-neutral'));
      setText(this.advice, 'Run this file to see here whether it meets its limits.');
      this.action.setFace('Run', 'play');
    }
  }
}

const ADVICE = {
  stopped: 'Verdicts rest on less than was planned; run it again for the whole.',
  crashed: 'Run it again for a verdict.',
  error: 'Mend what is named here, then run it again.',
};
