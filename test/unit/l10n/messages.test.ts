import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { bundlePath, bundleText } from '../../../scripts/l10n-messages';
import { l10n } from '../../../src/extension/l10n';
import { readJson, repositoryRoot } from '../support/manifest';

describe('texts of the extension', () => {
  it('are collected for translators: run `npm run l10n` after a change', () => {
    assert.equal(readFileSync(bundlePath, 'utf8'), bundleText());
  });

  it('are packed where package.json says', () => {
    const manifest = readJson('package.json') as { l10n: string };
    assert.equal(path.resolve(repositoryRoot, manifest.l10n), path.dirname(bundlePath));
    const packed = readFileSync(path.join(repositoryRoot, '.vscodeignore'), 'utf8').split('\n');
    for (const file of ['package.nls.json', 'l10n/bundle.l10n.json']) {
      assert.ok(existsSync(path.join(repositoryRoot, file)), file);
      assert.ok(packed.includes(`!${file}`), file);
    }
  });

  it('are English with their values where nothing translates them', () => {
    assert.equal(l10n.t('{1} of {0}', 'a', 2), '2 of a');
    assert.equal(l10n.t('{0} and {0}', 'a {1}'), 'a {1} and a {1}');
  });
});
