import assert from 'node:assert/strict';
import { spokenState } from '../../../src/extension/language/item-state';

describe('a state as a screen reader says it', () => {
  it('is said once, though the text of the line begins with it', () => {
    assert.equal(spokenState('failed', '✗ failed · expected "Friday"'), 'Failed, expected "Friday"');
    assert.equal(spokenState('passed', '✓ passed'), 'Passed');
    assert.equal(spokenState('running', '⋯ running'), 'Running');
    assert.equal(spokenState('skipped', '○ skipped · no key'), 'Skipped, no key');
    assert.equal(
      spokenState('warning', '✗ failed, the score decides · expected "x"'),
      'Failed (warning), the score decides · expected "x"',
    );
    assert.equal(spokenState('stale', '◌ stale · was passed'), 'Stale: the file has changed since, was passed');
  });

  it('comes before a text that says something else', () => {
    assert.equal(spokenState('passed', '✓ 60 requests · 10/s'), 'Passed, 60 requests · 10/s');
    assert.equal(spokenState('failed', '✗ 1/3 failed · flaky'), 'Failed, 1/3 failed · flaky');
    assert.equal(spokenState('error', '! not evaluated · no key'), 'Could not be evaluated, not evaluated · no key');
  });

  it('takes no other word that begins like it for its own', () => {
    assert.equal(spokenState('passed', 'passedness 3'), 'Passed, passedness 3');
  });
});
