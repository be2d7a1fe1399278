/** The truth behind the run panel: events of the engine reduced to the state that it shows, and the changes that lead there. */
import { stageCaveats } from '../../core/report/flags';
import { stepsOf } from '../engine/run-progress';
import type { EngineEvent, StageTick, TickPoint } from '../../protocol/events';
import type { RunPlan, SloPlan, StagePlan } from '../../protocol/plan';
import type { CurveResult, QualityResult, RunJson, StageResult, TargetResult } from '../../protocol/run-json';
import type {
  RunPanelChange,
  RunPanelSample,
  RunPanelStage,
  RunPanelState,
  RunPanelTarget,
} from '../../protocol/run-panel';
import { AnswerBudget } from '../../core/run-panel/answers';
import { PANEL_LIMITS, thinned, type PanelLimits } from '../../core/run-panel/limits';
import {
  countsOfQuality,
  definitionsOf,
  emptyState,
  isCurvePattern,
  putStep,
  stageKey,
  waitingStage,
} from '../../core/run-panel/shape';

const HISTORY_STEP_MS = 250;

type StagePatch = Partial<Omit<RunPanelStage, 'points' | 'name' | 'history'>>;

export class RunPanelModel {
  private current: RunPanelState = emptyState();
  /** Keeps every n-th point of a stage once it has been thinned. */
  private readonly strides = new Map<RunPanelStage, { every: number; seen: number }>();
  private readonly planned = new Map<string, StagePlan>();
  /** Names of cases by pointer, for answers that are under way. */
  private readonly caseNames = new Map<string, string>();
  private budget: AnswerBudget;

  constructor(private readonly limits: PanelLimits = PANEL_LIMITS) {
    this.budget = new AnswerBudget(limits.answer);
  }

  /** Live: it changes with the next event. Copy it where it must not. */
  get state(): RunPanelState {
    return this.current;
  }

  /** Forgets the run before; a panel needs a snapshot afterwards. */
  begin(
    title: string,
    source: string,
    startedAt: string,
    slos: readonly SloPlan[],
    plan: Pick<RunPlan, 'confidence' | 'targets'> | null = null,
  ): void {
    this.strides.clear();
    this.planned.clear();
    this.caseNames.clear();
    this.budget = new AnswerBudget(this.limits.answer);
    for (const target of plan?.targets ?? []) {
      for (const stage of target.stages) this.planned.set(stageKey(target.id, stage.name), stage);
      for (const item of target.cases) this.caseNames.set(item.pointer, item.name);
    }
    this.current = {
      ...emptyState(),
      title,
      source,
      startedAt,
      status: 'running',
      ...(plan === null ? {} : { confidence: plan.confidence }),
      metrics: definitionsOf(slos),
    };
  }

  /** Changes what is said of the run as a whole. */
  set(patch: Extract<RunPanelChange, { kind: 'run' }>['patch']): RunPanelChange[] {
    Object.assign(this.current, patch);
    return [{ kind: 'run', patch }];
  }

  /**
   * Takes a batch of events. The changes lead from the state before to the state after; null where they cannot
   * (the run's shape became known) and the panel needs a snapshot.
   */
  apply(events: readonly EngineEvent[]): RunPanelChange[] | null {
    const changes: RunPanelChange[] = [];
    let snapshot = false;
    for (const event of events) {
      if (event.type === 'run-started') {
        this.current.targets = event.targets.map((target) => ({
          id: target.id,
          endpoint: target.endpoint,
          model: target.model,
          stages: target.stages.map((name) => this.announced(target.id, name)),
          quality: countsOfQuality(null),
          cases: [],
          streams: [],
        }));
        snapshot = true;
      } else {
        this.applyOne(event, changes);
      }
    }
    return snapshot ? null : changes;
  }

  /** The run is over; `statusText` says why where it did not complete. */
  end(status: RunPanelState['status'], statusText: string, run: RunJson | null): RunPanelChange[] {
    const changes: RunPanelChange[] = [];
    if (run !== null) {
      for (const target of run.targets) this.finishTarget(target, changes);
      if (run.comparison !== undefined || run.baseline !== undefined)
        changes.push(...this.set({ comparison: run.comparison ?? null, baseline: run.baseline ?? null }));
    }
    for (const target of this.current.targets) {
      for (const stage of target.stages) {
        if (stage.status === 'running') this.patch(target.id, stage, { status: 'done', inFlight: 0 }, changes);
      }
    }
    this.current.status = status;
    this.current.statusText = statusText;
    this.current.verdict = run?.verdict ?? null;
    changes.push({ kind: 'status', status, statusText, verdict: this.current.verdict });
    return changes;
  }

  private applyOne(event: Exclude<EngineEvent, { type: 'run-started' }>, changes: RunPanelChange[]): void {
    switch (event.type) {
      case 'stage-started': {
        if (event.partOf !== undefined) this.addStep(event.target, event.stage, event.partOf, changes);
        const stage = this.stage(event.target, event.stage);
        if (stage === undefined) return;
        this.patch(
          event.target,
          stage,
          {
            status: 'running',
            pattern: event.pattern,
            rate: event.rate,
            plannedMs: event.plannedMs,
            warmupMs: event.warmupMs,
            cooldownMs: event.cooldownMs,
            slos: event.slos,
          },
          changes,
        );
        return;
      }
      case 'tick':
        this.tick(event, changes);
        return;
      case 'answer-delta':
        this.stream(event, changes);
        return;
      case 'case-finished': {
        const target = this.target(event.record.target);
        if (target === undefined) return;
        const { case: pointer, repeat } = event.record;
        const streams = target.streams ?? [];
        target.streams = streams.filter((one) => one.case !== pointer || one.repeat !== repeat);
        // What was seen to be streamed has an end, too.
        if (target.cases.length < this.limits.cases || target.streams.length < streams.length) {
          const record = this.budget.take(event.record);
          target.cases.push(record);
          changes.push({ kind: 'case', target: target.id, record });
        }
        const outcome = event.record.outcome === 'error' ? 'errors' : event.record.outcome;
        target.quality = { ...target.quality, [outcome]: target.quality[outcome] + 1, total: target.quality.total + 1 };
        changes.push({ kind: 'quality', target: target.id, quality: target.quality });
        return;
      }
      case 'quality':
        this.setQuality(event.target, event.quality, changes);
        return;
      case 'stage-finished':
        this.finishStage(event.target, event.stage, changes);
        return;
      case 'curve':
        this.setCurve(event.target, event.curve, changes);
        return;
      case 'target-started':
      case 'target-finished':
      case 'trace':
      case 'log':
      case 'run-finished':
        return;
    }
  }

  private tick(tick: StageTick, changes: RunPanelChange[]): void {
    const stage = this.stage(tick.target, tick.stage);
    if (stage === undefined) return;
    this.patch(
      tick.target,
      stage,
      {
        elapsedMs: tick.elapsedMs,
        ...changedParts(stage, {
          progress: tick.progress,
          counts: tick.counts,
          inFlight: tick.inFlight,
          rps: tick.rps,
          offeredRps: tick.offeredRps,
          outputTps: tick.outputTps,
          rolling: tick.rolling,
          results: tick.slos,
          errors: tick.errors,
        }),
      },
      changes,
    );
    this.follow(tick.target, stage, tick.progress, changes);
    this.remember(stage, tick);
    this.keep(stage, tick.points);
    const { points } = tick;
    if (points.length > 0) changes.push({ kind: 'points', target: tick.target, stage: tick.stage, points });
  }

  private stream(event: Extract<EngineEvent, { type: 'answer-delta' }>, changes: RunPanelChange[]): void {
    const target = this.target(event.target);
    if (target === undefined) return;
    const { case: pointer, repeat } = event;
    const streams = (target.streams ??= []);
    let stream = streams.find((one) => one.case === pointer && one.repeat === repeat);
    if (stream === undefined) {
      if (target.cases.length + streams.length >= this.limits.cases) return;
      stream = { case: pointer, repeat, name: this.caseNames.get(pointer) ?? pointer, text: '' };
      streams.push(stream);
    }
    // Only what is shown is sent: the whole answer comes with its record.
    const text = event.text.slice(0, Math.max(0, this.limits.answer - stream.text.length));
    if (text === '' && stream.text !== '') return;
    stream.text += text;
    changes.push({ kind: 'answer', target: target.id, case: pointer, repeat, name: stream.name, text });
  }

  private remember(stage: RunPanelStage, tick: StageTick): void {
    const history = (stage.history ??= []);
    const last = history.at(-1);
    if (last !== undefined && tick.elapsedMs - last.t < HISTORY_STEP_MS) return;
    const sample: RunPanelSample = {
      t: tick.elapsedMs,
      ...tick.rolling,
      rps: tick.rps,
      offeredRps: tick.offeredRps,
      inFlight: tick.inFlight,
      outputTps: tick.outputTps,
    };
    history.push(sample);
    if (history.length > this.limits.history) stage.history = history.filter((_, index) => index % 2 === 0);
  }

  /**
   * Keeps points of the stage for a panel that opens later: an even sample past the limit, and every failure, since they are
   * what one looks for. A panel that is open gets all of them and counts them itself.
   */
  private keep(stage: RunPanelStage, points: TickPoint[]): void {
    let stride = this.strides.get(stage);
    if (stride === undefined) {
      stride = { every: 1, seen: 0 };
      this.strides.set(stage, stride);
    }
    const { every } = stride;
    let { seen } = stride;
    for (const point of points) if (seen++ % every === 0 || !point.ok) stage.points.push(point);
    stride.seen = seen;
    while (stage.points.length > this.limits.points) {
      stride.every *= 2;
      stage.points = thinned(stage.points, this.limits.points);
    }
  }

  private finishTarget(result: TargetResult, changes: RunPanelChange[]): void {
    for (const stage of result.stages) this.finishStage(result.id, stage, changes);
    for (const curve of result.curves ?? []) this.setCurve(result.id, curve, changes);
    if (result.quality !== null) this.setQuality(result.id, result.quality, changes);
    const target = this.target(result.id);
    if (target === undefined) return;
    const patch = {
      underLoad: result.quality_under_load ?? null,
      cost: result.cost,
      error: result.error?.message ?? null,
    };
    Object.assign(target, patch);
    changes.push({ kind: 'target', target: target.id, patch });
    if (result.phases === undefined) return;
    target.phases = result.phases;
    changes.push({ kind: 'phases', target: target.id, phases: result.phases });
  }

  private finishStage(targetId: string, result: StageResult, changes: RunPanelChange[]): void {
    if (result.part_of !== undefined) this.addStep(targetId, result.name, result.part_of, changes);
    const stage = this.stage(targetId, result.name);
    if (stage === undefined) return;
    this.patch(
      targetId,
      stage,
      {
        status: 'done',
        progress: 1,
        pattern: result.pattern,
        rate: result.rate,
        caveats: stageCaveats(result),
        inFlight: 0,
        counts: result.counts,
        results: result.slo,
        errors: result.errors,
        rps: result.rates.rps,
        offeredRps: result.rates.offered_rps,
        outputTps: result.rates.output_tps,
        result,
      },
      changes,
    );
  }

  /** The steps of a search are not known before they start; each stands after its stage and the steps before it. */
  private addStep(targetId: string, name: string, partOf: string, changes: RunPanelChange[]): void {
    const target = this.target(targetId);
    if (target === undefined || target.stages.some((stage) => stage.name === name)) return;
    const step = { ...waitingStage(name), partOf };
    putStep(target.stages, step);
    // A copy: the state goes on changing before it is sent.
    changes.push({ kind: 'step', target: targetId, step: structuredClone(step) });
    const whole = target.stages.find((stage) => stage.name === partOf);
    if (whole?.status === 'waiting') this.patch(targetId, whole, { status: 'running' }, changes);
  }

  /** A step is part of its stage's progress. How many there will be is a guess, which never claims to be the end. */
  private follow(target: string, step: RunPanelStage, share: number, changes: RunPanelChange[]): void {
    if (step.partOf === undefined) return;
    const stages = this.target(target)?.stages ?? [];
    const whole = stages.find(({ name }) => name === step.partOf);
    if (whole === undefined) return;
    const begun = stages.filter(({ partOf }) => partOf === step.partOf).length;
    const plan = this.planned.get(stageKey(target, whole.name));
    const expected = Math.max(begun, (plan === undefined ? undefined : stepsOf(plan)?.expected) ?? begun);
    this.patch(target, whole, { progress: (begun - 1 + share) / expected }, changes);
  }

  private setCurve(targetId: string, curve: CurveResult, changes: RunPanelChange[]): void {
    const target = this.target(targetId);
    if (target === undefined) return;
    target.curves = [...(target.curves ?? []).filter(({ stage }) => stage !== curve.stage), curve];
    changes.push({ kind: 'curve', target: targetId, curve });
    const whole = target.stages.find((stage) => stage.name === curve.stage);
    if (whole !== undefined) this.patch(targetId, whole, { status: 'done', progress: 1, pattern: curve.kind }, changes);
  }

  private announced(target: string, name: string): RunPanelStage {
    const stage = waitingStage(name);
    const plan = this.planned.get(stageKey(target, name));
    return plan === undefined || !isCurvePattern(plan.pattern)
      ? stage
      : { ...stage, pattern: plan.pattern, slos: plan.slos };
  }

  private setQuality(targetId: string, quality: QualityResult, changes: RunPanelChange[]): void {
    const target = this.target(targetId);
    if (target === undefined) return;
    target.quality = countsOfQuality(quality);
    target.qualityResult = quality;
    changes.push({ kind: 'quality', target: target.id, quality: target.quality });
    changes.push({ kind: 'target', target: target.id, patch: { qualityResult: quality } });
  }

  private patch(target: string, stage: RunPanelStage, patch: StagePatch, changes: RunPanelChange[]): void {
    Object.assign(stage, patch);
    changes.push({ kind: 'stage', target, stage: stage.name, patch });
  }

  private target(id: string): RunPanelTarget | undefined {
    return this.current.targets.find((target) => target.id === id);
  }

  private stage(targetId: string, name: string): RunPanelStage | undefined {
    const target = this.target(targetId);
    if (target === undefined) return undefined;
    const known = target.stages.find((stage) => stage.name === name);
    if (known !== undefined) return known;
    const stage = this.announced(targetId, name);
    target.stages.push(stage);
    return stage;
  }
}

/** What of `next` is not there already: a tick repeats errors and verdicts ten times a second, which seldom change. */
function changedParts(stage: RunPanelStage, next: StagePatch): StagePatch {
  const entries = Object.entries(next).filter(([name, value]) => {
    const before = stage[name as keyof RunPanelStage];
    return typeof value === 'object' ? JSON.stringify(value) !== JSON.stringify(before) : value !== before;
  });
  return Object.fromEntries(entries);
}
