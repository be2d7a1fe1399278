import assert from 'node:assert/strict';
import { planSweep, type StageStep, type SweepPlan, type SweepStepResult } from '../../../src/core/engine/sweep';
import { PromptrigError } from '../../../src/core/util/errors';

/** Drives a plan against a server, as the engine does. */
function drive(plan: SweepPlan, serve: (step: StageStep) => Partial<SweepStepResult>) {
  const planner = planSweep(plan);
  const steps: StageStep[] = [];
  const results: SweepStepResult[] = [];
  for (let step = planner.next(results); step !== null; step = planner.next(results)) {
    assert.ok(steps.length < 100, 'the sweep does not end');
    steps.push(step);
    results.push({ rps: 1, clientLimited: false, ...serve(step) });
  }
  return { planner, steps, results, remark: planner.remark(results) };
}

const isUsage = (pattern: RegExp) => (error: unknown) =>
  error instanceof PromptrigError && error.code === 'usage' && pattern.test(error.message);

describe('a sweep of given rates', () => {
  it('goes evenly from one to the other, both included, with a name for each', () => {
    const { planner, steps, remark } = drive({ kind: 'rates', name: 'sweep', from: 2, to: 10, steps: 5 }, () => ({}));
    assert.equal(planner.total, 5);
    assert.deepEqual(
      steps.map(({ rate }) => rate),
      [2, 4, 6, 8, 10],
    );
    assert.deepEqual(steps[0], { name: 'sweep 2/s', pattern: 'constant', rate: 2 });
    assert.equal(new Set(steps.map(({ name }) => name)).size, 5);
    assert.equal(remark, null);
  });

  it('counts requests in flight where it is given those, and tries none twice', () => {
    const { steps } = drive({ kind: 'concurrency', name: 's', from: 1, to: 4, steps: 10 }, () => ({}));
    assert.deepEqual(
      steps.map(({ pattern, concurrency }) => [pattern, concurrency]),
      [1, 2, 3, 4].map((n) => ['concurrent', n]),
    );
    assert.deepEqual(
      steps.map(({ name }) => name),
      ['s 1', 's 2', 's 3', 's 4'],
    );
  });

  it('names the rate that is sent', () => {
    const { steps } = drive({ kind: 'rates', name: 's', from: 1, to: 2, steps: 4 }, () => ({}));
    assert.deepEqual(
      steps.map(({ name, rate }) => name === `s ${rate}/s`),
      [true, true, true, true],
    );
    assert.equal(steps[1]?.rate, 1.3333);
  });

  it('ends where a step cannot be run, and tells the client from the server', () => {
    const failing = drive({ kind: 'rates', name: 's', from: 1, to: 5, steps: 5 }, ({ rate }) =>
      rate === 3 ? { error: 'no answer.' } : {},
    );
    assert.equal(failing.steps.length, 3);
    assert.equal(failing.remark, 'The sweep ended at "s 3/s": no answer.');
    const limited = drive({ kind: 'rates', name: 's', from: 1, to: 5, steps: 5 }, ({ rate }) => ({
      clientLimited: (rate ?? 0) >= 4,
    }));
    assert.equal(limited.steps.length, 5);
    assert.match(limited.remark ?? '', /From "s 4\/s" on the load client was the limit/);
  });

  it('refuses ranges that make no sense', () => {
    const rates =
      (from: number, to: number, steps = 3) =>
      () =>
        planSweep({ kind: 'rates', name: 's', from, to, steps });
    assert.throws(rates(5, 2), isUsage(/to \(2\) is below from \(5\)/));
    assert.throws(rates(0, 2), isUsage(/rates must be above 0\/s/));
    assert.throws(rates(1, 1e9), isUsage(/at most 100000\/s/));
    assert.throws(rates(1, 2, 1), isUsage(/steps is 1/));
    assert.throws(rates(Number.NaN, 2), isUsage(/must be above/));
    assert.throws(
      () => planSweep({ kind: 'concurrency', name: 's', from: 0, to: 4, steps: 2 }),
      isUsage(/whole numbers/),
    );
    assert.throws(() => planSweep({ kind: 'auto', name: 's', steps: 0 }), isUsage(/steps is 0/));
  });
});

describe('an automatic sweep', () => {
  const serve =
    (sync: number | null, throughput: number | null, more: Partial<SweepStepResult> = {}) =>
    (step: StageStep) => {
      if (step.pattern === 'sync') return { rps: sync };
      return step.pattern === 'throughput' ? { rps: throughput, ...more } : {};
    };

  it('measures both ends and then goes evenly between them', () => {
    const { planner, steps, remark } = drive({ kind: 'auto', name: 'auto', steps: 4 }, serve(2, 12));
    assert.equal(planner.total, 6);
    assert.deepEqual(
      steps.map(({ pattern }) => pattern),
      ['sync', 'throughput', 'constant', 'constant', 'constant', 'constant'],
    );
    assert.deepEqual(
      steps.map(({ rate }) => rate),
      [undefined, undefined, 4, 6, 8, 10],
    );
    assert.deepEqual(
      steps.slice(0, 3).map(({ name }) => name),
      ['auto sync', 'auto throughput', 'auto 4/s'],
    );
    assert.equal(remark, null);
  });

  it('ends, and says why, where there is nothing between or nothing was completed', () => {
    const serial = drive({ kind: 'auto', name: 'a', steps: 4 }, serve(3, 3.1));
    assert.equal(serial.steps.length, 2);
    assert.match(serial.remark ?? '', /there is nothing between\. It seems to serve one request at a time/);
    const silent = drive({ kind: 'auto', name: 'a', steps: 4 }, serve(null, 3));
    assert.equal(silent.steps.length, 1);
    assert.match(silent.remark ?? '', /no request was completed one at a time/);
    const choked = drive({ kind: 'auto', name: 'a', steps: 4 }, serve(3, null));
    assert.equal(choked.steps.length, 2);
    assert.match(choked.remark ?? '', /no request was completed at full load/);
    const broken = drive({ kind: 'auto', name: 'a', steps: 4 }, serve(3, 9, { error: 'refused.' }));
    assert.equal(broken.steps.length, 2);
    assert.equal(broken.remark, 'The sweep ended at "a throughput": refused.');
  });

  it('says where its upper end is the client', () => {
    const { steps, remark } = drive({ kind: 'auto', name: 'a', steps: 2 }, serve(3, 90, { clientLimited: true }));
    assert.equal(steps.length, 4);
    assert.match(remark ?? '', /The highest rate, 90\/s, is that of the load client/);
  });
});
