/**
 * The engine as it runs in the product: its main thread (statistics, result files) in this process, its load workers from the built
 * bundle. What it measured is read back from the result files that it wrote.
 */
import { engineEntries } from '../../../src/core/engine/entries';
import { executeRun } from '../../../src/core/engine/run';
import { readRequests } from '../../../src/core/results/store';
import type { StagePlan } from '../../../src/protocol/plan';
import type { RequestRecord } from '../../../src/protocol/run-json';
import { loadPlan } from '../support/plan';
import type { ClientJob, ClientLoad, ClientReport, ClientRequest } from './protocol';
import { serveJobs, watchUsage, type Usage } from './serve';

async function run(job: ClientJob): Promise<ClientReport> {
  const { dist, outDir } = job;
  if (dist === undefined || outDir === undefined) throw new Error('The job does not say where the bundles are.');
  let usageSoFar: (() => Usage) | undefined;
  let usage: Usage | undefined;
  const run = await executeRun({
    plan: loadPlan({ outDir, url: job.url, seed: job.seed, stage: stageOf(job.load) }),
    secrets: {},
    ...engineEntries(dist),
    promptrigVersion: 'bench',
    emit: (event) => {
      if (event.type === 'stage-started') usageSoFar = watchUsage();
      else if (event.type === 'stage-finished') usage = usageSoFar?.();
    },
    signal: new AbortController().signal,
  });
  const stage = run.targets[0]?.stages[0];
  if (stage === undefined || usage === undefined)
    throw new Error(run.targets[0]?.error?.message ?? 'The stage did not run.');
  const requests: ClientRequest[] = [];
  for await (const record of readRequests(outDir)) requests.push(requestOf(record, run.clock_origin_ms));
  const { limited, dispatch_lag_p99_ms, cpu: workerCpuShare, workers } = stage.client;
  return { requests, ...usage, own: { limited, dispatchLagP99Ms: dispatch_lag_p99_ms, workerCpuShare, workers } };
}

function stageOf(load: ClientLoad): Partial<StagePlan> {
  if (load.kind === 'burst') {
    const { streams } = load;
    return { pattern: 'concurrent', loop: 'closed', concurrency: streams, requests: streams, maxConcurrency: streams };
  }
  const { kind, rate, warmupMs, measuredMs } = load;
  return { pattern: kind, loop: 'open', rate, warmupMs, durationMs: warmupMs + measuredMs, maxConcurrency: 16_384 };
}

function requestOf(record: RequestRecord, originMs: number): ClientRequest {
  const arrivals: number[] = [];
  if (record.first !== null) {
    let atMs = record.first + originMs;
    arrivals.push(atMs);
    for (const gapMs of record.itl) arrivals.push((atMs += gapMs));
  }
  return {
    id: record.id,
    scheduledMs: record.scheduled + originMs,
    sentMs: record.sent === null ? null : record.sent + originMs,
    arrivalsMs: Float64Array.from(arrivals),
    completed: record.outcome === 'completed',
    measured: record.phase === 'measured',
  };
}

serveJobs(run);
