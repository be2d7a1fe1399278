import { join } from 'node:path';
import { startSimProcess, type SimProcess } from '../../../src/core/sim/sim-process';
import type { SimConfig } from '../../../src/protocol/plan';
import { dist } from './paths';

/** Tokens of each answer of `STREAMS`. */
export const ANSWER_TOKENS = 100;

/** Streams of 50 tokens a second whose first token comes after 100 ms; times jitter by 10%, so that streams are not in step. */
export const STREAMS: SimConfig = {
  ttftMs: 100,
  ttftPerInputTokenMs: 0,
  itlMs: 20,
  jitter: 0.1,
  loadFactor: 1,
  maxRunning: 100_000,
  outputTokens: ANSWER_TOKENS,
  seed: 7,
};

/** A simulator in its own process for the duration of `use`. */
export async function withSimulator<T>(config: SimConfig, use: (sim: SimProcess) => Promise<T>): Promise<T> {
  const sim = await startSimProcess({ entry: join(dist, 'sim.js'), config });
  try {
    return await use(sim);
  } finally {
    await sim.stop();
  }
}
