/** One client, one job, one simulator: the run that every bench repeats. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { availableParallelism } from 'node:os';
import type { SimProcess } from '../../../src/core/sim/sim-process';
import type { ClientLoad, ClientReport } from '../clients/protocol';
import { ClientProcess } from './client-process';
import { dist, temporaryDir } from './paths';
import { errorsOf, recordedRequests, resetSim, simStats, type Errors } from './truth';

export type Contender = 'ours' | 'sdk' | 'sdk cold' | 'socket';

export interface Measured {
  errors: Errors;
  report: ClientReport;
  /** Of writes after their due instants: how well the server kept its own times. */
  simLatenessP99Ms: number;
  /** Share of all cores (0 to 1) that neither the client nor the simulator used, but somebody did. */
  othersShare: number;
}

export interface MeasureOptions {
  sim: SimProcess;
  load: ClientLoad;
  seed: number;
  /** Needed for the SDK only. */
  sdkEntry?: string;
  signal: AbortSignal;
}

/** Starts the contender in a fresh process, runs the load once, compares. */
export async function measure(contender: Contender, options: MeasureOptions): Promise<Measured> {
  const { sim, load, seed, sdkEntry, signal } = options;
  const dir = temporaryDir();
  const client = await ClientProcess.start(contender === 'sdk cold' ? 'sdk' : contender, signal);
  try {
    await resetSim(sim.url);
    const simBeforeMs = await simCpuMs(sim);
    const report = await client.run({
      url: sim.url,
      load,
      seed,
      sdkEntry,
      outDir: join(dir, 'run'),
      dist,
      warmUp: contender === 'sdk',
    });
    const othersMs = report.machineBusyMs - report.cpuMs - ((await simCpuMs(sim)) - simBeforeMs);
    const { latenessMs } = await simStats(sim.url);
    return {
      errors: errorsOf(report.requests, await recordedRequests(sim.url)),
      report,
      simLatenessP99Ms: latenessMs.p99,
      othersShare: Math.max(0, othersMs) / (report.wallMs * availableParallelism()),
    };
  } finally {
    await client.end();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function simCpuMs(sim: SimProcess): Promise<number> {
  const { cpuMs } = await simStats(sim.url);
  return cpuMs.user + cpuMs.system;
}
