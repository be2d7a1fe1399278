/** What is not quite comparable, a sentence each. */
import type { ComparePanelState } from '../../src/protocol/compare-panel';
import { el, icon, setHidden } from '../dom';
import { Drawn, type Section } from './section';

export class Caveats implements Section {
  readonly element = el('ul', { class: 'caveats', aria: { label: 'What to know before comparing' } });
  private readonly drawn = new Drawn();

  render({ caveats }: ComparePanelState): void {
    setHidden(this.element, caveats.length === 0);
    if (!this.drawn.changed(caveats)) return;
    this.element.replaceChildren(
      ...caveats.map((caveat) => el('li', {}, icon('warning', 'tone-inconclusive'), el('span', {}, caveat))),
    );
  }
}
