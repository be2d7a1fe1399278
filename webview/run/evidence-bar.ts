/** Above the charts: which part of the stage they show, the way back to all of it, and how to use them. */
import { formatCount } from '../../src/protocol/format';
import { instantText } from '../charts/instant';
import type { TimeSpan } from '../charts/axis';
import { el, icon, setHidden, setText } from '../dom';
import type { Section } from './section';
import type { Shown } from './selection';
import type { RunStore } from './store';
import type { ZoomControl } from './zoom';

const HINT = 'Drag across a chart to zoom in, click a mark for its request.';

const KEYS: [string, string][] = [
  ['← →', 'previous or next request, in a latency chart'],
  ['Page Up, Page Down', 'ten requests on, in a latency chart'],
  ['Enter', 'open the request; in the histogram, list those of a bar'],
  ['+ −', 'zoom in or out'],
  ['Shift ← →', 'move the part that is shown'],
  ['0', 'show the whole stage'],
  ['Esc', 'take back: the request, the filter, the zoom'],
];

export class EvidenceBar implements Section {
  private readonly text = el('span', { class: 'bar-text', role: 'status' }, HINT);
  private readonly reset: HTMLButtonElement;
  readonly element: HTMLElement;

  constructor(private readonly zoom: ZoomControl) {
    this.reset = el('button', { class: 'chip', type: 'button', hidden: true }, 'Show all', icon('close'));
    this.reset.addEventListener('click', () => zoom.set(null));
    const keys = el(
      'details',
      { class: 'keys' },
      el(
        'summary',
        { title: 'Keys of the charts' },
        icon('keyboard'),
        el('span', { class: 'hidden-text' }, 'Keys of the charts'),
      ),
      el(
        'dl',
        { class: 'keys-list' },
        ...KEYS.map(([key, what]) => el('div', {}, el('dt', {}, el('kbd', {}, key)), el('dd', {}, what))),
      ),
    );
    // It lies over the page like a menu, and goes like one.
    keys.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !keys.open) return;
      event.stopPropagation();
      keys.open = false;
      keys.querySelector('summary')?.focus();
    });
    keys.addEventListener('focusout', (event) => {
      if (!keys.contains(event.relatedTarget as Node | null)) keys.open = false;
    });
    this.element = el('div', { class: 'evidence-bar' }, this.text, this.reset, el('span', { class: 'fill' }), keys);
  }

  render(_store: RunStore, shown: Shown | null): void {
    const { span } = this.zoom;
    const stage = shown?.stage ?? null;
    setHidden(this.reset, span === null);
    if (span === null || stage === null) {
      setText(this.text, HINT);
      return;
    }
    const points = stage.points.indexAt(span.to) - stage.points.indexAt(span.from);
    setText(this.text, `${spanText(span)} · ${formatCount(points)} ${points === 1 ? 'request' : 'requests'}`);
  }
}

function spanText({ from, to }: TimeSpan): string {
  const step = to - from < 20_000 ? 100 : 1000;
  return `${instantText(from, step)} – ${instantText(to, step)}`;
}
