import type { RunPlan, StagePlan } from '../../../src/protocol/plan';

const NO_TIMEOUT_MS = 120_000;

/** A run of one load stage against one server. */
export function loadPlan(options: { outDir: string; url: string; seed: number; stage: Partial<StagePlan> }): RunPlan {
  const { outDir, url, seed, stage } = options;
  return {
    schema: 'promptrig.plan/1',
    runId: 'bench',
    name: 'Bench',
    purpose: 'regression',
    tags: [],
    source: { path: 'bench.eval.yaml', sha256: '0' },
    outDir,
    baseDir: outDir,
    seed,
    confidence: 0.95,
    policy: 'point',
    targets: [
      {
        id: 'bench',
        endpoint: {
          name: 'bench',
          api: 'openai-chat',
          url,
          model: 'sim',
          headers: {},
          timeout: { connectMs: 10_000, firstTokenMs: NO_TIMEOUT_MS, idleMs: NO_TIMEOUT_MS, totalMs: NO_TIMEOUT_MS },
          retryAttempts: 0,
        },
        prompt: 'default',
        params: {},
        concurrency: 1,
        cases: [],
        stages: [
          {
            pointer: '/load/0',
            name: 'load',
            pattern: 'concurrent',
            loop: 'closed',
            warmupMs: 0,
            cooldownMs: 0,
            maxConcurrency: 1024,
            caseOrder: 'sequential',
            requestPool: [{ messages: [{ role: 'user', content: 'Hello' }], weight: 1 }],
            slos: [],
            ...stage,
          },
        ],
        caseSlos: [],
      },
    ],
  };
}
