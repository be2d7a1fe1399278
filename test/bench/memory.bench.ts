/** Whether the engine's memory grows with the number of requests. */
import { fork, type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { EngineProcess } from '../../src/core/engine/engine-process';
import type { Bench, BenchContext, BenchRow } from './bench';
import { bundledClient } from './support/client-process';
import { dist, temporaryDir } from './support/paths';
import { loadPlan } from './support/plan';
import { residentMib } from './support/resident-memory';
import { median, times } from './support/stats';

const FEW = 10_000;
const MANY = 1_000_000;
const MANY_QUICK = 100_000;
const FEW_REPETITIONS = 3;
const CONCURRENCY = 64;
const SAMPLE_MS = 100;
const RATIO = 1.3;

export const bench: Bench = {
  name: 'memory',
  title: 'Resident memory of the engine',
  order: 6,
  async run(context) {
    const server = await startServer(context.signal);
    try {
      const few: Resident[] = [];
      for (let i = 0; i < (context.quick ? 1 : FEW_REPETITIONS); i++)
        few.push(await residentOf(FEW, server.url, context));
      const many = await residentOf(context.quick ? MANY_QUICK : MANY, server.url, context);
      return [row(few, many)];
    } finally {
      server.child.kill();
    }
  },
};

interface Resident {
  requests: number;
  seconds: number;
  peakMib: number;
  /** Highest while the n-th tenth of the requests ended. */
  tenthsMib: number[];
}

async function startServer(signal: AbortSignal): Promise<{ child: ChildProcess; url: string }> {
  const child = fork(await bundledClient('canned-server'), [], { execArgv: [] });
  signal.addEventListener('abort', () => child.kill(), { once: true });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message: { port: number }) => resolve(message.port));
    child.once('exit', () => reject(new Error('The server of canned answers ended before it was ready.')));
  });
  return { child, url: `http://127.0.0.1:${port}/v1` };
}

/** Runs the product's engine process over `requests` short requests and watches it from outside. */
async function residentOf(requests: number, url: string, { log, signal }: BenchContext): Promise<Resident> {
  const dir = temporaryDir();
  const engine = new EngineProcess({ engineEntry: join(dist, 'engine.js') });
  const samples: { ended: number; mib: number }[] = [];
  let ended = 0;
  const timer = setInterval(() => {
    const mib = engine.pid === undefined ? null : residentMib(engine.pid);
    if (mib !== null) samples.push({ ended, mib });
  }, SAMPLE_MS);
  const startedMs = performance.now();
  try {
    const run = await engine.run(
      loadPlan({
        outDir: join(dir, 'run'),
        url,
        seed: 1,
        stage: { pattern: 'concurrent', concurrency: CONCURRENCY, requests },
      }),
      {},
      (events) => {
        for (const event of events) if (event.type === 'tick') ended = event.counts.scheduled;
      },
      signal,
    );
    const completed = run.targets[0]?.stages[0]?.counts.completed ?? 0;
    if (completed !== requests) throw new Error(`${completed} of ${requests} requests completed.`);
  } finally {
    clearInterval(timer);
    rmSync(dir, { recursive: true, force: true });
  }
  if (samples.length === 0) throw new Error('This platform does not tell the resident memory of a process.');
  const highest = (list: { mib: number }[]): number => Math.max(0, ...list.map(({ mib }) => mib));
  const resident: Resident = {
    requests,
    seconds: (performance.now() - startedMs) / 1000,
    peakMib: highest(samples),
    tenthsMib: Array.from({ length: 10 }, (_, i) =>
      highest(samples.filter((sample) => Math.min(9, Math.floor((10 * sample.ended) / requests)) === i)),
    ),
  };
  log(
    `${requests} requests in ${resident.seconds.toFixed(0)} s: ${mib(resident.peakMib)} at most; ` +
      `by tenths of the requests ${resident.tenthsMib.map((value) => value.toFixed(0)).join(', ')}`,
  );
  return resident;
}

function row(few: Resident[], many: Resident): BenchRow {
  const fewMib = median(few.map(({ peakMib }) => peakMib));
  const ratio = many.peakMib / fewMib;
  const met = ratio <= RATIO;
  const tenths = many.tenthsMib.map((value) => value.toFixed(0)).join(', ');
  return {
    what: `Resident memory, ${FEW.toLocaleString('en')} to ${many.requests.toLocaleString('en')} requests (peak)`,
    reach: `≤ ${RATIO}×`,
    measured: `${times(ratio)} (${mib(fewMib)} to ${mib(many.peakMib)})`,
    // Fewer requests than the claim is about show nothing.
    met: many.requests === MANY ? met : null,
    note: `${(many.requests / many.seconds).toFixed(0)} requests/s; peak in MiB by tenths of the long run: ${tenths}`,
  };
}

function mib(value: number): string {
  return `${value.toFixed(0)} MiB`;
}
