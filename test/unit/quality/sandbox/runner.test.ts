import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchArguments, launchEnvironment } from '../../../../src/core/quality/sandbox/launch';
import {
  DEFAULT_LIMITS,
  SandboxProcess,
  SandboxStartError,
  type SandboxLimits,
} from '../../../../src/core/quality/sandbox/sandbox-process';
import { SandboxRunner } from '../../../../src/core/quality/sandbox/sandbox-runner';
import { tempDir } from '../../support/temp';
import { bundle, never, reasonOf, request, Runners, SANDBOX_SOURCE, valueOf } from './support';

const transform = { kind: 'transform' } as const;
const STOPPED = 'the run was stopped before the code had ended';

describe('the runner of user code', function () {
  this.timeout(60_000);
  const runners = new Runners();
  let entry: string;
  before(async () => {
    entry = await bundle(SANDBOX_SOURCE);
  });
  after(() => runners.close());

  it('starts nothing where code may not run, and says how to allow it', async () => {
    const refused = new SandboxRunner({ entry: '/no/such/entry.js', allow: false, refusal: 'trust this folder first' });
    assert.deepEqual(await refused.run(request('true'), never), { kind: 'skipped', reason: 'trust this folder first' });
    const silent = new SandboxRunner({ entry: '/no/such/entry.js', allow: false });
    const reply = await silent.run(request('true'), never);
    assert.ok(reply.kind === 'skipped' && /trust the workspace.*--allow-code/.test(reply.reason));
    await refused.dispose();
    await silent.dispose();
  });

  it('says that the process cannot be started, for every call', async () => {
    const broken = join(tempDir(), 'broken.js');
    writeFileSync(broken, 'throw new Error("out of order")');
    const runner = await runners.make({ entry: broken });
    const expected = /^the process for user code could not be started: it ended with exit code \d+: .*out of order/;
    assert.match(reasonOf(await runner.run(request('true'), never)), expected);
    assert.match(reasonOf(await runner.run(request('true'), never)), expected);
    const missing = await runners.make({ execPath: '/no/such/node' });
    assert.match(reasonOf(await missing.run(request('true'), never)), /could not be started: .*ENOENT/);
    const nowhere = await runners.make({ entry: '/no/such/entry.js' });
    assert.match(reasonOf(await nowhere.run(request('true'), never)), /could not be started: .*ENOENT/);
  });

  it('gives up on a process that does not get ready', async () => {
    const deaf = join(tempDir(), 'deaf.js');
    writeFileSync(deaf, 'setInterval(() => {}, 1000)');
    const runner = await runners.make({ entry: deaf, limits: { startMs: 300 } });
    const reason = reasonOf(await runner.run(request('true'), never));
    assert.equal(reason, 'the process for user code could not be started: it was not ready after 300 ms');
  });

  it('runs as many calls at once as it has processes', async () => {
    const runner = await runners.make({ processes: 2 });
    const span =
      'const from = Date.now();\nreturn new Promise((done) => setTimeout(() => done([from, Date.now()]), 100))';
    const replies = await Promise.all(Array.from({ length: 6 }, () => runner.run(request(span, transform), never)));
    const spans = replies.map((reply) => valueOf(reply) as [number, number]);
    const most = Math.max(...spans.map(([at]) => spans.filter(([from, to]) => from <= at && at < to).length));
    assert.ok(most <= 2, `${most} at once`);
    // That two have ever run at once is left open: starting the second may take as long as all six calls.
  });

  it('runs calls in the order in which they come', async () => {
    const runner = await runners.make({ processes: 1 });
    const order: number[] = [];
    const calls = [0, 1, 2, 3, 4].map(async (index) => {
      valueOf(await runner.run(request('true'), never));
      order.push(index);
    });
    await Promise.all(calls);
    assert.deepEqual(order, [0, 1, 2, 3, 4]);
  });

  it('has a second process for a call that comes while the first works', async () => {
    const runner = await runners.make({ processes: 2, limits: { timeMs: 30_000 } });
    const controller = new AbortController();
    const endless = runner.run(request('for (;;) {}'), controller.signal);
    assert.equal(valueOf(await runner.run(request('true'), never)), true);
    controller.abort();
    assert.equal(reasonOf(await endless), STOPPED);
  });

  it('does not count the wait for a free process against a call', async () => {
    const runner = await runners.make({ processes: 1, limits: { timeMs: 2000 } });
    const waits = Array.from({ length: 4 }, () =>
      runner.run(request('new Promise((resolve) => setTimeout(() => resolve(true), 600))'), never),
    );
    for (const reply of await Promise.all(waits)) assert.equal(valueOf(reply), true);
  });

  it('keeps the replies of many calls apart', async () => {
    const runner = await runners.make();
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        runner.run(request('output', { ...transform, output: `n${index}` }), never),
      ),
    );
    assert.deepEqual(
      replies.map(valueOf),
      replies.map((_, index) => `n${index}`),
    );
  });

  it('stops a call with its run, whether it waits or works', async () => {
    const runner = await runners.make({ processes: 1 });
    const controller = new AbortController();
    const working = runner.run(request('for (;;) {}'), controller.signal);
    const waiting = runner.run(request('true'), controller.signal);
    const other = runner.run(request('true'), never);
    setTimeout(() => controller.abort(), 50);
    assert.equal(reasonOf(await working), STOPPED);
    assert.equal(reasonOf(await waiting), STOPPED);
    assert.equal(reasonOf(await runner.run(request('true'), controller.signal)), STOPPED);
    // A call of another run goes on, in a new process.
    assert.equal(valueOf(await other), true);
  });

  it('ends everything when it is disposed, its folder too', async () => {
    const before = codeFolders();
    const runner = new SandboxRunner({ entry, allow: true });
    assert.equal(valueOf(await runner.run(request('true'), never)), true);
    assert.equal(codeFolders().length, before.length + 1);
    const working = runner.run(request('for (;;) {}'), never);
    const early = runner.run(request('for (;;) {}'), never);
    await Promise.all([runner.dispose(), runner.dispose()]);
    assert.equal(reasonOf(await working), STOPPED);
    assert.equal(reasonOf(await early), STOPPED);
    assert.equal(reasonOf(await runner.run(request('true'), never)), STOPPED);
    assert.deepEqual(codeFolders(), before);
  });

  it('warns of no leak when hundreds of calls share a signal', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => void warnings.push(warning);
    process.on('warning', onWarning);
    try {
      const runner = await runners.make();
      const { signal } = new AbortController();
      await Promise.all(Array.from({ length: 50 }, () => runner.run(request('true'), signal)));
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off('warning', onWarning);
    }
    assert.deepEqual(warnings, []);
  });

  describe('has a process', () => {
    async function start(limits: Partial<SandboxLimits> = {}, file = entry): Promise<SandboxProcess> {
      const all = { ...DEFAULT_LIMITS, ...limits };
      for (const args of launchArguments({ entry: file, heapMb: all.memoryMb })) {
        try {
          const options = { execPath: process.execPath, args, env: launchEnvironment(), cwd: tempDir(), limits: all };
          return await SandboxProcess.start(options, never);
        } catch (error) {
          if (!(error instanceof SandboxStartError) || !error.refused) throw error;
        }
      }
      throw new Error('no variant of the arguments is accepted');
    }
    const header = (source: string) => ({ source, kind: 'transform' as const });
    const input = '{"output":"","context":{"vars":{}}}';

    it('with an empty environment', async function () {
      process.env['PROMPTRIG_CANARY'] = 'an api key';
      const one = await start();
      try {
        if (process.platform !== 'linux') return;
        const environment = readFileSync(`/proc/${one.pid}/environ`, 'utf8');
        assert.equal(environment, 'ELECTRON_RUN_AS_NODE=1\0');
      } finally {
        delete process.env['PROMPTRIG_CANARY'];
        one.kill('stopped');
        await one.gone;
      }
    });

    it('that serves many calls', async () => {
      const one = await start();
      for (let call = 0; call < 20; call++) {
        const end = await one.run(header(`${call}`), input, never);
        assert.deepEqual(end, { kind: 'reply', reply: { value: call } });
      }
      one.kill('stopped');
      await one.gone;
    });

    it('that asks to be replaced when it has grown, and ends by itself', async () => {
      const one = await start({ memoryMb: 64, timeMs: 30_000 });
      assert.deepEqual(await one.run(header('1'), input, never), { kind: 'reply', reply: { value: 1 } });
      assert.equal(one.usable, true);
      // Half of the 64 MB is where it retires; with all of them and what Node takes it would be stopped.
      const end = await one.run(header('globalThis.kept = new Uint8Array(55e6).fill(1);\nreturn 2'), input, never);
      assert.deepEqual(end, { kind: 'reply', reply: { value: 2 } });
      assert.equal(one.usable, false);
      await one.gone;
    });

    it('whose words out of turn are its end', async () => {
      const fakes: Record<string, [string, RegExp]> = {
        'a reply to another call': ['process.stdin.once("data", () => console.log("7 0 {}"))', /spoke out of turn/],
        'two replies': [
          'process.stdin.once("data", () => console.log("1 0 {\\"value\\":1}\\n2 0 {\\"value\\":2}"))',
          /^$/,
        ],
        'no JSON': ['process.stdin.once("data", () => console.log("1 0 {"))', /could not be read/],
        'no object': [
          'process.stdin.once("data", () => console.log("1 0 null"))',
          /could not be read: it is no object/,
        ],
        'no end': [
          'process.stdin.once("data", () => { const more = () => process.stdout.write("x".repeat(65536), more); more() })',
          /wrote without end/,
        ],
        'its death': ['process.stdin.once("data", () => process.exit(3))', /ended with exit code 3/],
      };
      for (const [name, [script, expected]] of Object.entries(fakes)) {
        const fake = join(tempDir(), 'fake.js');
        writeFileSync(fake, `console.log('ready'); ${script}; setInterval(() => {}, 1000);`);
        const one = await start({ timeMs: 30_000 }, fake);
        const end = await one.run(header('1'), input, never);
        if (end.kind === 'died') assert.match(end.detail, expected, name);
        else assert.deepEqual(end, { kind: 'reply', reply: { value: 1 } }, name);
        await one.gone;
        assert.equal(one.usable, false, name);
      }
    });

    it('that ends with a runner that was killed, even in the middle of endless code', async function () {
      // Only there can the test find the process; the code that ends it is the same everywhere.
      if (process.platform !== 'linux') return;
      const fixture = await bundle('test/unit/quality/sandbox/fixtures/abandon.ts');
      const sources = [
        'for (;;) {}',
        '(async () => { for (;;) await 0 })()',
        'new Promise((r) => setTimeout(r, 1000))',
      ];
      const abandon = async (source: string): Promise<void> => {
        const parent = spawn(process.execPath, [fixture, entry, source], { stdio: ['ignore', 'pipe', 'inherit'] });
        const ended = new Promise((resolve) => parent.once('exit', resolve));
        const line = await new Promise<string>((resolve) =>
          parent.stdout.once('data', (data) => resolve(String(data))),
        );
        const pids = line.trim().split(' ').map(Number);
        assert.equal(pids.length, 1, line);
        // The call is under way by then, or at the latest when its pipe is read to its end.
        await new Promise((resolve) => setTimeout(resolve, 100));
        parent.kill('SIGKILL');
        await ended;
        // Three times the limit of 0.8 s, and time to spare for a busy machine.
        await until(() => !isAlive(pids[0] as number), 30_000);
      };
      await Promise.all(sources.map(abandon));
    });
  });
});

function codeFolders(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('promptrig-code-'));
}

function isAlive(pid: number): boolean {
  try {
    // A process that has ended stays in the table until its new parent takes notice, which in a container may be never.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOENT');
    return false;
  }
}

async function until(holds: () => boolean, limitMs: number): Promise<void> {
  const startedMs = performance.now();
  while (!holds()) {
    assert.ok(performance.now() - startedMs < limitMs, `it does not hold after ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
