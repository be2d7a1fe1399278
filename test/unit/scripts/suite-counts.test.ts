import assert from 'node:assert/strict';
import { suiteCounts } from '../../../scripts/suite-counts';

const words = (...events: string[]): string => events.map((event) => `${event}\n`).join('');

describe('suiteCounts', () => {
  it('adds up a suite that passed', () => {
    assert.deepEqual(suiteCounts(words('pass', 'pass', 'end'), 0), { passed: 2, failed: 0, problems: [] });
  });

  it('counts failed tests once, not their exit code again', () => {
    assert.deepEqual(suiteCounts(words('pass', 'fail', 'end'), 1), { passed: 1, failed: 1, problems: [] });
  });

  it('keeps what passed before a crash and counts the crash', () => {
    const counts = suiteCounts(words('pass', 'pass'), null);
    assert.equal(counts.passed, 2);
    assert.equal(counts.failed, 1);
    assert.deepEqual(counts.problems, ['it ended before its tests did']);
  });

  it('counts the crash beside a test that failed before it', () => {
    assert.equal(suiteCounts(words('fail'), 1).failed, 2);
  });

  it('takes a suite that never started for a failure, whatever its exit code', () => {
    for (const code of [0, 1, null]) assert.equal(suiteCounts(undefined, code).failed, 1);
  });

  it('takes a suite without tests for a failure', () => {
    assert.deepEqual(suiteCounts(words('end'), 0).problems, ['it ran no test']);
  });

  it('takes tests that were left out for a failure', () => {
    const counts = suiteCounts(words('pass', 'pending', 'end'), 0);
    assert.equal(counts.failed, 1);
    assert.deepEqual(counts.problems, ['1 of its tests were left out']);
  });

  it('takes a suite whose tests pass but whose process fails for a failure', () => {
    const counts = suiteCounts(words('pass', 'end'), 7);
    assert.equal(counts.failed, 1);
    assert.match(counts.problems[0] ?? '', /code 7/);
  });
});
