/** Title, state, verdict, progress, and the choice of what is shown. */
import { formatClock, formatValue } from '../../src/protocol/format';
import { el, icon, iconClass, setAttribute, setClass, setHidden, setText } from '../dom';
import { button, dropdown } from '../ui/controls';
import { menu } from '../ui/menu';
import { isWhole } from './curve-model';
import { Marks } from './marks';
import type { Post } from './post';
import type { Section } from './section';
import type { Shown } from './selection';
import type { RunStore, StageView, TargetView } from './store';
import { overallProgress, summarize } from './summary';
import { statusWord, verdictWord, worstOf, type Word } from '../words';

export class Header implements Section {
  readonly element: HTMLElement;
  private readonly title = el('h1');
  private readonly status = new Badge();
  private readonly verdict = new Badge();
  private readonly source: HTMLElement;
  private readonly clock = el('span', { class: 'number' });
  private readonly summary = el('p', { class: 'summary', role: 'status' });
  private readonly bar = el('div', { class: 'progress-done' });
  private readonly progress = el(
    'div',
    { class: 'progress', role: 'progressbar', aria: { label: 'Progress of the run', valuemin: '0', valuemax: '100' } },
    this.bar,
  );
  private readonly stop;
  private readonly rerun;
  private readonly rerunFailed;
  private readonly pin;
  private readonly files;
  private readonly actions: HTMLElement;
  private readonly targets;
  private readonly stages;
  private readonly choices: HTMLElement;
  private readonly marks: Marks;
  private readonly standalone: boolean;
  private isPinned = false;
  private shownTarget = '';

  constructor(post: Post, choose: (target: string, stage: string | null) => void, savePicture: () => void) {
    const standalone = post.standalone === true;
    this.standalone = standalone;
    this.stop = button({
      label: 'Stop',
      icon: 'debug-stop',
      appearance: 'secondary',
      onClick: () => post({ type: 'stop' }),
    });
    this.rerun = button({
      label: 'Rerun',
      icon: 'debug-rerun',
      appearance: 'secondary',
      onClick: () => post({ type: 'rerun' }),
    });
    this.rerunFailed = button({
      label: 'Rerun failed',
      icon: 'debug-rerun',
      appearance: 'secondary',
      onClick: () => post({ type: 'rerun-failed' }),
    });
    this.pin = button({
      label: 'Pin as baseline',
      icon: 'pin',
      appearance: 'secondary',
      onClick: () => post({ type: this.isPinned ? 'unpin' : 'pin' }),
    });
    this.files = menu({
      label: 'Export',
      icon: 'export',
      appearance: 'secondary',
      items: () => [
        { label: 'Charts as a picture (PNG)', onChoose: savePicture },
        { label: 'Metrics (CSV)', onChoose: () => post({ type: 'export', what: 'metrics' }) },
        ...(standalone
          ? []
          : [{ label: 'Requests (CSV)', onChoose: () => post({ type: 'export', what: 'requests' }) }]),
        ...(standalone ? [] : [{ label: 'Report (HTML)', onChoose: () => post({ type: 'export', what: 'report' }) }]),
        { label: 'Whole run (JSON)', onChoose: () => post({ type: 'export', what: 'run' }) },
      ],
    });
    this.actions = el(
      'div',
      { class: 'actions' },
      ...(standalone ? [] : [this.stop.element, this.rerun.element, this.rerunFailed.element, this.pin.element]),
      this.files.element,
    );
    this.source = standalone
      ? el('span', { class: 'muted' })
      : el('button', { class: 'link', type: 'button', title: 'Open the eval file' });
    if (!standalone) this.source.addEventListener('click', () => post({ type: 'reveal', pointer: '' }));
    this.marks = new Marks(post);
    this.targets = dropdown({ label: 'Target', onChange: (value) => choose(value, null) });
    this.stages = dropdown({ label: 'Stage', onChange: (value) => choose(this.shownTarget, value) });
    this.choices = el(
      'div',
      { class: 'choices' },
      el(
        'span',
        { class: 'choice', data: { for: 'target' } },
        el('span', { aria: { hidden: true } }, 'Target'),
        this.targets.element,
      ),
      el(
        'span',
        { class: 'choice', data: { for: 'stage' } },
        el('span', { aria: { hidden: true } }, 'Stage'),
        this.stages.element,
      ),
    );
    this.element = el(
      'header',
      { class: 'head' },
      el('div', { class: 'title-row' }, this.title, this.actions),
      el('div', { class: 'facts' }, this.status.element, this.verdict.element, this.clock, this.source),
      this.marks.element,
      this.summary,
      this.progress,
      this.choices,
    );
  }

  render({ head, targets }: RunStore, shown: Shown | null): void {
    if (head === null) return;
    const running = head.status === 'running';
    setText(this.title, head.title);
    setText(this.source, head.source);
    this.status.show(statusWord(head.status), running);
    this.verdict.show(head.verdict === null ? null : verdictWord(head.verdict), false);
    setText(this.summary, summarize(head, targets));
    this.stop.setDisabled(!running);
    this.rerun.setDisabled(running);
    setHidden(this.rerunFailed.element, head.can?.rerunFailed !== true);
    this.isPinned = (head.marks?.pinned.length ?? 0) > 0;
    this.pin.setFace(this.isPinned ? 'Unpin baseline' : 'Pin as baseline', this.isPinned ? 'pinned' : 'pin');
    setHidden(this.pin.element, head.can?.pin !== true && !this.isPinned);
    setHidden(this.marks.element, this.standalone || head.status === 'idle' || head.advice !== undefined);
    this.marks.render(running ? undefined : head.marks, targets.length);
    setHidden(this.files.element, head.can?.files !== true || running);
    const loading = head.loading ?? null;
    const read = loading === null || loading.total === 0 ? 0 : loading.read / loading.total;
    const share = loading !== null ? read : head.status === 'completed' ? 1 : overallProgress(targets);
    setAttribute(this.progress, 'aria-valuenow', String(Math.round(share * 100)));
    setAttribute(
      this.progress,
      'aria-label',
      loading === null ? 'Progress of the run' : 'Reading the requests of the run',
    );
    setClass(this.progress, running || loading !== null ? 'progress' : 'progress ended');
    this.bar.style.transform = `scaleX(${share.toFixed(4)})`;
    const measuredMs = targets.flatMap(({ stages }) => stages).reduce((sum, { data }) => sum + data.elapsedMs, 0);
    setHidden(this.clock, !running && measuredMs === 0 && loading === null);
    setText(
      this.clock,
      running
        ? clockText(shown?.stage ?? null, share)
        : loading !== null
          ? `Reading its requests: ${Math.floor(share * 100)}%`
          : `${formatClock(measuredMs)} measured`,
    );
    // Before the first run there is one thing to do, and the notice offers it.
    setHidden(this.actions, head.status === 'idle' || head.advice !== undefined);
    this.renderChoices(targets, shown);
  }

  private renderChoices(targets: readonly TargetView[], shown: Shown | null): void {
    const stages = shown?.target.stages ?? [];
    setHidden(this.choices, targets.length < 2 && stages.length < 2);
    setHidden(this.targets.element.parentElement ?? this.targets.element, targets.length < 2);
    setHidden(this.stages.element.parentElement ?? this.stages.element, stages.length < 2);
    this.shownTarget = shown?.target.id ?? '';
    this.targets.update(
      targets.map(({ id }) => ({ value: id, label: id })),
      this.shownTarget,
    );
    this.stages.update(
      stages.map((stage) => ({ value: stage.data.name, label: labelOf(stage, shown?.target.curves ?? []) })),
      shown?.stage?.data.name ?? '',
    );
  }
}

/** Icon, word and colour; keeps its node, since a replaced spinning icon would jump back to its start. */
class Badge {
  private readonly glyph = icon('circle-outline');
  private readonly word = el('span');
  readonly element = el('span', { class: 'badge' }, this.glyph, this.word);

  show(word: Word | null, spinning: boolean): void {
    setHidden(this.element, word === null);
    if (word === null) return;
    setClass(this.glyph, iconClass(word.icon, `tone-${word.tone}${spinning ? ' codicon-modifier-spin' : ''}`));
    setText(this.word, word.word);
  }
}

function clockText(stage: StageView | null, share: number): string {
  const percent = `${Math.floor(share * 100)}%`;
  if (stage === null || stage.data.status !== 'running') return percent;
  const { elapsedMs, plannedMs } = stage.data;
  return `${percent} · ${formatClock(elapsedMs)}${plannedMs === null ? '' : ` of ${formatClock(plannedMs)}`}`;
}

/** A step is indented below its stage, which says what all of them came to. */
function labelOf(stage: StageView, curves: TargetView['curves']): string {
  const { data } = stage;
  const indent = data.partOf === undefined ? '' : '\u2003';
  const curve = isWhole(stage) ? curves.find((candidate) => candidate.stage === data.name) : undefined;
  const state =
    curve === undefined
      ? stageState(data)
      : curve.rate === null
        ? verdictWord(curve.verdict).word.toLowerCase()
        : `up to ${formatValue(curve.rate, '1/s')}`;
  return `${indent}${data.name} – ${state}`;
}

/** For the list of stages. A running stage shows no verdict: it would change the list under the reader's pointer. */
function stageState({ status, results }: StageView['data']): string {
  if (status !== 'done') return status;
  if (results.length === 0) return 'done';
  return ['fail', 'inconclusive', 'pass', 'done'][worstOf(results)] ?? 'done';
}
