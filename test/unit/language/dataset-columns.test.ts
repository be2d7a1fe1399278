import assert from 'node:assert/strict';
import { columnsOf } from '../../../src/core/language/dataset-columns';

async function columns(text: string, path: string): Promise<string[] | undefined> {
  return columnsOf(new TextEncoder().encode(text), path);
}

describe('the columns of a dataset', () => {
  it('are those of the header', async () => {
    assert.deepEqual(await columns('question,"the, answer"\nWhy?,Because\n', 'a.csv'), ['question', 'the, answer']);
    assert.deepEqual(await columns('\ufeffa;b\n1;2\n', 'a.csv'), ['a', 'b']);
    assert.deepEqual(await columns('a,b', 'a.csv'), ['a', 'b']);
  });

  it('are the keys of the first row', async () => {
    assert.deepEqual(await columns('\n{"q": "Why?", "a": {"b": 1}}\n{"other": 1}\n', 'a.jsonl'), ['q', 'a']);
    assert.deepEqual(await columns('[\n  { "q": "Why?", "n": 1 },\n  {', 'a.json'), ['q', 'n']);
    assert.deepEqual(await columns('# rows\n- q: Why?\n  n: 1\n- q: x\n', 'a.yaml'), ['q', 'n']);
  });

  it('of a row that is a whole case are its variables', async () => {
    assert.deepEqual(await columns('{"vars": {"q": "Why?"}, "assert": [{"contains": "x"}]}\n', 'a.jsonl'), ['q']);
    assert.deepEqual(await columns('{"vars": {"q": "Why?"}, "other": 1}\n', 'a.jsonl'), ['vars', 'other']);
  });

  it('may be cut off in the first row, and may be none', async () => {
    assert.deepEqual(await columns('a,b\n"never closed', 'a.csv'), ['a', 'b']);
    assert.deepEqual(await columns('[{"q": "Why', 'a.json'), ['q']);
    for (const text of ['', 'text', '[]']) assert.equal(await columns(text, 'a.json'), undefined, text);
    assert.equal(await columns('', 'a.csv'), undefined);
  });
});
