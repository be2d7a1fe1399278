/** Plans and records that tests start from and change only where it matters to them. */
import type { EndpointPlan, RunPlan, StagePlan, TargetPlan } from '../../../src/protocol/plan';
import type { CaseRecord, RequestRecord } from '../../../src/protocol/run-json';

export function endpointPlan(change: Partial<EndpointPlan> = {}): EndpointPlan {
  return {
    name: 'sim',
    api: 'sim',
    url: null,
    model: 'sim',
    headers: {},
    timeout: { connectMs: 2000, firstTokenMs: 5000, idleMs: 5000, totalMs: 20_000 },
    retryAttempts: 0,
    sim: { ttftMs: 20, itlMs: 2, jitter: 0, outputTokens: 5 },
    ...change,
  };
}

export function targetPlan(change: Partial<TargetPlan> = {}): TargetPlan {
  return {
    id: 'sim',
    endpoint: endpointPlan(),
    prompt: 'default',
    params: {},
    concurrency: 4,
    cases: [],
    stages: [],
    caseSlos: [],
    ...change,
  };
}

export function stagePlan(change: Partial<StagePlan> = {}): StagePlan {
  return {
    pointer: '/load/0',
    name: 'steady',
    pattern: 'concurrent',
    loop: 'closed',
    concurrency: 2,
    requests: 4,
    warmupMs: 0,
    cooldownMs: 0,
    maxConcurrency: 256,
    caseOrder: 'sequential',
    requestPool: [{ messages: [{ role: 'user', content: 'Hello' }], weight: 1 }],
    slos: [],
    ...change,
  };
}

export function runPlan(outDir: string, change: Partial<RunPlan> = {}): RunPlan {
  return {
    schema: 'promptrig.plan/1',
    runId: 'test-run',
    name: 'Test',
    purpose: 'regression',
    tags: [],
    source: { path: 'test.eval.yaml', sha256: '0' },
    outDir,
    baseDir: outDir,
    seed: 1,
    confidence: 0.95,
    policy: 'point',
    targets: [targetPlan()],
    ...change,
  };
}

export function requestRecord(change: Partial<RequestRecord> = {}): RequestRecord {
  const index = change.index ?? 0;
  return {
    id: `sim/steady/${index}`,
    target: 'sim',
    stage: 'steady',
    index,
    phase: 'measured',
    outcome: 'completed',
    scheduled: 100,
    sent: 100,
    headers: 110,
    first: 120,
    first_answer: 120,
    last: 140,
    end: 141,
    connect_ms: null,
    itl: [10, 10],
    input_tokens: 4,
    output_tokens: 3,
    cached_input_tokens: null,
    reasoning_tokens: null,
    tokens_source: 'usage',
    events: 3,
    finish_reason: 'stop',
    status: 200,
    cost: null,
    ...change,
  };
}

export function caseRecord(change: Partial<CaseRecord> = {}): CaseRecord {
  return {
    request: 'sim/cases/0',
    target: 'sim',
    case: '/cases/0',
    case_id: 'one',
    name: 'one',
    repeat: 0,
    outcome: 'passed',
    score: 1,
    answer: 'Hello',
    reasoning: null,
    assertions: [],
    ...change,
  };
}
