/** Runs the steps of a `sweep` or the probes of a `capacity` stage and says what they mean together. */
import { formatValue } from '../metrics/format';
import { PromptrigError } from '../util/errors';
import { CapacitySearch } from './capacity';
import { goodRequestCost } from './capacity-cost';
import { planSweep, type StageStep, type SweepPlan, type SweepStepResult } from './sweep';
import type { ProbeVerdict } from './capacity-types';
import type { Priced } from '../metrics/cost';
import type { StagePlan } from '../../protocol/plan';
import type { CurvePoint, CurveResult, RunVerdict, SloResult, StageResult } from '../../protocol/run-json';

/** Runs one step; null where it never started, because the run was stopped. */
export type RunStep = (step: StagePlan) => Promise<StageResult | null>;

/** Most requests in flight of the step that measures full load, where the stage does not say. */
const DEFAULT_STEPS = 5;

/** @throws PromptrigError `usage` for a range that makes no sense */
export async function runSweep(
  stage: StagePlan,
  endpoint: Priced,
  run: RunStep,
  signal: AbortSignal,
): Promise<CurveResult> {
  const planner = planSweep(sweepPlan(stage));
  const results: SweepStepResult[] = [];
  const points: CurvePoint[] = [];
  const stages: StageResult[] = [];
  for (let step = planner.next(results); step !== null && !signal.aborted; step = planner.next(results)) {
    const result = await run(stepOf(stage, step));
    if (result === null) break;
    stages.push(result);
    points.push(pointOf(result, step.concurrency));
    results.push({
      rps: result.rates.rps > 0 ? result.rates.rps : null,
      clientLimited: result.client.limited,
      ...(answered(result) ? {} : { error: firstError(result) }),
    });
  }
  const best = highestPassing(points);
  const judged = stages.some((result) => gating(result).length > 0);
  const verdicts = levels(points).map(({ verdict }) => verdict);
  return {
    stage: stage.name,
    pointer: stage.pointer,
    kind: 'sweep',
    status: signal.aborted ? 'unfinished' : 'done',
    points,
    rate: judged ? (best?.rate ?? null) : null,
    bracket: null,
    confidence: 'low',
    cost_per_good: best === null ? null : goodRequestCost(endpoint, best.goodput),
    conclusion: planner.remark(results) ?? sweepConclusion(points, best, judged),
    verdict: sweepVerdict(verdicts.length > 0 ? verdicts : points.map(({ verdict }) => verdict)),
  };
}

/** @throws PromptrigError `usage` for a stage without SLOs or with a range that makes no sense */
export async function runCapacity(
  stage: StagePlan,
  endpoint: Priced,
  run: RunStep,
  signal: AbortSignal,
): Promise<CurveResult> {
  if (!stage.slos.some(({ severity }) => severity === 'error')) {
    throw new PromptrigError(
      'usage',
      `The stage "${stage.name}" looks for the highest rate that meets the SLOs, but no SLO is set for it. Add one under "slo".`,
    );
  }
  const search = new CapacitySearch(stage.capacity ?? {});
  const points: CurvePoint[] = [];
  for (let probe = search.next(); probe !== null && !signal.aborted; probe = search.next()) {
    // Poisson and not even gaps: a rate that holds only for a metronome is not one to plan for.
    const result = await run({
      ...stage,
      name: `${stage.name} ${probe.label}`,
      pattern: 'poisson',
      loop: 'open',
      rate: probe.rate,
    });
    if (result === null || signal.aborted) break;
    points.push(pointOf(result));
    search.report(probe, probeVerdict(result));
  }
  const found = search.result();
  return {
    stage: stage.name,
    pointer: stage.pointer,
    kind: 'capacity',
    status: found.status,
    points,
    rate: found.rate,
    bracket: found.bracket,
    confidence: found.confidence,
    cost_per_good: goodRequestCost(endpoint, found.goodput),
    conclusion: found.conclusion,
    verdict: capacityVerdict(found.status, found.rate),
  };
}

function sweepPlan(stage: StagePlan): SweepPlan {
  const { from, to, auto, steps } = stage.sweep ?? { steps: DEFAULT_STEPS, auto: true };
  if (auto || from === undefined || to === undefined) return { name: stage.name, kind: 'auto', steps };
  return { name: stage.name, kind: stage.loop === 'closed' ? 'concurrency' : 'rates', from, to, steps };
}

function stepOf(stage: StagePlan, { name, pattern, rate, concurrency }: StageStep): StagePlan {
  const closed = pattern !== 'constant';
  return {
    ...stage,
    name,
    pattern,
    loop: closed ? 'closed' : 'open',
    ...(rate === undefined ? {} : { rate }),
    ...(concurrency === undefined ? {} : { concurrency }),
  };
}

function pointOf(result: StageResult, concurrency?: number): CurvePoint {
  return {
    stage: result.name,
    rate: result.loop === 'open' ? result.rate : null,
    ...(concurrency === undefined ? {} : { concurrency }),
    rps: result.rates.rps,
    goodput: result.rates.goodput,
    verdict: verdictOf(result),
    values: Object.fromEntries(result.slo.map(({ expr, value }) => [expr, value])),
  };
}

/** What one step says by itself. */
function verdictOf(result: StageResult): RunVerdict {
  if (!answered(result)) return 'error';
  const verdicts = gating(result).map(({ verdict }) => verdict);
  if (verdicts.includes('fail')) return 'fail';
  return verdicts.includes('inconclusive') ? 'inconclusive' : 'pass';
}

function probeVerdict(result: StageResult): ProbeVerdict {
  const verdict = verdictOf(result);
  const slos = gating(result);
  const deciding = slos.filter((slo) => slo.verdict === verdict);
  // One sure miss is a sure failure; a pass is as sure as its least sure part.
  const sure =
    verdict === 'fail'
      ? deciding.some(({ confidence }) => confidence === 'high')
      : deciding.every(({ confidence }) => confidence === 'high');
  const values = result.slo.flatMap(({ expr, value }) => (value === null ? [] : [[expr, value] as const]));
  return {
    verdict,
    confidence: sure ? 'high' : 'low',
    clientLimited: result.client.limited,
    steady: !result.flags.includes('not_steady'),
    reason: verdict === 'error' ? firstError(result) : reasonOf(deciding[0]),
    ...(result.rates.goodput === null ? {} : { goodput: result.rates.goodput }),
    rps: result.rates.rps,
    values: Object.fromEntries(values),
    elapsedMs: result.window.end_ms,
  };
}

function reasonOf(slo: SloResult | undefined): string {
  if (slo === undefined) return '';
  return `${slo.expr}: ${slo.reason}`;
}

function capacityVerdict(status: CurveResult['status'], rate: number | null): RunVerdict {
  switch (status) {
    case 'found':
    case 'passes_at_highest':
      return 'pass';
    case 'fails_at_lowest':
      return 'fail';
    case 'endpoint_error':
      return 'error';
    default:
      // The client's limit, a budget or a stop: a rate that is known to pass is an answer, though not the whole one.
      return rate === null ? 'inconclusive' : 'pass';
  }
}

/** A sweep shows where the SLOs are met, so it fails only where that is nowhere. */
function sweepVerdict(verdicts: readonly RunVerdict[]): RunVerdict {
  if (verdicts.includes('pass')) return 'pass';
  if (verdicts.length === 0 || verdicts.includes('inconclusive')) return 'inconclusive';
  return verdicts.includes('fail') ? 'fail' : 'error';
}

interface Level extends CurvePoint {
  /** Requests per second; of a sweep of closed loops, requests in flight. */
  level: number;
}

/** The points that the sweep is about, by level: the two ends that `auto` measures first are closed loops and only set its range. */
function levels(points: readonly CurvePoint[]): Level[] {
  const open = points.some(({ rate }) => rate !== null);
  return points
    .flatMap((point) => {
      const level = open ? point.rate : point.concurrency;
      return level === null || level === undefined ? [] : [{ ...point, level }];
    })
    .sort((a, b) => a.level - b.level);
}

/** The highest level that passes with none below it that does not. */
function highestPassing(points: readonly CurvePoint[]): Level | null {
  let best: Level | null = null;
  for (const point of levels(points)) {
    if (point.verdict !== 'pass') break;
    best = point;
  }
  return best;
}

function sweepConclusion(points: readonly CurvePoint[], best: Level | null, judged: boolean): string {
  if (points.length === 0) return 'No step of the sweep has run.';
  if (!judged) return `${points.length} steps were measured; no SLO is set for them, so none is judged.`;
  const all = levels(points);
  const [lowest] = all;
  if (lowest === undefined) return 'The sweep ended before its first rate.';
  const named = ({ level, rate }: Level): string =>
    rate === null ? `${level} ${level === 1 ? 'request' : 'requests'} in flight` : formatValue(level, '1/s');
  const met = ({ verdict }: Level): string => (verdict === 'fail' ? 'not' : 'not shown to be');
  if (best === null) {
    return `At ${named(lowest)}, the lowest step of the sweep, the SLOs are ${met(lowest)} met. Start it lower, or relax them.`;
  }
  const next = all.find(({ level }) => level > best.level);
  const up = `The SLOs are met up to ${named(best)}`;
  if (next === undefined) return `${up}, the highest step of the sweep.`;
  return `${up}; at ${named(next)} they are ${met(next)}.`;
}

function gating(result: StageResult): SloResult[] {
  return result.slo.filter(({ severity }) => severity === 'error');
}

function answered(result: StageResult): boolean {
  return result.counts.completed > 0;
}

function firstError(result: StageResult): string {
  return result.errors[0]?.example ?? 'no request was answered';
}
