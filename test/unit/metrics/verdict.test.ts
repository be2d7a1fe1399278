import assert from 'node:assert/strict';
import { judgeSlo, secondsNeeded, type JudgePolicy, type SloEvidence } from '../../../src/core/metrics/verdict';
import { slo } from './fixtures';

const POINT: JudgePolicy = { policy: 'point', confidence: 0.95 };
const STRICT: JudgePolicy = { policy: 'strict', confidence: 0.95 };

function percentile(more: Partial<Extract<SloEvidence, { kind: 'percentile' }>>): SloEvidence {
  return { kind: 'percentile', value: 184, n: 478, violating: 0, nEffective: 478, ci: null, elapsedS: 60, ...more };
}

const p99 = slo('ttft.p99 <= 200ms');

describe('a percentile', () => {
  it('passes with high confidence where the share over the limit is bounded below 1%', () => {
    const result = judgeSlo(p99, percentile({}), POINT);
    assert.deepEqual([result.verdict, result.confidence, result.reason], ['pass', 'high', '16 ms under']);
    assert.deepEqual([result.value, result.limit, result.n, result.n_effective], [184, 200, 478, 478]);
  });

  it('turns at 299 independent samples, none over the limit', () => {
    assert.equal(judgeSlo(p99, percentile({ n: 299, nEffective: 299 }), POINT).confidence, 'high');
    assert.equal(judgeSlo(p99, percentile({ n: 298, nEffective: 298 }), POINT).confidence, 'low');
  });

  it('says how many samples and seconds are missing', () => {
    const result = judgeSlo(p99, percentile({ n: 12, nEffective: 12, elapsedS: 1.43 }), STRICT);
    assert.equal(result.verdict, 'inconclusive');
    assert.equal(result.reason, '12 samples are too few for a p99 (299 needed, 35 s more)');
    const one = judgeSlo(p99, percentile({ n: 1, nEffective: 1, elapsedS: null }), POINT);
    assert.equal(one.reason, '1 sample is too few for a p99 (299 needed)');
  });

  it('does not count dependent samples as if they were independent', () => {
    const result = judgeSlo(p99, percentile({ nEffective: 40 }), POINT);
    assert.deepEqual([result.verdict, result.confidence], ['pass', 'low']);
    assert.match(
      result.reason,
      /^478 samples worth 40 independent ones are too few for a p99 \(299 needed, 7 min more\)$/,
    );
    assert.equal(judgeSlo(p99, percentile({ nEffective: 40 }), STRICT).verdict, 'inconclusive');
  });

  it('fails with high confidence where the share is surely above 1%', () => {
    const result = judgeSlo(p99, percentile({ value: 231, violating: 20 }), STRICT);
    assert.deepEqual([result.verdict, result.confidence, result.reason], ['fail', 'high', '31 ms over']);
  });

  it('is too close to call in between: shown under point, inconclusive under strict', () => {
    const close = percentile({ value: 205, violating: 6 });
    const point = judgeSlo(p99, close, POINT);
    assert.deepEqual([point.verdict, point.confidence, point.reason], ['fail', 'low', '5 ms over']);
    const strict = judgeSlo(p99, close, STRICT);
    assert.equal(strict.verdict, 'inconclusive');
    assert.match(strict.reason, /^too close to call: .*% may be over 200 ms, 1% may$/);
  });

  it('may have a floor: then the samples under it count', () => {
    const floor = slo('tpot.p5 >= 10ms');
    assert.equal(judgeSlo(floor, percentile({ value: 12, violating: 0 }), POINT).confidence, 'high');
    const missed = judgeSlo(floor, percentile({ value: 8, violating: 60 }), POINT);
    assert.deepEqual([missed.verdict, missed.confidence, missed.reason], ['fail', 'high', '2 ms under']);
  });

  it('tells < from <=', () => {
    assert.equal(judgeSlo(slo('ttft.p99 < 200ms'), percentile({ value: 200, violating: 5 }), POINT).verdict, 'fail');
    assert.equal(judgeSlo(p99, percentile({ value: 200 }), POINT).verdict, 'pass');
  });
});

describe('other evidence', () => {
  const rate = slo('error_rate <= 1%');
  const estimate = (value: number, ci: [number, number] | null): SloEvidence => ({
    kind: 'estimate',
    value,
    n: 500,
    nEffective: 500,
    ci,
  });

  it('is sure where the interval lies on one side of the limit', () => {
    assert.equal(judgeSlo(rate, estimate(0.002, [0.0005, 0.009]), STRICT).verdict, 'pass');
    assert.equal(judgeSlo(rate, estimate(0.05, [0.03, 0.08]), STRICT).verdict, 'fail');
    const open = judgeSlo(rate, estimate(0.008, [0.003, 0.02]), STRICT);
    assert.equal(open.verdict, 'inconclusive');
    assert.equal(open.reason, 'too close to call: 95% CI 0.3% to 2%, n 500');
    assert.match(judgeSlo(rate, estimate(0.008, null), POINT).reason, /too small for an interval/);
  });

  it('a maximum over the limit is a fact, one below it is not', () => {
    const max = slo('e2e.max <= 1s');
    const extreme = (value: number): SloEvidence => ({ kind: 'extreme', value, n: 100, which: 'max' });
    assert.deepEqual(
      [judgeSlo(max, extreme(1500), STRICT).verdict, judgeSlo(max, extreme(900), STRICT).verdict],
      ['fail', 'inconclusive'],
    );
    assert.equal(judgeSlo(max, extreme(900), POINT).verdict, 'pass');
    const min = slo('e2e.min <= 1s');
    assert.equal(judgeSlo(min, { kind: 'extreme', value: 900, n: 100, which: 'min' }, STRICT).verdict, 'pass');
  });

  it('without any sample is inconclusive, with its reason', () => {
    const result = judgeSlo(p99, { kind: 'none', reason: 'no request fell into the measured window' }, POINT);
    assert.deepEqual([result.verdict, result.value, result.ci], ['inconclusive', null, null]);
    assert.equal(result.reason, 'no request fell into the measured window');
  });
});

describe('circumstances', () => {
  const cannotPass = 'the client was the limit';

  it('a limited client cannot pass, and can fail', () => {
    const passed = judgeSlo(p99, percentile({}), { ...POINT, cannotPass });
    assert.deepEqual([passed.verdict, passed.confidence, passed.reason], ['inconclusive', 'low', cannotPass]);
    assert.equal(judgeSlo(p99, percentile({ value: 500, violating: 100 }), { ...POINT, cannotPass }).verdict, 'fail');
  });

  it('a doubt lowers the confidence and is said', () => {
    const result = judgeSlo(p99, percentile({}), { ...POINT, doubt: 'the stage was not steady' });
    assert.deepEqual([result.verdict, result.confidence, result.reason], ['pass', 'low', 'the stage was not steady']);
  });

  it('waits for as long as the same load needs', () => {
    assert.equal(secondsNeeded(100, 299, 50), 99.5);
    assert.equal(secondsNeeded(300, 299, 50), 0);
    assert.equal(secondsNeeded(0, 299, 50), null);
    assert.equal(secondsNeeded(10, 299, null), null);
  });
});
