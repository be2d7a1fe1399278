import * as assert from 'node:assert/strict';
import fs from 'node:fs';
import * as path from 'node:path';
import { EngineCrashedError, EngineProcess } from '../../../src/core/engine/engine-process';
import { readCases, readRequests, readRun } from '../../../src/core/results/store';
import { endpointPlan, runPlan, stagePlan, targetPlan } from '../support/samples';
import { removeTempDirs, tempDir } from '../support/temp';
import type { EngineEvent } from '../../../src/protocol/events';
import type { AssertionPlan, CasePlan, RunPlan, SloPlan } from '../../../src/protocol/plan';
import type { RunJson } from '../../../src/protocol/run-json';

const engineEntry = path.join(__dirname, '../../../dist/engine.js');
const never = new AbortController().signal;

async function all<T>(items: AsyncGenerator<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

function contains(text: string): AssertionPlan {
  return { pointer: '/cases/0/assert/0', type: 'contains', negate: false, value: text, weight: 1, severity: 'error' };
}

function casePlan(change: Partial<CasePlan> = {}): CasePlan {
  return {
    pointer: '/cases/0',
    id: 'one',
    name: 'one',
    messages: [{ role: 'user', content: 'Say blue' }],
    vars: {},
    assertions: [],
    repeat: 1,
    weight: 1,
    tags: [],
    ...change,
  };
}

function sloPlan(change: Partial<SloPlan> = {}): SloPlan {
  return {
    pointer: '/slo/0',
    expr: 'e2e.p50 <= 5s',
    metric: 'e2e',
    stat: 'p50',
    op: '<=',
    limit: 5000,
    unit: 'ms',
    severity: 'error',
    ...change,
  };
}

async function execute(
  plan: RunPlan,
  options: { secrets?: Record<string, string>; onEvents?: (events: EngineEvent[], engine: EngineProcess) => void } = {},
  signal = never,
): Promise<{ run: RunJson; events: EngineEvent[] }> {
  const engine = new EngineProcess({ engineEntry });
  const events: EngineEvent[] = [];
  const run = await engine.run(
    plan,
    options.secrets ?? {},
    (batch) => {
      events.push(...batch);
      options.onEvents?.(batch, engine);
    },
    signal,
  );
  return { run, events };
}

describe('a run', function () {
  this.timeout(60_000);
  after(removeTempDirs);

  it('asks the cases, judges them, then runs the load, and stores all of it', async () => {
    const dir = path.join(tempDir(), 'run');
    const sim = {
      ttftMs: 10,
      itlMs: 1,
      jitter: 0,
      answer: 'script' as const,
      script: [{ match: 'blue', answer: 'Blue it is' }],
    };
    const plan = runPlan(dir, {
      targets: [
        targetPlan({
          endpoint: endpointPlan({ sim }),
          cases: [
            casePlan({ repeat: 2, assertions: [contains('Blue')] }),
            casePlan({ pointer: '/cases/1', id: 'two', name: 'two', assertions: [contains('Red')] }),
            casePlan({ pointer: '/cases/2', id: 'three', name: 'three', skip: 'not now' }),
          ],
          stages: [stagePlan({ slos: [sloPlan()] })],
        }),
      ],
    });
    const { run, events } = await execute(plan);
    const target = run.targets[0];
    assert.equal(run.status, 'completed');
    assert.equal(run.verdict, 'fail');
    assert.deepEqual(
      [target?.quality?.cases, target?.quality?.passed, target?.quality?.failed, target?.quality?.skipped],
      [4, 2, 1, 1],
    );
    assert.deepEqual(
      target?.stages.map((stage) => [stage.name, stage.counts.completed]),
      [
        ['cases', 3],
        ['steady', 4],
      ],
    );
    assert.equal(target?.stages[1]?.slo[0]?.verdict, 'pass');
    assert.deepEqual(await readRun(dir), run);
    assert.equal((await all(readRequests(dir))).length, 7);
    const cases = await all(readCases(dir));
    assert.deepEqual(cases.map((record) => `${record.case} ${record.outcome}`).sort(), [
      '/cases/0 passed',
      '/cases/0 passed',
      '/cases/1 failed',
      '/cases/2 skipped',
    ]);
    const types = events.map((event) => event.type);
    assert.equal(types[0], 'run-started');
    assert.equal(types.at(-1), 'run-finished');
    assert.equal(types.filter((type) => type === 'stage-started').length, 2);
    assert.equal(types.filter((type) => type === 'case-finished').length, 4);
    const points = events.flatMap((event) => (event.type === 'tick' && event.stage === 'steady' ? event.points : []));
    assert.equal(points.length, 4, 'every request reached the charts');
  });

  it('runs targets side by side where it is asked to, and reports them in the order of the plan', async () => {
    const dir = path.join(tempDir(), 'run');
    const target = (id: string, ttftMs: number) =>
      targetPlan({
        id,
        endpoint: endpointPlan({ name: id, sim: { ttftMs, itlMs: 1, jitter: 0 } }),
        cases: [casePlan()],
        stages: [stagePlan({ requests: undefined, durationMs: 1000 })],
      });
    // The first is the slower one, so that the other ends before it.
    const plan = runPlan(dir, { targets: [target('slow', 400), target('quick', 10)], interleave: true });
    const { run, events } = await execute(plan);
    assert.equal(run.status, 'completed');
    assert.equal(run.interleave, true);
    assert.equal(run.in_progress, undefined);
    assert.deepEqual(
      run.targets.map(({ id, stages }) => [id, stages.map(({ name }) => name)]),
      [
        ['slow', ['cases', 'steady']],
        ['quick', ['cases', 'steady']],
      ],
    );
    const at = (type: EngineEvent['type'], id: string) =>
      events.findIndex((event) => event.type === type && 'target' in event && event.target === id);
    assert.ok(at('target-started', 'quick') < at('target-finished', 'slow'));
    assert.ok(at('target-started', 'slow') < at('target-finished', 'quick'));
    const spans = await Promise.all(
      ['slow', 'quick'].map(async (id) => {
        const own = (await all(readRequests(dir))).filter((record) => record.target === id);
        return {
          from: Math.min(...own.map(({ sent }) => sent ?? Infinity)),
          to: Math.max(...own.map(({ end }) => end)),
        };
      }),
    );
    const [slow, quick] = spans;
    assert.ok(slow !== undefined && quick !== undefined);
    assert.ok(slow.from < quick.to && quick.from < slow.to, 'their requests overlap in time');
  });

  it('of targets side by side keeps what each had measured when the engine is killed', async () => {
    const dir = path.join(tempDir(), 'run');
    const targets = ['one', 'two'].map((id) =>
      targetPlan({
        id,
        endpoint: endpointPlan({ name: id }),
        stages: [stagePlan({ requests: undefined, durationMs: 30_000, slos: [sloPlan()] })],
      }),
    );
    const measured = new Set<string>();
    let killed = false;
    const failure = await execute(runPlan(dir, { targets, interleave: true }), {
      onEvents: (events, engine) => {
        for (const event of events) if (event.type === 'tick' && event.points.length > 0) measured.add(event.target);
        if (killed || measured.size < 2 || engine.pid === undefined) return;
        killed = true;
        process.kill(engine.pid, 'SIGKILL');
      },
    }).catch((error: unknown) => error);
    assert.ok(failure instanceof EngineCrashedError, String(failure));
    const { run } = failure;
    assert.ok(run !== null);
    assert.equal(run.status, 'crashed');
    assert.deepEqual(
      run.targets.map(({ id, stages, error }) => [id, stages.length, error?.code]),
      [
        ['one', 1, 'engine_crashed'],
        ['two', 1, 'engine_crashed'],
      ],
    );
    assert.ok(run.targets.every(({ stages }) => (stages[0]?.counts.completed ?? 0) > 0));
  });

  it('keeps what was measured when the engine is killed, and the next run works', async () => {
    const dir = path.join(tempDir(), 'run');
    const stage = stagePlan({ requests: undefined, durationMs: 30_000, slos: [sloPlan()] });
    const plan = runPlan(dir, {
      targets: [targetPlan({ cases: [casePlan()], stages: [stage] })],
    });
    let killed = false;
    const failure = await execute(plan, {
      onEvents: (events, engine) => {
        const enough = events.some(
          (event) => event.type === 'tick' && event.stage === 'steady' && event.counts.completed >= 5,
        );
        if (!enough || killed || engine.pid === undefined) return;
        killed = true;
        process.kill(engine.pid, 'SIGKILL');
      },
    }).catch((error: unknown) => error);
    assert.ok(failure instanceof EngineCrashedError, String(failure));
    assert.match(failure.message, /SIGKILL/);
    const { run } = failure;
    assert.equal(run?.status, 'crashed');
    assert.equal(run?.verdict, 'error');
    assert.equal(run?.targets[0]?.quality?.passed, 1);
    const steady = run?.targets[0]?.stages.find((stage) => stage.name === 'steady');
    const onDisk = (await all(readRequests(dir))).filter((record) => record.stage === 'steady');
    assert.ok(onDisk.length >= 5);
    assert.equal(steady?.counts.completed, onDisk.length);
    assert.equal(steady?.metrics.ttft?.n, onDisk.length);
    assert.deepEqual(await readRun(dir), run);

    const next = await execute(
      runPlan(path.join(tempDir(), 'run'), { targets: [targetPlan({ stages: [stagePlan()] })] }),
    );
    assert.equal(next.run.status, 'completed');
  });

  it('ends within moments of a cancel, and keeps what was measured', async () => {
    const dir = path.join(tempDir(), 'run');
    const controller = new AbortController();
    const stage = stagePlan({ requests: undefined, durationMs: 30_000 });
    const { run } = await execute(
      runPlan(dir, { targets: [targetPlan({ stages: [stage] })] }),
      {
        onEvents: (events) => {
          if (events.some((event) => event.type === 'tick' && event.counts.completed >= 3)) controller.abort();
        },
      },
      controller.signal,
    );
    assert.equal(run.status, 'stopped');
    assert.equal(run.status_reason, 'cancelled');
    const counts = run.targets[0]?.stages[0]?.counts;
    assert.ok(counts !== undefined && counts.completed >= 3);
    assert.equal(counts.completed + counts.cancelled + counts.failed, counts.scheduled);
  });

  it('leaves answers that a cancel cut off out of the quality, and never passes what was not measured', async () => {
    const dir = path.join(tempDir(), 'run');
    const controller = new AbortController();
    const endpoint = endpointPlan({
      sim: { ttftMs: 20, itlMs: 200, jitter: 0, outputTokens: 3, maxRunning: 1, answer: 'echo' },
    });
    const cases = [casePlan({ repeat: 20, assertions: [contains('blue')] })];
    const { run } = await execute(
      runPlan(dir, { targets: [targetPlan({ endpoint, cases, concurrency: 2 })] }),
      {
        onEvents: (events) => {
          if (events.some((event) => event.type === 'case-finished')) controller.abort();
        },
      },
      controller.signal,
    );
    const quality = run.targets[0]?.quality;
    assert.ok(quality !== undefined && quality !== null && quality.passed >= 1 && quality.skipped >= 1);
    assert.equal(quality.errors + quality.failed, 0);
    assert.equal(quality.pass_rate, 1);
    assert.equal(run.verdict, 'inconclusive');
  });

  it('stops at its budget and keeps what ran so far', async () => {
    const dir = path.join(tempDir(), 'run');
    const stage = stagePlan({ requests: undefined, durationMs: 30_000 });
    const { run } = await execute(runPlan(dir, { budget: { tokens: 60 }, targets: [targetPlan({ stages: [stage] })] }));
    assert.equal(run.status, 'stopped');
    assert.match(run.status_reason ?? '', /^budget: the run used \d+ of 60 tokens/);
    assert.ok((run.targets[0]?.stages[0]?.counts.completed ?? 0) > 0);
  });

  it('finds the highest rate that meets the SLOs, and fails no run for the rates above it', async () => {
    const dir = path.join(tempDir(), 'run');
    // One request at a time for 40 ms each: 25/s is what it can serve, far less within 100 ms.
    const sim = { ttftMs: 40, itlMs: 0.1, jitter: 0, maxRunning: 1, outputTokens: 2 };
    const stage = stagePlan({
      name: 'how much',
      pattern: 'capacity',
      loop: 'open',
      requests: undefined,
      durationMs: 1200,
      capacity: { from: 2, to: 200, precision: 0.5 },
      slos: [sloPlan({ expr: 'ttft.p90 <= 500ms', metric: 'ttft', stat: 'p90', limit: 500 })],
    });
    const endpoint = endpointPlan({ sim, hardware: { costPerHour: 3.6 } });
    const { run } = await execute(runPlan(dir, { targets: [targetPlan({ endpoint, stages: [stage] })] }));
    const curve = run.targets[0]?.curves?.[0];
    assert.ok(curve !== undefined);
    assert.ok(curve.points.length >= 3 && curve.points.length <= 30);
    assert.ok(curve.status === 'found' || curve.status === 'client_limited', curve.conclusion);
    assert.ok(curve.points.some(({ verdict }) => verdict !== 'pass'));
    assert.ok(curve.rate === null || curve.rate < 100, `${curve.rate}/s of a server that takes 25/s`);
    assert.equal(run.targets[0]?.stages.length, curve.points.length);
    assert.ok(run.targets[0]?.stages.every((step) => step.part_of === 'how much'));
    assert.equal(run.verdict, curve.verdict);
    if (curve.cost_per_good !== null) assert.ok(curve.cost_per_good > 0.0000005 && curve.cost_per_good < 0.01);
  });

  it('sweeps from one request at a time to full load and draws the curve between', async () => {
    const dir = path.join(tempDir(), 'run');
    const sim = { ttftMs: 20, itlMs: 1, jitter: 0, maxRunning: 4, outputTokens: 3 };
    const stage = stagePlan({
      name: 'curve',
      pattern: 'sweep',
      loop: 'open',
      requests: undefined,
      durationMs: 600,
      maxConcurrency: 8,
      sweep: { steps: 2, auto: true },
    });
    const { run } = await execute(
      runPlan(dir, { targets: [targetPlan({ endpoint: endpointPlan({ sim }), stages: [stage] })] }),
    );
    const curve = run.targets[0]?.curves?.[0];
    assert.deepEqual(
      run.targets[0]?.stages.map((step) => step.pattern),
      ['sync', 'throughput', 'constant', 'constant'],
    );
    const [alone, together, ...between] = curve?.points ?? [];
    assert.ok(alone !== undefined && together !== undefined && between.length === 2);
    for (const { rate } of between) assert.ok(rate !== null && rate > alone.rps && rate < together.rps);
    assert.equal(curve?.status, 'done');
    assert.equal(run.verdict, 'pass', 'nothing was asked of it');
    assert.ok(run.targets[0]?.stages[1]?.phases !== undefined);
  });

  it('counts an endpoint that is not there as an error of its target and goes on with the next', async () => {
    const dir = path.join(tempDir(), 'run');
    const gone = endpointPlan({ name: 'gone', api: 'openai-chat', url: 'http://127.0.0.1:1/v1' });
    const { run } = await execute(
      runPlan(dir, {
        targets: [
          targetPlan({
            id: 'gone',
            endpoint: gone,
            cases: [casePlan({ assertions: [contains('x')] })],
            stages: [stagePlan()],
          }),
          targetPlan({ stages: [stagePlan()] }),
        ],
      }),
    );
    assert.equal(run.targets[0]?.verdict, 'error');
    assert.equal(run.targets[0]?.error?.code, 'endpoint_unreachable');
    assert.equal(run.targets[0]?.quality?.errors, 1);
    assert.equal(run.targets[1]?.stages[0]?.counts.completed, 4);
    assert.equal(run.verdict, 'error');
  });

  it('refuses a results folder that cannot be made', async () => {
    const file = path.join(tempDir(), 'file');
    fs.writeFileSync(file, '');
    await assert.rejects(execute(runPlan(path.join(file, 'run'))), { code: 'results_write', message: /file.run/ });
  });

  it('counts the tokens of a server that does not, with a tokenizer', async () => {
    const http = await import('node:http');
    const server = http.createServer((request, response) => {
      request.resume().on('end', () => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        for (const content of ['The quick brown fox ', 'jumps over the lazy dog']) {
          response.write(`data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`);
        }
        response.end('data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const dir = path.join(tempDir(), 'run');
    const endpoint = endpointPlan({ api: 'openai-chat', url: `http://127.0.0.1:${port}/v1` });
    const { run } = await execute(
      runPlan(dir, { targets: [targetPlan({ endpoint, cases: [casePlan()], stages: [stagePlan()] })] }),
    );
    server.close();
    const records = await all(readRequests(dir));
    assert.equal(records.length, 5);
    // Nine words that are one token each, in two events: the number of events would be wrong.
    for (const record of records) assert.deepEqual([record.output_tokens, record.tokens_source], [9, 'tokenizer']);
    assert.deepEqual(run.targets[0]?.stages[1]?.tokens_source, ['tokenizer']);
  });

  it('never writes, sends or says a key', async () => {
    const key = 'sk-canary-0123456789';
    const http = await import('node:http');
    // An endpoint that gives away what it was sent, in an error and in an answer.
    const server = http.createServer((request, response) => {
      const sent = request.headers.authorization ?? '';
      request.resume().on('end', () => {
        if (request.headers['x-request-id'] === 'sim/steady/0') {
          response.writeHead(401, { 'content-type': 'application/json' });
          response.end(JSON.stringify({ error: { message: `Incorrect API key provided: ${sent}` } }));
          return;
        }
        const delta = JSON.stringify({ choices: [{ delta: { content: `you sent ${sent}` }, finish_reason: 'stop' }] });
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.end(`data: ${delta}\n\ndata: [DONE]\n\n`);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const dir = path.join(tempDir(), 'run');
    const endpoint = endpointPlan({ api: 'openai-chat', url: `http://127.0.0.1:${port}/v1`, apiKeyEnv: 'SOME_KEY' });
    const cases = [
      casePlan({ assertions: [contains('you sent')] }),
      casePlan({ pointer: '/cases/1', id: 'b', assertions: [contains('nothing')] }),
    ];
    const { run, events } = await execute(
      runPlan(dir, { targets: [targetPlan({ endpoint, cases, stages: [stagePlan()] })] }),
      {
        secrets: { sim: key },
      },
    );
    server.close();
    assert.equal(run.targets[0]?.quality?.passed, 1, 'the key arrived, so the server could answer');
    assert.equal(run.targets[0]?.stages[1]?.errors[0]?.kind, 'http_401');
    const said = [
      JSON.stringify(run),
      JSON.stringify(events),
      ...fs.readdirSync(dir).map((file) => fs.readFileSync(path.join(dir, file), 'utf8')),
    ];
    for (const text of said)
      assert.ok(
        !text.includes('canary'),
        text.slice(Math.max(0, text.indexOf('canary') - 100), text.indexOf('canary') + 100),
      );
    assert.ok(said.some((text) => text.includes('[redacted]')));
  });
});
