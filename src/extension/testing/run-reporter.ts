/** Follows one run of the engine and reports its tests: each leaf when the last of its answers is in. */
import type { TestItem } from 'vscode';
import type { EngineEvent } from '../../protocol/events';
import type { CasePlan, RunPlan, TargetPlan } from '../../protocol/plan';
import type { CaseRecord, CurveResult, SloResult, StageResult } from '../../protocol/run-json';
import type { RunEnd, RunStart } from '../engine/run-controller';
import type { Tally } from '../language/observations';
import type { TestSubject } from './test-data';
import { subjectKey } from './test-data';
import { caseOutcome, MAX_FAILING, sloOutcome, stageOutcome, type Outcome, type TestState } from './test-messages';
import { MAX_ROWS, type Row } from './test-nodes';
import { caseLines, curveLines, endLines, sloLines, stageLines } from './test-output';
import type { TestSink } from './test-sink';
import type { TestTree } from './test-tree';
import { requestTraceLines, verdictTraceLines } from './trace-text';
import { l10n } from '../l10n';

/** What the engine calls the stage that asks the cases. */
const CASES_STAGE = 'cases';
/** Rows of a large dataset that are printed: those that did not pass. */
const MAX_PRINTED_ROWS = 100;

interface Leaf {
  item: TestItem;
  subject: TestSubject;
  target: string;
  /** Answers, or stages, that it still waits for. */
  owed: number;
  durationMs: number;
  tally: Tally;
  failing: CaseRecord[];
  stages: StageResult[];
  curves: CurveResult[];
  printed: number;
}

export class RunReporter {
  private readonly leaves: Leaf[] = [];
  /** By target and the pointer of what was planned. */
  private readonly byPointer = new Map<string, Leaf>();
  private readonly overall = new Map<string, { leaf: Leaf; slos: SloResult[] }>();
  private readonly stepsMs = new Map<string, number>();
  private readonly plan: RunPlan;
  private readonly file: string;
  private readonly rows: PlannedRow[];
  private finished = false;

  /** Takes what the plan tells about the tests into the tree, and queues those of the run. */
  constructor(
    private readonly start: RunStart,
    private readonly tree: TestTree,
    private readonly sink: TestSink,
    /** Called once with the items of the run, before anything is reported. */
    onItems: (items: TestItem[]) => void = () => undefined,
  ) {
    this.plan = start.plan;
    this.file = start.parsed.uri.toString();
    this.rows = rowsOf(this.plan);
    this.learn();
    for (const target of this.plan.targets) this.expect(target);
    tree.freeze(this.file);
    onItems(this.leaves.map(({ item }) => item));
    for (const { id } of this.plan.targets) if (this.isShown(id)) sink.open(id);
    for (const { item, target } of this.leaves) sink.enqueued(item, target);
  }

  /** What it reports. */
  get subjects(): TestSubject[] {
    return this.leaves.map(({ subject }) => subject);
  }

  events(batch: readonly EngineEvent[]): void {
    if (this.finished) return;
    for (const event of batch) this.apply(event);
  }

  /**
   * Decides what the run has left open, and lets the tree move on.
   * @param cancelled whether a person has cancelled it: what is open then says nothing
   */
  finish(end: RunEnd, cancelled: boolean): void {
    if (this.finished) return;
    this.finished = true;
    for (const { id } of this.plan.targets) this.settleAnswered(id);
    // Of a part of the cases they say nothing about the file.
    if (end.run?.status === 'completed') this.settleOverall();
    for (const { id } of this.plan.targets) {
      this.settleUnanswered(id, end, cancelled);
      this.say(id, endLines(end, id));
    }
    this.tree.thaw(this.file);
  }

  /** A run may be on an endpoint that the file does not name, which has no tests. */
  private isShown(target: string): boolean {
    return this.leaves.some((leaf) => leaf.target === target);
  }

  private say(target: string, lines: readonly string[], item?: TestItem): void {
    if (item !== undefined || this.isShown(target)) this.sink.output(target, lines, item);
  }

  private learn(): void {
    const { targets, dataset } = this.plan;
    if (this.tree.file(this.file)?.outline === null)
      this.tree.learn(this.file, { targets: targets.map(({ id }) => id) });
    const { what, ids = [], id } = this.start.request;
    const isWhole = what === 'file' || what === 'cases' || [...ids, id].includes('/dataset');
    if (dataset === undefined || !isWhole) return;
    this.tree.learn(this.file, {
      rows: this.rows.length > MAX_ROWS ? null : this.rows.map(({ id: row, name }) => ({ id: row, name })),
    });
  }

  private expect(target: TargetPlan): void {
    const rows = new Map(this.rows.map((row) => [row.base, row.id]));
    for (const item of target.cases) {
      const base = basePointer(item.pointer);
      const leaf = this.leafOf(this.subjectOf(base, rows), target.id);
      if (leaf === undefined) continue;
      leaf.owed += item.skip === undefined ? Math.max(1, item.repeat) : 1;
      this.byPointer.set(key(target.id, item.pointer), leaf);
    }
    for (const stage of target.stages) {
      const node = this.start.parsed.survey.at(stage.pointer);
      const leaf = node === undefined ? undefined : this.leafOf({ kind: 'stage', id: node.id }, target.id);
      if (leaf === undefined) continue;
      leaf.owed++;
      this.byPointer.set(key(target.id, `stage ${stage.name}`), leaf);
    }
    const { what } = this.start.request;
    if ((what !== 'file' && what !== 'cases') || target.caseSlos.length === 0 || target.cases.length === 0) return;
    const leaf = this.leafOf({ kind: 'slos' }, target.id);
    if (leaf !== undefined) this.overall.set(target.id, { leaf, slos: [] });
  }

  private subjectOf(base: string, rows: ReadonlyMap<string, string>): TestSubject | undefined {
    const row = rows.get(base);
    if (row !== undefined) return { kind: 'row', id: row };
    const node = this.start.parsed.survey.at(base);
    return node === undefined ? undefined : { kind: 'case', id: node.id };
  }

  /** A row that has no item of its own counts for its dataset. */
  private leafOf(subject: TestSubject | undefined, target: string): Leaf | undefined {
    if (subject === undefined) return undefined;
    const own = this.tree.find(this.file, subject, target);
    const item = own ?? (subject.kind === 'row' ? this.tree.find(this.file, { kind: 'dataset' }, target) : undefined);
    if (item === undefined) return undefined;
    const shown: TestSubject = own === undefined ? { kind: 'dataset' } : subject;
    const name = key(target, `subject ${subjectKey(shown)}`);
    const known = this.byPointer.get(name);
    if (known !== undefined) return known;
    const leaf: Leaf = {
      item,
      subject: shown,
      target,
      owed: 0,
      durationMs: 0,
      tally: { passed: 0, failed: 0, error: 0, skipped: 0 },
      failing: [],
      stages: [],
      curves: [],
      printed: 0,
    };
    this.leaves.push(leaf);
    this.byPointer.set(name, leaf);
    return leaf;
  }

  private apply(event: EngineEvent): void {
    switch (event.type) {
      case 'answer-delta':
        this.begin(this.byPointer.get(key(event.target, event.case)));
        return;
      case 'trace': {
        const leaf = this.byPointer.get(key(event.target, event.case));
        this.begin(leaf);
        this.say(event.target, requestTraceLines(event, this.plan), leaf?.item);
        return;
      }
      case 'case-finished':
        this.addAnswer(event.record, event.durationMs);
        return;
      case 'stage-started':
        this.begin(this.byPointer.get(key(event.target, `stage ${event.partOf ?? event.stage}`)));
        if (event.stage === CASES_STAGE) this.begin(this.overall.get(event.target)?.leaf);
        return;
      case 'stage-finished':
        this.addStage(event.target, event.stage);
        return;
      case 'curve': {
        const leaf = this.byPointer.get(key(event.target, `stage ${event.curve.stage}`));
        this.say(event.target, curveLines(event.curve, event.target), leaf?.item);
        if (leaf === undefined) return;
        leaf.curves.push(event.curve);
        leaf.durationMs += this.stepsMs.get(key(event.target, event.curve.stage)) ?? 0;
        this.stageDone(leaf);
        return;
      }
      case 'quality':
        this.overall.get(event.target)?.slos.push(...event.quality.slo);
        return;
      case 'target-finished':
        this.settleAnswered(event.target);
        return;
      default:
        return;
    }
  }

  private begin(leaf: Leaf | undefined): void {
    if (leaf !== undefined) this.sink.started(leaf.item, leaf.target);
  }

  private addAnswer(record: CaseRecord, tookMs: number | undefined): void {
    const leaf = this.byPointer.get(key(record.target, record.case));
    this.print(record, tookMs, leaf);
    if (leaf === undefined) return;
    if (record.outcome !== 'skipped') this.begin(leaf);
    leaf.tally[record.outcome]++;
    leaf.durationMs += tookMs ?? 0;
    const isBad = record.outcome === 'failed' || record.outcome === 'error';
    if (isBad && leaf.failing.length < MAX_FAILING) leaf.failing.push(record);
    leaf.owed--;
    if (leaf.owed <= 0) this.settleCase(leaf);
  }

  private print(record: CaseRecord, tookMs: number | undefined, leaf: Leaf | undefined): void {
    if (leaf?.subject.kind === 'dataset') {
      if (record.outcome === 'passed' || ++leaf.printed > MAX_PRINTED_ROWS) return;
    }
    this.say(record.target, caseLines(record, tookMs), leaf?.item);
    if (this.plan.trace === true) this.say(record.target, verdictTraceLines(record, this.plan), leaf?.item);
  }

  private addStage(target: string, stage: StageResult): void {
    if (stage.pointer === null) {
      const overall = this.overall.get(target);
      overall?.slos.push(...stage.slo);
      return;
    }
    if (stage.part_of !== undefined) {
      const whole = key(target, stage.part_of);
      this.stepsMs.set(whole, (this.stepsMs.get(whole) ?? 0) + stage.window.end_ms);
      return;
    }
    const leaf = this.byPointer.get(key(target, `stage ${stage.name}`));
    this.say(target, stageLines(stage, target), leaf?.item);
    if (leaf === undefined) return;
    leaf.stages.push(stage);
    leaf.durationMs += stage.window.end_ms;
    this.stageDone(leaf);
  }

  private stageDone(leaf: Leaf): void {
    leaf.owed--;
    if (leaf.owed <= 0) this.settle(leaf, stageOutcome(leaf.stages, leaf.curves));
  }

  private settleCase(leaf: Leaf): void {
    this.settle(leaf, caseOutcome({ ...leaf, areRows: leaf.subject.kind === 'dataset' }));
  }

  /** Of a target that has ended: what was answered in part is decided by that part. */
  private settleAnswered(target: string): void {
    for (const leaf of this.leaves) {
      if (leaf.target !== target || this.sink.isSettled(leaf.item)) continue;
      if (leaf.tally.passed + leaf.tally.failed + leaf.tally.error + leaf.tally.skipped > 0) this.settleCase(leaf);
      else if (leaf.stages.length + leaf.curves.length > 0) this.settle(leaf, stageOutcome(leaf.stages, leaf.curves));
    }
  }

  private settleOverall(): void {
    for (const [target, { leaf, slos }] of this.overall) {
      if (slos.length === 0) continue;
      this.say(target, [l10n.t('SLOs on all cases:'), ...slos.flatMap(sloLines)], leaf.item);
      this.settle(leaf, sloOutcome(slos));
    }
  }

  private settleUnanswered(target: string, end: RunEnd, cancelled: boolean): void {
    const open = this.leaves.filter((leaf) => leaf.target === target && !this.sink.isSettled(leaf.item));
    if (open.length === 0) return;
    const { state, text } = this.unanswered(target, end, cancelled);
    // A skipped test carries no message: the reason is in the output, once for all of them.
    if (state === 'skipped') this.say(target, [`○ ${l10n.t('{0} not run: {1}', open.length, text)}`]);
    for (const leaf of open) this.settle(leaf, { state, messages: [{ text, pointer: null }] });
  }

  private settle(leaf: Leaf, outcome: Outcome): void {
    const { document } = this.start.parsed;
    const took = leaf.durationMs > 0 ? leaf.durationMs : undefined;
    this.sink.settle(leaf.item, leaf.target, outcome, (pointer) => document.rangeOf(pointer), took);
  }

  /** Why tests of the run have no result. */
  private unanswered(target: string, end: RunEnd, cancelled: boolean): { state: TestState; text: string } {
    if (cancelled) return { state: 'skipped', text: l10n.t('the run was cancelled') };
    if (end.outcome !== 'finished')
      return { state: 'errored', text: end.error ?? l10n.t('The run could not be completed; its log says more.') };
    const { run } = end;
    const error = run?.targets.find(({ id }) => id === target)?.error;
    if (error !== undefined) return { state: 'errored', text: error.message };
    if (run?.status === 'stopped')
      return { state: 'skipped', text: l10n.t('the run was stopped ({0})', run.status_reason ?? 'stopped') };
    return { state: 'errored', text: l10n.t('The run ended without a result for it; its log says more.') };
  }
}

interface PlannedRow extends Row {
  base: string;
}

/** The rows of the dataset that the plan has. The cases that one expands to share what their ids begin with: its own id. */
function rowsOf(plan: RunPlan): PlannedRow[] {
  const rows = new Map<string, PlannedRow>();
  for (const { pointer, id, name } of plan.targets.flatMap(({ cases }): CasePlan[] => cases)) {
    if (!pointer.startsWith('/dataset#')) continue;
    const base = basePointer(pointer);
    const isExpanded = pointer !== base;
    const known = rows.get(base);
    if (known === undefined) rows.set(base, { base, id, name });
    else if (isExpanded) rows.set(base, { base, id: common(known.id, id), name: common(known.name, name) });
  }
  return [...rows.values()];
}

/** `row (x: 1)` and `row (x: 2)` are both of `row`. */
function common(a: string, b: string): string {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  const shared = a.slice(0, length);
  const at = shared.lastIndexOf(' (');
  return at < 0 ? a : shared.slice(0, at);
}

/** `/cases/0` of `/cases/0#2`, `/dataset#12` of `/dataset#12#2`. */
function basePointer(pointer: string): string {
  const match = /^(\/dataset#\d+|\/cases\/\d+)(?:#\d+)?$/.exec(pointer);
  return match?.[1] ?? pointer;
}

function key(target: string, what: string): string {
  return `${target}\n${what}`;
}
