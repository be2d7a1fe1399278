/** What people have said of the run: that it is the baseline, that it is kept, a note. */
import type { RunPanelMarks } from '../../src/protocol/run-panel';
import { el, icon, setHidden, setText } from '../dom';
import type { Post } from './post';

export class Marks {
  readonly element: HTMLElement;
  private readonly pinned = el('span', { class: 'badge' }, icon('pinned'), el('span'));
  private readonly kept = el('span', { class: 'badge' }, icon('bookmark'), el('span', {}, 'Kept'));
  private readonly note = el('span', { class: 'note-text' });
  private readonly edit = el('button', { class: 'link', type: 'button' });

  constructor(post: Post) {
    this.edit.addEventListener('click', () => post({ type: 'note' }));
    this.element = el(
      'div',
      { class: 'facts marks', role: 'group', aria: { label: 'Marks' } },
      this.pinned,
      this.kept,
      this.note,
      this.edit,
    );
  }

  /** @param marks undefined where they are not known (yet): their place is kept, so that nothing moves when they come */
  render(marks: RunPanelMarks | undefined, targets: number): void {
    const { pinned, note, keep } = marks ?? { pinned: [], note: '', keep: false };
    setHidden(this.pinned, pinned.length === 0);
    const of = pinned.length === targets ? '' : ` of ${pinned.join(', ')}`;
    if (pinned.length > 0) setText(this.pinned.lastElementChild ?? this.pinned, `Pinned as baseline${of}`);
    setHidden(this.kept, !keep);
    setHidden(this.note, note === '');
    setText(this.note, note);
    setHidden(this.edit, marks === undefined);
    setText(this.edit, note === '' ? 'Add note' : 'Edit note');
  }
}
