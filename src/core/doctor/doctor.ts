/** The self-check of the load client: what this machine measures well, and from where on it is the limit itself. */
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { openFilesLimit } from '../load/open-files';
import { startSimProcess, type SimProcess } from '../sim/sim-process';
import { monotonicMs } from '../util/clock';
import { PromptrigError } from '../util/errors';
import type { SimConfig } from '../../protocol/plan';
import { conclude } from './conclusion';
import { climb, type Climb } from './ladder';
import { busyShare, describeMachine, loadAverage } from './machine';
import { RATE_SIM, STREAM_SIM } from './plan';
import type { DoctorReport, LadderEnd } from './report';
import { measureRate, measureStreams, type StepContext } from './steps';
import { measureClock } from './timers';

const FULL = { streams: [1, 16, 64, 128, 256, 512], rates: [50, 100, 200, 500, 1000], streamMs: 1800, rateMs: 2500 };
const QUICK = { streams: [1, 64, 256], rates: [100, 500], streamMs: 900, rateMs: 1000 };
/** No step is started later than this, so that the check ends within a minute: a step takes five seconds on a slow machine. */
const LAST_START_MS = 52_000;
/** The rates get their share of the time even where the streams were slow. */
const LAST_STREAMS_START_MS = 28_000;
const IDLE_MS = 400;
/** Files that a process needs beside its connections. */
const OTHER_FILES = 128;

export interface DoctorOptions {
  /** Absolute path of the engine's bundle; that of the simulator lies beside it. */
  engineEntry: string;
  promptrigVersion: string;
  quick: boolean;
  signal: AbortSignal;
  /** A line about what is being measured. */
  onProgress: (line: string) => void;
}

/**
 * Runs the self-check, which takes less than a minute and sends nothing beyond this machine.
 * @throws PromptrigError `cancelled` where `signal` was aborted, and what the engine and the simulator throw
 */
export async function runDoctor(options: DoctorOptions): Promise<DoctorReport> {
  const { engineEntry, quick, signal, onProgress } = options;
  const startedMs = monotonicMs();
  const before = (limitMs: number) => () => monotonicMs() - startedMs < limitMs;
  const ladder = quick ? QUICK : FULL;
  const workDir = await fs.mkdtemp(path.join(os.tmpdir(), 'promptrig-doctor-'));
  try {
    const average = loadAverage();
    const openFiles = await openFilesLimit();
    onProgress('Measuring the clock and what else runs.');
    const busyBefore = await orCancelled(busyShare(IDLE_MS, signal), signal);
    const clock = await orCancelled(measureClock(signal), signal);
    const base = { engineEntry, workDir, signal, log: (message: string) => onProgress(`engine: ${message}`) };

    const possible = ladder.streams.filter((streams) => openFiles === null || streams + OTHER_FILES <= openFiles);
    const streams = await withSimulator(STREAM_SIM, engineEntry, (sim) =>
      climb({
        steps: possible.length === 0 ? ladder.streams.slice(0, 1) : possible,
        mayGoOn: before(LAST_STREAMS_START_MS),
        measure: (count) => {
          onProgress(`Streams of 50 tokens/s: ${count} at once.`);
          return measureStreams(count, { ...base, sim, durationMs: ladder.streamMs } satisfies StepContext);
        },
      }),
    );
    const rates = await withSimulator(RATE_SIM, engineEntry, (sim) =>
      climb({
        steps: ladder.rates,
        mayGoOn: before(LAST_START_MS),
        measure: (rate) => {
          onProgress(`Poisson arrivals: ${rate}/s.`);
          return measureRate(rate, { ...base, sim, durationMs: ladder.rateMs } satisfies StepContext);
        },
      }),
    );
    const load = {
      average_1m: average,
      busy_before: busyBefore,
      busy_after: await orCancelled(busyShare(IDLE_MS, signal), signal),
    };
    const short = possible.length < ladder.streams.length;
    return {
      schema: 'promptrig.doctor/1',
      date: new Date().toISOString(),
      promptrig: options.promptrigVersion,
      quick,
      machine: describeMachine(),
      load,
      open_files: openFiles,
      clock,
      streams: streams.results,
      rates: rates.results,
      ...conclude({
        streams: streams.results,
        rates: rates.results,
        streamsEnded: endOf(streams, short),
        ratesEnded: rates.ended,
        load,
        open_files: openFiles,
      }),
    };
  } finally {
    await fs.rm(workDir, { recursive: true, force: true });
  }
}

function endOf({ ended }: Climb<unknown>, shortOfFiles: boolean): LadderEnd {
  return ended === 'top' && shortOfFiles ? 'open_files' : ended;
}

async function withSimulator<T>(
  config: SimConfig,
  engineEntry: string,
  use: (sim: SimProcess) => Promise<T>,
): Promise<T> {
  const sim = await startSimProcess({ entry: path.join(path.dirname(engineEntry), 'sim.js'), config });
  try {
    return await use(sim);
  } finally {
    await sim.stop();
  }
}

async function orCancelled<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (signal.aborted) throw new PromptrigError('cancelled', 'The self-check was stopped.', { cause: error });
    throw error;
  }
}
