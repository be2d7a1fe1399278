import assert from 'node:assert/strict';
import type { Severity } from '../../../src/protocol/plan';
import type { AssertionResult, CaseOutcome } from '../../../src/protocol/run-json';
import { judgeCase } from '../../../src/core/quality/assert';
import { answer, assertion } from './helpers';

type Given = [CaseOutcome, number?, Severity?];

function judge(given: Given[], threshold?: number) {
  const plans = given.map(([, weight = 1, severity = 'error']) => assertion('contains', 'x', { weight, severity }));
  const results = given.map(([outcome, , severity = 'error']): AssertionResult => {
    const score = outcome === 'passed' ? 1 : outcome === 'failed' ? 0 : null;
    return { pointer: '', type: 'contains', outcome, score, severity, reason: `was ${outcome}` };
  });
  return judgeCase(plans, results, answer('x'), threshold === undefined ? {} : { threshold });
}

describe('judgeCase', () => {
  const table: [
    name: string,
    given: Given[],
    threshold: number | undefined,
    outcome: CaseOutcome,
    score: number | null,
  ][] = [
    ['all pass', [['passed'], ['passed']], undefined, 'passed', 1],
    ['one fails', [['passed'], ['failed']], undefined, 'failed', 0.5],
    [
      'weights',
      [
        ['passed', 3],
        ['failed', 1],
      ],
      undefined,
      'failed',
      0.75,
    ],
    ['an error is no pass', [['passed'], ['error']], undefined, 'error', 1],
    ['a failure outweighs an error', [['failed'], ['error']], undefined, 'failed', 0],
    ['skipped ones do not count', [['passed'], ['skipped', 9]], undefined, 'passed', 1],
    ['only skipped ones', [['skipped'], ['skipped']], undefined, 'skipped', null],
    ['none at all', [], undefined, 'passed', 1],
    ['a failed warning is scored only', [['passed'], ['failed', 1, 'warning']], undefined, 'passed', 0.5],
    [
      'the score meets the threshold exactly',
      [
        ['passed', 3],
        ['failed', 1],
      ],
      0.75,
      'passed',
      0.75,
    ],
    [
      'the score is below the threshold',
      [
        ['passed', 3],
        ['failed', 1],
      ],
      0.76,
      'failed',
      0.75,
    ],
    [
      'a sum that rounds',
      [
        ['passed', 0.1],
        ['passed', 0.2],
        ['failed', 0.7],
      ],
      0.3,
      'passed',
      0.3,
    ],
    ['threshold 0 collects scores only', [['failed']], 0, 'passed', 0],
    ['an error that could tip the score', [['passed'], ['error']], 0.75, 'error', 1],
    [
      'an error that cannot save it',
      [
        ['failed', 3],
        ['error', 1],
      ],
      0.5,
      'failed',
      0,
    ],
    [
      'an error that cannot spoil it',
      [
        ['passed', 3],
        ['error', 1],
      ],
      0.5,
      'passed',
      1,
    ],
    ['weight 0 throughout', [['passed', 0]], undefined, 'passed', null],
  ];
  for (const [name, given, threshold, outcome, score] of table) {
    it(`${name}: ${outcome}`, () => {
      const judgement = judge(given, threshold);
      assert.equal(judgement.outcome, outcome);
      if (score === null || judgement.score === null) assert.equal(judgement.score, score);
      else assert.ok(Math.abs(judgement.score - score) < 1e-12, String(judgement.score));
    });
  }

  it('says why a case is in error', () => {
    assert.equal(judge([['passed'], ['error']]).reason, 'contains: was error');
  });

  it('does not say twice that a request was cancelled', () => {
    const cancelled = answer('', {
      outcome: 'cancelled',
      error: { kind: 'cancelled', message: 'The run was stopped.' },
    });
    assert.equal(judgeCase([], [], cancelled).reason, 'the request was cancelled: The run was stopped');
  });

  it('is in error where the request did not complete, with or without assertions', () => {
    const failed = answer('', { outcome: 'timed_out', error: { kind: 'idle_timeout', message: 'no token for 15 s' } });
    for (const plans of [[], [assertion('not-contains', 'x')]]) {
      const judgement = judgeCase(plans, [], failed);
      assert.equal(judgement.outcome, 'error');
      assert.equal(judgement.score, null);
      assert.match(judgement.reason ?? '', /^the request timed out: no token for 15 s \(idle_timeout\)$/);
    }
  });
});
