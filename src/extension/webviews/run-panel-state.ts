/** The truth behind the run panel: events of the engine reduced to the state that it shows, and the changes that lead there. */
import { metricOf } from '../../core/metrics/definitions';
import { stageCaveats } from '../../core/report/flags';
import { stepsOf } from '../engine/run-progress';
import type { EngineEvent, StageTick, TickPoint } from '../../protocol/events';
import type { RunPlan, SloPlan, StagePlan } from '../../protocol/plan';
import type {
  CaseRecord,
  CurveResult,
  QualityResult,
  RunJson,
  StageCounts,
  StageResult,
  TargetResult,
} from '../../protocol/run-json';
import type {
  RunPanelChange,
  RunPanelSample,
  RunPanelStage,
  RunPanelState,
  RunPanelTarget,
} from '../../protocol/run-panel';

export interface PanelLimits {
  /** Points kept per stage; beyond it every other one goes. */
  points: number;
  /** Samples of the lines over time kept per stage. */
  history: number;
  cases: number;
  /** Characters of one answer. */
  answer: number;
}

const LIMITS: PanelLimits = { points: 50_000, history: 4_000, cases: 5_000, answer: 20_000 };
const HISTORY_STEP_MS = 250;
const NO_COUNTS: StageCounts = { scheduled: 0, completed: 0, failed: 0, timed_out: 0, cancelled: 0, truncated: 0 };
const NOTHING_ROLLING = { ttftP50: null, ttftP99: null, itlP50: null, itlP99: null };

export class RunPanelModel {
  private current: RunPanelState = emptyState();
  /** Keeps every n-th point of a stage once it has been thinned. */
  private readonly strides = new Map<RunPanelStage, { every: number; seen: number }>();
  private readonly planned = new Map<string, StagePlan>();

  constructor(private readonly limits: PanelLimits = LIMITS) {}

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
    for (const target of plan?.targets ?? []) {
      for (const stage of target.stages) this.planned.set(stageKey(target.id, stage.name), stage);
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

  /** Shows a run that was read from its files. */
  replace(state: RunPanelState): void {
    this.strides.clear();
    this.current = state;
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
          quality: { passed: 0, failed: 0, errors: 0, skipped: 0, total: 0, slo: [] },
          cases: [],
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
      for (const target of run.targets) {
        for (const stage of target.stages) this.finishStage(target.id, stage, changes);
        for (const curve of target.curves ?? []) this.setCurve(target.id, curve, changes);
        if (target.quality !== null) this.setQuality(target.id, target.quality, changes);
        const shown = this.target(target.id);
        if (target.phases === undefined || shown === undefined) continue;
        shown.phases = target.phases;
        changes.push({ kind: 'phases', target: target.id, phases: target.phases });
      }
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
      case 'case-finished': {
        const target = this.target(event.record.target);
        if (target === undefined) return;
        const record = this.clip(event.record);
        if (target.cases.length < this.limits.cases) {
          target.cases.push(record);
          changes.push({ kind: 'case', target: target.id, record });
        }
        const outcome = record.outcome === 'error' ? 'errors' : record.outcome;
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
      case 'answer-delta':
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
        progress: tick.progress,
        counts: tick.counts,
        inFlight: tick.inFlight,
        rps: tick.rps,
        offeredRps: tick.offeredRps,
        outputTps: tick.outputTps,
        rolling: tick.rolling,
        results: tick.slos,
        errors: tick.errors,
      },
      changes,
    );
    this.follow(tick.target, stage, tick.progress, changes);
    this.remember(stage, tick);
    const points = this.keep(stage, tick.points);
    if (points.length > 0) changes.push({ kind: 'points', target: tick.target, stage: tick.stage, points });
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

  /** Adds points to the stage and returns those that were kept. Failures are always kept: they are what one looks for. */
  private keep(stage: RunPanelStage, points: TickPoint[]): TickPoint[] {
    let stride = this.strides.get(stage);
    if (stride === undefined) {
      stride = { every: 1, seen: 0 };
      this.strides.set(stage, stride);
    }
    const { every } = stride;
    let { seen } = stride;
    const kept = points.filter((point) => seen++ % every === 0 || !point.ok);
    stride.seen = seen;
    stage.points.push(...kept);
    while (stage.points.length > this.limits.points) {
      stride.every *= 2;
      const failures = stage.points.filter((point) => !point.ok).length;
      // Where failures alone exceed the bound they are thinned as well, or the bound would not be one.
      const keepFailures = failures <= this.limits.points / 2;
      stage.points = stage.points.filter((point, index) => index % 2 === 0 || (keepFailures && !point.ok));
    }
    return kept;
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
    const { passed, failed, errors, skipped, cases, slo } = quality;
    target.quality = { passed, failed, errors, skipped, total: cases, slo };
    changes.push({ kind: 'quality', target: target.id, quality: target.quality });
  }

  private patch(
    target: string,
    stage: RunPanelStage,
    patch: Partial<Omit<RunPanelStage, 'points' | 'name' | 'history'>>,
    changes: RunPanelChange[],
  ): void {
    Object.assign(stage, patch);
    changes.push({ kind: 'stage', target, stage: stage.name, patch });
  }

  private clip(record: CaseRecord): CaseRecord {
    const cut = (text: string | null): string | null =>
      text === null || text.length <= this.limits.answer ? text : `${text.slice(0, this.limits.answer)}…`;
    return { ...record, answer: cut(record.answer), reasoning: cut(record.reasoning) };
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

/** Points of a finished run's requests, for a panel that is opened on its files. */
export function stateOfRun(
  run: RunJson,
  cases: readonly CaseRecord[],
  points: ReadonlyMap<string, TickPoint[]>,
  statusText: string,
): RunPanelState {
  return {
    ...emptyState(),
    title: run.name,
    source: run.source.path,
    startedAt: run.started_at,
    status: run.status === 'running' ? 'crashed' : run.status,
    statusText,
    verdict: run.verdict,
    confidence: run.confidence,
    metrics: definitionsOf(
      run.targets.flatMap((target) => target.stages.flatMap((stage) => stage.slo.map(metricOfResult))),
    ),
    targets: run.targets.map((target) => ({
      id: target.id,
      endpoint: target.endpoint,
      model: target.model,
      stages: stagesOfTarget(target, points),
      ...(target.curves === undefined ? {} : { curves: target.curves }),
      ...(target.phases === undefined ? {} : { phases: target.phases }),
      quality:
        target.quality === null
          ? { passed: 0, failed: 0, errors: 0, skipped: 0, total: 0, slo: [] }
          : {
              passed: target.quality.passed,
              failed: target.quality.failed,
              errors: target.quality.errors,
              skipped: target.quality.skipped,
              total: target.quality.cases,
              slo: target.quality.slo,
            },
      cases: cases.filter((record) => record.target === target.id),
    })),
  };
}

/** The stages of a stored run. Of a `sweep` or `capacity` stage only its steps are stored: it is put before the first of them. */
function stagesOfTarget(target: TargetResult, points: ReadonlyMap<string, TickPoint[]>): RunPanelStage[] {
  const stages: RunPanelStage[] = [];
  const wholeOf = (name: string): void => {
    if (stages.some((stage) => stage.name === name)) return;
    const curve = target.curves?.find(({ stage }) => stage === name);
    stages.push({ ...waitingStage(name), pattern: curve?.kind ?? 'capacity', status: 'done', progress: 1 });
  };
  for (const result of target.stages) {
    if (result.part_of !== undefined) wholeOf(result.part_of);
    stages.push({
      ...waitingStage(result.name),
      ...(result.part_of === undefined ? {} : { partOf: result.part_of }),
      pattern: result.pattern,
      rate: result.rate,
      caveats: stageCaveats(result),
      status: 'done',
      progress: 1,
      elapsedMs: result.window.end_ms,
      warmupMs: result.window.start_ms,
      plannedMs: result.window.end_ms,
      results: result.slo,
      counts: result.counts,
      rps: result.rates.rps,
      offeredRps: result.rates.offered_rps,
      outputTps: result.rates.output_tps,
      errors: result.errors,
      points: points.get(stageKey(target.id, result.name)) ?? [],
      result,
    });
  }
  for (const { stage } of target.curves ?? []) wholeOf(stage);
  return stages;
}

/** Puts a step after its stage and the steps of it that are there. */
function putStep(stages: RunPanelStage[], step: RunPanelStage): void {
  const last = stages.findLastIndex(({ name, partOf }) => name === step.partOf || partOf === step.partOf);
  stages.splice(last === -1 ? stages.length : last + 1, 0, step);
}

function isCurvePattern(pattern: string): boolean {
  return pattern === 'sweep' || pattern === 'capacity';
}

function stageKey(target: string, stage: string): string {
  return `${target}\n${stage}`;
}

export function emptyState(): RunPanelState {
  return {
    title: '',
    source: '',
    status: 'idle',
    statusText: '',
    verdict: null,
    startedAt: null,
    targets: [],
  };
}

function waitingStage(name: string): RunPanelStage {
  return {
    name,
    pattern: '',
    status: 'waiting',
    elapsedMs: 0,
    progress: 0,
    warmupMs: 0,
    cooldownMs: 0,
    plannedMs: null,
    slos: [],
    results: [],
    counts: { ...NO_COUNTS },
    inFlight: 0,
    rps: 0,
    offeredRps: 0,
    outputTps: 0,
    rolling: { ...NOTHING_ROLLING },
    points: [],
    errors: [],
    history: [],
    result: null,
  };
}

function metricOfResult(result: { expr: string }): { metric: string } {
  return { metric: (result.expr.split(/\s/)[0] ?? '').replace(/\.(?:mean|min|max|stdev|p[\d.]+)$/, '') };
}

function definitionsOf(slos: readonly { metric: string }[]): RunPanelState['metrics'] {
  const names = new Set(['ttft', 'itl', 'e2e', ...slos.map((slo) => slo.metric)]);
  const entries = [...names].flatMap((name) => {
    const definition = metricOf(name);
    if (definition === undefined) return [];
    const { label, unit, formula, meaning } = definition;
    return [[name, { label, unit, formula, meaning }] as const];
  });
  return Object.fromEntries(entries);
}
