/** A word with its icon in its colour. */
import { el, icon } from '../dom';
import type { Word } from '../words';

export function badge({ icon: name, tone, word }: Word, extra = ''): HTMLElement {
  return el('span', { class: `badge ${extra}`.trim() }, icon(name, `tone-${tone}`), el('span', {}, word));
}
