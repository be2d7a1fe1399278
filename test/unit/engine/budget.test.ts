import * as assert from 'node:assert/strict';
import { BudgetGuard } from '../../../src/core/engine/budget';
import type { Clock } from '../../../src/core/util/clock';
import type { BudgetPlan } from '../../../src/protocol/plan';

function guard(budget: BudgetPlan) {
  let timer: { dueMs: number; callback: () => void } | undefined;
  const clock: Clock = {
    nowMs: () => 1000,
    at(dueMs, callback) {
      timer = { dueMs, callback };
      return () => (timer = undefined);
    },
  };
  const reasons: string[] = [];
  const made = new BudgetGuard(budget, (reason) => reasons.push(reason), clock);
  return { made, reasons, timer: () => timer };
}

const used = { input_tokens: 40, output_tokens: 10 };

describe('BudgetGuard', () => {
  it('ends a run once its targets together cost the budget, and says it once', () => {
    const { made, reasons } = guard({ costUsd: 0.5 });
    made.setCost('a', 0.3);
    made.setCost('a', 0.4);
    assert.equal(made.reason, null);
    made.setCost('b', 0.2);
    made.setCost('b', 0.3);
    assert.deepEqual(reasons, ['budget: the run cost $0.6000 of $0.5']);
    assert.equal(made.reason, reasons[0]);
  });

  it('counts input and output tokens, unknown ones as none', () => {
    const { made, reasons } = guard({ tokens: 100 });
    made.addTokens(used);
    made.addTokens({ input_tokens: null, output_tokens: null });
    assert.deepEqual(reasons, []);
    made.addTokens(used);
    assert.deepEqual(reasons, ['budget: the run used 100 of 100 tokens']);
  });

  it('ends a run after its time, unless the run ends first', () => {
    const { reasons, timer } = guard({ timeMs: 60_000 });
    assert.equal(timer()?.dueMs, 61_000);
    timer()?.callback();
    assert.deepEqual(reasons, ['budget: the run reached its limit of 60 s']);
    const early = guard({ timeMs: 60_000 });
    early.made.dispose();
    assert.equal(early.timer(), undefined);
  });

  it('never ends a run without a budget', () => {
    const { made, reasons, timer } = guard({});
    made.addTokens({ input_tokens: 1e9, output_tokens: 1e9 });
    made.setCost('a', 1e9);
    assert.deepEqual(reasons, []);
    assert.equal(timer(), undefined);
  });
});
