import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { discoverFiles, kindOf } from '../../../src/core/spec/discover';

describe('discovery', () => {
  let root: string;

  before(() => {
    root = mkdtempSync(join(tmpdir(), 'promptrig-discover-'));
    for (const path of [
      'promptrig.yaml',
      'a.eval.yaml',
      'deep/er/b.eval.yml',
      'c.workload.yaml',
      'd.workload.yml',
      'promptfooconfig.yaml',
      'sub/promptfooconfig.yml',
      'e.promptfoo.yaml',
      'f.prompt.yml',
      'g.prompt.yaml',
      'plain.yaml',
      'eval.yaml',
      'sub/promptrig.yaml',
      'node_modules/x/y.eval.yaml',
      '.git/z.eval.yaml',
      'deep/.svn/z.eval.yaml',
      '.promptrig/runs/x.eval.yaml',
      'out/h.eval.yaml',
    ]) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), '');
    }
    symlinkSync(root, join(root, 'deep', 'loop'));
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  const names = async (options?: Parameters<typeof discoverFiles>[1]) =>
    (await discoverFiles(root, options)).map((path) => path.slice(root.replaceAll('\\', '/').length + 1));

  it("finds the files of the format, and nothing in folders that are not the author's", async () => {
    assert.deepEqual(await names(), [
      'a.eval.yaml',
      'c.workload.yaml',
      'd.workload.yml',
      'deep/er/b.eval.yml',
      'e.promptfoo.yaml',
      'f.prompt.yml',
      'g.prompt.yaml',
      'out/h.eval.yaml',
      'promptfooconfig.yaml',
      'promptrig.yaml',
      'sub/promptfooconfig.yml',
    ]);
  });

  it('heeds the globs of the settings', async () => {
    assert.deepEqual(await names({ include: ['**/*.eval.yaml'], exclude: ['out/**'] }), ['a.eval.yaml']);
  });

  it('tells the kinds by name', () => {
    for (const [path, kind] of [
      ['/w/a.eval.yaml', 'eval'],
      ['a.EVAL.YML', 'eval'],
      ['c:\\w\\a.workload.yml', 'eval'],
      ['/w/promptrig.yaml', 'workspace'],
      ['promptfooconfig.yml', 'promptfoo'],
      ['x.promptfoo.yaml', 'promptfoo'],
      ['x.prompt.yml', 'github-models'],
      ['/w/plain.yaml', null],
      ['/w/eval.yaml', null],
      ['/w.eval.yaml/readme.md', null],
    ] as const)
      assert.equal(kindOf(path), kind, path);
  });
});
