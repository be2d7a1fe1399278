/**
 * One request, docked below everything else so that showing it moves nothing: what it took, token by token, what it asked, what
 * came back, and what the assertions say of it.
 */
import type { TickPoint } from '../../src/protocol/events';
import type { Message } from '../../src/protocol/plan';
import type { RequestDetail as Detail } from '../../src/protocol/run-panel';
import { formatCount, formatValue } from '../../src/protocol/format';
import { instantText } from '../charts/instant';
import type { Palette } from '../charts/palette';
import { drawTimeline } from '../charts/timeline';
import { el, icon, iconClass, setAttribute, setClass, setHidden, setText } from '../dom';
import { button } from '../ui/controls';
import { answerView, longText } from './answer-view';
import type { Asks } from './asks';
import { eventsOf, instantsOf, requestFacts, timelineOf } from './request-model';
import { shortName } from './requests-section';
import type { Post } from './post';
import { requestWord } from '../words';
import { PHASES } from './waterfall';

export interface DetailActions {
  close: () => void;
  /** The request before or after it in the list. */
  step: (by: 1 | -1) => void;
}

/** What the panel knows without asking. */
const QUICK: { label: string; text: (point: TickPoint) => string }[] = [
  { label: 'TTFT', text: ({ ttft }) => milliseconds(ttft) },
  { label: 'ITL mean', text: ({ itl }) => milliseconds(itl) },
  { label: 'Longest gap', text: ({ itlMax }) => milliseconds(itlMax) },
  { label: 'End to end', text: ({ e2e }) => milliseconds(e2e) },
];

export class RequestDetail {
  readonly element: HTMLElement;
  private readonly heading = el('h2', { tabindex: -1 });
  private readonly glyph = icon('pass');
  private readonly word = el('span');
  private readonly quick = QUICK.map(() => el('dd', { class: 'number' }));
  private readonly caseLink: HTMLElement;
  private readonly body = el('div', { class: 'dock-body' });
  private readonly canvas = el('canvas', { role: 'img', class: 'timeline' });
  private readonly tall;
  private point: TickPoint | null = null;
  private shown: Detail | null = null;
  private gapLimit: number | null = null;
  private casePointer = '';

  constructor(
    private readonly post: Post,
    private readonly asks: Asks,
    private palette: Palette,
    actions: DetailActions,
  ) {
    const standalone = post.standalone === true;
    this.caseLink = standalone
      ? el('span', { class: 'muted', hidden: true })
      : el('button', { class: 'link', type: 'button', title: 'Go to the case in the eval file', hidden: true });
    const tool = (label: string, glyph: string, onClick: () => void) =>
      button({ label, icon: glyph, appearance: 'icon', onClick });
    this.tall = tool('Taller', 'chevron-up', () => this.setTall(!this.element.classList.contains('tall')));
    this.element = el(
      'aside',
      { class: 'dock', hidden: true, aria: { label: 'Selected request' } },
      el(
        'div',
        { class: 'dock-head' },
        el('span', { class: 'badge' }, this.glyph, this.word),
        this.heading,
        this.caseLink,
        el(
          'dl',
          { class: 'quick' },
          ...QUICK.map(({ label }, i) => el('div', {}, el('dt', {}, label), this.quick[i] ?? null)),
        ),
        el(
          'div',
          { class: 'tools' },
          tool('Request before', 'arrow-up', () => actions.step(-1)).element,
          tool('Next request', 'arrow-down', () => actions.step(1)).element,
          this.tall.element,
          tool('Close', 'close', actions.close).element,
        ),
      ),
      this.body,
    );
    if (!standalone) this.caseLink.addEventListener('click', () => post({ type: 'reveal', pointer: this.casePointer }));
    this.element.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      actions.close();
    });
    if (typeof ResizeObserver !== 'undefined') new ResizeObserver(() => this.draw()).observe(this.body);
  }

  get open(): boolean {
    return !this.element.hidden;
  }

  /** Shows a request; null takes the dock away. @param known whether its files are there to be asked */
  show(point: TickPoint | null, options: { place: string; gapLimit: number | null; known: boolean }): void {
    const again = point !== null && point.request === this.point?.request && this.open;
    this.point = point;
    setHidden(this.element, point === null);
    if (point === null) {
      this.shown = null;
      return;
    }
    this.gapLimit = options.gapLimit;
    const { icon: glyph, tone, word } = requestWord(point);
    setClass(this.glyph, iconClass(glyph, `tone-${tone}`));
    setText(this.word, word);
    setText(this.heading, `Request ${shortName(point.request)}`);
    setAttribute(
      this.heading,
      'title',
      `${point.request}, first token at ${instantText(point.t, 10)} of ${options.place}`,
    );
    QUICK.forEach(({ text }, i) => this.quick[i] && setText(this.quick[i], text(point)));
    if (again && this.shown !== null) return;
    this.shown = null;
    setHidden(this.caseLink, true);
    if (!options.known) {
      this.note('The files of this run are not there, so this is all that is known of the request.');
      return;
    }
    if (this.body.childElementCount === 0) this.note('Reading the request.');
    this.body.classList.add('stale');
    this.asks.request(point.request, (answer) => {
      if (this.point?.request !== point.request) return;
      this.body.classList.remove('stale');
      if ('error' in answer) this.note(answer.error);
      else this.fill(answer.detail);
    });
  }

  /** Puts the keyboard into the dock. */
  focus(): void {
    this.heading.focus();
  }

  setPalette(palette: Palette): void {
    this.palette = palette;
    this.draw();
  }

  private setTall(tall: boolean): void {
    this.element.classList.toggle('tall', tall);
    this.tall.setFace(tall ? 'Lower' : 'Taller', tall ? 'chevron-down' : 'chevron-up');
  }

  private note(text: string): void {
    this.body.replaceChildren(el('p', { class: 'muted dock-note' }, text));
  }

  private fill(detail: Detail): void {
    this.shown = detail;
    const { record, caseName } = detail;
    const {
      icon: glyph,
      tone,
      word,
    } = requestWord(
      { ok: record.outcome === 'completed', warmup: record.phase !== 'measured' },
      { outcome: record.outcome, errorKind: null },
    );
    setClass(this.glyph, iconClass(glyph, `tone-${tone}`));
    setText(this.word, word);
    this.casePointer = record.case ?? '';
    setHidden(this.caseLink, caseName === null);
    setText(this.caseLink, caseName ?? '');
    this.body.replaceChildren(this.timePart(detail), this.promptPart(detail), this.answerPart(detail));
    this.draw();
  }

  private timePart({ record }: Detail): HTMLElement {
    const rows = instantsOf(record).map(({ name, atMs, sinceMs, help }) =>
      el(
        'tr',
        { title: help },
        el('th', { scope: 'row' }, name),
        el('td', { class: 'number' }, formatValue(atMs, 'ms')),
        el('td', { class: 'number muted' }, sinceMs === null ? '' : `+${formatValue(sinceMs, 'ms')}`),
      ),
    );
    return el(
      'section',
      { class: 'dock-part', tabindex: 0, aria: { label: 'Timeline' } },
      el('h3', {}, 'Timeline'),
      el(
        'ul',
        { class: 'legend' },
        ...PHASES.map(({ phase, label, help }) =>
          el('li', { title: help }, el('span', { class: `phase phase-${phase}`, aria: { hidden: true } }), label),
        ),
        el('li', {}, el('span', { class: 'swatch swatch-token', aria: { hidden: true } }), 'token'),
      ),
      this.canvas,
      record.error === undefined
        ? null
        : el(
            'p',
            { class: 'error-text' },
            icon('error', 'tone-fail'),
            el('code', {}, record.error.kind),
            ' ',
            record.error.message,
          ),
      el(
        'table',
        {},
        el('caption', { class: 'hidden-text' }, 'Instants of the request'),
        el(
          'thead',
          {},
          el(
            'tr',
            {},
            el('th', { scope: 'col' }, 'Event'),
            el('th', { scope: 'col', class: 'number' }, 'At'),
            el('th', { scope: 'col', class: 'number' }, 'After the one before'),
          ),
        ),
        el('tbody', {}, ...rows),
      ),
      el(
        'dl',
        { class: 'request-facts' },
        ...requestFacts(record).map(({ label, text }) =>
          el('div', {}, el('dt', {}, label), el('dd', { class: 'number' }, text)),
        ),
      ),
    );
  }

  private promptPart({ prompt }: Detail): HTMLElement {
    const parts = { post: this.post, asks: null };
    const content =
      'reason' in prompt
        ? [el('p', { class: 'muted' }, prompt.reason)]
        : [
            ...prompt.messages.map((message) =>
              el(
                'div',
                { class: 'turn' },
                el('span', { class: 'muted role' }, message.role),
                longText(messageText(message), [], parts, 'Message'),
              ),
            ),
            prompt.cutCharacters > 0
              ? el('p', { class: 'muted' }, `${formatCount(prompt.cutCharacters)} more characters are in plan.json.`)
              : null,
          ];
    return part('Prompt', content);
  }

  private answerPart({ answer, answerReason }: Detail): HTMLElement {
    return part('Answer', [
      answer === null
        ? el('p', { class: 'muted' }, answerReason)
        : answerView(answer, { post: this.post, asks: answer.stage === undefined ? this.asks : null }),
    ]);
  }

  private draw(): void {
    const { shown } = this;
    if (shown === null || !this.open) return;
    const { record } = shown;
    const events = eventsOf(record);
    drawTimeline(
      this.canvas,
      { segments: timelineOf(record), events, gapLimit: this.gapLimit, failed: record.outcome !== 'completed' },
      this.palette,
      (ms) => formatValue(ms, 'ms'),
    );
    const phases = timelineOf(record).map(({ phase, from, to }) => `${phase} ${formatValue(to - from, 'ms')}`);
    setAttribute(
      this.canvas,
      'aria-label',
      `Timeline of the request: ${phases.join(', ')}; ${formatCount(events.length)} content events.`,
    );
  }
}

function part(title: string, content: (HTMLElement | null)[]): HTMLElement {
  // Scrolls, so it must be reachable by keyboard.
  return el('section', { class: 'dock-part', tabindex: 0, aria: { label: title } }, el('h3', {}, title), ...content);
}

function messageText(message: Message): string {
  if (message.tool_calls === undefined) return message.content;
  return `${message.content}${message.content === '' ? '' : '\n'}${JSON.stringify(message.tool_calls)}`;
}

function milliseconds(value: number | null): string {
  return value === null ? '–' : formatValue(value, 'ms');
}
