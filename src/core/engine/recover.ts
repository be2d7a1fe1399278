import { writeRunJson } from '../results/writer';
import { readCases, readPlan, readRequests, readRun } from '../results/store';
import { CASES_STAGE, aggregatorFor, casesContext, loadContext } from './stage-context';
import { emptyTarget, qualityOf } from './target-result';
import { CostTally } from '../metrics/cost';
import { runVerdict, targetVerdict } from '../metrics/verdict-run';
import type { CaseRecord, RequestRecord, RunJson, StageResult, TargetResult } from '../../protocol/run-json';
import type { RunPlan, TargetPlan } from '../../protocol/plan';

/**
 * Evaluates a run whose engine died: stages that had ended are as they were stored, the one that was running is judged from
 * the requests that had ended, and the result is stored with status `crashed`.
 *
 * @param dir the run's folder.
 * @param reason what ended the engine, for `status_reason`.
 * @throws PromptrigError where the folder holds no readable plan or `run.json`.
 */
export async function recoverRun(dir: string, reason: string): Promise<RunJson> {
  const [plan, run] = await Promise.all([readPlan(dir), readRun(dir)]);
  if (run.status !== 'running') return run;
  const cases = await collect(readCases(dir));
  const interrupted = run.in_progress;
  run.targets = await Promise.all(
    plan.targets
      .filter((target) => target.id === interrupted?.target || run.targets.some((done) => done.id === target.id))
      .map((target) => recoverTarget(dir, plan, target, run, cases)),
  );
  delete run.in_progress;
  run.status = 'crashed';
  run.status_reason = reason;
  run.finished_at = new Date().toISOString();
  run.verdict = runVerdict(run);
  writeRunJson(dir, run);
  return run;
}

async function recoverTarget(
  dir: string,
  plan: RunPlan,
  target: TargetPlan,
  run: RunJson,
  cases: CaseRecord[],
): Promise<TargetResult> {
  const stored = run.targets.find((done) => done.id === target.id) ?? emptyTarget(target);
  const own = cases.filter((record) => record.target === target.id);
  const inProgress = run.in_progress?.target === target.id ? run.in_progress : undefined;
  const result: TargetResult = { ...stored };
  const tally = new CostTally(target.endpoint);
  const records: RequestRecord[] = [];
  for await (const record of readRequests(dir)) {
    if (record.target !== target.id) continue;
    tally.add(record);
    if (inProgress !== undefined && record.stage === inProgress.stage) records.push(record);
  }
  if (inProgress !== undefined && !stored.stages.some((stage) => stage.name === inProgress.stage)) {
    const stage = recoverStage(plan, target, inProgress, records, own);
    if (stage !== null) result.stages = [...stored.stages, stage];
    result.error = { code: 'engine_crashed', message: `The engine died during the stage "${inProgress.stage}".` };
  }
  if (target.cases.length > 0) result.quality = qualityOf(plan, target, own);
  result.cost = tally.result(result.stages);
  result.verdict = targetVerdict(result);
  return result;
}

function recoverStage(
  plan: RunPlan,
  target: TargetPlan,
  inProgress: { stage: string; origin_ms: number },
  records: RequestRecord[],
  cases: CaseRecord[],
): StageResult | null {
  const stagePlan = target.stages.find((stage) => stage.name === inProgress.stage);
  if (stagePlan === undefined && inProgress.stage !== CASES_STAGE) return null;
  const context =
    stagePlan === undefined ? casesContext(plan, target, records.length) : loadContext(plan, target, stagePlan);
  const aggregator = aggregatorFor(context, inProgress.origin_ms);
  const judged = new Map(cases.map((record) => [record.request, record]));
  for (const record of records) {
    const answer = judged.get(record.id);
    const correct = answer === undefined || answer.assertions.length === 0 ? null : answer.outcome === 'passed';
    aggregator.add(record, context.judged ? correct : undefined);
  }
  const endMs = records.reduce((latest, record) => Math.max(latest, record.end), inProgress.origin_ms);
  return aggregator.finish({
    endMs,
    scheduled: records.length,
    ...concurrencyOf(records, inProgress.origin_ms, endMs),
    // What the client felt was known to the process that died.
    client: { limited: false, event_loop_delay_p99_ms: 0, dispatch_lag_p99_ms: 0, cpu: 0, workers: 0 },
    endedEarly: 'crashed',
  });
}

/** Time-weighted mean and maximum of the requests in flight between two instants (ms), from their own instants. */
export function concurrencyOf(
  records: readonly RequestRecord[],
  startMs: number,
  endMs: number,
): { concurrencyMean: number; concurrencyMax: number } {
  const changes: [number, number][] = [];
  let busyMs = 0;
  for (const record of records) {
    if (record.sent === null) continue;
    const from = Math.max(record.sent, startMs);
    const to = Math.min(record.end, endMs);
    if (to <= from) continue;
    busyMs += to - from;
    changes.push([from, 1], [to, -1]);
  }
  changes.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let running = 0;
  let concurrencyMax = 0;
  for (const [, change] of changes) concurrencyMax = Math.max(concurrencyMax, (running += change));
  return { concurrencyMean: endMs > startMs ? busyMs / (endMs - startMs) : 0, concurrencyMax };
}

async function collect<T>(items: AsyncGenerator<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
