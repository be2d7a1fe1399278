import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { pinBaselines } from '../../../src/core/compare/pin-baselines';
import { headsOf, pinnedHeads } from '../../../src/core/compare/pinned-heads';
import { pinnedFolder } from '../../../src/core/compare/pinned-path';
import { repinBaselines, unpinBaselines } from '../../../src/core/compare/unpin-baselines';
import { PromptrigError } from '../../../src/core/util/errors';
import { simulate, store, wholePlan } from '../merge/simulated';
import { removeTempDirs, tempDir } from '../support/temp';

describe('the runs that are pinned', () => {
  let root: string;

  after(removeTempDirs);
  beforeEach(() => {
    root = tempDir();
  });

  async function pinned(name: string): Promise<string> {
    const dir = path.join(root, '.promptrig', 'runs', name);
    const plan = { ...wholePlan(dir, 2), source: { path: 'evals/chat.eval.yaml', sha256: 'abc' } };
    const run = store(plan, simulate(plan));
    await pinBaselines(dir, root, { force: true });
    return run.id;
  }

  it('are known from the first lines of their files', async () => {
    assert.deepEqual(await pinnedHeads(root), []);
    const run = await pinned('one');
    const heads = await pinnedHeads(root);
    assert.ok(heads.length > 0);
    for (const head of heads) {
      assert.deepEqual([head.run, head.eval, head.conflict], [run, 'evals/chat.eval.yaml', false]);
      assert.ok(fs.existsSync(head.path) && head.target !== '');
    }
  });

  it('are both sides of a merge conflict, and names in quotes', () => {
    const text =
      'schema: promptrig.baseline/1\r\neval: "a: b.yaml"\ntarget: gpt\npinned:\n<<<<<<< HEAD\n  run: one\n=======\n  run: two\n>>>>>>> x\n';
    assert.deepEqual(
      headsOf('f', text.replaceAll('\r\n', '\n')).map(({ run, eval: of, conflict }) => [run, of, conflict]),
      [
        ['one', 'a: b.yaml', true],
        ['two', 'a: b.yaml', true],
      ],
    );
  });

  it('are none of a file that says nothing of the kind', () => {
    assert.deepEqual(headsOf('f', 'run: one\nother: x\n'), []);
  });

  it('are unpinned with their empty folders, and pinned again as they were', async () => {
    const run = await pinned('one');
    const before = (await pinnedHeads(root)).length;
    assert.deepEqual(await unpinBaselines(root, 'another'), []);
    const removed = await unpinBaselines(root, run);
    assert.equal(removed.length, before);
    assert.deepEqual(fs.readdirSync(pinnedFolder(root)), []);
    await repinBaselines(removed);
    assert.equal((await pinnedHeads(root)).length, before);
    await assert.rejects(repinBaselines(removed), /could not be put back: another run was pinned meanwhile\./);
  });

  it('are not unpinned where that would take the other side of a merge with it', async () => {
    const run = await pinned('one');
    const [head] = await pinnedHeads(root);
    assert.ok(head);
    const text = fs.readFileSync(head.path, 'utf8');
    fs.writeFileSync(
      head.path,
      text.replace(/^ {2}run: .*$/m, (line) => `<<<<<<< HEAD\n${line}\n=======\n  run: x\n>>>>>>> b`),
    );
    await assert.rejects(unpinBaselines(root, run), (error: unknown) => {
      assert.ok(error instanceof PromptrigError);
      assert.match(error.message, /holds both sides of a merge conflict/);
      return true;
    });
    assert.ok(fs.existsSync(head.path));
  });
});
