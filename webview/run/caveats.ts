/** What a reader must know before trusting the numbers below, each as a sentence. */
import { el, icon, setHidden } from '../dom';
import { caveatsOf } from './caveat-model';
import type { Section } from './section';
import type { Shown } from './selection';
import type { RunStore } from './store';

export class Caveats implements Section {
  private readonly list = el('ul', { class: 'caveats' });
  // The live region is there from the start: one that comes with its text is not announced.
  readonly element = el('div', { class: 'notice-place', role: 'status' }, this.list);
  private written = '[]';

  constructor() {
    setHidden(this.list, true);
  }

  render({ head }: RunStore, shown: Shown | null): void {
    const error = shown?.target.error ?? null;
    const sentences = [
      ...(head?.caveats ?? []),
      ...(error === null ? [] : [error]),
      ...(shown === null ? [] : caveatsOf(shown)),
    ];
    const key = JSON.stringify(sentences);
    if (key === this.written) return;
    this.written = key;
    setHidden(this.list, sentences.length === 0);
    this.list.replaceChildren(
      ...sentences.map((text) => el('li', {}, icon('warning', 'tone-inconclusive'), el('span', {}, text))),
    );
  }
}
