import assert from 'node:assert/strict';
import { UniqueIds } from '../../../src/core/spec/naming';
import { writtenPointers } from '../../../src/core/spec/pointer';

describe('unique ids', () => {
  it('count repetitions, and never give one twice', () => {
    const take = (ids: string[]) => {
      const unique = new UniqueIds();
      return ids.map((id) => unique.take(id));
    };
    assert.deepEqual(take(['a', 'b', 'a', 'a']), ['a', 'b', 'a#2', 'a#3']);
    assert.deepEqual(take(['a#2', 'a', 'a', 'a']), ['a#2', 'a', 'a#3', 'a#4']);
    assert.deepEqual(take(['a', 'a', 'a#2']), ['a', 'a#2', 'a#2#2']);
  });

  it('are made in linear time', () => {
    const unique = new UniqueIds();
    const started = performance.now();
    let last = '';
    for (let i = 0; i < 100_000; i++) last = unique.take('same');
    assert.equal(last, 'same#100000');
    assert.ok(performance.now() - started < 5_000, 'quadratic time would take minutes');
  });
});

describe('the pointers at which a node may be written', () => {
  it('go from the most exact to its owner', () => {
    assert.deepEqual(writtenPointers('/cases/0/assert/1'), ['/cases/0/assert/1']);
    assert.deepEqual(writtenPointers('/cases/0#2'), ['/cases/0#2', '/cases/0']);
    assert.deepEqual(writtenPointers('/cases/0#2/assert/1'), ['/cases/0#2/assert/1', '/cases/0/assert/1', '/cases/0']);
    assert.deepEqual(writtenPointers('/dataset#12/assert/0'), [
      '/dataset#12/assert/0',
      '/dataset/assert/0',
      '/dataset',
    ]);
    assert.deepEqual(writtenPointers('/dataset#12#2'), ['/dataset#12#2', '/dataset']);
    assert.deepEqual(writtenPointers('/vars/a#b'), ['/vars/a#b']);
  });
});
