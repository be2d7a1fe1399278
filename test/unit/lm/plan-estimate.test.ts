import assert from 'node:assert/strict';
import { estimateOf } from '../../../src/extension/lm/plan-estimate';
import { planned } from '../plan/planning';

const ENDPOINT = '  - { name: paid, url: "https://api.test/v1", model: m, price: { input: 1, output: 10 } }';

describe('what a run would send and cost', () => {
  it('counts cases with repeats and turns, and load by its rate', async () => {
    const plan = await planned(`prompt: "${'x'.repeat(4_000)}"
endpoints:
${ENDPOINT}
params: { max_tokens: 100 }
cases:
  - { name: a, repeat: 3, assert: [{ contains: a }] }
  - { name: b, skip: later, assert: [{ contains: a }] }
load: { pattern: constant, rate: 2/s, duration: 10s }
`);
    const { requests, costUsd, unpriced, endpoints } = estimateOf(plan);
    assert.equal(requests, 3 + 20);
    // 23 requests of 1,000 tokens in and 100 out.
    assert.ok(Math.abs((costUsd ?? 0) - (23 * (1_000 * 1 + 100 * 10)) / 1e6) < 1e-9, String(costUsd));
    assert.deepEqual(unpriced, []);
    assert.deepEqual(endpoints, ['paid (api.test)']);
  });

  it('names what has no price and is not the simulator, judges included', async () => {
    const plan = await planned(`prompt: hi
endpoints:
  - sim
  - { name: free, url: "http://127.0.0.1:1/v1", model: m }
judge: { name: grader, url: "https://judge.test", model: m }
cases: [{ assert: [{ llm-rubric: good }] }]
`);
    const estimate = estimateOf(plan);
    assert.equal(estimate.costUsd, null);
    assert.deepEqual(estimate.unpriced.sort(), ['free', 'grader']);
    assert.deepEqual(estimate.endpoints.sort(), ['free (127.0.0.1:1)', 'grader (judge.test)', 'sim']);
    assert.equal(estimate.requests, 2);
  });
});
