/**
 * "Maximise X subject to Y": the aim and its limits, which the reader edits, and what is chosen under them, in a sentence. What
 * does not fit says why; where nothing fits, that and what is nearest.
 */
import type { CompareAxis, ComparePanelState, CompareSelection } from '../../src/protocol/compare-panel';
import { formatValue } from '../../src/protocol/format';
import type { SelectionChoice } from '../../src/protocol/run-json';
import { el, icon, setHidden, setText } from '../dom';
import { button, dropdown, textField } from '../ui/controls';
import { badge } from './badge';
import { nameById, namesOf, type Named } from './contender-name';
import type { Post } from './post';
import { Drawn, type Section } from './section';
import { BEST } from './words';
import { verdictWord } from '../words';

const AWAITED = 'The choice comes with the end of the run, when every contender has been measured.';
const UNCHOSEN = 'Choose what to aim for, and the limits that must be kept.';

export class Choice implements Section {
  private readonly sentence = el('p', { class: 'answer-sentence' });
  private readonly verb = el('span', {}, 'Maximise');
  private readonly aim = dropdown({ label: 'What to aim for', onChange: (axis) => this.setAim(axis) });
  private readonly rows: LimitRow[] = [];
  private readonly list = el('ul', { class: 'limits', aria: { label: 'Limits' } });
  private readonly subject = el('span');
  private readonly chooser: HTMLElement;
  private readonly result = el('ul', { class: 'fitting', aria: { label: 'What fits' } });
  private readonly drawn = new Drawn();
  private axes: readonly CompareAxis[] = [];
  private chosenAim = '';
  /** What was asked for last: the answer to it must not rewrite the rows that it came from. */
  private asked: string | null = null;
  readonly element: HTMLElement;

  constructor(private readonly post: Post) {
    const add = button({
      label: 'Add a limit',
      icon: 'add',
      appearance: 'secondary',
      onClick: () => this.addRow('').focus(),
    });
    this.chooser = el(
      'div',
      { class: 'chooser' },
      el('span', { class: 'choice' }, this.verb, this.aim.element),
      el('div', { class: 'subject' }, this.subject, this.list, add.element),
    );
    this.element = el(
      'section',
      { class: 'part choice-part', aria: { label: 'Best choice' } },
      el('h2', {}, 'Best choice'),
      el('div', { role: 'status' }, this.sentence),
      this.chooser,
      this.result,
    );
  }

  render(state: ComparePanelState): void {
    const { axes, selection, contenders, pareto, status } = state;
    // Of a run that goes on the first contender would be chosen for being the first: it is there, and says so, from the start.
    const isAwaited = status === 'running' && selection === null;
    setHidden(this.element, contenders.length === 0 || (axes.length === 0 && !isAwaited));
    setHidden(this.chooser, isAwaited);
    if (!this.drawn.changed(axes, selection, contenders, pareto, isAwaited)) return;
    this.axes = axes;
    this.chosenAim = selection?.aim ?? (this.chosenAim === '' ? (axes[0]?.axis ?? '') : this.chosenAim);
    this.aim.update(
      axes.map(({ axis, label }) => ({ value: axis, label })),
      this.chosenAim,
    );
    setText(this.verb, this.axisOf(this.chosenAim)?.better === 'lower' ? 'Minimise' : 'Maximise');
    setText(this.sentence, selection?.sentence ?? (isAwaited ? AWAITED : UNCHOSEN));
    if (selection !== null) this.takeLimits(selection);
    this.describeRows();
    this.showResult(selection, namesOf(state));
  }

  private axisOf(name: string): CompareAxis | undefined {
    return this.axes.find(({ axis }) => axis === name);
  }

  private setAim(axis: string): void {
    this.chosenAim = axis;
    setText(this.verb, this.axisOf(axis)?.better === 'lower' ? 'Minimise' : 'Maximise');
    this.ask();
  }

  private ask(): void {
    const limits = this.texts();
    this.asked = keyOf(limits);
    this.post({ type: 'select', aim: this.chosenAim, limits });
  }

  private texts(): string[] {
    return this.rows.map((row) => row.text).filter((text) => text !== '');
  }

  /** The extension's limits, where they are other ones than those that were asked for here. */
  private takeLimits({ result, invalid }: CompareSelection): void {
    const wrong = invalid.map(({ text }) => text);
    const limits = [...result.subject_to, ...wrong];
    if (keyOf(limits) !== this.asked && keyOf(limits) !== keyOf(this.texts())) {
      this.asked = keyOf(limits);
      const read = this.rows.filter((row) => !row.busy && row.text !== '' && !wrong.includes(row.text));
      // The same limits, spelled out: in place, so that the row that was just left by Enter keeps the focus.
      const spelled = this.rows.every((row) => !row.busy) && this.texts().length === limits.length;
      if (spelled && read.length === result.subject_to.length)
        read.forEach((row, i) => row.spell(result.subject_to[i] ?? row.text));
      else this.replaceRows(limits);
    }
    for (const row of this.rows) row.setProblem(invalid.find(({ text }) => text === row.text)?.problem ?? '');
  }

  /** A row whose text is being typed stays: it is sent when it is done. */
  private replaceRows(limits: readonly string[]): void {
    const kept = this.rows.filter((row) => row.busy);
    for (const row of this.rows) if (!row.busy) row.element.remove();
    this.rows.splice(0, this.rows.length, ...kept);
    for (const text of limits) if (!kept.some((row) => row.text === text)) this.addRow(text);
  }

  private addRow(text: string): LimitRow {
    const row = new LimitRow(text, {
      changed: () => this.ask(),
      remove: () => {
        const at = this.rows.indexOf(row);
        this.rows.splice(at, 1);
        row.element.remove();
        const next = this.rows[at] ?? this.rows[at - 1];
        if (next !== undefined) next.focus();
        else this.aim.element.focus();
        this.describeRows();
        this.ask();
      },
    });
    this.rows.push(row);
    this.list.append(row.element);
    this.describeRows();
    return row;
  }

  private describeRows(): void {
    setText(this.subject, this.rows.length === 0 ? 'subject to no limit' : 'subject to');
    this.rows.forEach((row, i) => row.number(i + 1));
  }

  private showResult(selection: CompareSelection | null, names: ReadonlyMap<string, Named>): void {
    setHidden(this.result, selection === null);
    if (selection === null) return;
    const { result, aim } = selection;
    const axis = this.axisOf(aim);
    const choice = result.choices.find((each) => each.axis === aim);
    const fitting = [...result.fitting].sort(
      (a, b) => Number(b.id === choice?.chosen?.id) - Number(a.id === choice?.chosen?.id),
    );
    this.result.replaceChildren(
      ...fitting.map(({ id, sure }) =>
        el(
          'li',
          {},
          badge(
            id === choice?.chosen?.id ? { ...BEST, word: 'Chosen' } : { ...verdictWord('pass'), word: 'Fits' },
            'fit-word',
          ),
          nameById(names, id),
          id === choice?.chosen?.id && axis !== undefined
            ? el('span', { class: 'number' }, `${axis.label} ${formatValue(choice.chosen.value, axis.unit)}`)
            : null,
          sure ? null : el('span', { class: 'muted' }, 'low confidence: more samples may turn it round'),
        ),
      ),
      ...result.rejected.map(({ id, reasons }) =>
        el(
          'li',
          {},
          badge(
            id === result.nearest
              ? { icon: 'error', tone: 'fail', word: 'Nearest' }
              : { icon: 'error', tone: 'fail', word: 'Rejected' },
            'fit-word',
          ),
          nameById(names, id),
          el('span', { class: 'muted number' }, [...reasons, ...unbound(id, choice, axis)].join('; ')),
        ),
      ),
    );
  }
}

/** What a rejected contender would be without the limits. */
function unbound(id: string, choice: SelectionChoice | undefined, axis: CompareAxis | undefined): string[] {
  if (choice?.best?.id !== id || axis === undefined) return [];
  return [`the best without the limits, with ${formatValue(choice.best.value, axis.unit)}`];
}

function keyOf(limits: readonly string[]): string {
  return JSON.stringify([...limits].sort());
}

let count = 0;

/** A limit as it is typed; it is sent with Enter or when the field is left. */
class LimitRow {
  private readonly field = textField({
    label: 'Limit',
    placeholder: 'ttft.p99 < 200ms',
    onInput: () => undefined,
  });
  private readonly problem = el('span', { class: 'problem', hidden: true });
  private readonly problemText = el('span');
  private readonly removeWord = el('span', { class: 'hidden-text' }, 'Remove the limit');
  private sent: string;
  readonly element: HTMLElement;

  constructor(text: string, actions: { changed: () => void; remove: () => void }) {
    this.sent = text;
    this.field.setValue(text);
    const commit = () => {
      if (this.text === this.sent) return;
      this.sent = this.text;
      this.setProblem('');
      actions.changed();
    };
    this.field.element.addEventListener('change', commit);
    this.field.element.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') commit();
    });
    this.problem.id = `limit-problem-${++count}`;
    this.problem.append(icon('error', 'tone-fail'), this.problemText);
    const remove = el(
      'button',
      { class: 'icon-button', type: 'button', title: 'Remove the limit' },
      icon('close'),
      this.removeWord,
    );
    remove.addEventListener('click', actions.remove);
    this.element = el('li', {}, this.field.element, remove, this.problem);
  }

  get text(): string {
    return this.field.value().trim();
  }

  /** It is being typed. */
  get busy(): boolean {
    return this.text !== this.sent || (this.text === '' && this.element.contains(document.activeElement));
  }

  /** Takes what the extension made of the text. */
  spell(text: string): void {
    this.sent = text;
    this.field.setValue(text);
  }

  focus(): void {
    // The control upgrades in the next frame when it is new.
    requestAnimationFrame(() => this.field.element.focus());
  }

  number(n: number): void {
    setText(this.removeWord, `Remove limit ${n}`);
  }

  setProblem(text: string): void {
    setText(this.problemText, text);
    setHidden(this.problem, text === '');
    this.field.element.classList.toggle('wrong', text !== '');
    if (text === '') this.field.element.removeAttribute('aria-describedby');
    else this.field.element.setAttribute('aria-describedby', this.problem.id);
  }
}
