import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import ts from 'typescript';
import { escapesOf } from '../../../scripts/l10n-escapes';
import { bundlePath, bundleText, extensionFiles, messagesOf, parse } from '../../../scripts/l10n-messages';
import { l10n } from '../../../src/extension/l10n';
import { readJson, repositoryRoot } from '../support/manifest';

/** What is not said to a person: answers of the server for the engine, what a model reads, formats that a file is saved in. */
const NOT_SHOWN = [
  /^src\/extension\/lm\/(?:chat-|run-digest|tools)/,
  // Names of servers and services, and the methods that they are asked by.
  /^src\/extension\/endpoints\/vendors/,
];

describe('texts of the extension', function () {
  // Every file of the extension is parsed.
  this.timeout(60_000);

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

  it('escape translation nowhere', () => {
    const escapes = extensionFiles().flatMap((file) => escapesOf(parse(file)));
    const shown = escapes.filter(({ at }) => !NOT_SHOWN.some((pattern) => pattern.test(at)));
    assert.deepEqual(shown, []);
  });

  it('are found where they would escape', () => {
    const found = (code: string): string[] => escapesOf(source(code)).map(({ text }) => text);
    assert.deepEqual(found("tell('info', 'Nothing to run.', { Undo: f, [l10n.t('Redo')]: g });"), [
      "'Nothing to run.'",
      'Undo',
    ]);
    assert.deepEqual(found("item.tooltip = n === 1 ? 'one' : `${n} runs`;"), ["'one'", '`${n} runs`']);
    assert.deepEqual(found("pick({ title: [a ?? 'Eval', l10n.t('b c')].join(' ') });"), ["'Eval'"]);
    assert.deepEqual(found("pick({ title: `$(play) ${l10n.t('Run')}`, label: 'Promptrig', detail: name });"), []);
    assert.deepEqual(found("f({ state: 'failed', message: texts.get('a key') });"), []);
  });

  it('must be literals, with as many places as values', () => {
    assert.throws(() => messagesOf(source('l10n.t(text)')), /a\.ts:1: the text must be a literal/);
    assert.throws(() => messagesOf(source('vscode.l10n.t(`${n} runs`)')), /must be a literal/);
    assert.throws(() => messagesOf(source("l10n.t('{0} of {1}', n)")), /2 places for 1 values/);
    assert.throws(() => messagesOf(source("l10n.t('{1}', n)")), /places/);
    assert.deepEqual(
      messagesOf(source("l10n.t('{0} of {1}', n, m)")).map(({ text }) => text),
      ['{0} of {1}'],
    );
  });
});

function source(code: string): ts.SourceFile {
  return ts.createSourceFile(path.join(repositoryRoot, 'a.ts'), code, ts.ScriptTarget.Latest, true);
}
