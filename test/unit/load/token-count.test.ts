import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { loadTokenCounter } from '../../../src/core/load/token-count';
import { PromptrigError } from '../../../src/core/util/errors';
import { countTokens } from '../../../src/engine/tokenizer';

describe('counting tokens', () => {
  it('counts what the vocabulary says', () => {
    // Known counts of o200k_base.
    assert.equal(countTokens('hello world'), 2);
    assert.equal(countTokens('482193750012'), 4);
    assert.equal(countTokens(''), 0);
  });

  it('counts the name of a special token as the text that it is in an answer', () => {
    assert.ok(countTokens('end with <|endoftext|> please') > 5);
  });

  it('is not held up by a long word, and stays near the true count', () => {
    // Merged whole, each of these takes more than ten seconds; eight letters "a" are one token.
    const started = performance.now();
    const letters = countTokens(`see ${'a'.repeat(50_000)} there`);
    assert.ok(letters >= 6250 && letters < 6700, `${letters}`);
    assert.ok(countTokens('='.repeat(50_000)) < 2000);
    assert.ok(countTokens('\u{20000}'.repeat(300)) > 300);
    assert.ok(performance.now() - started < 8000);
    assert.equal(countTokens(`${'b'.repeat(300)} the end`) - countTokens('b'.repeat(300)), 2);
  });
});

describe('loadTokenCounter', () => {
  let folder = '';
  before(() => (folder = mkdtempSync(join(tmpdir(), 'promptrig-tokenizer-'))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('loads the bundle, once', async () => {
    const entry = join(folder, 'tokenizer.js');
    await build({
      entryPoints: { tokenizer: resolve(__dirname, '../../../src/engine/tokenizer.ts') },
      outdir: folder,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20.18',
      logLevel: 'error',
    });
    const counter = loadTokenCounter(entry);
    assert.equal(counter.name, 'o200k_base');
    assert.equal(counter.count('The baker swept the pavement.'), countTokens('The baker swept the pavement.'));
    assert.equal(counter.count(''), 0);
    assert.equal(loadTokenCounter(entry), counter);
  });

  it('says what to do where the file is missing or something else', () => {
    const unusable = (error: unknown) =>
      error instanceof PromptrigError && error.code === 'not_found' && /Install Promptrig anew/.test(error.message);
    assert.throws(() => loadTokenCounter(join(folder, 'none.js')), unusable);
    writeFileSync(join(folder, 'other.js'), 'module.exports = { countTokens: 1, TOKENIZER_NAME: "x" };');
    assert.throws(() => loadTokenCounter(join(folder, 'other.js')), unusable);
  });
});
