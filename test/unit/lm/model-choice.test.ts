import assert from 'node:assert/strict';
import { chooseModel, namesOf } from '../../../src/extension/lm/model-choice';

const MODELS = [
  { id: 'small-1', vendor: 'acme', family: 'small' },
  { id: 'small-2', vendor: 'acme', family: 'small' },
  { id: 'small', vendor: 'other', family: 'large' },
];

describe('a model of the editor', () => {
  for (const [wanted, id] of [
    ['small-2', 'small-2'],
    ['acme/small-2', 'small-2'],
    ['acme/small', 'small-1'],
    ['small', 'small'],
    ['large', 'small'],
    ['other/large', 'small'],
    ['acme/large', null],
    ['', null],
  ] as const) {
    it(`called "${wanted}" is ${id ?? 'none'}`, () => {
      assert.equal(chooseModel(MODELS, wanted)?.id ?? null, id);
    });
  }

  it('is named in messages as a file can name it, and not all of hundreds are', () => {
    assert.equal(namesOf(MODELS), 'acme/small-1, acme/small-2, other/small');
    assert.equal(namesOf(MODELS, 1), 'acme/small-1, and 2 more');
  });
});
