import assert from 'node:assert/strict';
import { MAX_FILE_LENGTH, parseEvalFile } from '../../../src/core/spec/parse';
import { applySuggestion, CASES, codes, expectAt, parse, slice } from './marked';

describe('a file that cannot be used', () => {
  it('asks for content when it is empty, and offers the smallest file', () => {
    for (const text of ['', '\n\n', '# a comment only\n', '\uFEFF']) {
      const document = parse(text);
      assert.deepEqual(codes(document), ['empty-file'], JSON.stringify(text));
      assert.equal(document.spec, null);
      const [diagnostic] = document.diagnostics;
      assert.ok(diagnostic !== undefined);
      const filled = applySuggestion(text, diagnostic, /smallest/);
      assert.deepEqual(parse(filled).diagnostics, []);
    }
  });

  it('refuses more than 5 MB at once, without parsing', () => {
    const text = `prompt: hi\n${'# filler\n'.repeat(1_200_000)}`;
    assert.ok(text.length > 10 * 1024 * 1024);
    const started = performance.now();
    const document = parse(text);
    assert.ok(performance.now() - started < 5_000, 'takes no longer than hashing the text');
    assert.deepEqual(codes(document), ['file-too-large']);
    assert.deepEqual(document.diagnostics[0]?.range.start, { line: 0, character: 0 });
    assert.match(document.diagnostics[0]?.message ?? '', /10\.\d MB.*at most 5 MB.*dataset/);
    assert.equal(document.spec, null);
    assert.equal(parse('#'.repeat(MAX_FILE_LENGTH)).diagnostics[0]?.code, 'empty-file');
  });

  it('locates a syntax error and reports nothing that is a guess after it', () => {
    expectAt('promt: «"»hi\ncases: [{ nme: 3 }]\n', 'yaml-syntax', { only: true });
    expectAt('promt: hi\ncases: «[»{ nme: 3 }\n', 'yaml-syntax', { only: true });
    expectAt('promt: «h»i\n  cases: 3\n', 'yaml-syntax');
  });

  it('says what a tab, a second document and an unquoted template are about', () => {
    const { diagnostic: tab } = expectAt('prompt: hi\ncases:\n«\t»- name: a\n', 'yaml-syntax');
    assert.match(tab.message, /spaces/);
    const second = parse('prompt: hi\ncases: [{name: a}]\n---\nprompt: ho\n').diagnostics[0];
    assert.match(second?.message ?? '', /second YAML document/);
    const { diagnostic, text } = expectAt('prompt: «{{name}}»\nvars: { name: x }\n' + CASES, 'wrong-type', {
      only: true,
    });
    assert.match(diagnostic.message, /quotes/);
    assert.deepEqual(parse(applySuggestion(text, diagnostic, /quotes/)).diagnostics, []);
  });

  it('wants a map', () => {
    expectAt('«[1, 2]»', 'wrong-type', { only: true });
    expectAt('«hello world»', 'wrong-type', { only: true });
  });

  it('reports a key that is set twice, and uses the first', () => {
    const { document } = expectAt(`prompt: one\n«prompt»: two\n${CASES}`, 'duplicate-key', { only: true });
    assert.equal(document.spec?.prompt, 'one');
  });

  it('stops aliases that expand without end', () => {
    const levels = 'abcdefghij'.split('');
    const bomb = levels
      .map((name, index) => {
        const below = levels[index - 1];
        return `${name}: &${name} [${Array.from({ length: 9 }, () => (below === undefined ? 'x' : `*${below}`)).join(', ')}]`;
      })
      .join('\n');
    const started = performance.now();
    assert.deepEqual(codes(parse(bomb)), ['alias-bomb']);
    assert.ok(performance.now() - started < 2_000);
    expectAt('prompt: hi\ncases: &a [ «*a» ]\n', 'recursive-alias');
    assert.ok(codes(parse('prompt: *nowhere\n')).length > 0);
  });

  it('stops at nesting that no file needs', () => {
    for (const depth of [150, 3_000, 50_000]) {
      const document = parse(`prompt: ${'['.repeat(depth)}${']'.repeat(depth)}\n`);
      assert.deepEqual(codes(document), ['too-deep'], String(depth));
    }
  });

  it('keeps an outline of a file with a syntax error, so that code lenses stay while typing', () => {
    const document = parse('name: Chat\nprompt: hi\ncases:\n  - name: one\n  - name: two\nslo: [ "ttft <= 1s"\n');
    assert.ok(codes(document).includes('yaml-syntax'));
    assert.equal(document.outline.name, 'Chat');
    assert.deepEqual(
      document.outline.cases.map(({ id }) => id),
      ['one', 'two'],
    );
  });

  it('recognises the files of other tools, and never fails on them', () => {
    const promptfoo = `description: translations
providers: [openai:gpt-4o-mini, { id: python:provider.py, config: { temperature: 0 } }]
prompts:
  - 'Translate {{text}} to {{language}}'
  - file://prompts/second.txt
defaultTest:
  assert: [{ type: llm-rubric, value: Is polite }]
tests:
  - vars: { text: Hello, language: French }
    assert:
      - { type: contains, value: Bonjour }
      - { type: python, value: file://check.py }
  - vars: { text: Hello, language: [French, German] }
scenarios: []
`;
    const models = `name: Summary
model: openai/gpt-4o
modelParameters: { temperature: 0.5 }
messages: [{ role: user, content: "{{input}}" }]
testData: [{ input: a, expected: b }]
evaluators: [{ name: short, string: { contains: b } }]
`;
    for (const [path, text, kind] of [
      ['/w/promptfooconfig.yaml', promptfoo, 'promptfoo'],
      ['/w/x.promptfoo.yaml', promptfoo, 'promptfoo'],
      ['/w/x.prompt.yml', models, 'github-models'],
    ] as const) {
      const document = parseEvalFile(text, path);
      assert.equal(document.kind, kind);
      assert.ok(document.diagnostics.every(({ code }) => code.startsWith('foreign-')));
      assert.ok(document.diagnostics.every(({ severity }) => severity !== 'error'));
    }
  });
});

describe('line ends and byte order marks', () => {
  const source = 'prompt: |\n  Hello\n  dear {{ «nmae» }}\nvars: { name: x }\ncases: [{ name: a }]\n';

  it('counts positions alike with LF, CRLF and CR, with a BOM and without', () => {
    for (const lineEnd of ['\n', '\r\n']) {
      for (const bom of ['', '\uFEFF']) {
        const { diagnostic, text } = expectAt(bom + source.replaceAll('\n', lineEnd), 'undefined-variable', {
          only: true,
        });
        assert.deepEqual(diagnostic.range.start, { line: 2, character: 10 });
        assert.equal(slice(text, diagnostic.range), 'nmae');
      }
    }
  });

  it('gives one digest whether or not the file starts with a BOM', () => {
    assert.equal(parse(`\uFEFFprompt: hi\n${CASES}`).sha256, parse(`prompt: hi\n${CASES}`).sha256);
    assert.notEqual(parse(`prompt: hi\n${CASES}`).sha256, parse(`prompt: ho\n${CASES}`).sha256);
  });

  it('never ends a range behind its line', () => {
    const text = 'promt: hi\r\ncases:\r\n  - nme: a\r\n    repeat: x\r\nslo: [ foo <= 3 ]\r\n';
    const lines = text.split('\r\n');
    for (const { range } of parse(text).diagnostics) {
      for (const { line, character } of [range.start, range.end]) assert.ok(character <= (lines[line]?.length ?? -1));
    }
  });
});
