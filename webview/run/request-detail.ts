/** The request behind the mark that was selected. Its room is reserved, so that selecting one moves nothing. */
import type { TickPoint } from '../../src/protocol/events';
import { formatValue } from '../../src/protocol/format';
import { el, setHidden, setText } from '../dom';

const FIELDS: { label: string; text: (point: TickPoint) => string }[] = [
  { label: 'Request', text: ({ request }) => request },
  { label: 'At', text: ({ t }) => `${formatValue(t / 1000, 'count')} s` },
  { label: 'TTFT', text: ({ ttft }) => milliseconds(ttft) },
  { label: 'ITL mean', text: ({ itl }) => milliseconds(itl) },
  { label: 'Longest gap', text: ({ itlMax }) => milliseconds(itlMax) },
  { label: 'End to end', text: ({ e2e }) => milliseconds(e2e) },
  {
    label: 'Outcome',
    text: ({ ok, warmup }) => `${ok ? 'Completed' : 'Failed'}${warmup ? ', warm-up (not counted)' : ''}`,
  },
];

export class RequestDetail {
  private readonly values = FIELDS.map(() => el('dd', { class: 'number' }));
  private readonly list = el(
    'dl',
    { hidden: true },
    ...FIELDS.map(({ label }, i) => el('div', {}, el('dt', {}, label), this.values[i] ?? null)),
  );
  private readonly hint = el(
    'p',
    { class: 'muted' },
    'Click a mark, or focus a chart and press an arrow key, to see its request.',
  );
  readonly element = el(
    'section',
    { class: 'detail', aria: { label: 'Selected request', live: 'polite' } },
    this.hint,
    this.list,
  );

  show(point: TickPoint | null): void {
    setHidden(this.hint, point !== null);
    setHidden(this.list, point === null);
    if (point !== null) FIELDS.forEach(({ text }, i) => this.values[i] && setText(this.values[i], text(point)));
  }
}

function milliseconds(value: number | null): string {
  return value === null ? '–' : formatValue(value, 'ms');
}
