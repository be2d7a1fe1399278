/** The answers as numbers: how many pass, how sure that is, what repeats and the judge say, and what load does to them. */
import type { PanelCase } from '../../src/protocol/run-panel';
import { el, icon, setHidden, setText } from '../dom';
import { button } from '../ui/controls';
import { answerView } from './answer-view';
import type { Asks } from './asks';
import { isWhole } from './curve-model';
import { costFact, loadFacts, qualityFacts, underLoadFact, type Fact } from './quality-model';
import type { Post } from './post';
import type { Section } from './section';
import type { Shown } from './selection';
import type { RunStore } from './store';
import { outcomeWord } from '../words';

export class Quality implements Section {
  private readonly list = el('dl');
  private readonly kept = el('ul', { class: 'cases' });
  private readonly fetch;
  private readonly none = el('p', { class: 'muted', hidden: true });
  readonly element: HTMLElement;
  private written = '';
  private place = '';
  private of: { target: string; stage: string } | null = null;

  constructor(
    private readonly post: Post,
    private readonly asks: Asks,
  ) {
    this.fetch = button({
      label: 'Show wrong answers',
      icon: 'list-flat',
      appearance: 'secondary',
      onClick: () => this.load(),
    });
    this.element = el(
      'section',
      { class: 'facts-section', aria: { label: 'Quality and cost' } },
      el('h2', {}, 'Quality and cost'),
      this.list,
      this.fetch.element,
      this.none,
      this.kept,
    );
  }

  render({ head }: RunStore, shown: Shown | null): void {
    const facts = shown === null ? [] : factsOf(shown, head?.confidence ?? 0.95);
    setHidden(this.element, facts.length === 0);
    if (shown === null || facts.length === 0) return;
    const stage = shown.stage?.data ?? null;
    const wrong = stage?.result?.quality?.failed ?? 0;
    const place = `${head?.startedAt}\n${shown.target.id}\n${stage?.name}`;
    if (place !== this.place) {
      this.place = place;
      this.of = stage === null ? null : { target: shown.target.id, stage: stage.name };
      this.kept.replaceChildren();
      setHidden(this.none, true);
    }
    const can = head?.can?.files === true && wrong > 0 && this.kept.childElementCount === 0 && this.none.hidden;
    setHidden(this.fetch.element, !can);
    const key = JSON.stringify(facts);
    if (key === this.written) return;
    this.written = key;
    this.list.replaceChildren(...facts.map(factItem));
  }

  private load(): void {
    const { of, place } = this;
    if (of === null) return;
    this.asks.loadAnswers(of.target, of.stage, (records) => {
      if (place !== this.place) return;
      setHidden(this.fetch.element, true);
      setHidden(this.none, records.length > 0);
      setText(this.none, 'None of the wrong answers was kept.');
      this.kept.replaceChildren(...records.map((record) => this.row(record)));
    });
  }

  private row(record: PanelCase): HTMLElement {
    const { icon: glyph, tone, word } = outcomeWord(record.outcome);
    const content = el('div', { class: 'case-body' });
    const details = el(
      'details',
      {},
      el(
        'summary',
        {},
        icon('chevron-right', 'twistie'),
        el('span', { class: 'badge case-outcome' }, icon(glyph, `tone-${tone}`), el('span', {}, word)),
        el('span', { class: 'case-name' }, record.name),
        el(
          'span',
          { class: 'muted case-reason' },
          record.assertions.find(({ outcome }) => outcome === record.outcome)?.reason ?? record.reason ?? '',
        ),
      ),
      content,
    );
    details.addEventListener('toggle', () => {
      if (details.open && content.childElementCount === 0)
        content.append(answerView(record, { post: this.post, asks: null }));
    });
    return el('li', {}, details);
  }
}

/** Of the stage that is shown; what is true of the target as a whole stands with its cases and with the sum of its steps. */
function factsOf({ target, stage }: Shown, confidence: number): Fact[] {
  const facts: Fact[] = [];
  const load = stage !== null && stage.data.pattern !== 'cases' && !isWhole(stage);
  const judged = load ? stage.data.result?.quality : undefined;
  if (judged !== undefined) facts.push(...loadFacts(judged, confidence));
  if (!load && target.qualityResult !== null) facts.push(...qualityFacts(target.qualityResult, confidence));
  if (target.underLoad !== null) facts.push(underLoadFact(target.underLoad, confidence));
  const cost = target.cost === null ? null : costFact(target.cost);
  if (cost !== null) facts.push(cost);
  return facts;
}

function factItem({ label, text, help, word }: Fact): HTMLElement {
  return el(
    'div',
    { title: help },
    el('dt', {}, label),
    el(
      'dd',
      { class: 'number' },
      word === undefined ? null : icon(word.icon, `tone-${word.tone}`),
      el('span', {}, text),
    ),
  );
}
