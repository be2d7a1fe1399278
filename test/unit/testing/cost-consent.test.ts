import assert from 'node:assert/strict';
import { CostConsent, mayCost } from '../../../src/extension/testing/cost-consent';
import type { EndpointPlan } from '../../../src/protocol/plan';
import { endpointPlan, runPlan, targetPlan } from '../support/samples';

const paid = (name: string, change: Partial<EndpointPlan> = {}): EndpointPlan =>
  endpointPlan({ name, api: 'openai-chat', url: 'https://api.example.com/v1', model: 'm', ...change });

const plan = (...endpoints: EndpointPlan[]) =>
  runPlan('/runs', { targets: endpoints.map((endpoint) => targetPlan({ id: endpoint.name, endpoint })) });

function consent(...answers: boolean[]): { questions: string[]; asked: CostConsent } {
  const questions: string[] = [];
  return {
    questions,
    asked: new CostConsent((question) => {
      questions.push(question);
      return Promise.resolve(answers.shift() ?? false);
    }),
  };
}

describe('runs that start by themselves', () => {
  it('may cost money where an endpoint has a price or is not this machine', () => {
    const price = { inputPer1M: 1, outputPer1M: 2 };
    assert.equal(mayCost(paid('a')), true);
    assert.equal(mayCost(paid('a', { url: 'http://127.0.0.1:8000/v1' })), false);
    assert.equal(mayCost(paid('a', { url: 'http://localhost:8000/v1', price })), true);
    assert.equal(mayCost(paid('a', { price: { inputPer1M: 0, outputPer1M: 0 } })), false);
    assert.equal(mayCost(paid('a', { api: 'sim', url: null })), false);
    assert.equal(mayCost(paid('a', { api: 'vscode-lm', url: null })), true);
  });

  it('ask once a session for each endpoint that may', async () => {
    const { questions, asked } = consent(true, true);
    assert.equal(await asked.allows(plan(endpointPlan({ api: 'sim', url: null }))), true);
    assert.deepEqual(questions, []);
    assert.equal(await asked.allows(plan(paid('a'))), true);
    assert.equal(await asked.allows(plan(paid('a'))), true);
    assert.equal(questions.length, 1);
    assert.match(questions[0] ?? '', /^This may cost money: .*\ba \(m\)/);
    assert.equal(await asked.allows(plan(paid('a'), paid('b'))), true);
    assert.equal(questions.length, 2);
    assert.doesNotMatch(questions[1] ?? '', /\ba \(m\)/);
  });

  it('stay off where it was declined, until they are switched on anew', async () => {
    const { questions, asked } = consent(false, true);
    assert.equal(await asked.allows(plan(paid('a'))), false);
    assert.equal(await asked.allows(plan(paid('a'))), false);
    assert.equal(questions.length, 1);
    asked.askAgain();
    assert.equal(await asked.allows(plan(paid('a'))), true);
    asked.askAgain();
    assert.equal(await asked.allows(plan(paid('a'))), true);
    assert.equal(questions.length, 2);
  });
});
