/** What stands in place of measurements, or above what is left of them: nothing run yet, getting ready, broken off. */
import { el, icon, iconClass, setClass, setHidden, setText } from '../dom';
import { button, progressRing } from '../ui/controls';
import type { Post, Section } from './section';
import type { RunStore } from './store';
import { statusWord } from './verdicts';

export class Notice implements Section {
  private readonly glyph = icon('beaker');
  private readonly ring = progressRing('Getting ready');
  private readonly text = el('p');
  private readonly action;
  readonly element: HTMLElement;

  constructor(post: Post) {
    this.action = button({ label: 'Run', icon: 'play', appearance: 'primary', onClick: () => post({ type: 'rerun' }) });
    this.element = el(
      'section',
      { class: 'notice', hidden: true, aria: { label: 'State of the run' } },
      this.glyph,
      this.ring,
      this.text,
      this.action.element,
    );
  }

  render({ head, targets }: RunStore): void {
    const status = head?.status;
    const measuring = targets.some(
      ({ stages, cases }) => cases.length > 0 || stages.some(({ data }) => data.status !== 'waiting'),
    );
    const preparing = head === null || (status === 'running' && !measuring);
    const broken = status === 'crashed' || status === 'error' || status === 'stopped';
    setHidden(this.element, !(preparing || broken || status === 'idle'));
    setHidden(this.ring, !preparing);
    setHidden(this.glyph, preparing);
    setHidden(this.action.element, preparing);
    if (status === undefined || preparing) {
      setClass(this.element, 'notice');
      setText(this.text, head === null ? 'Loading the run.' : 'Starting the engine and warming its connections.');
    } else if (status === 'idle') {
      setClass(this.element, 'notice');
      setClass(this.glyph, iconClass('beaker', 'tone-neutral'));
      setText(this.text, 'Run this file to see here whether it meets its limits.');
      this.action.setFace('Run', 'play');
    } else if (broken) {
      const { icon: name, tone } = statusWord(status);
      setClass(this.element, `notice notice-${tone}`);
      setClass(this.glyph, iconClass(name, `tone-${tone}`));
      setText(this.text, ADVICE[status]);
      this.action.setFace('Run again', 'debug-rerun');
    }
  }
}

const ADVICE = {
  stopped: 'The run was stopped before its end: its verdicts rest on less than was planned.',
  crashed: 'The run broke off. What is shown below was measured before; run it again for a verdict.',
  error: 'The run could not be carried out. Mend what is named above, then run it again.',
};
