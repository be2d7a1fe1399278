import { setMaxListeners } from 'node:events';
import { BudgetGuard } from './budget';
import { monotonicMs, systemClock } from '../util/clock';
import { PromptrigError, messageOf } from '../util/errors';
import { Redactor } from '../util/redact';
import { setInProgress } from '../results/in-progress';
import { RunWriter } from '../results/writer';
import { LoadRunner } from '../load/load-runner';
import { describeEnvironment } from './environment';
import { TargetRun } from './target-run';
import { runVerdict, verdictWithBaseline } from '../metrics/verdict-run';
import { compareTargets } from '../compare/targets';
import { compareToBaseline } from '../compare/baseline';
import type { TargetOutcomes } from '../compare/pairs';
import type { EngineEntries } from './entries';
import { RunServices } from '../quality/services';
import type { EngineEvent } from '../../protocol/events';
import type { RunPlan, TargetPlan } from '../../protocol/plan';
import type { RunJson, StageInProgress } from '../../protocol/run-json';

export interface ExecuteOptions extends EngineEntries {
  plan: RunPlan;
  /** API keys by endpoint name; held in memory only. */
  secrets: Record<string, string>;
  promptrigVersion: string;
  emit: (event: EngineEvent) => void;
  signal: AbortSignal;
  /** Load workers; chosen from the load and the cores where absent. */
  workers?: number;
}

/**
 * Executes a plan: for each target its cases, then its load stages. Everything measured is on disk as soon as it is known.
 * @returns the result, also where the run was stopped through `signal` (status `stopped`).
 * @throws PromptrigError `results_write` where the results folder cannot be created.
 */
export async function executeRun(options: ExecuteOptions): Promise<RunJson> {
  const { plan, signal } = options;
  const redactor = new Redactor();
  for (const secret of Object.values(options.secrets)) redactor.add(secret);
  const emit = (event: EngineEvent): void => options.emit(redactor.data(event));
  const clockOriginMs = monotonicMs();
  const run: RunJson = {
    schema: 'promptrig.run/1',
    id: plan.runId,
    name: plan.name,
    purpose: plan.purpose,
    tags: plan.tags,
    started_at: new Date().toISOString(),
    finished_at: null,
    clock_origin_ms: clockOriginMs,
    source: plan.source,
    seed: plan.seed,
    policy: plan.policy,
    confidence: plan.confidence,
    status: 'running',
    environment: await describeEnvironment(options.promptrigVersion, plan.baseDir),
    ...(plan.dataset === undefined ? {} : { dataset: plan.dataset }),
    targets: [],
    ...(plan.interleave === undefined ? {} : { interleave: plan.interleave }),
    ...(plan.shard === undefined ? {} : { shard: plan.shard }),
    verdict: 'inconclusive',
  };
  const writer = RunWriter.create(redactor.data(plan));
  writer.run(run);
  emit(runStarted(plan));

  // A results folder that can no longer be written to ends the run: going on would measure what nobody will see.
  const stop = new AbortController();
  const stopped = AbortSignal.any([signal, stop.signal]);
  // Every question to a judge and every call of user code may listen: hundreds of them are no leak.
  setMaxListeners(0, stopped);
  const budget = new BudgetGuard(plan.budget ?? {}, () => stop.abort(), systemClock);
  let writeError: PromptrigError | null = null;
  const guard = <T>(write: () => T): T | undefined => {
    if (writeError !== null) return undefined;
    try {
      return write();
    } catch (error) {
      writeError = error instanceof PromptrigError ? error : new PromptrigError('results_write', messageOf(error));
      emit({ type: 'log', level: 'error', message: writeError.message });
      stop.abort();
      return undefined;
    }
  };
  const save = (): void => void guard(() => writer.run(redactor.data(run)));

  const services = new RunServices({ ...options, plan, redactor, signal: stopped });
  const inProgress = new Map<string, StageInProgress>();
  const finished = new Map<string, TargetOutcomes>();
  const runTarget = async (target: TargetPlan, runner: LoadRunner): Promise<void> => {
    if (stopped.aborted) return;
    const targetRun = new TargetRun({
      plan,
      target,
      apiKey: options.secrets[target.endpoint.name],
      runner,
      services,
      simEntry: options.simEntry,
      tokenizerEntry: options.tokenizerEntry,
      clockOriginMs,
      signal: stopped,
      redactor,
      emit,
      writeRequests: (records) => {
        guard(() => writer.requests(redactor.data(records)));
        for (const record of records) budget.addTokens(record);
      },
      onCost: (totalUsd) => budget.setCost(target.id, totalUsd ?? 0),
      writeCases: (records) => void guard(() => writer.cases(redactor.data(records))),
      onProgress: (partial, stage) => {
        run.targets = [...run.targets.filter((done) => done.id !== partial.id), partial];
        if (stage === null) inProgress.delete(target.id);
        else inProgress.set(target.id, stage);
        setInProgress(run, [...inProgress.values()]);
        save();
      },
    });
    const result = await targetRun.execute();
    finished.set(target.id, targetRun.caseOutcomes);
    inProgress.delete(target.id);
    run.targets = [...run.targets.filter((done) => done.id !== result.id), result];
    save();
  };
  const startRunner = (): LoadRunner => {
    const { workerEntry, workers } = options;
    return new LoadRunner({ workerEntry, clockOriginMs, ...(workers === undefined ? {} : { workers }) });
  };
  try {
    if (plan.interleave === true) await sideBySide(plan.targets, startRunner, runTarget, () => stop.abort());
    else await inTurn(plan.targets, startRunner(), runTarget);
  } finally {
    budget.dispose();
    await services.dispose();
  }
  // In the order of the plan, whoever came in first.
  const outcomes = plan.targets.flatMap(({ id }) => finished.get(id) ?? []);
  run.targets = plan.targets.flatMap(({ id }) => run.targets.find((done) => done.id === id) ?? []);

  const comparison = compareTargets(plan, run.targets, outcomes);
  if (comparison !== null) run.comparison = comparison;
  const baseline = await compareToBaseline(plan, run, plan.outDir);
  if (baseline !== null) run.baseline = baseline;
  if (baseline?.error !== undefined) emit({ type: 'log', level: 'error', message: baseline.error });
  delete run.in_progress;
  run.finished_at = new Date().toISOString();
  run.status = stopped.aborted ? 'stopped' : 'completed';
  if (writeError !== null) run.status_reason = (writeError as PromptrigError).message;
  else if (signal.aborted) run.status_reason = 'cancelled';
  else if (budget.reason !== null) run.status_reason = budget.reason;
  const verdict = verdictWithBaseline(runVerdict(run), run.baseline);
  // What was not measured cannot have passed.
  run.verdict = verdict === 'pass' && run.status === 'stopped' ? 'inconclusive' : verdict;
  save();
  guard(() => writer.close());
  const final = redactor.data(run);
  emit({ type: 'run-finished', run: final, dir: plan.outDir });
  return final;
}

async function inTurn(
  targets: readonly TargetPlan[],
  runner: LoadRunner,
  runTarget: (target: TargetPlan, runner: LoadRunner) => Promise<void>,
): Promise<void> {
  try {
    for (const target of targets) await runTarget(target, runner);
  } finally {
    await runner.close();
  }
}

/**
 * Each target has load workers of its own: the arrivals of one must not be late because those of another are due, and a worker that
 * dies takes one target with it.
 */
async function sideBySide(
  targets: readonly TargetPlan[],
  startRunner: () => LoadRunner,
  runTarget: (target: TargetPlan, runner: LoadRunner) => Promise<void>,
  stopAll: () => void,
): Promise<void> {
  const settled = await Promise.allSettled(
    targets.map(async (target) => {
      try {
        await inTurn([target], startRunner(), runTarget);
      } catch (error) {
        // What one target throws is a fault of ours and ends the run: the others must not go on behind its back.
        stopAll();
        throw error;
      }
    }),
  );
  const failed = settled.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function runStarted(plan: RunPlan): EngineEvent {
  return {
    type: 'run-started',
    runId: plan.runId,
    dir: plan.outDir,
    name: plan.name,
    targets: plan.targets.map((target) => ({
      id: target.id,
      endpoint: target.endpoint.name,
      model: target.endpoint.model,
      prompt: target.prompt,
      stages: [...(target.cases.length > 0 ? ['cases'] : []), ...target.stages.map((stage) => stage.name)],
    })),
  };
}
