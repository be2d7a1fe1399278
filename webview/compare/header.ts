/** What is compared: title, state, what can be done with it, and each contender with its verdict and where it comes from. */
import type { ComparePanelState, Contender } from '../../src/protocol/compare-panel';
import { el, icon, setHidden, setText } from '../dom';
import { button } from '../ui/controls';
import type { Hovers } from '../ui/hover';
import { menu } from '../ui/menu';
import { verdictWord } from '../words';
import { badge } from './badge';
import { mark, namesOf, type Named } from './contender-name';
import type { Post } from './post';
import { Drawn, type Section } from './section';

export interface HeaderActions {
  post: Post;
  savePicture: () => void;
  saveTable: () => void;
}

export class Header implements Section {
  private readonly title = el('h1');
  private readonly status = el('p', { class: 'summary', role: 'status' });
  private readonly add;
  private readonly stop;
  private readonly rerun;
  private readonly files;
  private readonly chips = el('ul', { class: 'contenders', aria: { label: 'Contenders' } });
  private readonly drawn = new Drawn();
  private readonly post: Post;
  readonly element: HTMLElement;

  constructor(
    { post, savePicture, saveTable }: HeaderActions,
    private readonly hovers: Hovers,
  ) {
    this.post = post;
    const action = (label: string, glyph: string, onClick: () => void) =>
      button({ label, icon: glyph, appearance: 'secondary', onClick });
    this.add = action('Add', 'add', () => post({ type: 'add' }));
    this.add.element.title = 'Add a run, or a result of another tool';
    this.stop = action('Stop', 'debug-stop', () => post({ type: 'stop' }));
    this.rerun = action('Rerun', 'debug-rerun', () => post({ type: 'rerun' }));
    this.files = menu({
      label: 'Export',
      icon: 'export',
      appearance: 'secondary',
      items: () => [
        { label: 'Report (Markdown)', onChoose: () => post({ type: 'export', what: 'markdown' }) },
        { label: 'Whole comparison (JSON)', onChoose: () => post({ type: 'export', what: 'json' }) },
        { label: 'Metrics (CSV)', onChoose: saveTable },
        { label: 'Charts as a picture (PNG)', onChoose: savePicture },
      ],
    });
    this.element = el(
      'header',
      { class: 'head' },
      el(
        'div',
        { class: 'title-row' },
        this.title,
        el('div', { class: 'actions' }, this.stop.element, this.rerun.element, this.add.element, this.files.element),
      ),
      this.status,
      this.chips,
    );
  }

  render(state: ComparePanelState): void {
    const { title, status, statusText, contenders, reference, can } = state;
    const running = status === 'running';
    setText(this.title, title);
    setText(this.status, running ? statusText : '');
    setHidden(this.stop.element, !running);
    setHidden(this.rerun.element, running || contenders.length === 0 || can?.rerun === false);
    this.stop.setDisabled(can?.stop === false);
    setHidden(this.add.element, running || contenders.length === 0);
    setHidden(this.files.element, running || contenders.length === 0);
    setHidden(this.chips, contenders.length === 0);
    if (!this.drawn.changed(contenders, reference, running)) return;
    const names = namesOf(state);
    const focused = focusedKey(this.chips);
    this.chips.replaceChildren(
      ...contenders.flatMap((contender) => {
        const named = names.get(contender.id);
        return named === undefined ? [] : [this.chip(contender, named, state)];
      }),
    );
    if (focused !== null) this.chips.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  private chip(contender: Contender, named: Named, { reference, status, contenders }: ComparePanelState): HTMLElement {
    const { id, label, run, model, endpoint, params, verdict, error } = contender;
    const isReference = id === reference;
    const tools = el('span', { class: 'chip-tools' });
    const tool = (what: string, glyph: string, onClick: () => void) => {
      const element = el(
        'button',
        { class: 'icon-button', type: 'button', title: what, data: { key: `${glyph} ${id}` } },
        icon(glyph),
        el('span', { class: 'hidden-text' }, what),
      );
      element.addEventListener('click', onClick);
      tools.append(element);
    };
    tool(`Open the run of ${label}`, 'go-to-file', () => this.post({ type: 'open-run', id }));
    if (status !== 'running' && contenders.length > 1)
      tool(`Remove ${label}`, 'close', () => this.post({ type: 'remove', id }));
    const name = el('span', { class: 'chip-name' }, label);
    this.hovers.attach(name, () => detailsOf(contender));
    name.tabIndex = 0;
    const changed = Object.entries(params).map(([param, value]) => `${param}: ${value}`);
    return el(
      'li',
      { class: isReference ? 'contender-card reference' : 'contender-card' },
      el('div', { class: 'chip-top' }, mark(named.look), name, tools),
      el(
        'div',
        { class: 'chip-line' },
        verdict === null
          ? el('span', { class: 'muted' }, status === 'running' ? 'Running' : 'No verdict')
          : badge(verdictWord(verdict)),
        this.referenceButton(contender, isReference),
      ),
      el(
        'div',
        { class: 'chip-line muted' },
        el('span', { class: 'clip', title: `${model} at ${endpoint}` }, `${model} · ${endpoint}`),
      ),
      el('div', { class: 'chip-line muted number' }, el('span', { class: 'clip' }, placeOf(run, contender.tool))),
      changed.length === 0
        ? null
        : el('div', { class: 'chip-line' }, el('span', { class: 'params' }, changed.join(' · '))),
      error === null ? null : el('div', { class: 'chip-error' }, icon('warning', 'tone-fail'), el('span', {}, error)),
    );
  }

  private referenceButton({ id, label }: Contender, isReference: boolean): HTMLElement {
    if (isReference) return el('span', { class: 'badge reference-word' }, icon('pinned'), el('span', {}, 'Reference'));
    const element = el(
      'button',
      {
        class: 'link',
        type: 'button',
        title: `Hold the others against ${label}`,
        data: { key: `reference ${id}` },
      },
      'Use as reference',
    );
    element.addEventListener('click', () => this.post({ type: 'reference', id }));
    return element;
  }
}

function placeOf({ startedAt, commit }: Contender['run'], tool: Contender['tool']): string {
  const parts: string[] = [];
  if (tool !== 'promptrig') parts.push(`from ${tool}`);
  parts.push(startedAt === null ? 'time unknown' : timeText(startedAt));
  if (commit !== null) parts.push(commit.slice(0, 8));
  return parts.join(' · ');
}

/** The same everywhere, whatever the reader's locale: `2026-11-26 04:10`. */
function timeText(iso: string): string {
  return iso.replace('T', ' ').slice(0, 16);
}

function detailsOf({ label, run, target, endpoint, model, prompt, params, tool, notes, caveats }: Contender): string[] {
  return [
    label,
    `Run: ${run.name} (${run.id})`,
    `Target: ${target}`,
    `Model: ${model}, endpoint: ${endpoint}`,
    prompt === '' ? '' : `Prompt: ${prompt}`,
    ...Object.entries(params).map(([name, value]) => `${name}: ${value}`),
    run.path,
    tool === 'promptrig' ? '' : `Measured by ${tool}, by its own definitions.`,
    ...notes.map(({ metric, text }) => (metric === '*' ? text : `${metric}: ${text}`)),
    ...caveats,
  ];
}

function focusedKey(root: HTMLElement): string | null {
  const { activeElement } = document;
  return activeElement instanceof HTMLElement && root.contains(activeElement)
    ? (activeElement.dataset['key'] ?? null)
    : null;
}
