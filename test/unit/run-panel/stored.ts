/** A run's folder as the engine leaves it, for tests of what the panel makes of it. */
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunPlan } from '../../../src/protocol/plan';
import type { CaseRecord, RequestRecord, RunJson } from '../../../src/protocol/run-json';
import { slo, stage } from '../extension/support';

export const TARGET = 'sim';
export const STAGE = 'steady';
/** Start of the stage on the run's clock. */
export const ORIGIN_MS = 5000;

export function request(index: number, part: Partial<RequestRecord> = {}): RequestRecord {
  const scheduled = ORIGIN_MS + index * 100;
  const name = part.stage ?? STAGE;
  return {
    id: `${TARGET}/${name}/${index}`,
    target: TARGET,
    stage: name,
    index,
    phase: 'measured',
    outcome: 'completed',
    scheduled,
    sent: scheduled + 2,
    headers: scheduled + 60,
    first: scheduled + 102,
    first_answer: scheduled + 102,
    last: scheduled + 132,
    end: scheduled + 133,
    connect_ms: null,
    itl: [10, 20],
    input_tokens: 12,
    output_tokens: 3,
    cached_input_tokens: 0,
    reasoning_tokens: 0,
    tokens_source: 'usage',
    events: 3,
    finish_reason: 'stop',
    status: 200,
    cost: null,
    ...part,
  };
}

/** A request that a server refused. */
export function refused(index: number, part: Partial<RequestRecord> = {}): RequestRecord {
  const none = { first: null, first_answer: null, last: null, itl: [], output_tokens: null, finish_reason: null };
  const error = { kind: 'http_429', message: 'The server refused the request.' };
  return request(index, { ...none, outcome: 'failed', status: 429, error, ...part });
}

export function answer(request: string | null, part: Partial<CaseRecord> = {}): CaseRecord {
  return {
    request,
    target: TARGET,
    case: '/cases/0',
    case_id: 'refund',
    name: 'refund',
    repeat: 0,
    outcome: 'passed',
    score: 1,
    answer: 'You have 30 days.',
    reasoning: null,
    assertions: [],
    ...part,
  };
}

export function runJson(part: Partial<RunJson> = {}): RunJson {
  return {
    schema: 'promptrig.run/1',
    id: 'r1',
    name: 'Shop',
    purpose: 'regression',
    tags: [],
    started_at: '2026-01-01T00:00:00.000Z',
    finished_at: '2026-01-01T00:01:00.000Z',
    clock_origin_ms: 0,
    source: { path: 'shop.eval.yaml', sha256: 'x' },
    seed: 1,
    policy: 'point',
    confidence: 0.9,
    status: 'completed',
    environment: { promptrig: '0', node: '20', os: 'linux', cpu: 'c', cores: 2, git: null },
    targets: [
      {
        ...{ id: TARGET, endpoint: 'sim', api: 'sim', model: 'm', prompt: 'default', params: {}, hardware: {} },
        quality: null,
        stages: [
          stage(STAGE, '/load/0', [slo('/slo/0')], {
            origin_ms: ORIGIN_MS,
            window: { start_ms: 500, end_ms: 8000 },
          }),
        ],
        cost: { total: null, per_request: null, per_1m_output: null, per_good: null },
        verdict: 'pass',
      },
    ],
    verdict: 'pass',
    ...part,
  };
}

export function plan(): RunPlan {
  const messages = [
    { role: 'system' as const, content: 'Be brief.' },
    { role: 'user' as const, content: 'Until when can I return it?' },
  ];
  const common = { id: 'refund', name: 'Return window', vars: {}, assertions: [], repeat: 1, weight: 1, tags: [] };
  const turn = (user: string, i: number) => ({ pointer: `/cases/1/turns/${i}`, user, assertions: [], thinkTimeMs: 0 });
  return {
    schema: 'promptrig.plan/1',
    targets: [
      {
        id: TARGET,
        cases: [
          { ...common, pointer: '/cases/0', messages },
          {
            ...common,
            pointer: '/cases/1',
            id: 'talk',
            name: 'A talk',
            messages: messages.slice(0, 1),
            turns: ['Hello?', 'And then?'].map(turn),
          },
        ],
        caseSlos: [],
        stages: [
          {
            ...{ name: STAGE, pointer: '/load/0', pattern: 'poisson', loop: 'open', durationMs: 10_000 },
            ...{ warmupMs: 500, cooldownMs: 2000, slos: [] },
            requestPool: [{ casePointer: '/cases/0', messages, weight: 1 }],
          },
          {
            ...{ name: 'made up', pointer: '/load/1', pattern: 'poisson', loop: 'open', slos: [] },
            synthetic: { inputTokens: { mean: 100 }, cache: 'warm' },
            requestPool: [],
          },
        ],
      },
    ],
  } as unknown as RunPlan;
}

export interface Stored {
  run?: unknown;
  plan?: unknown;
  requests?: readonly RequestRecord[];
  cases?: readonly CaseRecord[];
}

/** Writes the files that are given. */
export async function writeRun(dir: string, { run, plan: planned, requests, cases }: Stored): Promise<void> {
  await mkdir(dir, { recursive: true });
  if (run !== undefined) await writeFile(join(dir, 'run.json'), JSON.stringify(run));
  if (planned !== undefined) await writeFile(join(dir, 'plan.json'), JSON.stringify(planned));
  if (requests !== undefined) await appendLines(join(dir, 'requests.ndjson'), requests);
  if (cases !== undefined) await appendLines(join(dir, 'cases.ndjson'), cases);
}

export async function appendLines(file: string, records: readonly unknown[]): Promise<void> {
  await appendFile(file, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
}
