import assert from 'node:assert/strict';
import { parseEvalFile } from '../../../src/core/spec/parse';
import { dedent } from './dedent';
import { CONFIG, imported, planOf, PROMPT } from './importing';

const TEXT = dedent`
  description: Translations
  prompts:
    - 'Translate {{text}} to {{language}}'
  providers:
    - id: openai:gpt-4.1
      config: { temperature: 0.5 }
  defaultTest:
    assert:
      - type: icontains
        value: '{{word}}'
  tests:
    - description: french
      vars: { text: hello, language: French, word: bonjour }
      assert:
        - type: contains
          value: "Bonjour {{nobody}}"
        - type: python
          value: len(output) > 1
    - file://more.csv
  scenarios:
    - config: [{ vars: { language: German } }, { vars: { language: Dutch } }]
      tests: [{ vars: { text: bye, word: x } }]
`;

const FILES = { '/w/evals/more.csv': 'text,language,word\nyes,French,oui\nno,French,non\n' };

describe('an imported file in the editor', () => {
  const document = parseEvalFile(TEXT, CONFIG);
  const lineOf = (pointer: string, part?: 'key' | 'value') => document.rangeOf(pointer, part)?.start.line;

  it('has an outline with its cases, assertions and endpoints at their own lines', () => {
    const { outline } = document;
    assert.deepEqual([outline.name, outline.nameRange.start], ['Translations', { line: 0, character: 13 }]);
    assert.deepEqual(
      outline.cases.map(({ name, pointer, anchor }) => [name, pointer, anchor.start.line]),
      [
        ['french', '/cases/0', 11],
        ['more.csv', '/cases/1', 18],
        ['language: German, text: bye, word: x', '/cases/2', 21],
      ],
    );
    assert.deepEqual(
      outline.cases[0]?.assertions.map(({ name, anchor }) => [name, anchor.start.line]),
      [
        ['contains Bonjour {{nobody}}', 14],
        ['python len(output) > 1', 16],
      ],
    );
    assert.deepEqual(
      outline.assertions.map(({ pointer, anchor }) => [pointer, anchor.start.line]),
      [['/assert/0', 8]],
    );
    assert.deepEqual(
      outline.endpoints.map(({ name, anchor }) => [name, anchor.start.line]),
      [['openai:gpt-4.1', 4]],
    );
  });

  it('answers for native pointers with places of its own', () => {
    assert.equal(lineOf('/prompt'), 2);
    assert.equal(lineOf('/cases/0/assert/1'), 16);
    assert.equal(lineOf('/cases/0/vars/text'), 12);
    assert.equal(lineOf('/cases/2#2'), 21);
    assert.equal(lineOf('/cases/0/assert/0/value'), 15);
    assert.equal(lineOf('/endpoints/0/url'), 4);
    assert.equal(lineOf('/cases/9'), undefined);
    const within = document.rangeWithin('/cases/0/assert/0/value', 'Bonjour {{'.length, 'nobody'.length);
    assert.deepEqual(within, { start: { line: 15, character: 26 }, end: { line: 15, character: 32 } });
    assert.equal(document.rangeWithin('/endpoints/0/url', 0, 3), undefined);
  });

  it('has digests that change with what they are of, and with nothing else', () => {
    const before = document.nodeHash('/cases/0/assert/0');
    assert.equal(typeof before, 'string');
    const spaced = parseEvalFile(TEXT.replace('description: french', 'description:   french # same'), CONFIG);
    assert.equal(spaced.nodeHash('/cases/0/assert/0'), before);
    const other = parseEvalFile(TEXT.replace('Bonjour {{nobody}}', 'Salut'), CONFIG);
    assert.notEqual(other.nodeHash('/cases/0/assert/0'), before);
    assert.equal(other.nodeHash('/cases/0/assert/1'), document.nodeHash('/cases/0/assert/1'));
    const prompted = parseEvalFile(TEXT.replace('Translate', 'Render'), CONFIG);
    assert.notEqual(prompted.nodeHash('/cases/0/assert/1'), document.nodeHash('/cases/0/assert/1'));
    assert.equal(document.nodeHash('/cases/2#2'), document.nodeHash('/cases/2'));
  });

  it('keeps pointers and ids while what it refers to is read', async () => {
    const { plan } = await imported(TEXT, { files: FILES });
    const cases = plan?.targets[0]?.cases ?? [];
    assert.deepEqual(
      cases.map(({ pointer, id }) => [pointer, id]),
      [
        ['/cases/0', 'french'],
        ['/cases/1', 'text: yes, language: French, word: oui'],
        ['/cases/1#2', 'text: no, language: French, word: non'],
        ['/cases/2', 'language: German, text: bye, word: x'],
        ['/cases/2#2', 'language: Dutch, text: bye, word: x'],
      ],
    );
    assert.deepEqual(
      document.outline.cases.map(({ id }) => id),
      ['french', 'more.csv', 'language: German, text: bye, word: x'],
    );
  });

  it('runs every test of a place that was asked for', async () => {
    const pointers = async (...cases: string[]) =>
      (await planOf(TEXT, { files: FILES, select: { cases } })).targets[0]?.cases.map(({ pointer }) => pointer);
    assert.deepEqual(await pointers('french'), ['/cases/0']);
    assert.deepEqual(await pointers('more.csv'), ['/cases/1', '/cases/1#2']);
    assert.deepEqual(await pointers('text: no, language: French, word: non'), ['/cases/1#2']);
    assert.deepEqual(await pointers('language: German, text: bye, word: x'), ['/cases/2', '/cases/2#2']);
  });

  it('says nothing of files before they are read, and what is wrong with them afterwards', async () => {
    assert.deepEqual(
      document.diagnostics.map(({ code, range }) => [code, range.start.line]),
      [['foreign-skipped', 16]],
    );
    const { diagnostics } = await imported(TEXT);
    assert.deepEqual(
      diagnostics.map(({ code, severity, range }) => [code, severity, range.start.line]),
      [
        ['foreign-skipped', 'warning', 16],
        ['undefined-variable', 'warning', 11],
        ['missing-file', 'error', 18],
      ],
    );
  });

  it('shows what it can of a file with an error of syntax', () => {
    const broken = parseEvalFile(`${TEXT}extra: "open\n`, CONFIG);
    assert.equal(broken.spec, null);
    assert.equal(broken.foreign, undefined);
    assert.ok(broken.diagnostics.every(({ code, severity }) => code === 'yaml-syntax' && severity === 'error'));
    assert.equal(broken.outline.cases.length, 3);
  });

  it('is an error where it is something else than a map, or nothing', () => {
    for (const text of ['', '- a\n', 'just text\n', 'null\n']) {
      for (const path of [CONFIG, PROMPT]) {
        const { spec, diagnostics } = parseEvalFile(text, path);
        assert.equal(spec, null);
        assert.deepEqual(
          diagnostics.map(({ code, severity }) => [code, severity]),
          [['wrong-type', 'error']],
        );
      }
    }
  });
});
