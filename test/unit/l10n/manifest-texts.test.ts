import assert from 'node:assert/strict';
import { readJson } from '../support/manifest';

/** Texts that nobody translates: the product's name, and what is written for a language model. */
const UNTRANSLATED = new Set(['Promptrig', 'vscode']);
const TEXT_KEYS = new Set([
  'title',
  'description',
  'markdownDescription',
  'enumDescriptions',
  'markdownEnumDescriptions',
  'displayName',
  'userDescription',
  'name',
  'contents',
  'altText',
  'label',
  'shortTitle',
]);

interface Text {
  path: string;
  text: string;
}

function textsOf(value: unknown, path: string, key: string): Text[] {
  if (typeof value === 'string') return TEXT_KEYS.has(key) ? [{ path, text: value }] : [];
  if (Array.isArray(value)) return value.flatMap((item, index) => textsOf(item, `${path}/${index}`, key));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) => textsOf(item, `${path}/${name}`, name));
}

describe('texts of package.json', () => {
  const manifest = readJson('package.json') as Record<string, unknown>;
  const texts = readJson('package.nls.json') as Record<string, string>;
  const { contributes, capabilities, description } = manifest;
  const found = textsOf({ contributes, capabilities, description }, '', '').filter(
    // A tool's name is its id, and its schema is read by a model.
    ({ path }) => !/^\/contributes\/languageModelTools\/\d+\/(name|inputSchema\/)/.test(path),
  );

  it('stand in package.nls.json, so that they can be translated', () => {
    assert.ok(found.length > 80, String(found.length));
    const plain = found.filter(({ text }) => !/^%[\w.-]+%$/.test(text) && !UNTRANSLATED.has(text));
    assert.deepEqual(plain, []);
  });

  it('are all there, and none is left over', () => {
    const used = new Set(found.flatMap(({ text }) => /^%([\w.-]+)%$/.exec(text)?.[1] ?? []));
    assert.deepEqual([...used].sort(), Object.keys(texts).sort());
    for (const [key, text] of Object.entries(texts)) assert.ok(text.trim() === text && text !== '', key);
  });

  it('name no command that does not exist', () => {
    const { commands } = contributes as { commands: { command: string }[] };
    const known = new Set(commands.map(({ command }) => command));
    for (const [key, text] of Object.entries(texts)) {
      for (const [, command = ''] of text.matchAll(/\(command:([\w.]+)/g)) {
        assert.ok(command.startsWith('vscode.') || known.has(command), `${key}: ${command}`);
      }
    }
  });
});
