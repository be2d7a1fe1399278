import assert from 'node:assert/strict';
import { correctRequests } from '../../../src/core/merge/answer-correct';
import type { AssertionPlan, TurnPlan } from '../../../src/protocol/plan';
import type { AssertionResult, CaseOutcome } from '../../../src/protocol/run-json';
import { caseRecord } from '../support/samples';
import { casePlan } from './simulated';

function result(outcome: CaseOutcome, severity: AssertionResult['severity'] = 'error'): AssertionResult {
  return { pointer: '/cases/0/assert/0', type: 'contains', outcome, score: null, severity, reason: '' };
}

function turn(index: number, assertions: number): TurnPlan {
  const one: AssertionPlan = { pointer: '', type: 'contains', negate: false, weight: 1, severity: 'error' };
  return {
    pointer: `/cases/0/turns/${index}`,
    user: 'x',
    assertions: Array.from({ length: assertions }, () => one),
    thinkTimeMs: 0,
  };
}

describe('which requests of a stored answer were right', () => {
  const item = casePlan(0);

  it('follows the outcome of a single answer, and knows nothing where nothing judges it', () => {
    const of = (outcome: CaseOutcome, assertions: AssertionResult[]) =>
      correctRequests(caseRecord({ request: 'r', outcome, assertions }), item).get('r');
    assert.equal(of('passed', [result('passed')]), true);
    assert.equal(of('failed', [result('failed')]), false);
    assert.equal(of('error', []), false);
    assert.equal(of('passed', []), null);
    assert.equal(of('skipped', []), null, 'the run was stopped before');
    assert.equal(of('skipped', [result('skipped')]), false, 'asked, and nothing could be judged');
    assert.equal(correctRequests(caseRecord({ request: null, outcome: 'skipped' }), item).size, 0);
  });

  it('judges each turn of a conversation by its own assertions, and the last by those of the case', () => {
    const conversation = casePlan(0, { turns: [turn(0, 2), turn(1, 0), turn(2, 1)] });
    const turns = ['a', 'b', 'c'].map((request) => ({ request, user: 'x', answer: 'y' }));
    const of = (outcome: CaseOutcome, assertions: AssertionResult[], asked = turns) =>
      Object.fromEntries(
        correctRequests(
          caseRecord({ request: asked.at(-1)?.request ?? null, outcome, assertions, turns: asked }),
          conversation,
        ),
      );
    const passed = result('passed');
    assert.deepEqual(of('passed', [passed, passed, passed, passed]), { a: true, b: null, c: true });
    assert.deepEqual(of('failed', [passed, result('failed'), passed, passed]), { a: false, b: null, c: false });
    // Without assertions of the case the last turn is judged by its own alone.
    assert.deepEqual(of('failed', [passed, result('failed'), passed]), { a: false, b: null, c: true });
    assert.deepEqual(of('passed', [passed, result('failed', 'warning'), passed]), { a: true, b: null, c: true });
    // It broke off in its second turn.
    assert.deepEqual(of('error', [passed, passed], turns.slice(0, 2)), { a: true, b: null });
  });
});
