import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { tidyRuns } from '../../../src/cli/tidy-runs';
import { removeTempDirs, tempDir } from '../support/temp';
import { fakeIo } from './fake-io';
import { cli } from './spawn-cli';

const EVAL = `name: New
prompt: hi
endpoints: [{ name: quick, api: sim, sim: { ttft: 1ms, itl: 1ms, jitter: 0 } }]
cases: [{ name: one }]
`;

function workspace(retention: string, runs: number): { root: string; names: () => string[] } {
  const root = tempDir();
  fs.writeFileSync(path.join(root, 'promptrig.yaml'), retention);
  fs.writeFileSync(path.join(root, 'new.eval.yaml'), EVAL);
  for (let day = 1; day <= runs; day++) {
    const id = `2026010${day}T000000Z-old-000${day}`;
    const dir = path.join(root, '.promptrig', 'runs', id);
    fs.mkdirSync(dir, { recursive: true });
    fs.writeFileSync(
      path.join(dir, 'run.json'),
      JSON.stringify({ schema: 'promptrig.run/1', id, status: 'completed' }),
    );
  }
  const names = (): string[] =>
    fs
      .readdirSync(path.join(root, '.promptrig', 'runs'))
      .map((name) => name.replace(/^\d+T\d+Z-/, ''))
      .sort();
  return { root, names };
}

describe('runs that are too many for promptrig.yaml', function () {
  this.timeout(60_000);
  after(removeTempDirs);

  it('go after a run, which says so in a line', async () => {
    const { root, names } = workspace('retention: { runs: 2 }\n', 4);
    const { code, stderr } = await cli(['run', 'new.eval.yaml'], root);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /note: 3 old runs were moved to \.promptrig\/runs\/\.trash, to be removed for good in a day/);
    const [trash, made, ...others] = names();
    assert.equal(trash, '.trash');
    assert.match(made ?? '', /^new-/);
    assert.deepEqual(others, ['old-0004']);
  });

  it('stay where results go to a folder that was named', async () => {
    const { root, names } = workspace('retention: { runs: 1 }\n', 2);
    const { code, stderr } = await cli(['run', 'new.eval.yaml', '--out', 'here'], root);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /old run/);
    assert.deepEqual(names(), ['old-0001', 'old-0002']);
  });

  it('go without a word where none is wanted, and what cannot be tidied is said all the same', async () => {
    const { root, names } = workspace('retention: { runs: 1 }\n', 3);
    const io = fakeIo({ cwd: root });
    const file = path.join(root, 'new.eval.yaml');
    await tidyRuns(io, [{ path: file }, { path: file }], true);
    assert.equal(io.stderr.text, '');
    assert.deepEqual(names(), ['.trash', 'old-0003']);
    fs.writeFileSync(path.join(root, '.promptrig', 'baselines'), 'no folder');
    await tidyRuns(io, [{ path: file }], true);
    assert.match(io.stderr.text, /^note: No old run is removed, since the baselines in /);
  });
});
