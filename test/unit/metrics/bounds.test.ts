import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { inverseRegularisedBeta, logGamma, regularisedBeta } from '../../../src/core/metrics/beta';
import {
  clopperPearsonLower,
  clopperPearsonUpper,
  clusteredSampleSize,
  quantileRanks,
  samplesForPercentile,
  wilsonInterval,
} from '../../../src/core/metrics/binomial';
import { normalQuantile, studentQuantile } from '../../../src/core/metrics/normal';
import { exactMcNemar, holmAdjusted } from '../../../src/core/metrics/paired';

const near = (actual: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected} within ${tolerance}`);

/** P(Bin(n, p) <= k), summed term by term. */
function binomialCdf(k: number, n: number, p: number): number {
  let sum = 0;
  let choose = 0;
  for (let i = 0; i <= k; i++) {
    if (i > 0) choose += Math.log(n - i + 1) - Math.log(i);
    sum += Math.exp(choose + i * Math.log(p) + (n - i) * Math.log1p(-p));
  }
  return sum;
}

describe('the beta distribution', function () {
  this.timeout(60_000);

  it('has the gamma function right, small and large', () => {
    near(logGamma(0.5), Math.log(Math.sqrt(Math.PI)), 1e-13);
    near(logGamma(10), Math.log(362_880), 1e-12);
    near(logGamma(171), 706.5730622457874, 1e-10);
    near(logGamma(99.99), logGamma(100.99) - Math.log(99.99), 1e-11);
  });

  it('agrees with closed forms and with binomial sums', () => {
    near(regularisedBeta(0.5, 2, 3), 0.6875, 1e-14);
    near(regularisedBeta(0.3, 1, 7), 1 - 0.7 ** 7, 1e-14);
    near(regularisedBeta(0.3, 4.5, 1), 0.3 ** 4.5, 1e-14);
    for (const [k, n, p] of [
      [3, 20, 0.2],
      [0, 299, 0.01],
      [40, 5000, 0.01],
      [95, 100, 0.9],
    ] as const)
      near(regularisedBeta(1 - p, n - k, k + 1), binomialCdf(k, n, p), 1e-11);
  });

  it('inverts itself over twelve orders of magnitude', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        fc.double({ min: 0.5, max: 5000, noNaN: true }),
        fc.double({ min: 0.5, max: 1e6, noNaN: true }),
        (probability, a, b) =>
          near(regularisedBeta(inverseRegularisedBeta(probability, a, b), a, b), probability, 1e-7),
      ),
      { numRuns: 60 },
    );
  });
});

describe('quantiles of the normal and of Student', () => {
  it('equal the published tables', () => {
    near(normalQuantile(0.975), 1.959963985, 1e-8);
    near(normalQuantile(0.001), -3.090232306, 1e-8);
    near(normalQuantile(0.5), 0, 1e-12);
    near(studentQuantile(0.95, 1), 6.313751515, 1e-7);
    near(studentQuantile(0.975, 10), 2.228138852, 1e-8);
    near(studentQuantile(0.025, 30), -2.042272456, 1e-8);
  });
});

describe('bounds of a share', () => {
  it('equal the published Clopper-Pearson limits', () => {
    const table: [hits: number, n: number, low: number, high: number][] = [
      [0, 10, 0, 0.3085],
      [1, 10, 0.0025, 0.445],
      [5, 10, 0.1871, 0.8129],
      [10, 100, 0.049, 0.1762],
      [10, 10, 0.6915, 1],
    ];
    for (const [hits, n, low, high] of table) {
      near(clopperPearsonLower(hits, n, 0.975), low, 5e-5);
      near(clopperPearsonUpper(hits, n, 0.975), high, 5e-5);
    }
    near(clopperPearsonUpper(0, 299, 0.95), 1 - 0.05 ** (1 / 299), 1e-12);
  });

  it('hold what they promise, checked against the binomial itself', () => {
    for (const [hits, n] of [
      [3, 478],
      [12, 2000],
      [1, 30],
    ] as const) {
      near(binomialCdf(hits, n, clopperPearsonUpper(hits, n, 0.95)), 0.05, 1e-9);
      near(1 - binomialCdf(hits - 1, n, clopperPearsonLower(hits, n, 0.95)), 0.05, 1e-9);
    }
  });

  it('take effective counts, which are no whole numbers, and lie between the neighbours', () => {
    const middle = clopperPearsonUpper(2.5, 390.3, 0.95);
    assert.ok(middle > clopperPearsonUpper(2, 391, 0.95) && middle < clopperPearsonUpper(3, 390, 0.95));
    assert.equal(clopperPearsonUpper(0, 0, 0.95), 1);
    assert.equal(clopperPearsonLower(0.0, 5, 0.95), 0);
  });

  it('equal the known Wilson intervals', () => {
    const [low, high] = wilsonInterval(11 / 12, 12, 0.95) ?? [0, 0];
    near(low, 0.646, 5e-4);
    near(high, 0.985, 5e-4);
    const ten = wilsonInterval(0, 10, 0.95) ?? [1, 1];
    near(ten[0], 0, 1e-12);
    near(ten[1], 0.2775, 5e-5);
    assert.equal(wilsonInterval(0, 0, 0.95), null);
    assert.equal(wilsonInterval(0, 163, 0.95)?.[0], 0);
    assert.equal(wilsonInterval(1, 163, 0.95)?.[1], 1);
  });

  it('need 299 independent samples for a p99 and 59 for a p95', () => {
    assert.equal(samplesForPercentile(0.99, 0.95), 299);
    assert.equal(samplesForPercentile(0.95, 0.95), 59);
    assert.ok(clopperPearsonUpper(0, 299, 0.95) <= 0.01 && clopperPearsonUpper(0, 298, 0.95) > 0.01);
  });
});

describe('repeats of one case', () => {
  it('count as one answer where they always agree', () => {
    const clusters = [
      { hits: 5, n: 5 },
      { hits: 0, n: 5 },
      { hits: 5, n: 5 },
      { hits: 5, n: 5 },
    ];
    const n = clusteredSampleSize(clusters);
    assert.ok(n > 2 && n <= 4, `${n}`);
    assert.equal(
      clusteredSampleSize([
        { hits: 5, n: 5 },
        { hits: 5, n: 5 },
      ]),
      2,
    );
  });

  it('count fully where they disagree as coins do', () => {
    const clusters = Array.from({ length: 40 }, (_, i) => ({ hits: 1 + (i % 3), n: 4 }));
    assert.ok(clusteredSampleSize(clusters) > 100);
  });

  it('do not matter where nothing is repeated', () => {
    assert.equal(
      clusteredSampleSize([
        { hits: 1, n: 1 },
        { hits: 0, n: 1 },
        { hits: 1, n: 1 },
      ]),
      3,
    );
    assert.equal(clusteredSampleSize([]), 0);
  });
});

describe('ranks that bound a quantile', () => {
  it('cover as the binomial says', () => {
    const [low, high] = quantileRanks(0.5, 100, 0.95) ?? [0, 0];
    // The exact interval of a median of 100 is X(40) to X(61); continuous ranks lie within.
    assert.ok(low > 39 && low < 42, `${low}`);
    assert.ok(high > 59 && high < 62, `${high}`);
  });

  it('do not exist where no sample can bound the quantile from above', () => {
    assert.equal(quantileRanks(0.99, 300, 0.95), null);
    assert.notEqual(quantileRanks(0.99, 400, 0.95), null);
    assert.equal(quantileRanks(0.99, 1, 0.95), null);
  });
});

describe('tests of several differences', () => {
  it('McNemar equals the binomial by hand', () => {
    near(exactMcNemar(1, 9), (2 * (1 + 10)) / 1024, 1e-12);
    assert.equal(exactMcNemar(0, 0), 1);
    assert.equal(exactMcNemar(5, 5), 1);
    near(exactMcNemar(0, 6), 2 / 64, 1e-12);
    assert.equal(exactMcNemar(9, 1), exactMcNemar(1, 9));
  });

  it('Holm equals p.adjust of R', () => {
    const adjusted = holmAdjusted([0.01, 0.04, 0.03, 0.005]);
    [0.03, 0.06, 0.06, 0.02].forEach((expected, i) => near(adjusted[i] as number, expected, 1e-12));
    assert.deepEqual(holmAdjusted([]), []);
    assert.deepEqual(holmAdjusted([0.9, 0.8]), [1, 1]);
  });
});
