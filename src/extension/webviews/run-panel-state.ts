/** The truth behind the run panel: events of the engine reduced to the state that it shows, and the changes that lead there. */
import { metricOf } from '../../core/metrics/definitions';
import type { EngineEvent, StageTick, TickPoint } from '../../protocol/events';
import type { SloPlan } from '../../protocol/plan';
import type { CaseRecord, QualityResult, RunJson, StageCounts, StageResult } from '../../protocol/run-json';
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

  constructor(private readonly limits: PanelLimits = LIMITS) {}

  /** Live: it changes with the next event. Copy it where it must not. */
  get state(): RunPanelState {
    return this.current;
  }

  /** Forgets the run before; a panel needs a snapshot afterwards. */
  begin(title: string, source: string, startedAt: string, slos: readonly SloPlan[]): void {
    this.strides.clear();
    this.current = {
      ...emptyState(),
      title,
      source,
      startedAt,
      status: 'running',
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
          stages: target.stages.map(waitingStage),
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
        if (target.quality !== null) this.setQuality(target.id, target.quality, changes);
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
        const stage = this.stage(event.target, event.stage);
        if (stage === undefined) return;
        this.patch(
          event.target,
          stage,
          {
            status: 'running',
            pattern: event.pattern,
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
      case 'target-started':
      case 'target-finished':
      case 'answer-delta':
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
    const stage = this.stage(targetId, result.name);
    if (stage === undefined) return;
    this.patch(
      targetId,
      stage,
      {
        status: 'done',
        progress: 1,
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
    const stage = waitingStage(name);
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
    metrics: definitionsOf(
      run.targets.flatMap((target) => target.stages.flatMap((stage) => stage.slo.map(metricOfResult))),
    ),
    targets: run.targets.map((target) => ({
      id: target.id,
      endpoint: target.endpoint,
      model: target.model,
      stages: target.stages.map((result) => ({
        ...waitingStage(result.name),
        pattern: result.pattern,
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
        points: points.get(`${target.id}\n${result.name}`) ?? [],
        result,
      })),
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
