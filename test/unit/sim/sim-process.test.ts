import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fork } from 'node:child_process';
import { build } from 'esbuild';
import { startSimProcess, type SimProcessExit } from '../../../src/core/sim/sim-process';
import { PromptrigError } from '../../../src/core/util/errors';
import { call, chat, contentOf } from './support/client';

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH');
    return false;
  }
};

describe('simulator process', function () {
  this.timeout(30_000);
  let folder: string;
  let entry: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'promptrig-sim-'));
    entry = join(folder, 'sim.js');
    await build({
      entryPoints: ['src/engine/sim.ts'],
      bundle: true,
      platform: 'node',
      format: 'cjs',
      outfile: entry,
      logLevel: 'error',
    });
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('serves from a process of its own until it is stopped', async () => {
    const sim = await startSimProcess({ entry, config: { ttftMs: 1, itlMs: 1, answer: 'echo' } });
    const exits: SimProcessExit[] = [];
    sim.onExit((exit) => exits.push(exit));
    try {
      assert.notEqual(sim.pid, process.pid);
      assert.equal(sim.url, `http://127.0.0.1:${sim.port}/v1`);
      const answer = await call(`${sim.url}/chat/completions`, { body: chat('hello there', { stream: true }) });
      assert.equal(contentOf(answer), 'hello there');
    } finally {
      await sim.stop();
    }
    assert.equal(alive(sim.pid), false);
    assert.deepEqual(
      exits.map(({ code, expected }) => [code, expected]),
      [[0, true]],
    );
    await sim.stop();
  });

  it('hands on the reason where the settings are not usable', async () => {
    await assert.rejects(
      startSimProcess({ entry, config: { itlMs: -1 } }),
      (error) => error instanceof PromptrigError && error.code === 'usage' && error.message.includes('itl'),
    );
  });

  it('reports an unexpected end', async () => {
    const sim = await startSimProcess({ entry, config: {} });
    const exit = new Promise<SimProcessExit>((resolve) => sim.onExit(resolve));
    process.kill(sim.pid, 'SIGKILL');
    const { signal, expected } = await exit;
    assert.deepEqual([signal, expected], ['SIGKILL', false]);
    await sim.stop();
    let late: SimProcessExit | null = null;
    sim.onExit((value) => (late = value));
    assert.notEqual(late, null);
  });

  it('says what went wrong where the process does not start', async () => {
    const isStartError = (pattern: RegExp) => (error: unknown) =>
      error instanceof PromptrigError &&
      error.code === 'engine_start' &&
      pattern.test(`${error.message} ${error.reason}`);
    await assert.rejects(
      startSimProcess({ entry: join(folder, 'missing.js'), config: {} }),
      isStartError(/Cannot find module/),
    );
    await assert.rejects(
      startSimProcess({ entry, config: {}, execPath: join(folder, 'no-node') }),
      isStartError(/ENOENT/),
    );
    const silent = join(folder, 'silent.js');
    await writeFile(silent, 'process.on("message", (m) => m.type === "stop" && process.exit(0));');
    await assert.rejects(
      startSimProcess({ entry: silent, config: {}, startTimeoutMs: 300 }),
      isStartError(/not ready after 300 ms/),
    );
  });

  it('ends with its parent', async () => {
    const parent = join(folder, 'parent.js');
    await writeFile(
      parent,
      `const child = require('node:child_process').fork(${JSON.stringify(entry)}, [], { execArgv: [] });
       child.on('message', (message) => process.send(message.url));
       child.send({ type: 'start', config: {} });`,
    );
    const child = fork(parent, [], { execArgv: [] });
    const url = await new Promise<string>((resolve) => child.once('message', (value) => resolve(value as string)));
    const answers = (): Promise<boolean> =>
      call(`${url}/models`).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          assert.match(String(error.code), /^ECONN/);
          return false;
        },
      );
    assert.equal(await answers(), true);
    child.kill('SIGKILL');
    // By its port rather than its process id: a dead orphan keeps its id until the init process collects it.
    while (await answers()) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  it('does not pass on secrets or hooks of its parent', async () => {
    const spy = join(folder, 'spy.js');
    await writeFile(
      spy,
      `process.on('message', (m) => m.type === 'stop' ? process.exit(0) : process.send({ type: 'error', message: JSON.stringify([
         Object.keys(process.env), process.execArgv]) }));`,
    );
    process.env['PROMPTRIG_TEST_SECRET'] = 'x';
    try {
      await assert.rejects(startSimProcess({ entry: spy, config: {} }), (error: Error) => {
        const [names, execArgv] = JSON.parse(error.message) as [string[], string[]];
        assert.ok(names.includes('ELECTRON_RUN_AS_NODE'));
        assert.ok(!names.includes('PROMPTRIG_TEST_SECRET') && !names.includes('NODE_OPTIONS'));
        assert.deepEqual(execArgv, []);
        return true;
      });
    } finally {
      delete process.env['PROMPTRIG_TEST_SECRET'];
    }
  });
});
