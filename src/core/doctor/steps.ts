/** Measures one step of a ladder through the engine, in a process of its own, as every run is. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { EngineProcess } from '../engine/engine-process';
import { readRequests } from '../results/store';
import type { SimProcess } from '../sim/sim-process';
import { PromptrigError } from '../util/errors';
import type { RequestRecord, StageResult } from '../../protocol/run-json';
import { rateLimit, streamLimit } from './judge';
import { doctorPlan, rateLoad, streamLoad } from './plan';
import { quantileOf } from './quantile';
import type { RateStep, StreamStep } from './report';
import { errorsOf, recordedRequests, resetSimulator } from './truth';

export interface StepContext {
  sim: SimProcess;
  engineEntry: string;
  /** Folder for what the steps write. */
  workDir: string;
  /** Length of a step, ms. */
  durationMs: number;
  signal: AbortSignal;
  /** What the engine writes to its standard error. */
  log: (message: string) => void;
}

export async function measureStreams(streams: number, context: StepContext): Promise<StreamStep> {
  const { sim, signal, durationMs } = context;
  await resetSimulator(sim.url, signal);
  const { stage, records, originMs } = await runStep(streamLoad(streams, durationMs), context);
  const errors = errorsOf(records, await recordedRequests(sim.url, signal), originMs);
  const ttftP50Ms = quantileOf(errors.ttftMs, 0.5);
  const tokenP99Ms = quantileOf(errors.tokenMs, 0.99);
  const { lost } = errors;
  const why = streamLimit({ ttftP50Ms, tokenP99Ms, lost, clientLimited: stage.client.limited });
  return {
    streams,
    tokens_per_s: measure(errors.tokensPerS),
    ttft_error_p50_ms: measure(ttftP50Ms),
    token_error_p50_ms: measure(quantileOf(errors.tokenMs, 0.5)),
    token_error_p99_ms: measure(tokenP99Ms),
    itl_error_p99_ms: measure(quantileOf(errors.itlMs, 0.99)),
    ...healthOf(stage),
    lost,
    attempts: 1,
    limited: why !== null,
    why,
  };
}

export async function measureRate(rate: number, context: StepContext): Promise<RateStep> {
  const { stage, records } = await runStep(rateLoad(rate, context.durationMs), context);
  const measured = records.filter(({ phase }) => phase === 'measured');
  const lags = measured.flatMap(({ sent, scheduled }) => (sent === null ? [] : [sent - scheduled]));
  const lost = measured.filter(({ outcome }) => outcome !== 'completed').length;
  const [lagP50Ms, lagP99Ms] = [quantileOf(lags, 0.5), quantileOf(lags, 0.99)];
  const why = rateLimit({ lagP50Ms, lagP99Ms, lost });
  return {
    rate,
    lag_p50_ms: measure(lagP50Ms),
    lag_p99_ms: measure(lagP99Ms),
    ...healthOf(stage),
    lost,
    attempts: 1,
    limited: why !== null,
    why,
  };
}

async function runStep(
  load: Parameters<typeof doctorPlan>[0]['load'],
  { sim, engineEntry, workDir, signal, log }: StepContext,
): Promise<{ stage: StageResult; records: RequestRecord[]; originMs: number }> {
  const outDir = path.join(await fs.mkdtemp(path.join(workDir, 'step-')), 'run');
  const engine = new EngineProcess({
    engineEntry,
    log: (level, message) => {
      if (level !== 'debug') log(message);
    },
  });
  const run = await engine.run(doctorPlan({ outDir, url: sim.url, load }), {}, () => undefined, signal);
  if (signal.aborted) throw new PromptrigError('cancelled', 'The self-check was stopped.');
  const target = run.targets[0];
  const stage = target?.stages[0];
  if (stage === undefined) {
    const why = target?.error?.message ?? run.status_reason ?? 'the engine gave no reason';
    throw new PromptrigError('internal', `A step of the self-check did not run: ${why}`);
  }
  const records: RequestRecord[] = [];
  for await (const record of readRequests(outDir)) records.push(record);
  return { stage, records, originMs: run.clock_origin_ms };
}

function healthOf({ client }: StageResult): Pick<StreamStep, 'cpu' | 'workers'> {
  return { cpu: Number(client.cpu.toFixed(3)), workers: client.workers };
}

function measure(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toFixed(3)) : null;
}
