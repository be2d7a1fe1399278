import assert from 'node:assert/strict';
import { fileReferences, referencesTo } from '../../../src/core/spec/file-references';
import { parseEvalFile } from '../../../src/core/spec/parse';

function pointersTo(text: string, file: string, path = '/w/evals/chat.eval.yaml'): string[] {
  return referencesTo(fileReferences(parseEvalFile(text, path)), file);
}

describe('the files that an eval file refers to', () => {
  const text = `
prompts: [file://prompts/terse.md, { name: b, messages: [{ role: user, content: file://prompts/b.md }] }]
dataset: { path: rows.csv, sample: 3 }
cases:
  - name: one
    assert: [{ javascript: "file://checks.js:isGood" }, { equals: rows.csv }]
  - name: two
    turns: [{ user: file://../shared/first.txt }]
load: { pattern: trace, file: trace.jsonl }
`;
  it('are found wherever they are named, relative to its folder', () => {
    const found = fileReferences(parseEvalFile(text, '/w/evals/chat.eval.yaml'));
    assert.deepEqual(
      found.map(({ path, pointer }) => [path, pointer]),
      [
        ['/w/evals/prompts/terse.md', '/prompts/0'],
        ['/w/evals/prompts/b.md', '/prompts/1/messages/0/content'],
        ['/w/evals/rows.csv', '/dataset/path'],
        ['/w/evals/checks.js', '/cases/0/assert/0/javascript'],
        ['/w/shared/first.txt', '/cases/1/turns/0/user'],
        ['/w/evals/trace.jsonl', '/load/file'],
      ],
    );
  });

  it('are told by the place that refers to them', () => {
    assert.deepEqual(pointersTo(text, '/w/evals/checks.js'), ['/cases/0/assert/0/javascript']);
    assert.deepEqual(pointersTo(text, '/w/evals/other.js'), []);
    assert.deepEqual(pointersTo('dataset: rows.csv', '/w/evals/rows.csv'), ['/dataset']);
  });

  it('are those of a folder and of a glob, too', () => {
    assert.deepEqual(pointersTo('prompt: file://prompts', '/w/evals/prompts/a/b.md'), ['/prompt']);
    assert.deepEqual(pointersTo('prompt: file://prompts', '/w/evals/prompts2/b.md'), []);
    assert.deepEqual(pointersTo('dataset: "rows/*.jsonl"', '/w/evals/rows/a.jsonl'), ['/dataset']);
    assert.deepEqual(pointersTo('dataset: "rows/*.jsonl"', '/w/evals/rows/a.csv'), []);
  });

  it('are, in an imported file, all that look like a path', () => {
    const imported = 'prompts: [prompt1.txt, "Say {{x}}"]\ntests: tests.csv\ndescription: It is good.\n';
    const found = fileReferences(parseEvalFile(imported, '/w/promptfooconfig.yaml'));
    assert.deepEqual(
      found.map(({ path }) => path),
      ['/w/prompt1.txt', '/w/tests.csv'],
    );
  });

  it('are none in a text that cannot be read', () => {
    assert.deepEqual(fileReferences(parseEvalFile('\t[', '/w/a.eval.yaml')), []);
  });
});
