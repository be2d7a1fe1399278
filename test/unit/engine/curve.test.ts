import * as assert from 'node:assert/strict';
import { runCapacity, runSweep } from '../../../src/core/engine/curve';
import { stagePlan } from '../support/samples';
import type { StagePlan } from '../../../src/protocol/plan';
import type { SloResult, StageResult, Verdict } from '../../../src/protocol/run-json';

const never = new AbortController().signal;

/** A stage as if it had been measured: what matters to a curve, the rest empty. */
function measured(step: StagePlan, verdict: Verdict, change: Partial<StageResult> = {}): StageResult {
  const slo: SloResult = {
    expr: 'ttft.p99 <= 200ms',
    pointer: '/slo/0',
    severity: 'error',
    value: verdict === 'pass' ? 150 : 250,
    limit: 200,
    verdict,
    confidence: 'high',
    ci: null,
    n: 500,
    n_effective: 500,
    reason: verdict === 'pass' ? '50 ms to spare' : '50 ms over',
  };
  return {
    name: step.name,
    pointer: step.pointer,
    pattern: step.pattern,
    loop: step.loop,
    rate: step.rate ?? null,
    window: { start_ms: 0, end_ms: 1000 },
    counts: { scheduled: 10, completed: 10, failed: 0, timed_out: 0, cancelled: 0, truncated: 0 },
    metrics: {},
    rates: {
      rps: step.rate ?? 10 * (step.concurrency ?? 1),
      offered_rps: step.rate ?? 10,
      goodput: step.rate ?? 10,
      goodput_ratio: 1,
      output_tps: 0,
      input_tps: 0,
      total_tps: 0,
      error_rate: 0,
      concurrency_mean: 1,
      concurrency_max: 1,
    },
    slo: [slo],
    client: { limited: false, event_loop_delay_p99_ms: 0, dispatch_lag_p99_ms: 0, cpu: 0, workers: 1 },
    errors: [],
    flags: [],
    tokens_source: ['usage'],
    ...change,
  };
}

function upTo(limit: number, load: (step: StagePlan) => number) {
  return (step: StagePlan) => Promise.resolve(measured(step, load(step) <= limit ? 'pass' : 'fail'));
}

const rateOf = (step: StagePlan): number => step.rate ?? 0;
const slos = [
  {
    pointer: '/slo/0',
    expr: 'ttft.p99 <= 200ms',
    metric: 'ttft',
    stat: 'p99',
    op: '<=' as const,
    limit: 200,
    unit: 'ms' as const,
    severity: 'error' as const,
  },
];

describe('a sweep', () => {
  const stage = stagePlan({
    name: 'curve',
    pattern: 'sweep',
    loop: 'open',
    sweep: { from: 10, to: 40, steps: 4, auto: false },
  });

  it('says up to which rate the SLOs are met, what that costs, and passes', async () => {
    const curve = await runSweep(stage, { hardware: { costPerHour: 72 } }, upTo(25, rateOf), never);
    assert.deepEqual(
      curve.points.map(({ rate, verdict }) => [rate, verdict]),
      [
        [10, 'pass'],
        [20, 'pass'],
        [30, 'fail'],
        [40, 'fail'],
      ],
    );
    assert.equal(curve.rate, 20);
    assert.equal(curve.verdict, 'pass');
    assert.equal(curve.conclusion, 'The SLOs are met up to 20/s; at 30/s they are not.');
    // $72 an hour is $0.02 a second, shared by 20 good requests.
    assert.ok(Math.abs((curve.cost_per_good ?? 0) - 0.001) < 1e-9);
  });

  it('fails only where no step meets them', async () => {
    const curve = await runSweep(stage, {}, upTo(5, rateOf), never);
    assert.equal(curve.rate, null);
    assert.equal(curve.verdict, 'fail');
    assert.match(curve.conclusion, /^At 10\/s, the lowest step of the sweep, the SLOs are not met/);
  });

  it('of closed loops speaks of requests in flight', async () => {
    const closed = stagePlan({
      name: 'curve',
      pattern: 'sweep',
      loop: 'closed',
      sweep: { from: 1, to: 4, steps: 4, auto: false },
    });
    const curve = await runSweep(
      closed,
      {},
      upTo(2, (step) => step.concurrency ?? 0),
      never,
    );
    assert.deepEqual(
      curve.points.map(({ concurrency }) => concurrency),
      [1, 2, 3, 4],
    );
    assert.equal(
      curve.conclusion,
      'The SLOs are met up to 2 requests in flight; at 3 requests in flight they are not.',
    );
    assert.equal(curve.verdict, 'pass');
    const all = await runSweep(
      closed,
      {},
      upTo(9, (step) => step.concurrency ?? 0),
      never,
    );
    assert.equal(all.conclusion, 'The SLOs are met up to 4 requests in flight, the highest step of the sweep.');
  });

  it('ends where a step gets no answer at all', async () => {
    const counts = { scheduled: 10, completed: 0, failed: 10, timed_out: 0, cancelled: 0, truncated: 0 };
    const errors = [{ kind: 'connection_refused', count: 10, example: 'The connection was refused.' }];
    const curve = await runSweep(
      stage,
      {},
      (step) => Promise.resolve(measured(step, 'inconclusive', rateOf(step) > 15 ? { counts, errors } : {})),
      never,
    );
    assert.equal(curve.points.length, 2);
    assert.equal(curve.conclusion, 'The sweep ended at "curve 20/s": The connection was refused.');
  });
});

describe('a capacity stage', () => {
  const stage = stagePlan({
    name: 'knee',
    pattern: 'capacity',
    loop: 'open',
    capacity: { from: 4, precision: 0.1 },
    slos,
  });

  it('sends Poisson arrivals and closes in on the edge', async () => {
    const seen: StagePlan[] = [];
    const curve = await runCapacity(
      stage,
      {},
      (step) => {
        seen.push(step);
        return upTo(25, rateOf)(step);
      },
      never,
    );
    assert.ok(seen.every((step) => step.pattern === 'poisson' && step.loop === 'open'));
    assert.equal(new Set(seen.map((step) => step.name)).size, seen.length, 'names are unique');
    assert.equal(curve.status, 'found');
    assert.ok(curve.rate !== null && curve.rate <= 25 && curve.rate >= 25 / 1.11, `${curve.rate}`);
    assert.equal(curve.verdict, 'pass');
  });

  it('fails where the lowest rate does, with the reason', async () => {
    const curve = await runCapacity(stage, {}, upTo(1, rateOf), never);
    assert.equal(curve.status, 'fails_at_lowest');
    assert.equal(curve.verdict, 'fail');
    assert.match(curve.conclusion, /fail already at 4\/s \(ttft\.p99 <= 200ms: 50 ms over\)/);
  });

  it('refuses to search without an SLO', async () => {
    await assert.rejects(runCapacity({ ...stage, slos: [] }, {}, upTo(1, rateOf), never), {
      code: 'usage',
      message: /no SLO is set/,
    });
  });

  it('vouches for nothing that the client could not send', async () => {
    const client = { limited: true, event_loop_delay_p99_ms: 9, dispatch_lag_p99_ms: 99, cpu: 1, workers: 1 };
    const curve = await runCapacity(
      stage,
      {},
      (step) =>
        Promise.resolve(rateOf(step) > 10 ? measured(step, 'inconclusive', { client }) : measured(step, 'pass')),
      never,
    );
    assert.equal(curve.status, 'client_limited');
    assert.equal(curve.rate, 8);
    assert.match(curve.conclusion, /takes at least 8\/s.*the load client, not the server, is the limit/);
  });
});
