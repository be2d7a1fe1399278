import assert from 'node:assert/strict';
import { assertionTypes, checkOf } from '../../../src/core/quality/registry';
import { ASSERTION_TYPES } from '../../../src/core/spec/schema-assertion';

describe('the assertions that can be evaluated', () => {
  it('are those of the format; sets are evaluated by themselves', () => {
    const format = Object.keys(ASSERTION_TYPES).filter((type) => type !== 'assert-set');
    assert.deepEqual([...assertionTypes()].sort(), format.sort());
    for (const type of format) assert.equal(typeof checkOf(type), 'function', type);
  });
});
