import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withLock } from '../../host/install-lock';

describe('withLock', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'promptrig-lock-'));
    path = join(folder, 'deep/lock');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('lets one at a time in, and the next when the first has left', async () => {
    const steps: string[] = [];
    let leave = (): void => undefined;
    const inside = new Promise<void>((resolve) => {
      leave = resolve;
    });
    const first = withLock(path, async () => {
      steps.push('first in');
      await inside;
      steps.push('first out');
    });
    while (!existsSync(path)) await new Promise((resolve) => setImmediate(resolve));
    const second = withLock(path, () => Promise.resolve(steps.push('second in')));
    leave();
    await Promise.all([first, second]);
    assert.deepEqual(steps, ['first in', 'first out', 'second in']);
    assert.equal(existsSync(path), false);
  });

  it('is left when the work fails', async () => {
    await assert.rejects(
      withLock(path, () => Promise.reject(new Error('no disk'))),
      /no disk/,
    );
    assert.equal(existsSync(path), false);
  });

  it('is taken over from a process that has gone', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    await withLock(path, () => Promise.resolve());
    await writeFile(path, String(pid));
    assert.equal(await withLock(path, () => Promise.resolve('in')), 'in');
  });
});
