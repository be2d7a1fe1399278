/** Answers as they stream in, side by side: first tokens, how far each is, and who was first, said once for each case. */
import type { ComparePanelState, RaceLane } from '../../src/protocol/compare-panel';
import { formatCount, formatValue } from '../../src/protocol/format';
import { el, icon, iconClass, setClass, setHidden, setText } from '../dom';
import { contenderName, labelOf, namesOf, type Named } from './contender-name';
import { winnerOf, type RaceResult } from './race-tally';
import type { Section } from './section';
import type { CompareStore } from './store';
import { visibleText } from './visible-text';
import { laneWord } from './words';

/** Of an answer that is being written its end is what changes. */
const TAIL_CHARACTERS = 500;

export class Race implements Section {
  private readonly lanes = el('ul', { class: 'lanes' });
  private readonly score = el('p', { class: 'muted number race-score' });
  private readonly said = el('p', { class: 'race-said', role: 'status' });
  private readonly shown = new Map<string, Lane>();
  private announced = 0;
  readonly element = el(
    'section',
    { class: 'part', aria: { label: 'Race' } },
    el('div', { class: 'section-head' }, el('h2', {}, 'Race'), this.score),
    this.lanes,
    this.said,
  );

  constructor(private readonly store: CompareStore) {}

  render(state: ComparePanelState): void {
    const { race, status } = state;
    setHidden(this.element, status !== 'running' || race.length === 0);
    if (this.element.hidden) return;
    const names = namesOf(state);
    // In the order of the contenders and never by who leads: nothing moves that the reader did not ask to move.
    const order = [...names.values()].flatMap((named) => {
      const lane = race.find(({ id }) => id === named.id);
      return lane === undefined ? [] : [{ named, lane }];
    });
    const most = Math.max(1, ...order.map(({ lane }) => lane.chunks));
    for (const [id, lane] of this.shown)
      if (!order.some(({ named }) => named.id === id)) {
        lane.element.remove();
        this.shown.delete(id);
      }
    for (const [at, { named, lane }] of order.entries()) {
      let view = this.shown.get(named.id);
      if (view === undefined) {
        view = new Lane(named);
        this.shown.set(named.id, view);
      }
      if (this.lanes.children[at] !== view.element)
        this.lanes.insertBefore(view.element, this.lanes.children[at] ?? null);
      view.show(lane, most);
    }
    const { results } = this.store.tally;
    const last = results.at(-1);
    if (results.length > this.announced && last !== undefined) setText(this.said, sentenceOf(last, names));
    this.announced = results.length;
    setText(this.score, results.length === 0 ? '' : scoreText(this.store.tally.wins(), results.length, names));
  }
}

class Lane {
  private readonly glyph = icon('clockface');
  private readonly word = el('span');
  private readonly name = el('span', { class: 'lane-case muted' });
  private readonly ttft = el('dd', { class: 'number' });
  private readonly chunks = el('dd', { class: 'number' });
  private readonly total = el('dd', { class: 'number' });
  private readonly bar = el('div', { class: 'lane-done' });
  private readonly text = el('pre', { class: 'lane-text' });
  readonly element: HTMLElement;

  constructor(named: Named) {
    const fact = (label: string, value: HTMLElement) => el('div', {}, el('dt', {}, label), value);
    this.element = el(
      'li',
      { class: 'lane' },
      el('div', { class: 'chip-line' }, contenderName(named), el('span', { class: 'badge' }, this.glyph, this.word)),
      this.name,
      el('dl', {}, fact('First token', this.ttft), fact('Chunks', this.chunks), fact('End to end', this.total)),
      el('div', { class: `lane-bar series-${named.look.color}`, aria: { hidden: true } }, this.bar),
      this.text,
    );
  }

  show({ caseName, text, ttftMs, chunks, status, e2eMs }: RaceLane, most: number): void {
    const { icon: glyph, tone, word } = laneWord(status);
    setClass(this.glyph, iconClass(glyph, `tone-${tone}${status === 'streaming' ? ' codicon-modifier-spin' : ''}`));
    setText(this.word, word);
    setText(this.name, caseName);
    setText(this.ttft, ttftMs === null ? '–' : formatValue(ttftMs, 'ms'));
    setText(this.chunks, formatCount(chunks));
    setText(this.total, e2eMs === null ? '–' : formatValue(e2eMs, 'ms'));
    // Beside the one that is furthest: how long an answer will be nobody knows.
    this.bar.style.transform = `scaleX(${(chunks / most).toFixed(4)})`;
    const tail = text.length > TAIL_CHARACTERS ? `…${text.slice(-TAIL_CHARACTERS)}` : text;
    setText(this.text, visibleText(tail));
    this.text.scrollTop = this.text.scrollHeight;
  }
}

function sentenceOf({ caseName, finishers }: RaceResult, names: ReadonlyMap<string, Named>): string {
  const [first, second] = finishers;
  if (first === undefined) return `Nobody answered “${caseName}”.`;
  const time = formatValue(first.e2eMs, 'ms');
  if (second === undefined) return `Only ${labelOf(names, first.id)} answered “${caseName}”, in ${time}.`;
  if (winnerOf(finishers) === null)
    return `${labelOf(names, first.id)} and ${labelOf(names, second.id)} answered “${caseName}” at the same time, in ${time}.`;
  const ahead = formatValue(second.e2eMs - first.e2eMs, 'ms');
  return `${labelOf(names, first.id)} was first with “${caseName}”: ${time}, ${ahead} before ${labelOf(names, second.id)}.`;
}

function scoreText(wins: ReadonlyMap<string, number>, cases: number, names: ReadonlyMap<string, Named>): string {
  const parts = [...names.values()].map(({ id, label }) => `${label} ${wins.get(id) ?? 0}`);
  return `First in ${formatCount(cases)} ${cases === 1 ? 'case' : 'cases'}: ${parts.join(', ')}`;
}
