import assert from 'node:assert/strict';
import { ResultsStore } from '../../../src/extension/engine/results-store';

describe('the results of a renamed file', () => {
  it('belong to its new name', () => {
    const store = new ResultsStore();
    const fired: string[] = [];
    store.restore('a', {
      observations: [],
      running: null,
      last: { dir: '/runs/1', startedAt: 'then', verdict: 'pass' },
    });
    store.onDidChange((file) => fired.push(file));
    store.rename('a', 'b');
    assert.equal(store.get('a').last, null);
    assert.equal(store.get('b').last?.dir, '/runs/1');
    assert.deepEqual(fired, ['a', 'b']);
    store.rename('unknown', 'c');
    assert.deepEqual(fired, ['a', 'b']);
  });

  it('arrive there though the run in progress knows the old name, and after a second rename too', () => {
    const store = new ResultsStore();
    store.begin('a', ['case:one', 'case:two'], 'now', '/runs/1', ['sim']);
    store.rename('a', 'b');
    store.update('a', [], ['case:one']);
    assert.deepEqual([...(store.get('b').running?.subjects ?? [])], ['case:two']);
    store.rename('b', 'c');
    // What is stored at its end is stored under the name that the next window looks for.
    assert.equal(store.nameOf('a'), 'c');
    assert.equal(store.nameOf('b'), 'b');
    assert.equal(store.end('a', [], 'fail').last?.verdict, 'fail');
    assert.equal(store.nameOf('a'), 'a');
    assert.equal(store.get('c').running, null);
    assert.equal(store.get('c').last?.verdict, 'fail');
    assert.deepEqual([store.get('a').last, store.get('b').last], [null, null]);
    // Another file of the old name is another file.
    store.begin('a', [], 'later', '/runs/2');
    assert.equal(store.get('c').last?.dir, '/runs/1');
    assert.equal(store.get('a').last?.dir, '/runs/2');
  });
});
