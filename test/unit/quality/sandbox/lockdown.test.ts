import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { launchArguments } from '../../../../src/core/quality/sandbox/launch';
import { removeTempDirs, tempDir } from '../../support/temp';
import { Loopback } from './loopback';
import { bundle } from './support';

describe('locking down the process of user code', function () {
  // Starts processes; a busy machine takes seconds for each.
  this.timeout(60_000);
  after(removeTempDirs);

  interface Breakout {
    through: string[];
    reached: number;
    files: string[];
  }

  /** Runs the fixture, which tries everything, and reports what it got at and what arrived outside. */
  async function breakOut(mode: 'locked' | 'open'): Promise<Breakout> {
    const entry = await bundle('test/unit/quality/sandbox/fixtures/escaped.ts');
    const folder = tempDir();
    const files = join(folder, 'files');
    mkdirSync(files);
    const loopback = new Loopback(join(folder, 'socket'));
    const port = await loopback.listen();
    try {
      const { stdout, stderr, code } = await run([
        entry,
        mode,
        String(port),
        loopback.socketPath,
        join(files, 'written-'),
      ]);
      assert.equal(code, 7, `the fixture did not end by itself: ${stderr}`);
      return { through: JSON.parse(stdout) as string[], reached: loopback.reached, files: readdirSync(files) };
    } finally {
      await loopback.close();
    }
  }

  it('leaves nothing to code that has broken out of its context, whatever it holds', async () => {
    const { through, reached, files } = await breakOut('locked');
    assert.deepEqual(through, []);
    assert.equal(reached, 0);
    assert.deepEqual(files, []);
  });

  it('is held against attempts that succeed without it', async () => {
    const { through, reached, files } = await breakOut('open');
    for (const name of ['net.connect', 'net path', 'http.get', 'dgram', 'child_process.execSync', 'fs.readFileSync']) {
      assert.ok(through.includes(name), `${name} did not get through: ${through.join(', ')}`);
    }
    assert.ok(through.length >= 30, through.join(', '));
    assert.ok(reached >= 8, `${reached} connections`);
    assert.ok(files.length >= 3, files.join(', '));
  });

  it('is doubled by the permission model of Node where that has something to deny', async () => {
    const entry = await bundle('test/unit/quality/sandbox/fixtures/escaped.ts');
    const variants = launchArguments({ entry, heapMb: 64 });
    const probe = `
      const out = {};
      const attempt = (name, body) => { try { body(); out[name] = 'done'; } catch (error) { out[name] = error.code ?? error.message; } };
      attempt('read', () => require('fs').readFileSync('/etc/hosts'));
      attempt('write', () => require('fs').writeFileSync(${JSON.stringify(join(tempDir(), 'file'))}, ''));
      attempt('spawn', () => require('child_process').execSync('true'));
      attempt('worker', () => new (require('worker_threads').Worker)('0', { eval: true }));
      attempt('compile', () => new Function('return 1')());
      attempt('change', () => { 'use strict'; Object.prototype.changed = 1; });
      process.stdout.write(JSON.stringify(out));`;
    let found: unknown;
    for (const args of variants) {
      const { stdout } = await run([...args.slice(0, -1), '-e', probe]);
      if (stdout === '') continue;
      found = JSON.parse(stdout);
      break;
    }
    assert.deepEqual(found, {
      read: 'ERR_ACCESS_DENIED',
      write: 'ERR_ACCESS_DENIED',
      spawn: 'ERR_ACCESS_DENIED',
      worker: 'ERR_ACCESS_DENIED',
      compile: 'Code generation from strings disallowed for this context',
      change: 'Cannot add property changed, object is not extensible',
    });
  });
});

function run(args: string[]): Promise<{ stdout: string; stderr: string; code: unknown }> {
  const env = { PROMPTRIG_CANARY: 'seen' };
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env, timeout: 50_000 }, (error, stdout, stderr) =>
      resolve({ stdout, stderr, code: error?.code ?? 0 }),
    );
  });
}
