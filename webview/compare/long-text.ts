/** A long text in steps: its beginning, the whole on request, and an editor for what no page should lay out. */
import { formatCount } from '../../src/protocol/format';
import { el } from '../dom';
import type { Post } from './post';
import { visibleText } from './visible-text';
import type { Piece } from './word-diff';

const FIRST_CHARACTERS = 3000;
/** Longer than this a text is not laid out here: it takes seconds, and an editor does it better. */
const MOST_CHARACTERS = 300_000;

/** @param text the whole, for an editor */
export function longText(pieces: readonly Piece[], text: string, title: string, post: Post): HTMLElement {
  if (text === '' && pieces.length === 0) return el('p', { class: 'muted' }, 'The answer is empty.');
  const total = pieces.reduce((sum, piece) => sum + piece.text.length, 0);
  const block = el('pre', { class: 'answer', tabindex: 0, role: 'region', aria: { label: title } });
  block.append(...nodesOf(pieces, FIRST_CHARACTERS));
  if (total <= FIRST_CHARACTERS) return block;
  const tools = el('p', { class: 'text-tools' });
  if (total <= MOST_CHARACTERS) {
    const rest = el('button', { class: 'link', type: 'button' }, `Show all ${formatCount(total)} characters`);
    rest.addEventListener('click', () => {
      block.replaceChildren(...nodesOf(pieces, total));
      rest.remove();
      block.focus();
    });
    tools.append(rest);
  }
  const editor = el(
    'button',
    { class: 'link', type: 'button' },
    `Open in an editor (${formatCount(text.length)} characters)`,
  );
  editor.addEventListener('click', () => post({ type: 'open-text', title, text }));
  tools.append(editor);
  return el('div', {}, block, tools);
}

function nodesOf(pieces: readonly Piece[], most: number): Node[] {
  const nodes: Node[] = [];
  let left = most;
  for (const { text, kind } of pieces) {
    if (left <= 0) {
      nodes.push(document.createTextNode('…'));
      break;
    }
    const shown = visibleText(text.slice(0, left));
    left -= text.length;
    if (kind === 'same') nodes.push(document.createTextNode(shown));
    else nodes.push(el(kind === 'added' ? 'ins' : 'del', {}, shown));
  }
  return nodes;
}
