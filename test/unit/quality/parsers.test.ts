import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { loadParsers } from '../../../src/core/quality/parsers';
import { PromptrigError } from '../../../src/core/util/errors';
import { removeTempDirs, tempDir } from '../support/temp';

describe('loadParsers', () => {
  after(removeTempDirs);

  it('loads the bundle, once', async () => {
    const entry = join(tempDir(), 'parsers.js');
    await build({
      entryPoints: [resolve(__dirname, '../../../src/engine/parsers.ts')],
      outfile: entry,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20.18',
      mainFields: ['module', 'main'],
      logLevel: 'error',
    });
    const parsers = loadParsers(entry);
    assert.equal(parsers.xmlProblem('<a/>', { namespaces: true }), null);
    assert.deepEqual(parsers.xmlMissing('<a/>', ['a', 'b']), ['b']);
    assert.equal(parsers.sqlProblem('SELECT a FROM b', 'MySQL'), null);
    assert.deepEqual(parsers.sqlUses('SELECT a FROM b', 'MySQL').tables, ['select::null::b']);
    assert.equal(parsers.htmlProblem('<p>x</p>'), null);
    assert.equal(loadParsers(entry), parsers);
  });

  it('says what to do where the file is missing or something else', () => {
    const unusable = (error: unknown) =>
      error instanceof PromptrigError && error.code === 'not_found' && /Install Promptrig anew/.test(error.message);
    assert.throws(() => loadParsers(join(tempDir(), 'none.js')), unusable);
    for (const [index, source] of ['module.exports = null;', 'exports.parsers = { xmlProblem() {} };'].entries()) {
      const entry = join(tempDir(), `other-${index}.js`);
      writeFileSync(entry, source);
      assert.throws(() => loadParsers(entry), unusable);
    }
  });
});
