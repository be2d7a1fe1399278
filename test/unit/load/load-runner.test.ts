import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { EndpointPlan } from '../../../src/protocol/plan';
import type { RequestRecord } from '../../../src/protocol/run-json';
import { LoadRunner } from '../../../src/core/load/load-runner';
import type { EndedRequest, LoadTarget, StageJob, StageListener } from '../../../src/core/load/types';
import { monotonicMs } from '../../../src/core/util/clock';
import { PromptrigError } from '../../../src/core/util/errors';
import { stageOf } from './stage';

const event = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

type Handler = (body: { messages: { content: string }[] }, response: http.ServerResponse, count: number) => void;

const answer: Handler = (body, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(event({ content: `echo ${body.messages.at(-1)?.content}` }));
  setTimeout(() => response.end(`${event({ content: '!' })}${event({}, 'stop')}data: [DONE]\n\n`), 5);
};

/** Records what a listener hears. */
function listen() {
  const heard = { origins: [] as number[], ended: [] as EndedRequest[], deltas: [] as string[], lives: 0 };
  const listener: StageListener = {
    onStart: (originMs) => heard.origins.push(originMs),
    onEnded: (batch) => void heard.ended.push(...batch),
    onAnswerDelta: (pointer, repeat, text) => heard.deltas.push(`${pointer}#${repeat} ${text}`),
    onLive: () => heard.lives++,
  };
  return { heard, listener };
}

describe('LoadRunner', function () {
  this.timeout(20_000);
  let dir: string;
  let workerEntry: string;
  const closers: (() => Promise<void> | void)[] = [];

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'promptrig-worker-'));
    workerEntry = join(dir, 'worker.js');
    await build({
      entryPoints: ['src/engine/worker.ts'],
      bundle: true,
      platform: 'node',
      format: 'cjs',
      outfile: workerEntry,
      logLevel: 'silent',
    });
  });
  after(() => rm(dir, { recursive: true, force: true }));
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function serve(handler: Handler): Promise<{ url: string; requests: () => number; connections: () => number }> {
    let requests = 0;
    let connections = 0;
    const server = http.createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () =>
        handler(JSON.parse(Buffer.concat(chunks).toString()) as Parameters<Handler>[0], response, ++requests),
      );
    });
    server.on('connection', () => connections++);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    return { url, requests: () => requests, connections: () => connections };
  }

  function runnerOf(options: { workers?: number; entry?: string } = {}): LoadRunner {
    const runner = new LoadRunner({
      workerEntry: options.entry ?? workerEntry,
      workers: options.workers,
      clockOriginMs: monotonicMs() - 5_000,
    });
    closers.push(() => runner.close());
    return runner;
  }

  function targetOf(url: string, endpoint: Partial<EndpointPlan> = {}): LoadTarget {
    return {
      id: 't',
      endpoint: {
        name: 'ep',
        api: 'openai-chat',
        url,
        model: 'm',
        headers: {},
        timeout: { connectMs: 2000, firstTokenMs: 5000, idleMs: 5000, totalMs: 10_000 },
        retryAttempts: 0,
        ...endpoint,
      },
      params: { max_tokens: 2 },
      apiKey: 'sk-secret',
    };
  }

  const never = () => new AbortController().signal;
  const load = (changes: Parameters<typeof stageOf>[0], seed = 1): StageJob => ({
    kind: 'load',
    seed,
    stage: stageOf(changes),
  });
  const indices = (records: RequestRecord[]) => records.map(({ index }) => index).sort((a, b) => a - b);

  it('opens connections ahead, and sends nothing until a stage runs', async () => {
    const { url, requests, connections } = await serve(answer);
    await runnerOf().open(targetOf(url), 6, never());
    // A connection is open for the client before the server's own thread has come to accept it.
    for (let i = 0; i < 200 && connections() < 6; i++) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual([requests(), connections()], [0, 6]);
  });

  it('runs an open loop to its end over several workers, each arrival once', async () => {
    const { url, connections } = await serve(answer);
    const runner = runnerOf({ workers: 2 });
    await runner.open(targetOf(url), 8, never());
    const { heard, listener } = listen();
    const pool = ['a', 'b', 'c'].map((content, i) => ({
      casePointer: `/cases/${i}`,
      messages: [{ role: 'user' as const, content }],
      weight: 1,
    }));
    const outcome = await runner.run(
      't',
      'steady',
      load({ pattern: 'poisson', rate: 100, requests: 60, requestPool: pool, warmupMs: 100 }),
      listener,
      never(),
    );

    const records = heard.ended.map(({ record }) => record);
    assert.deepEqual(
      indices(records),
      Array.from({ length: 60 }, (_, i) => i),
    );
    assert.ok(records.every(({ outcome: each }) => each === 'completed'));
    assert.equal(outcome.scheduled, 60);
    assert.equal(outcome.client.workers, 2);
    assert.equal(outcome.client.limited, false);
    assert.ok(
      outcome.concurrencyMax >= 1 && outcome.concurrencyMean > 0 && outcome.concurrencyMean <= outcome.concurrencyMax,
    );
    assert.deepEqual(heard.origins, [outcome.originMs]);
    assert.ok(outcome.endMs > outcome.originMs);
    assert.ok(connections() >= 8);

    const origin = outcome.originMs - (monotonicMs() - 5_000);
    assert.ok(Math.abs(origin) < 10_000, 'instants count from the clock origin');
    for (const record of records) {
      assert.equal(record.id, `t/steady/${record.index}`);
      assert.equal(record.case, `/cases/${record.index % 3}`);
      assert.ok(record.sent !== null && record.sent >= record.scheduled, 'never sent before its time');
      assert.ok(record.first !== null && record.first > record.sent);
    }
    const byIndex = [...records].sort((a, b) => a.index - b.index);
    assert.ok(byIndex.every((record, i) => i === 0 || record.scheduled >= (byIndex[i - 1]?.scheduled ?? 0)));
    const phases = new Set(records.map(({ phase }) => phase));
    assert.deepEqual([...phases].sort(), ['measured', 'warmup']);
    assert.equal(heard.ended[0]?.answer, undefined);
  });

  it('has the same schedule for the same seed, whatever the number of workers', async () => {
    const { url } = await serve(answer);
    const schedules: number[][] = [];
    for (const workers of [1, 2]) {
      const runner = runnerOf({ workers });
      await runner.open(targetOf(url), 4, never());
      const { heard, listener } = listen();
      const outcome = await runner.run(
        't',
        's',
        load({ pattern: 'poisson', rate: 200, requests: 30 }, 7),
        listener,
        never(),
      );
      const zero = heard.ended.map(({ record }) => record).sort((a, b) => a.index - b.index);
      schedules.push(zero.map((record) => record.scheduled - (zero[0]?.scheduled ?? 0)));
      assert.equal(outcome.scheduled, 30);
    }
    const [one, two] = schedules;
    assert.equal(one?.length, 30);
    for (const [i, at] of (one ?? []).entries()) assert.ok(Math.abs(at - (two?.[i] ?? 0)) < 0.003, `arrival ${i}`);
  });

  it('runs closed loops, with a request count that is exact over workers', async () => {
    const { url } = await serve(answer);
    const runner = runnerOf({ workers: 2 });
    await runner.open(targetOf(url), 5, never());
    for (const [pattern, concurrency] of [
      ['sync', 1],
      ['concurrent', 5],
      ['throughput', 4],
    ] as const) {
      const { heard, listener } = listen();
      const stage = load({
        pattern,
        loop: 'closed',
        concurrency,
        requests: 23,
        maxConcurrency: pattern === 'throughput' ? 4 : 256,
      });
      const outcome = await runner.run('t', pattern, stage, listener, never());
      assert.deepEqual(
        indices(heard.ended.map(({ record }) => record)),
        Array.from({ length: 23 }, (_, i) => i),
      );
      assert.equal(outcome.concurrencyMax, concurrency, pattern);
    }
  });

  it('cancels promptly: what is in flight ends as cancelled, the outcome covers the rest', async () => {
    const { url } = await serve((_body, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(event({ content: 'a' }));
    });
    const runner = runnerOf();
    await runner.open(targetOf(url), 10, never());
    const { heard, listener } = listen();
    const controller = new AbortController();
    let abortedMs = 0;
    setTimeout(() => {
      abortedMs = monotonicMs();
      controller.abort();
    }, 400);
    const outcome = await runner.run(
      't',
      's',
      load({ rate: 50, durationMs: 60_000, maxConcurrency: 6 }),
      listener,
      controller.signal,
    );
    assert.ok(monotonicMs() - abortedMs < 1_500, `took ${monotonicMs() - abortedMs} ms`);
    const records = heard.ended.map(({ record }) => record);
    assert.equal(records.length, outcome.scheduled);
    assert.ok(records.every((record) => record.outcome === 'cancelled' && record.error?.kind === 'cancelled'));
    const inFlight = records.filter((record) => record.first !== null);
    assert.equal(inFlight.length, 6);
    assert.ok(
      records.some((record) => record.sent === null && record.socket_wait !== undefined),
      'those that waited for a slot are among them',
    );
    assert.ok(heard.lives > 0);
  });

  it('ends at once when it is cancelled before it starts', async () => {
    const { url, requests } = await serve(answer);
    const runner = runnerOf();
    await runner.open(targetOf(url), 1, never());
    const controller = new AbortController();
    controller.abort();
    const { heard, listener } = listen();
    const outcome = await runner.run('t', 's', load({ rate: 10, durationMs: 60_000 }), listener, controller.signal);
    assert.deepEqual([outcome.scheduled, heard.ended.length, requests()], [0, 0, 0]);
  });

  it('replays a trace from one reading of the file, over several workers', async () => {
    const asked: { max_tokens: number; length: number }[] = [];
    const { url } = await serve((body, response, count) => {
      const { max_tokens, messages } = body as unknown as { max_tokens: number; messages: { content: string }[] };
      asked.push({ max_tokens, length: messages[0]?.content.length ?? 0 });
      answer(body, response, count);
    });
    const path = join(dir, 'trace.jsonl');
    const rows = Array.from({ length: 20 }, (_, i) => ({
      timestamp: i * 20,
      input_length: 10 + i,
      output_length: 1 + i,
    }));
    await writeFile(path, rows.map((row) => JSON.stringify(row)).join('\n'));
    const runner = runnerOf({ workers: 2 });
    await runner.open(targetOf(url), 4, never());
    const { heard, listener } = listen();
    const stage = { pattern: 'trace', trace: { path, speed: 2 }, requestPool: [] } as const;
    const outcome = await runner.run('t', 's', load({ ...stage, requestPool: [] }), listener, never());
    assert.equal(outcome.scheduled, 20);
    const records = heard.ended.map(({ record }) => record).sort((a, b) => a.index - b.index);
    for (const [i, record] of records.entries()) {
      assert.ok(Math.abs(record.scheduled - (records[0]?.scheduled ?? 0) - i * 10) < 0.01);
      assert.equal(record.phase, 'measured');
    }
    asked.sort((a, b) => a.max_tokens - b.max_tokens);
    assert.deepEqual(
      asked.map(({ max_tokens }) => max_tokens),
      Array.from({ length: 20 }, (_, i) => 1 + i),
    );
    assert.ok((asked[19]?.length ?? 0) > (asked[0]?.length ?? 0));

    const missing = load({ ...stage, trace: { path: join(dir, 'none.csv'), speed: 1 }, requestPool: [] });
    await assert.rejects(runner.run('t', 's', missing, listener, never()), { code: 'not_found', message: /none\.csv/ });
    const tooShort = load({ ...stage, warmupMs: 10_000, requestPool: [] });
    await assert.rejects(runner.run('t', 's', tooShort, listener, never()), { code: 'usage', message: /warm-up/ });
  });

  it('refuses more connections than files may be open, before anything is sent', async () => {
    const { url, requests } = await serve(answer);
    const runner = new LoadRunner({
      workerEntry,
      clockOriginMs: monotonicMs(),
      openFiles: () => Promise.resolve(256),
    });
    closers.push(() => runner.close());
    await runner.open(targetOf(url), 2, never());
    const flood = load({ pattern: 'concurrent', loop: 'closed', concurrency: 500, maxConcurrency: 500, requests: 500 });
    await assert.rejects(runner.run('t', 'flood', flood, listen().listener, never()), {
      code: 'usage',
      message: /500 connections.*256 files.*ulimit -n/,
    });
    assert.equal(requests(), 0);
    const { heard, listener } = listen();
    await runner.run('t', 's', load({ rate: 100, requests: 2, maxConcurrency: 1024 }), listener, never());
    assert.equal(heard.ended.length, 2);
    assert.match(runner.notes.join(), /at most 128 requests are in flight/);
  });

  it('ends on a server that takes every request and answers nothing', async () => {
    const { url } = await serve(() => undefined);
    const timeout = { connectMs: 1000, firstTokenMs: 150, idleMs: 150, totalMs: 300 };
    for (const stage of [
      load({ rate: 50, durationMs: 300, maxConcurrency: 4 }),
      load({ pattern: 'concurrent', loop: 'closed', concurrency: 3, durationMs: 300 }),
      load({
        pattern: 'concurrent',
        loop: 'closed',
        concurrency: 2,
        durationMs: 300,
        sessions: { turns: 3, thinkTimeMs: 10 },
      }),
    ]) {
      const runner = runnerOf();
      await runner.open(targetOf(url, { timeout }), 4, never());
      const { heard, listener } = listen();
      const outcome = await runner.run('t', 's', stage, listener, never());
      assert.equal(heard.ended.length, outcome.scheduled);
      assert.ok(outcome.scheduled > 0);
      assert.ok(heard.ended.every(({ record }) => record.outcome === 'timed_out' && record.first === null));
    }
  });

  it('asks cases, keeps their texts, and tells their text as it comes', async () => {
    const { url } = await serve(answer);
    const runner = runnerOf();
    await runner.open(targetOf(url), 2, never());
    const { heard, listener } = listen();
    const requests = ['x', 'y'].flatMap((content, i) =>
      [0, 1].map((repeat) => ({ pointer: `/cases/${i}`, repeat, messages: [{ role: 'user' as const, content }] })),
    );
    const outcome = await runner.run(
      't',
      'cases',
      { kind: 'cases', concurrency: 2, requests, retryAttempts: 0 },
      listener,
      never(),
    );
    assert.equal(outcome.scheduled, 4);
    const answers = heard.ended
      .map((ended) => `${ended.record.case}#${ended.record.repeat} ${ended.answer?.text}`)
      .sort();
    assert.deepEqual(answers, ['/cases/0#0 echo x!', '/cases/0#1 echo x!', '/cases/1#0 echo y!', '/cases/1#1 echo y!']);
    assert.ok(heard.ended.every(({ record }) => record.phase === 'measured'));
    const streamed = heard.deltas
      .filter((line) => line.startsWith('/cases/1#1 '))
      .map((line) => line.slice('/cases/1#1 '.length));
    assert.equal(streamed.join(''), 'echo y!');
    assert.ok(outcome.concurrencyMax <= 2);
  });

  it('tries a case again where that may help, and not otherwise', async () => {
    const { url, requests } = await serve((body, response, count) => {
      const text = body.messages.at(-1)?.content;
      if (text === 'forbidden') response.writeHead(403).end();
      else if (count % 3 !== 0) response.writeHead(503, { 'retry-after': '0' }).end();
      else answer(body, response, count);
    });
    const runner = runnerOf();
    await runner.open(targetOf(url), 1, never());
    const ask = async (content: string) => {
      const { heard, listener } = listen();
      const job: StageJob = {
        kind: 'cases',
        concurrency: 1,
        requests: [{ pointer: '/cases/0', repeat: 0, messages: [{ role: 'user', content }] }],
        retryAttempts: 2,
      };
      await runner.run('t', 'cases', job, listener, never());
      return heard.ended.map(({ record }) => [record.outcome, record.error?.kind, record.attempts]);
    };
    assert.deepEqual(await ask('x'), [['completed', undefined, 3]]);
    assert.equal(requests(), 3);
    assert.deepEqual(await ask('forbidden'), [['failed', 'http_403', undefined]]);
    assert.equal(requests(), 4);
  });

  it('says that an endpoint cannot be reached', async () => {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await assert.rejects(
      runnerOf().open(targetOf(`http://127.0.0.1:${port}/v1`), 4, never()),
      (error) =>
        error instanceof PromptrigError &&
        error.code === 'endpoint_unreachable' &&
        error.message.includes(String(port)) &&
        error.reason === 'connection_refused',
    );
  });

  it('refuses what it cannot do yet, by name', async () => {
    const is = (code: string, part: string) => (error: unknown) =>
      error instanceof PromptrigError && error.code === code && error.message.includes(part);
    const runner = runnerOf();
    await assert.rejects(
      runner.open(targetOf('http://x', { proxy: 'socks://p' }), 1, never()),
      is('usage', 'proxy must begin with http'),
    );
    await assert.rejects(
      runner.open(targetOf('http://x', { api: 'vscode-lm' }), 1, never()),
      is('unsupported', 'in the editor'),
    );
    await assert.rejects(runner.open(targetOf('ftp://x'), 1, never()), is('usage', 'http'));
    const tls = { caPath: join(dir, 'none.pem'), rejectUnauthorized: true };
    await assert.rejects(runner.open(targetOf('https://x', { tls }), 1, never()), is('unreadable', 'none.pem'));
    const { url } = await serve(answer);
    await runner.open(targetOf(url), 1, never());
    const run = (job: StageJob) => runner.run('t', 's', job, listen().listener, never());
    await assert.rejects(run(load({ rate: 1e9, requests: 1 })), is('usage', 'rate'));
    await assert.rejects(run(load({ rate: 1, requests: 1, requestPool: [] })), is('usage', 'nothing to send'));
    await assert.rejects(run(load({ rate: 1 })), is('usage', 'never ends'));
    await assert.rejects(run(load({ pattern: 'trace', requests: 1 })), is('usage', 'which trace'));
  });

  it('keeps what was delivered when a worker dies, says so, and works again afterwards', async () => {
    // A worker that kills itself when a file appears beside it.
    const flag = join(dir, 'die');
    const entry = join(dir, 'mortal.js');
    await writeFile(
      entry,
      `const fs = require('node:fs');
       setInterval(() => { if (fs.existsSync(${JSON.stringify(flag)})) throw new Error('killed by the test'); }, 20);
       require(${JSON.stringify(workerEntry)});`,
    );
    const { url } = await serve(answer);
    const runner = runnerOf({ entry });
    await runner.open(targetOf(url), 4, never());
    const { heard, listener } = listen();
    const job = load({ rate: 100, durationMs: 30_000 });
    const timer = setTimeout(() => void writeFile(flag, ''), 300);
    await assert.rejects(
      runner.run('t', 's', job, listener, never()),
      (error) =>
        error instanceof PromptrigError &&
        error.code === 'engine_crashed' &&
        error.reason?.includes('killed by the test') === true,
    );
    clearTimeout(timer);
    assert.ok(heard.ended.length > 0);
    await rm(flag);
    const again = listen();
    await runner.run('t', 's', load({ rate: 100, requests: 3 }), again.listener, never());
    assert.equal(again.heard.ended.length, 3);
  });
});
