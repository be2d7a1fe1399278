/** What the run panel shows of a run that is over, from its files. */
import { stageCaveats } from '../report/flags';
import { stagesInProgress } from '../results/in-progress';
import type { TickPoint } from '../../protocol/events';
import type { RunJson, StageResult, TargetResult } from '../../protocol/run-json';
import type { PanelCase, RunPanelStage, RunPanelState } from '../../protocol/run-panel';
import type { PlanIndex } from './plan-index';
import { countsOfQuality, definitionsOf, emptyState, stageKey, statusSentence, waitingStage } from './shape';

/**
 * The state of a stored run.
 * @param cases its answers, or the first of them
 * @param points of its requests by `stageKey`, as far as they are read
 * @param plan says what the results do not: how long warm-up, cool-down and the whole stage were meant to be
 */
export function stateOfRun(
  run: RunJson,
  cases: readonly PanelCase[],
  points: ReadonlyMap<string, TickPoint[]>,
  plan: PlanIndex | null = null,
): RunPanelState {
  const slos = run.targets.flatMap((target) => [
    ...(target.quality?.slo ?? []),
    ...target.stages.flatMap((stage) => stage.slo ?? []),
  ]);
  return {
    ...emptyState(),
    title: run.name,
    source: run.source.path,
    startedAt: run.started_at,
    status: run.status === 'running' ? 'crashed' : run.status,
    statusText: statusSentence(run),
    verdict: run.status === 'running' ? null : run.verdict,
    confidence: run.confidence,
    metrics: definitionsOf(slos.map(metricOfResult)),
    comparison: run.comparison ?? null,
    baseline: run.baseline ?? null,
    targets: targetsOf(run).map((target) => ({
      id: target.id,
      endpoint: target.endpoint,
      model: target.model,
      stages: stagesOfTarget(target, run, points, plan),
      ...(target.curves === undefined ? {} : { curves: target.curves }),
      ...(target.phases === undefined ? {} : { phases: target.phases }),
      quality: countsOfQuality(target.quality),
      qualityResult: target.quality,
      underLoad: target.quality_under_load ?? null,
      cost: target.cost ?? null,
      error: target.error?.message ?? null,
      cases: cases.filter((record) => record.target === target.id),
      streams: [],
    })),
  };
}

/** Of a run that was cut off, the targets that were running may have no result yet. */
function targetsOf(run: RunJson): TargetResult[] {
  const cut = stagesInProgress(run).filter(({ target }) => !run.targets.some(({ id }) => id === target));
  return [...run.targets, ...cut.map(({ target }) => unfinishedTarget(target))];
}

function unfinishedTarget(id: string): TargetResult {
  return {
    id,
    endpoint: '',
    api: 'openai-chat',
    model: '',
    prompt: '',
    params: {},
    hardware: {},
    quality: null,
    stages: [],
    cost: { total: null, per_request: null, per_1m_output: null, per_good: null },
    verdict: 'error',
  };
}

/** The stages of a stored run. Of a `sweep` or `capacity` stage only its steps are stored: it is put before the first of them. */
function stagesOfTarget(
  target: TargetResult,
  run: RunJson,
  points: ReadonlyMap<string, TickPoint[]>,
  plan: PlanIndex | null,
): RunPanelStage[] {
  const stages: RunPanelStage[] = [];
  const wholeOf = (name: string): void => {
    if (stages.some((stage) => stage.name === name)) return;
    const curve = target.curves?.find(({ stage }) => stage === name);
    const slos = plan?.stageOf(target.id, name)?.slos ?? [];
    stages.push({ ...waitingStage(name), pattern: curve?.kind ?? 'capacity', slos, status: 'done', progress: 1 });
  };
  for (const result of target.stages) {
    if (result.part_of !== undefined) wholeOf(result.part_of);
    stages.push(stageOf(target, result, points, plan));
  }
  for (const { stage } of target.curves ?? []) wholeOf(stage);
  const cut = stagesInProgress(run).find((each) => each.target === target.id);
  if (cut !== undefined && !stages.some(({ name }) => name === cut.stage)) {
    const planned = plan?.stageOf(target.id, cut.stage);
    stages.push({
      ...waitingStage(cut.stage),
      pattern: planned?.pattern ?? cut.stage,
      status: 'done',
      slos: planned?.slos ?? [],
      warmupMs: planned?.warmupMs ?? 0,
      cooldownMs: planned?.cooldownMs ?? 0,
      points: points.get(stageKey(target.id, cut.stage)) ?? [],
    });
  }
  return stages;
}

function stageOf(
  target: TargetResult,
  result: StageResult,
  points: ReadonlyMap<string, TickPoint[]>,
  plan: PlanIndex | null,
): RunPanelStage {
  const planned = plan?.stageOf(target.id, result.name, result.part_of);
  const slos = planned?.slos ?? (result.name === 'cases' ? (plan?.targetOf(target.id)?.caseSlos ?? []) : []);
  // A plan may be of a later form than this version; what was judged is what is shown.
  const judged = slos.filter(({ expr, pointer }) =>
    result.slo.some((one) => one.expr === expr && one.pointer === pointer),
  );
  const stopped = result.flags?.includes('stopped') === true;
  const plannedMs = stopped ? null : (planned?.durationMs ?? null);
  return {
    ...waitingStage(result.name),
    ...(result.part_of === undefined ? {} : { partOf: result.part_of }),
    pattern: result.pattern,
    rate: result.rate,
    caveats: stageCaveats(result),
    status: 'done',
    progress: 1,
    elapsedMs: Math.max(result.window.end_ms, plannedMs ?? 0),
    warmupMs: result.window.start_ms,
    cooldownMs: plannedMs === null ? 0 : Math.max(0, plannedMs - result.window.end_ms),
    plannedMs: plannedMs ?? result.window.end_ms,
    slos: judged,
    results: result.slo,
    counts: result.counts,
    rps: result.rates.rps,
    offeredRps: result.rates.offered_rps,
    outputTps: result.rates.output_tps,
    errors: result.errors,
    points: points.get(stageKey(target.id, result.name)) ?? [],
    result,
  };
}

function metricOfResult(result: { expr: string }): { metric: string } {
  return { metric: (result.expr.split(/\s/)[0] ?? '').replace(/\.(?:mean|min|max|stdev|p[\d.]+)$/, '') };
}
