/** What stands in place of a comparison, or above an incomplete one: nothing chosen, reading, one contender, an error. */
import type { ComparePanelState } from '../../src/protocol/compare-panel';
import { el, icon, iconClass, setClass, setHidden, setText } from '../dom';
import { button, progressRing } from '../ui/controls';
import type { Post } from './post';

interface Face {
  look: 'plain' | 'fail' | 'busy';
  happened: string;
  advice: string;
  action: boolean;
}

export class Notice {
  private readonly glyph = icon('git-compare');
  private readonly ring = progressRing('Reading the runs');
  private readonly happened = el('strong');
  private readonly advice = el('span');
  private readonly action;
  private readonly box: HTMLElement;
  readonly element: HTMLElement;

  constructor(post: Post) {
    this.action = button({
      label: 'Add a run',
      icon: 'add',
      appearance: 'primary',
      onClick: () => post({ type: 'add' }),
    });
    const text = el('p', {}, this.happened, this.advice);
    this.box = el('div', { class: 'notice' }, this.glyph, this.ring, text, this.action.element);
    // The live region is there from the start: one that comes with its text is not announced.
    this.element = el('div', { class: 'notice-place', role: 'status' }, this.box);
  }

  render(state: ComparePanelState | null): void {
    const face = faceOf(state);
    setHidden(this.box, face === null);
    if (face === null) return;
    const { look, happened, advice, action } = face;
    setClass(this.box, look === 'fail' ? 'notice notice-fail' : 'notice');
    setHidden(this.ring, look !== 'busy');
    setHidden(this.glyph, look === 'busy');
    setClass(
      this.glyph,
      look === 'fail' ? iconClass('warning', 'tone-fail') : iconClass('git-compare', 'tone-neutral'),
    );
    setText(this.happened, happened);
    setHidden(this.happened, happened === '');
    setText(this.advice, advice);
    setHidden(this.action.element, !action);
  }
}

function faceOf(state: ComparePanelState | null): Face | null {
  if (state === null) return { look: 'busy', happened: '', advice: 'Loading the comparison.', action: false };
  const { status, statusText, advice = '', contenders } = state;
  switch (status) {
    case 'reading':
      return {
        look: 'busy',
        happened: '',
        advice: statusText === '' ? 'Reading the runs.' : statusText,
        action: false,
      };
    case 'empty':
      return {
        look: 'plain',
        happened: '',
        advice: [statusText, advice].filter((part) => part !== '').join(' ') || 'Add runs to see them side by side.',
        action: true,
      };
    case 'error':
      return {
        look: 'fail',
        happened: statusText === '' ? 'The comparison could not be made.' : statusText,
        advice,
        action: true,
      };
    case 'running':
      return null;
    case 'done':
      return contenders.length >= 2
        ? null
        : {
            look: 'plain',
            happened: '',
            advice: advice === '' ? 'One contender alone has nothing to be compared with: add another run.' : advice,
            action: true,
          };
  }
}
