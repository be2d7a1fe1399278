import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { StagePlan } from '../../../src/protocol/plan';
import { plan, planned } from './planning';

const HEAD = 'prompt: hi\ncases: [{ name: a }, { name: b }]\n';

async function stage(yaml: string, head = HEAD, path?: string): Promise<StagePlan> {
  const result = await planned(`${head}load:\n  - ${yaml}\n`, path === undefined ? {} : { path });
  const found = result.targets[0]?.stages[0];
  assert.ok(found !== undefined);
  return found;
}

/** The diagnostics of a stage as `code at text`. */
async function problems(yaml: string, head = HEAD, path?: string): Promise<string[]> {
  const text = `${head}load:\n  - ${yaml}\n`;
  const { document, diagnostics } = await plan(text, path === undefined ? {} : { path });
  const lines = text.split('\n');
  return [...document.diagnostics, ...diagnostics].map(({ code, range: { start, end } }) => {
    const marked = lines[start.line]?.slice(start.character, end.line === start.line ? end.character : undefined);
    return `${code} at ${marked}`;
  });
}

describe('the plan of a load pattern', () => {
  it('throughput: as many users as it may have', async () => {
    const { pattern, loop, maxConcurrency, requests } = await stage(
      '{ pattern: throughput, max_concurrency: 48, requests: 9 }',
    );
    assert.deepEqual([pattern, loop, maxConcurrency, requests], ['throughput', 'closed', 48, 9]);
  });

  it('ramp: of rates in an open loop, of users in a closed one, up or down', async () => {
    const rates = await stage('{ pattern: ramp, from: 120/min, to: 8/s, duration: 10s, shape: exponential }');
    assert.deepEqual([rates.loop, rates.ramp], ['open', { from: 2, to: 8, shape: 'exponential' }]);
    const users = await stage('{ pattern: ramp, from: 2000, to: 1, duration: 10s }');
    assert.deepEqual([users.loop, users.ramp], ['closed', { from: 2000, to: 1, shape: 'linear' }]);
    assert.equal(users.maxConcurrency, 2000);
  });

  it('burst and gamma', async () => {
    const { burst, loop } = await stage(
      '{ pattern: burst, base: 0/s, peak: 60/min, every: 10s, for: 2s, requests: 5 }',
    );
    assert.deepEqual([burst, loop], [{ base: 0, peak: 1, everyMs: 10_000, forMs: 2000 }, 'open']);
    const gamma = await stage('{ pattern: gamma, rate: 4/s, burstiness: 0.3, duration: 2s }');
    assert.deepEqual([gamma.rate, gamma.burstiness], [4, 0.3]);
  });

  it('sweep: given, of users, auto, and auto where nothing is given', async () => {
    const given = await stage('{ pattern: sweep, from: 1/s, to: 9/s, steps: 3, duration: 5s }');
    assert.deepEqual([given.loop, given.sweep], ['open', { from: 1, to: 9, steps: 3, auto: false }]);
    const users = await stage('{ pattern: sweep, from: 1, to: 64, duration: 5s }');
    assert.deepEqual([users.loop, users.sweep], ['closed', { from: 1, to: 64, steps: 5, auto: false }]);
    for (const extra of ['auto: true, ', '']) {
      const auto = await stage(`{ pattern: sweep, ${extra}duration: 5s }`);
      assert.deepEqual(auto.sweep, { steps: 5, auto: true });
    }
  });

  it('capacity: with a precision of 5% where none is given', async () => {
    const { capacity, loop } = await stage('{ pattern: capacity, from: 2/s, duration: 5s }');
    assert.deepEqual([loop, capacity], ['open', { from: 2, precision: 0.05 }]);
    const fine = await stage('{ pattern: capacity, to: 2/s, precision: 1%, duration: 5s }');
    assert.deepEqual(fine.capacity, { to: 2, precision: 0.01 });
  });

  it('synthetic prompts need neither prompt nor cases, and sessions are in ms', async () => {
    const yaml =
      '{ pattern: poisson, rate: 1/s, duration: 5s, input_tokens: { mean: 64, stdev: 8 }, output_tokens: { mean: 9 }, prefix: { tokens: 16 }, cache: cold, sessions: { turns: 4, think_time: 2s } }';
    const { synthetic, sessions, requestPool } = await stage(yaml, '');
    assert.deepEqual(synthetic, {
      inputTokens: { mean: 64, stdev: 8 },
      outputTokens: { mean: 9 },
      prefix: { tokens: 16, pool: 1 },
      cache: 'cold',
    });
    assert.deepEqual([sessions, requestPool], [{ turns: 4, thinkTimeMs: 2000 }, []]);
  });

  it('synthetic prompts leave the cases to the quality, unless the stage asks for them', async () => {
    const own = await stage('{ pattern: sync, requests: 2, input_tokens: { mean: 64 } }');
    assert.equal(own.requestPool.length, 0);
    const yaml = '{ pattern: sync, requests: 2, input_tokens: { mean: 64 }, cases: random }';
    assert.equal((await stage(yaml)).requestPool.length, 2);
    assert.deepEqual(await problems(yaml), ['unused-key at { mean: 64 }']);
    const lengths = await stage('{ pattern: sync, requests: 2, output_tokens: { mean: 64 } }');
    assert.deepEqual([lengths.requestPool.length, lengths.synthetic?.outputTokens], [2, { mean: 64 }]);
    assert.equal((await stage('{ pattern: sync, requests: 2, cache: warm }')).synthetic, undefined);
  });

  it('says at its place what cannot be kept', async () => {
    const expected: [yaml: string, ...found: string[]][] = [
      ['{ pattern: constant, rate: 0/s, duration: 5s }', 'out-of-range at 0/s'],
      ['{ pattern: poisson, rate: 1000000000/s, duration: 5s }', 'out-of-range at 1000000000/s'],
      ['{ pattern: ramp, from: 0/s, to: 4/s, duration: 5s, shape: exponential }', 'out-of-range at 0/s'],
      ['{ pattern: ramp, from: 4, to: 4/s, duration: 5s }', 'wrong-type at 4/s'],
      ['{ pattern: sweep, from: 8/s, to: 4/s, duration: 5s }', 'out-of-range at 4/s'],
      ['{ pattern: sweep, from: 8/s, duration: 5s }', 'missing-key at 8/s'],
      ['{ pattern: sweep, auto: true, from: 8/s, duration: 5s }', 'conflicting-keys at 8/s'],
      ['{ pattern: capacity, from: 8/s, to: 4/s, duration: 5s }', 'out-of-range at 4/s'],
      ['{ pattern: capacity, from: 8, duration: 5s }', 'wrong-type at 8'],
      ['{ pattern: capacity, precision: 0%, duration: 5s }', 'out-of-range at 0%'],
      ['{ pattern: capacity, precision: 80%, duration: 5s }', 'out-of-range at 80%'],
      ['{ pattern: burst, base: 1/s, peak: 2/s, every: 2s, for: 3s, duration: 5s }', 'out-of-range at 3s'],
      ['{ pattern: burst, base: 1/s, peak: 0/s, every: 2s, for: 1s, duration: 5s }', 'out-of-range at 0/s'],
      ['{ pattern: throughput }', 'missing-key at throughput'],
      ['{ pattern: sweep }', 'missing-key at sweep'],
      ['{ pattern: capacity }', 'missing-key at capacity'],
      ['{ pattern: sync, duration: 5s, warmup: 3s, cooldown: 2s }', 'nothing-measured at 3s'],
      ['{ pattern: sync, requests: 1, input_tokens: { mean: 5, min: 9 } }', 'out-of-range at input_tokens'],
      ['{ pattern: capacity, duration: 5s, sessions: { turns: 2 } }', 'conflicting-keys at sessions'],
    ];
    for (const [yaml, ...found] of expected) assert.deepEqual(await problems(yaml), found, yaml);
  });

  it('lets a ramp go down', async () => {
    assert.deepEqual(await problems('{ pattern: ramp, from: 8/s, to: 4/s, duration: 5s }'), []);
  });
});

describe('the file of every pattern', () => {
  it('is planned without a complaint', async () => {
    const path = resolve(__dirname, '../../fixtures/load/patterns.eval.yaml');
    const { plan: result, diagnostics, document } = await plan(await readFile(path, 'utf8'), { path });
    assert.deepEqual([...document.diagnostics, ...diagnostics], []);
    const patterns = new Set(result?.targets[0]?.stages.map(({ pattern }) => pattern));
    assert.deepEqual([...patterns].sort(), [
      'burst',
      'capacity',
      'concurrent',
      'gamma',
      'poisson',
      'ramp',
      'sweep',
      'sync',
      'throughput',
      'trace',
    ]);
  });
});

describe('the plan of a trace', () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'promptrig-trace-'));
    await writeFile(join(dir, 'good.csv'), 'timestamp_ms,input_tokens,output_tokens\n0,1,1\n500,2,2\n1000,3,3\n');
    await writeFile(join(dir, 'bad.csv'), 'timestamp_ms,input_tokens,output_tokens\n0,1,1\n-5,2,2\n');
    await writeFile(join(dir, 'unsorted.csv'), 'timestamp_ms,input_tokens,output_tokens\n9,1,1\n0,2,2\n');
  });
  after(() => rm(dir, { recursive: true, force: true }));
  const file = () => join(dir, 'x.eval.yaml');

  it('has its path, its speed and its length', async () => {
    const { trace, durationMs, requests, loop, requestPool } = await stage(
      '{ pattern: trace, trace: "file://good.csv", speed: 2x }',
      HEAD,
      file(),
    );
    assert.deepEqual(trace, { path: join(dir, 'good.csv'), speed: 2 });
    // Two gaps of 250 ms, and one more for the last row.
    assert.deepEqual([durationMs, requests, loop, requestPool.length], [750, undefined, 'open', 0]);
  });

  it('ends before the trace does where it is told to, and may send cases at its times', async () => {
    const cut = await stage('{ pattern: trace, trace: "file://good.csv", duration: 600ms, requests: 2 }', HEAD, file());
    assert.deepEqual([cut.durationMs, cut.requests], [600, 2]);
    const noCases = await stage('{ pattern: trace, trace: "file://good.csv", cases: random }', '', file());
    assert.equal(noCases.requestPool.length, 0);
    assert.equal(
      (await stage('{ pattern: trace, trace: "file://good.csv", cases: random }', HEAD, file())).requestPool.length,
      2,
    );
  });

  it('is refused at its place where the file is missing, wrong, or too short to measure', async () => {
    const found = (name: string, more = '') =>
      problems(`{ pattern: trace, trace: "file://${name}"${more} }`, HEAD, file());
    assert.deepEqual(await found('none.csv'), ['missing-file at "file://none.csv"']);
    assert.deepEqual(await found('bad.csv'), ['bad-file at "file://bad.csv"']);
    const { diagnostics } = await plan(`${HEAD}load: { pattern: trace, trace: "file://bad.csv" }\n`, { path: file() });
    assert.match(diagnostics[0]?.message ?? '', /bad\.csv:3: .*negative/);
    assert.deepEqual(await found('unsorted.csv'), ['trace at "file://unsorted.csv"']);
    assert.deepEqual(await found('good.csv', ', warmup: 2s'), [
      'nothing-measured at { pattern: trace, trace: "file://good.csv", warmup: 2s }',
    ]);
    assert.deepEqual(await found('good.csv', ', speed: 0x'), ['out-of-range at 0x']);
    assert.deepEqual(await found('good.csv', ', output_tokens: { mean: 4 }'), ['unused-key at output_tokens']);
  });
});
