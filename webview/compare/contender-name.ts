/** A contender as it is shown everywhere: its mark, which has a colour and a shape, its letter, its label. */
import type { ComparePanelState } from '../../src/protocol/compare-panel';
import { markSvg } from '../charts/marks';
import { lookOf, type SeriesLook } from '../charts/series-look';
import { el } from '../dom';

export interface Named {
  id: string;
  label: string;
  look: SeriesLook;
}

/** Every contender by its id, in their order. */
export function namesOf({ contenders }: Pick<ComparePanelState, 'contenders'>): Map<string, Named> {
  return new Map(contenders.map(({ id, label }, i) => [id, { id, label, look: lookOf(i) }]));
}

/** What a contender is called in a sentence. */
export function labelOf(names: ReadonlyMap<string, Named>, id: string): string {
  return names.get(id)?.label ?? id;
}

export function mark(look: SeriesLook): HTMLElement {
  return el('span', { class: 'mark' }, markSvg(look), el('span', { class: 'letter' }, look.letter));
}

export function contenderName({ look, label }: Named): HTMLElement {
  return el('span', { class: 'contender' }, mark(look), el('span', { class: 'contender-label' }, label));
}

/** A contender that the state does not list is shown by its id. */
export function nameById(names: ReadonlyMap<string, Named>, id: string): HTMLElement {
  const named = names.get(id);
  return named === undefined ? el('span', { class: 'contender' }, id) : contenderName(named);
}
