import { stagesInProgress } from '../results/in-progress';
import { writeRunJson } from '../results/writer';
import { readCases, readPlan, readRequests, readRun } from '../results/store';
import { CASES_STAGE, aggregatorFor, casesContext, isQuality, loadContext, type StageContext } from './stage-context';
import { emptyTarget, qualityOf } from './target-result';
import { CostTally } from '../metrics/cost';
import { judgeSlo } from '../metrics/verdict';
import { runVerdict, targetVerdict } from '../metrics/verdict-run';
import type { CaseRecord, RequestRecord, RunJson, StageResult, TargetResult } from '../../protocol/run-json';
import type { StageAggregator } from '../metrics/stage-aggregator';
import type { RunPlan, StagePlan, TargetPlan } from '../../protocol/plan';

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
  const interrupted = stagesInProgress(run);
  run.targets = await Promise.all(
    plan.targets
      .filter(
        (target) =>
          interrupted.some((stage) => stage.target === target.id) || run.targets.some((done) => done.id === target.id),
      )
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
  const inProgress = stagesInProgress(run).find((stage) => stage.target === target.id);
  const result: TargetResult = { ...stored };
  const tally = new CostTally(target.endpoint);
  const unfinished = stored.stages.some((stage) => stage.name === inProgress?.stage) ? undefined : inProgress;
  const stage = unfinished === undefined ? null : new StageRecovery(plan, target, unfinished, own);
  for await (const record of readRequests(dir)) {
    if (record.target !== target.id) continue;
    tally.add(record);
    if (record.stage === unfinished?.stage) stage?.add(record);
  }
  if (stage !== null && unfinished !== undefined) {
    result.stages = [...stored.stages, stage.finish()];
    result.error = { code: 'engine_crashed', message: `The engine died during the stage "${unfinished.stage}".` };
  }
  if (target.cases.length > 0) result.quality = qualityOf(plan, target, own);
  result.cost = tally.result(result.stages);
  result.verdict = targetVerdict(result);
  return result;
}

/** Judges a stage from the requests that had ended, one at a time: a long run does not fit in memory. */
class StageRecovery {
  private readonly context: StageContext;
  private readonly aggregator: StageAggregator;
  private readonly judged: Map<string | null, CaseRecord>;
  private readonly intervals = new Intervals();
  private count = 0;

  constructor(
    plan: RunPlan,
    target: TargetPlan,
    private readonly inProgress: { stage: string; origin_ms: number },
    cases: CaseRecord[],
  ) {
    const stage = target.stages.find(({ name }) => name === inProgress.stage);
    // A step of a sweep or a capacity search is not in the plan by its name.
    const whole = target.stages.find(({ name }) => inProgress.stage.startsWith(`${name} `));
    this.context =
      inProgress.stage === CASES_STAGE
        ? casesContext(plan, target, cases.length)
        : { ...loadContext(plan, target, stage ?? (whole as StagePlan)), name: inProgress.stage };
    if (stage === undefined && whole !== undefined) this.context.partOf = whole.name;
    this.aggregator = aggregatorFor(this.context, inProgress.origin_ms);
    this.judged = new Map(cases.map((record) => [record.request, record]));
  }

  add(record: RequestRecord): void {
    this.count++;
    this.intervals.add(record.sent, record.end);
    const answer = this.judged.get(record.id);
    const correct = answer === undefined || answer.assertions.length === 0 ? null : answer.outcome === 'passed';
    this.aggregator.add(record, this.context.judged ? correct : undefined);
  }

  finish(): StageResult {
    const { partOf } = this.context;
    const startMs = this.inProgress.origin_ms;
    const result = this.aggregator.finish({
      endMs: Math.max(startMs, this.intervals.endMs),
      scheduled: this.count,
      ...this.intervals.concurrency(startMs),
      // What the client felt was known to the process that died.
      client: { limited: false, event_loop_delay_p99_ms: 0, dispatch_lag_p99_ms: 0, cpu: 0, workers: 0 },
      endedEarly: 'crashed',
    });
    const { pattern, slos, confidence, policy } = this.context;
    if (pattern !== 'cases') {
      // Which of the answers under load were right was known to the process that died.
      const evidence = { kind: 'none' as const, reason: 'the answers were not judged before the engine died' };
      result.slo.push(...slos.filter(isQuality).map((slo) => judgeSlo(slo, evidence, { confidence, policy })));
    }
    return partOf === undefined ? result : { ...result, part_of: partOf };
  }
}

/** When requests were in flight: two numbers each. */
export class Intervals {
  private starts: number[] = [];
  private ends: number[] = [];

  /** @param sentMs null for a request that was never sent, which counts for nothing */
  add(sentMs: number | null, endMs: number): void {
    if (sentMs === null || endMs <= sentMs) return;
    this.starts.push(sentMs);
    this.ends.push(endMs);
  }

  /** The latest end; negative infinity without one. */
  get endMs(): number {
    return this.ends.reduce((latest, end) => Math.max(latest, end), Number.NEGATIVE_INFINITY);
  }

  /** Time-weighted mean and maximum of the requests in flight from `startMs` to the latest end. */
  concurrency(startMs: number): { concurrencyMean: number; concurrencyMax: number } {
    const starts = Float64Array.from(this.starts, (start) => Math.max(start, startMs)).sort();
    const ends = Float64Array.from(this.ends).sort();
    let busyMs = 0;
    let concurrencyMax = 0;
    for (let begun = 0, ended = 0; begun < starts.length; begun++) {
      while ((ends[ended] as number) <= (starts[begun] as number)) ended++;
      concurrencyMax = Math.max(concurrencyMax, begun + 1 - ended);
      busyMs += (ends[begun] as number) - (starts[begun] as number);
    }
    const spanMs = this.endMs - startMs;
    return { concurrencyMean: spanMs > 0 ? busyMs / spanMs : 0, concurrencyMax };
  }
}

async function collect<T>(items: AsyncGenerator<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
