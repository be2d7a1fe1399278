import type { RunPlan, SimConfig, StagePlan } from '../../protocol/plan';

const TIMEOUT_MS = 30_000;
const TOKENS = 40;

/** Streams of 50 tokens a second; times jitter, so that streams do not tick in step. */
export const STREAM_SIM: SimConfig = {
  ttftMs: 100,
  ttftPerInputTokenMs: 0,
  itlMs: 20,
  jitter: 0.1,
  loadFactor: 1,
  maxRunning: 100_000,
  outputTokens: TOKENS,
  seed: 1,
};

/** Answers so short that what a request costs the client is its sending. */
export const RATE_SIM: SimConfig = {
  ttftMs: 10,
  ttftPerInputTokenMs: 0,
  itlMs: 5,
  loadFactor: 1,
  maxRunning: 100_000,
  outputTokens: 4,
  seed: 1,
};

type Load = Pick<StagePlan, 'pattern' | 'loop' | 'durationMs' | 'warmupMs' | 'maxConcurrency'> &
  Pick<Partial<StagePlan>, 'rate' | 'concurrency'>;

/** `streams` users at once, who start together and ask again as soon as they are answered. */
export function streamLoad(streams: number, durationMs: number): Load {
  return {
    pattern: 'concurrent',
    loop: 'closed',
    concurrency: streams,
    maxConcurrency: streams,
    durationMs,
    warmupMs: 0,
  };
}

/** Poisson arrivals for `durationMs` behind a short warm-up. */
export function rateLoad(rate: number, durationMs: number): Load {
  const warmupMs = 400;
  return { pattern: 'poisson', loop: 'open', rate, maxConcurrency: 512, durationMs: warmupMs + durationMs, warmupMs };
}

/** A run of one load stage against the simulator at `url`. */
export function doctorPlan(options: { outDir: string; url: string; load: Load }): RunPlan {
  const { outDir, url, load } = options;
  return {
    schema: 'promptrig.plan/1',
    runId: 'doctor',
    name: 'Self-check',
    purpose: 'regression',
    tags: [],
    source: { path: 'doctor', sha256: '' },
    outDir,
    baseDir: outDir,
    seed: 1,
    confidence: 0.95,
    policy: 'point',
    targets: [
      {
        id: 'sim',
        endpoint: {
          name: 'sim',
          api: 'openai-chat',
          url,
          model: 'sim',
          headers: {},
          timeout: { connectMs: TIMEOUT_MS, firstTokenMs: TIMEOUT_MS, idleMs: TIMEOUT_MS, totalMs: TIMEOUT_MS },
          retryAttempts: 0,
        },
        prompt: 'default',
        params: {},
        concurrency: 1,
        cases: [],
        stages: [
          {
            pointer: '/load/0',
            name: 'step',
            cooldownMs: 0,
            caseOrder: 'sequential',
            requestPool: [{ messages: [{ role: 'user', content: 'Hello' }], weight: 1 }],
            slos: [],
            ...load,
          },
        ],
        caseSlos: [],
      },
    ],
  };
}
