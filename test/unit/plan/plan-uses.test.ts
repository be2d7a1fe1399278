import assert from 'node:assert/strict';
import { endpointsOfPlan } from '../../../src/core/engine/plan-uses';
import type { AssertionPlan, CasePlan } from '../../../src/protocol/plan';
import { assertion } from '../quality/helpers';
import { endpointPlan, runPlan, targetPlan } from '../support/samples';

const judge = (name: string) => ({ endpoint: endpointPlan({ name }), params: {} });

function casePlan(assertions: AssertionPlan[], change: Partial<CasePlan> = {}): CasePlan {
  return {
    pointer: '/cases/0',
    id: 'a',
    name: 'a',
    messages: [],
    vars: {},
    assertions,
    repeat: 1,
    weight: 1,
    tags: [],
    ...change,
  };
}

function namesOf(cases: CasePlan[], loadCases?: CasePlan[]): string[] {
  const target = targetPlan({ cases, ...(loadCases === undefined ? {} : { loadCases }) });
  const plan = runPlan('/out', { targets: [target, targetPlan({ id: 'again' })], judge: judge('grader') });
  return endpointsOfPlan(plan).map(({ name }) => name);
}

describe('endpointsOfPlan', () => {
  it('names each endpoint once, and the judge where something asks it', () => {
    assert.deepEqual(namesOf([casePlan([assertion('contains', 'x')])]), ['sim']);
    assert.deepEqual(namesOf([casePlan([assertion('llm-rubric', 'x')])]), ['sim', 'grader']);
    assert.deepEqual(namesOf([], [casePlan([assertion('similar', 'x')])]), ['sim', 'grader']);
  });

  it('finds judges of single assertions, in sets and in turns', () => {
    const own = assertion('llm-rubric', 'x', { judge: judge('own') });
    const set = assertion('assert-set', undefined, { members: [own] });
    assert.deepEqual(namesOf([casePlan([set])]), ['sim', 'grader', 'own']);
    const turns = [{ pointer: '/t', user: 'Hi', assertions: [own], thinkTimeMs: 0 }];
    assert.deepEqual(namesOf([casePlan([], { turns })]), ['sim', 'grader', 'own']);
  });
});
