import assert from 'node:assert/strict';
import { CostTally, machineCost, priceOf } from '../../../src/core/metrics/cost';
import { summariseQuality } from '../../../src/core/metrics/quality';
import { exitCodeOf, runVerdict, targetVerdict } from '../../../src/core/metrics/verdict-run';
import type { SloPlan } from '../../../src/protocol/plan';
import type { CaseRecord, RunVerdict, SloResult, TargetResult, Verdict } from '../../../src/protocol/run-json';
import { ORIGIN_MS, caseRecord, failure, request, resultOf, slo } from './fixtures';

function quality(
  records: CaseRecord[],
  slos: SloPlan[] = [],
  weights = new Map<string, number>(),
  policy: 'point' | 'strict' = 'point',
) {
  return summariseQuality(records, { weights, slos, confidence: 0.95, policy });
}

const near = (actual: number | null | undefined, expected: number): void =>
  assert.ok(
    actual !== null && actual !== undefined && Math.abs(actual - expected) < 1e-9,
    `${actual} is not ${expected}`,
  );

describe('quality', () => {
  it('counts errors as not passed and skipped ones not at all', () => {
    const result = quality([
      caseRecord('a', 'passed'),
      caseRecord('b', 'failed'),
      caseRecord('c', 'error'),
      caseRecord('d', 'skipped'),
    ]);
    assert.deepEqual([result.cases, result.passed, result.failed, result.errors, result.skipped], [4, 1, 1, 1, 1]);
    near(result.pass_rate, 1 / 3);
    near(result.score, 1 / 3);
    assert.equal(result.flake_rate, null);
  });

  it('has the Wilson interval of eleven of twelve', () => {
    const result = quality(Array.from({ length: 12 }, (_, i) => caseRecord(`c${i}`, i === 0 ? 'failed' : 'passed')));
    assert.deepEqual(
      result.ci?.map((bound) => bound.toFixed(3)),
      ['0.646', '0.985'],
    );
  });

  it('does not take ten answers to one question for ten questions', () => {
    const repeats = Array.from({ length: 4 }, (_, c) =>
      Array.from({ length: 10 }, (__, r) => caseRecord(`c${c}`, 'passed', { repeat: r })),
    ).flat();
    const single = Array.from({ length: 4 }, (_, c) => caseRecord(`c${c}`, 'passed'));
    assert.deepEqual(quality(repeats).ci, quality(single).ci);
    assert.equal(quality(repeats).flake_rate, 0);
  });

  it('weighs scores and sees flaky cases', () => {
    const records = [
      caseRecord('a', 'passed', { score: 1 }),
      caseRecord('a', 'failed', { score: 0.5, repeat: 1 }),
      caseRecord('b', 'failed', { score: 0 }),
      caseRecord('b', 'failed', { score: 0, repeat: 1 }),
    ];
    const result = quality(records, [], new Map([['/cases/a', 3]]));
    near(result.score, 4.5 / 8);
    near(result.flake_rate, 0.5);
  });

  it('judges its SLOs with their uncertainty', () => {
    const records = Array.from({ length: 12 }, (_, i) => caseRecord(`c${i}`, i === 0 ? 'failed' : 'passed'));
    const bar = [slo('quality.pass_rate >= 90%')];
    const point = quality(records, bar).slo[0];
    assert.deepEqual([point?.verdict, point?.confidence], ['pass', 'low']);
    assert.equal(quality(records, bar, new Map(), 'strict').slo[0]?.verdict, 'inconclusive');
    const bad = quality(
      Array.from({ length: 12 }, (_, i) => caseRecord(`c${i}`, 'failed')),
      bar,
      new Map(),
      'strict',
    ).slo[0];
    assert.deepEqual([bad?.verdict, bad?.confidence, bad?.reason], ['fail', 'high', '90 points under']);
  });

  it('is inconclusive where nothing was asked, or nothing twice', () => {
    const none = quality([caseRecord('a', 'skipped')], [slo('quality.pass_rate >= 90%')]);
    assert.deepEqual(
      [none.pass_rate, none.ci, none.slo[0]?.verdict, none.slo[0]?.reason],
      [null, null, 'inconclusive', 'no case was asked'],
    );
    const once = quality([caseRecord('a', 'passed')], [slo('quality.flake_rate <= 5%')]);
    assert.match(once.slo[0]?.reason ?? '', /no case was asked twice/);
    assert.deepEqual(quality([], [slo('ttft.p99 <= 200ms')]).slo, []);
  });
});

describe('cost', () => {
  const price = { price: { inputPer1M: 2, outputPer1M: 10, cachedInputPer1M: 0.5 } };

  it('prices tokens, cached ones apart', () => {
    const record = request({ at: 0, more: { input_tokens: 1000, output_tokens: 100, cached_input_tokens: 400 } });
    near(priceOf(record, price), (600 * 2 + 400 * 0.5 + 100 * 10) / 1e6);
    near(priceOf(record, { price: { inputPer1M: 2, outputPer1M: 10 } }), (1000 * 2 + 100 * 10) / 1e6);
  });

  it('is unknown, not free, without price or tokens', () => {
    assert.equal(priceOf(request({ at: 0 }), {}), null);
    assert.equal(priceOf(failure(0), price), null);
    assert.equal(machineCost(1000, {}), null);
    near(machineCost(3_600_000, { hardware: { costPerHour: 2.5 } }), 2.5);
  });

  it('adds up what was sent, and divides what was measured', () => {
    const slos = [slo('ttft.p99 <= 200ms')];
    const records = Array.from({ length: 10 }, (_, i) =>
      request({
        at: ORIGIN_MS + i * 100,
        ttft: i < 2 ? 500 : 100,
        more: { input_tokens: 0, output_tokens: 100, cost: 0.001, phase: i === 9 ? 'cooldown' : 'measured' },
      }),
    );
    const stage = resultOf(records, { slos, durationMs: 1000 });
    const tally = new CostTally(price);
    for (const record of records) tally.add(record);
    const result = tally.result([stage]);
    near(tally.totalUsd, 0.01);
    near(result.total, 0.01);
    near(result.per_request, 0.001);
    near(result.per_1m_output, 10);
    near(result.per_good, 0.009 / 7);
  });

  it('takes the machine where there is no price', () => {
    const records = Array.from({ length: 10 }, (_, i) => request({ at: ORIGIN_MS + i * 100 }));
    const stage = resultOf(records, { durationMs: 1000 });
    const tally = new CostTally({ hardware: { costPerHour: 36 } });
    for (const record of records) tally.add(record);
    const result = tally.result([stage]);
    near(result.per_request, 0.001);
    near(result.per_1m_output, (0.01 / 40) * 1e6);
    assert.equal(result.per_good, null);
    assert.ok((result.total ?? 0) > 0.009);
  });

  describe('of a machine that costs $2.50 an hour', () => {
    const hardware = { costPerHour: 2.5 };
    const minute = 2.5 / 60;
    /** A minute of 8 requests per second, 120 tokens each; every second one misses the limit. */
    const stageOf = (name: string, goodLimit: boolean, originMs = ORIGIN_MS) => {
      const records = Array.from({ length: 480 }, (_, i) =>
        request({
          at: originMs + i * 125,
          ttft: i % 2 === 0 ? 100 : 300,
          more: { stage: name, output_tokens: 120 },
        }),
      );
      const slos = goodLimit
        ? [slo('ttft.p99 <= 200ms'), slo('cost.per_good <= $1'), slo('cost.per_1m_output <= $1')]
        : [];
      return { records, result: resultOf(records, { name, slos, originMs, durationMs: 60_000, hardware }) };
    };
    const costOf = (stages: ReturnType<typeof stageOf>[]) => {
      const tally = new CostTally({ hardware });
      for (const { records } of stages) for (const record of records) tally.add(record);
      return tally.result(stages.map(({ result }) => result));
    };

    it('is its share of the time per request, per token and per good request', () => {
      const stage = stageOf('steady', true);
      const cost = costOf([stage]);
      near(cost.per_request, minute / 480);
      near(cost.per_1m_output, (minute / (480 * 120)) * 1e6);
      near(cost.per_good, minute / 240);
      assert.equal(stage.result.rates.goodput, 4);
      // The SLO on a stage and the figure of a target are the same formula.
      near(stage.result.slo.find(({ expr }) => expr.startsWith('cost.per_good'))?.value, minute / 240);
      near(stage.result.slo.find(({ expr }) => expr.startsWith('cost.per_1m'))?.value, (minute / 57_600) * 1e6);
    });

    it('adds up over stages, and takes good requests from those that know them', () => {
      const known = stageOf('known', true);
      const unknown = stageOf('unknown', false, ORIGIN_MS + 60_000);
      const cost = costOf([known, unknown]);
      near(cost.per_request, (2 * minute) / 960);
      near(cost.per_good, minute / 240);
      assert.equal(unknown.result.rates.goodput, null);
    });

    it('is paid for stages without a good request, too', () => {
      const fine = stageOf('fine', true);
      const records = Array.from({ length: 480 }, (_, i) =>
        request({ at: ORIGIN_MS + i * 125, ttft: 900, more: { stage: 'slow' } }),
      );
      const slow = {
        records,
        result: resultOf(records, { name: 'slow', slos: [slo('ttft.p99 <= 200ms')], durationMs: 60_000, hardware }),
      };
      near(costOf([fine, slow]).per_good, (2 * minute) / 240);
      assert.equal(costOf([slow]).per_good, null, 'no good request at any price');
    });

    it('counts from the first send to the last end in the total', () => {
      const tally = new CostTally({ hardware });
      assert.equal(tally.totalUsd, 0);
      tally.add(request({ at: 1000, more: { phase: 'warmup', end: 1500 } }));
      tally.add(request({ at: 2000, more: { end: 3_601_000 } }));
      near(tally.totalUsd, 2.5);
      near(tally.result([]).total, 2.5);
    });

    it('is not free for a single request', () => {
      const records = [request({ at: ORIGIN_MS, more: { end: ORIGIN_MS + 3600 } })];
      const result = resultOf(records, { name: 'stage', hardware, slos: [slo('cost.per_request <= $1')] });
      near(costOf([{ records, result }]).per_request, 0.0025);
      near(result.slo[0]?.value, 0.0025);
    });

    it('gives way to a price, and stands in where a price has no tokens to go by', () => {
      const priced = new CostTally({ hardware, ...price });
      priced.add(request({ at: 0, more: { input_tokens: 500_000, output_tokens: 0, end: 3_600_000 } }));
      near(priced.result([]).total, 1);
      const unknown = new CostTally({ hardware, ...price });
      unknown.add(request({ at: 0, more: { input_tokens: null, output_tokens: null, end: 3_600_000 } }));
      near(unknown.result([]).total, 2.5);
      near(unknown.result([]).per_request, 2.5);
    });
  });

  it('never prices more cached tokens than there were', () => {
    const record = request({ at: 0, more: { input_tokens: 100, output_tokens: null, cached_input_tokens: 900 } });
    near(priceOf(record, price), (100 * 0.5) / 1e6);
  });

  it('is unknown as a whole where nothing is priced', () => {
    const tally = new CostTally({});
    tally.add(request({ at: 0 }));
    assert.deepEqual(tally.result([]), { total: null, per_request: null, per_1m_output: null, per_good: null });
  });
});

describe('the verdict of a run', () => {
  const judged = (
    verdict: Verdict,
    severity: SloResult['severity'] = 'error',
    expr = 'ttft.p99 <= 200ms',
  ): SloResult => ({
    expr,
    pointer: '/slo/0',
    severity,
    value: 1,
    limit: 2,
    verdict,
    confidence: 'high',
    ci: null,
    n: 1,
    n_effective: 1,
    reason: '',
  });
  const target = (
    slos: SloResult[],
    more: Partial<TargetResult> = {},
    records = [request({ at: ORIGIN_MS })],
  ): TargetResult => {
    const result: TargetResult = {
      id: 't',
      endpoint: 'sim',
      api: 'sim',
      model: 'm',
      prompt: 'default',
      params: {},
      hardware: {},
      quality: null,
      stages: [{ ...resultOf(records), slo: slos }],
      cost: { total: null, per_request: null, per_1m_output: null, per_good: null },
      verdict: 'inconclusive',
      ...more,
    };
    return { ...result, verdict: targetVerdict(result) };
  };
  const run = (...targets: TargetResult[]): { targets: TargetResult[]; verdict: RunVerdict } => ({
    targets,
    verdict: runVerdict({ targets }),
  });

  it('is the worst of its parts: fail, error, inconclusive, pass', () => {
    assert.equal(target([judged('pass'), judged('pass')]).verdict, 'pass');
    assert.equal(target([judged('pass'), judged('inconclusive')]).verdict, 'inconclusive');
    assert.equal(target([judged('inconclusive'), judged('fail')]).verdict, 'fail');
    assert.equal(target([judged('pass')], { error: { code: 'x', message: 'y' } }).verdict, 'error');
    assert.equal(target([judged('fail')], { error: { code: 'x', message: 'y' } }).verdict, 'fail');
    assert.equal(target([]).verdict, 'pass');
    assert.equal(target([], { stages: [] }).verdict, 'inconclusive');
  });

  it('is not failed by a warning', () => {
    assert.equal(target([judged('pass'), judged('fail', 'warning'), judged('inconclusive', 'info')]).verdict, 'pass');
  });

  it('is failed by a failed case, unless a bar permits it', () => {
    const records = Array.from({ length: 20 }, (_, i) => caseRecord(`c${i}`, i === 0 ? 'failed' : 'passed'));
    assert.equal(target([], { quality: quality(records) }).verdict, 'fail');
    assert.equal(target([], { quality: quality(records, [slo('quality.pass_rate >= 90%')]) }).verdict, 'pass');
    assert.equal(target([], { quality: quality(records, [slo('quality.pass_rate >= 99%')]) }).verdict, 'fail');
    assert.equal(target([], { quality: quality(records, [slo('quality.flake_rate <= 9%')]) }).verdict, 'fail');
    const broken = [caseRecord('a', 'passed'), caseRecord('b', 'error')];
    assert.equal(target([], { quality: quality(broken) }).verdict, 'error');
  });

  it('gives the exit code', () => {
    assert.equal(exitCodeOf(run(target([judged('pass')]))), 0);
    assert.equal(exitCodeOf(run(target([judged('pass')]), target([judged('fail')]))), 1);
    assert.equal(exitCodeOf(run(target([judged('inconclusive')]))), 3);
    assert.equal(
      exitCodeOf(run(target([judged('pass')], { error: { code: 'endpoint_unreachable', message: '' }, stages: [] }))),
      4,
    );
    const dead = target([judged('fail', 'error', 'error_rate <= 1%')], {}, [failure(ORIGIN_MS)]);
    assert.equal(exitCodeOf(run(dead)), 4, 'every request failed');
    assert.equal(exitCodeOf(run(dead, target([judged('pass')]))), 1, 'one of two targets missed an SLO');
    assert.equal(exitCodeOf(run(target([], {}, [failure(ORIGIN_MS)]), target([judged('pass')]))), 4);
    const oneError = target([], { quality: quality([caseRecord('a', 'passed'), caseRecord('b', 'error')]) });
    assert.equal(exitCodeOf(run(oneError)), 1);
  });
});
