import type { StagePlan } from '../../../src/protocol/plan';

/** A stage with everything set that a test does not care about. */
export function stageOf(changes: Partial<StagePlan> = {}): StagePlan {
  return {
    pointer: '/load/0',
    name: 'stage',
    pattern: 'constant',
    loop: 'open',
    warmupMs: 0,
    cooldownMs: 0,
    maxConcurrency: 256,
    caseOrder: 'sequential',
    requestPool: [{ messages: [{ role: 'user', content: 'hi' }], weight: 1 }],
    slos: [],
    ...changes,
  };
}
