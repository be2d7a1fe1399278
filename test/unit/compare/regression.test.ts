import assert from 'node:assert/strict';
import type { BaselineCase, BaselineFile } from '../../../src/protocol/baseline';
import type { RegressRule } from '../../../src/protocol/plan';
import type { BaselineComparison, BaselineRow } from '../../../src/protocol/run-json';
import { readPinned } from '../../../src/core/compare/pinned-reader';
import { pinnedText } from '../../../src/core/compare/pinned-text';
import { compareBaselines, type RegressionOptions } from '../../../src/core/compare/regression';
import { qualityDifference, scoreDifference, type CasePair } from '../../../src/core/compare/regression-quality';
import { sketchOf } from '../../../src/core/compare/sketch';
import { exactMcNemar } from '../../../src/core/metrics/paired';
import { seededRandom } from '../../../src/core/metrics/random';

const OPTIONS: RegressionOptions = {
  confidence: 0.95,
  policy: 'point',
  purpose: 'regression',
  rules: [],
  matchLone: false,
};
/** Nothing is tolerated, so that the statistics alone decide. */
const STRICT_RULES: RegressRule[] = (
  [
    ['ttft', 'p50'],
    ['ttft', 'p95'],
    ['ttft', 'p99'],
    ['itl', 'p50'],
    ['itl', 'p99'],
    ['tpot', 'p50'],
    ['e2e', 'p50'],
    ['e2e', 'p99'],
  ] as const
).map(([metric, stat]) => ({
  metric,
  stat,
  tolerance: { kind: 'share', value: 0 },
  pointer: `/regress/${metric}.${stat}`,
}));

type Series = (random: () => number, n: number) => Float64Array;

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

const independent: Series = (random, n) => Float64Array.from({ length: n }, () => 100 * Math.exp(0.2 * normal(random)));

const correlated =
  (rho: number): Series =>
  (random, n) => {
    let z = normal(random);
    return Float64Array.from({ length: n }, () => {
      z = rho * z + Math.sqrt(1 - rho * rho) * normal(random);
      return 100 * Math.exp(0.3 * z);
    });
  };

/** Sojourn times of a queue with one server, by Lindley's recursion. */
const queue =
  (utilisation: number): Series =>
  (random, n) => {
    const exponential = (): number => -Math.log(1 - random());
    let wait = random() < utilisation ? exponential() / (1 - utilisation) : 0;
    return Float64Array.from({ length: n }, () => {
      const service = exponential();
      const sojourn = wait + service;
      wait = Math.max(0, sojourn - exponential() / utilisation);
      return 50 * sojourn;
    });
  };

interface Simulated {
  n?: number;
  factor?: number;
  failed?: number;
  cases?: Record<string, BaselineCase>;
  passRate?: number;
}

/** A run of one target: one stage of load, and a dozen cases that are sometimes answered wrongly. */
function simulated(seed: number, series: Series, options: Simulated = {}): BaselineFile {
  const { n = 480, factor = 1, failed = 0, passRate } = options;
  const random = seededRandom(seed);
  const of = (scale: number) => {
    const values = series(random, n).map((value) => value * scale);
    const sketch = sketchOf({ values, counts: null }, 'ms');
    assert.ok(sketch !== null);
    return sketch;
  };
  const drawn = Array.from({ length: 12 }, (_, i): [string, BaselineCase] => {
    const passed = random() < (passRate ?? 1) ? 1 : 0;
    return [`case ${i}`, { passed, of: 1, score: passed }];
  });
  return {
    schema: 'promptrig.baseline/1',
    eval: 'chat.eval.yaml',
    target: 'sim',
    pinned: {
      run: `run-${seed}`,
      at: '2026-11-02T00:00:00.000Z',
      started_at: '2026-11-01T00:00:00.000Z',
      verdict: 'pass',
      commit: null,
      dirty: false,
      promptrig: '0.0.0',
      machine: 'cpu, 2 cores',
      eval_sha256: '0',
    },
    model: 'sim',
    quality: { pass_rate: 1, score: 1, cases: options.cases ?? Object.fromEntries(drawn) },
    stages: {
      steady: {
        load: 'poisson 8/s',
        errors: { requests: n + failed, failed, worth: n + failed },
        rates: { rps: { value: 8, se: 0.1 } },
        metrics: { ttft: of(factor), itl: of(0.2), tpot: of(0.2), e2e: of(5) },
      },
    },
  };
}

function alarms(series: Series, options: Partial<RegressionOptions>, more: Simulated = {}, pairs = 200): number {
  let count = 0;
  for (let i = 0; i < pairs; i++) {
    const before = simulated(2 * i + 1, series, more);
    const now = simulated(2 * i + 2, series, more);
    if (compareBaselines([before], [now], { ...OPTIONS, ...options }).regressions.length > 0) count++;
  }
  return count;
}

function rowOf({ rows = [] }: BaselineComparison, metric: string, stat: string | null = null): BaselineRow {
  const row = rows.find((each) => each.metric === metric && each.stat === stat);
  assert.ok(row !== undefined, `${metric}.${stat}`);
  return row;
}

describe('noise without a regression', function () {
  this.timeout(120_000);

  // 6% of 200 pairs are 12. Nothing is tolerated here: what holds is the statistics and not a generous threshold.
  for (const [name, series] of [
    ['independent requests', independent],
    ['requests that depend on their neighbours (AR(1), 0.7)', correlated(0.7)],
    ['requests that depend strongly (AR(1), 0.9)', correlated(0.9)],
    ['a queue at half of its capacity (M/M/1)', queue(0.5)],
    ['a queue near its capacity (M/M/1, 0.8)', queue(0.8)],
  ] as const) {
    it(`is called a regression in at most 6% of 200 pairs: ${name}`, () => {
      const count = alarms(series, { rules: STRICT_RULES });
      assert.ok(count <= 12, `${count} of 200`);
    });
  }

  it('is called one no more often by way of the file: sketches written, read again and then compared', () => {
    let count = 0;
    for (let i = 0; i < 200; i++) {
      const before = simulated(2 * i + 1, queue(0.8), { passRate: 0.9 });
      const now = simulated(2 * i + 2, queue(0.8), { passRate: 0.9 });
      const pinned = readPinned(pinnedText(before), 'sim.baseline.yaml');
      if (compareBaselines([pinned], [now], { ...OPTIONS, rules: STRICT_RULES }).regressions.length > 0) count++;
    }
    assert.ok(count <= 12, `${count} of 200`);
  });

  it('nor do answers that are wrong now and then look like one', () => {
    const count = alarms(independent, { rules: STRICT_RULES }, { passRate: 0.85 });
    assert.ok(count <= 12, `${count} of 200`);
  });

  it('is called one even less often with what is tolerated by default', () => {
    const count = alarms(correlated(0.7), {});
    assert.ok(count <= 12, `${count} of 200`);
  });
});

describe('a regression', function () {
  this.timeout(60_000);

  it('of 20% in TTFT is caught in nearly every pair of 120 requests, and called by its name', () => {
    let caught = 0;
    for (let i = 0; i < 50; i++) {
      const before = simulated(2 * i + 1, independent, { n: 120 });
      const now = simulated(2 * i + 2, independent, { n: 120, factor: 1.2 });
      const comparison = compareBaselines([before], [now], OPTIONS);
      if (
        comparison.regressions.some((text) => /^sim, "steady": ttft\.p50 is .* slower than in the baseline/.test(text))
      )
        caught++;
      // Nothing else has changed.
      assert.ok(
        comparison.regressions.every((text) => text.includes('ttft')),
        comparison.regressions.join('\n'),
      );
    }
    assert.ok(caught >= 48, `${caught} of 50`);
  });

  it('is an improvement the other way round', () => {
    const slow = simulated(1, independent, { factor: 1.2 });
    const fast = simulated(2, independent);
    const comparison = compareBaselines([slow], [fast], OPTIONS);
    assert.deepEqual(comparison.regressions, []);
    assert.equal(comparison.verdict, 'pass');
    assert.equal(rowOf(comparison, 'ttft', 'p50').verdict, 'improvement');
    assert.match(comparison.improvements[0] ?? '', /faster than in the baseline/);
  });

  it('is none within what is tolerated, however surely it is shown', () => {
    const before = simulated(1, independent, { n: 4000 });
    const now = simulated(2, independent, { n: 4000, factor: 1.1 });
    const rule = (value: number): RegressRule => ({
      ...{ metric: 'ttft', stat: 'p50', pointer: '/regress/ttft.p50' },
      tolerance: { kind: 'share', value },
    });
    const verdict = (value: number) =>
      rowOf(compareBaselines([before], [now], { ...OPTIONS, rules: [rule(value)] }), 'ttft', 'p50').verdict;
    assert.deepEqual([verdict(0.05), verdict(0.2)], ['regression', 'within tolerance']);
    const off: RegressRule = { metric: 'ttft', stat: 'p50', tolerance: { kind: 'off' }, pointer: '/regress/ttft.p50' };
    const rows = compareBaselines([before], [now], { ...OPTIONS, rules: [off] }).rows ?? [];
    assert.ok(!rows.some(({ metric, stat }) => metric === 'ttft' && stat === 'p50'));
  });

  it('fails a run that guards, and decides nothing of one that selects', () => {
    const before = simulated(1, independent);
    const now = simulated(2, independent, { factor: 1.5 });
    assert.equal(compareBaselines([before], [now], OPTIONS).verdict, 'fail');
    const selecting = compareBaselines([before], [now], { ...OPTIONS, purpose: 'selection' });
    assert.equal(selecting.verdict, 'pass');
    assert.ok(selecting.regressions.length > 0);
  });

  it('is seen in errors, too', () => {
    const comparison = compareBaselines(
      [simulated(1, independent)],
      [simulated(2, independent, { failed: 40 })],
      OPTIONS,
    );
    assert.equal(rowOf(comparison, 'error_rate').verdict, 'regression');
  });

  it('names a case that is lost, whether or not chance could have done it', () => {
    const cases = (passed: number, of: number): Record<string, BaselineCase> => ({
      capital: { passed, of, score: passed / of },
      boiling: { passed: of, of, score: 1 },
    });
    const compared = (of: number) =>
      compareBaselines(
        [simulated(1, independent, { cases: cases(of, of) })],
        [simulated(2, independent, { cases: cases(0, of) })],
        OPTIONS,
      );
    // One answer each cannot tell a wrong answer from a flaky one; five can: 2 / C(10, 5), twice for the two families.
    const once = compared(1);
    assert.deepEqual(once.lost, [{ target: 'sim', case_id: 'capital', before: '1/1', now: '0/1' }]);
    assert.equal(once.verdict, 'pass');
    const often = compared(5);
    assert.equal(often.verdict, 'fail');
    assert.match(often.regressions.join(' '), /quality\.pass_rate is 50 points lower .* Lost: capital\./);
  });
});

describe('what cannot be compared', () => {
  it('is the latency of other cases, as where one case alone is run', () => {
    const cases = { load: 'cases, 4 at once' };
    const of = (seed: number, ids: Record<string, BaselineCase>): BaselineFile => {
      const file = simulated(seed, independent, { factor: seed, cases: ids });
      const { steady } = file.stages;
      assert.ok(steady !== undefined);
      return { ...file, stages: { cases: { ...steady, ...cases } } };
    };
    const one = { a: { passed: 1, of: 1, score: 1 } };
    const two = { ...one, b: { passed: 1, of: 1, score: 1 } };
    const same = compareBaselines([of(1, two)], [of(2, two)], OPTIONS);
    assert.ok(same.regressions.length > 0);
    const other = compareBaselines([of(1, two)], [of(2, one)], OPTIONS);
    assert.deepEqual(other.regressions, []);
    assert.match(other.caveats?.join(' ') ?? '', /the cases are not those of the baseline, so that their latencies/);
  });

  it('is said: another load, a stage or a target without a baseline, a client at its limit, other clients', () => {
    const before = simulated(1, independent);
    const { steady } = before.stages;
    assert.ok(steady !== undefined);
    const caveats = (now: BaselineFile): string =>
      (compareBaselines([before], [now], OPTIONS).caveats ?? []).join('\n');
    const now = simulated(2, independent);
    assert.equal(caveats(now), '');
    assert.match(
      caveats({ ...now, stages: { steady: { ...steady, load: 'poisson 16/s' } } }),
      /the load was poisson 8\/s and is poisson 16\/s/,
    );
    assert.match(caveats({ ...now, stages: { burst: steady } }), /"burst": the stage is not in the baseline/);
    assert.match(
      caveats({ ...now, stages: { steady: { ...steady, unfit: 'the client was the limit' } } }),
      /the client was the limit, so that its latencies are not compared/,
    );
    assert.match(caveats({ ...now, target: 'other' }), /There is no baseline of other\./);
    assert.match(caveats({ ...now, pinned: { ...now.pinned, machine: 'cpu, 64 cores' } }), /the clients differ/);
    assert.match(caveats({ ...now, model: 'sim-2' }), /the model was sim and is sim-2/);
    const others = { 'case x': { passed: 1, of: 1, score: 1 } };
    assert.match(caveats(simulated(2, independent, { cases: others })), /no case is in both the run and its baseline/);
  });

  it('leaves a run open where the file asks for a number that the baseline does not have', () => {
    const rules: RegressRule[] = [
      { metric: 'ttfat', stat: 'p99', tolerance: { kind: 'share', value: 0.1 }, pointer: '/regress/ttfat' },
    ];
    const before = simulated(1, independent);
    const now = simulated(2, independent);
    const { steady } = now.stages;
    assert.ok(steady?.metrics.ttft !== undefined);
    steady.metrics.ttfat = steady.metrics.ttft;
    const comparison = compareBaselines([before], [now], { ...OPTIONS, rules });
    assert.equal(comparison.verdict, 'inconclusive');
    assert.match(comparison.caveats?.join(' ') ?? '', /the baseline has no ttfat, which "regress" asks for/);
  });

  it('says how many requests a percentile needs, and is undecided about it only under the strict policy', () => {
    const rules: RegressRule[] = [
      { metric: 'ttft', stat: 'p99', tolerance: { kind: 'share', value: 0.1 }, pointer: '/regress/ttft.p99' },
    ];
    const few = (policy: 'point' | 'strict') =>
      compareBaselines([simulated(1, independent, { n: 60 })], [simulated(2, independent, { n: 60 })], {
        ...{ ...OPTIONS, policy, rules },
      });
    assert.match(
      rowOf(few('point'), 'ttft', 'p99').reason ?? '',
      /60 requests.* are too few to compare a p99 \(368 needed\)/,
    );
    assert.equal(few('point').verdict, 'pass');
    assert.equal(few('strict').verdict, 'inconclusive');
  });

  it('matches two single targets of different names only where that is asked for', () => {
    const before = simulated(1, independent);
    const now = { ...simulated(2, independent), target: 'renamed' };
    assert.equal(compareBaselines([before], [now], OPTIONS).rows?.length, 0);
    assert.ok((compareBaselines([before], [now], { ...OPTIONS, matchLone: true }).rows?.length ?? 0) > 0);
  });
});

describe('the exact test over cases', () => {
  const pair = (id: string, before: [number, number], now: [number, number]): CasePair => ({
    id,
    before: { passed: before[0], of: before[1], score: before[0] / before[1] },
    now: { passed: now[0], of: now[1], score: now[0] / now[1] },
  });

  it('is McNemar with one answer a case', () => {
    for (const [lost, won] of [
      [1, 0],
      [6, 0],
      [7, 2],
      [3, 3],
    ] as const) {
      const pairs = [
        ...Array.from({ length: lost }, (_, i) => pair(`l${i}`, [1, 1], [0, 1])),
        ...Array.from({ length: won }, (_, i) => pair(`w${i}`, [0, 1], [1, 1])),
        pair('same', [1, 1], [1, 1]),
      ];
      assert.ok(Math.abs((qualityDifference(pairs, 0.95)?.pValue ?? 0) - exactMcNemar(lost, won)) < 1e-12);
      // The general form gives the same, once a case with several answers makes it be used.
      const general = [...pairs, pair('repeated', [2, 2], [2, 2])];
      assert.ok(Math.abs((qualityDifference(general, 0.95)?.pValue ?? 0) - exactMcNemar(lost, won)) < 1e-9);
    }
  });

  it('is Fisher with one case', () => {
    const p = (n: number) => qualityDifference([pair('one', [n, n], [0, n])], 0.95)?.pValue ?? 0;
    assert.ok(Math.abs(p(3) - 2 / 20) < 1e-12);
    assert.ok(Math.abs(p(5) - 2 / 252) < 1e-12);
  });

  it('has nothing to say without a case, and t over cases for scores', () => {
    assert.equal(qualityDifference([], 0.95), null);
    assert.equal(scoreDifference([pair('one', [1, 1], [0, 1])], 0.95), null);
    const same = [pair('a', [1, 1], [1, 1]), pair('b', [1, 1], [1, 1])];
    assert.equal(scoreDifference(same, 0.95)?.pValue, 1);
  });
});
