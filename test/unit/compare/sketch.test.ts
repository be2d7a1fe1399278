import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { Sketch, sketchOf, type RequestValues } from '../../../src/core/compare/sketch';
import { differenceOf, errorRateOf, meanOf, percentileOf, rateOf } from '../../../src/core/compare/sketch-test';
import { ValuesInSendOrder } from '../../../src/core/compare/sketch-values';
import { quantileOfSorted } from '../../../src/core/metrics/percentile';
import { seededRandom } from '../../../src/core/metrics/random';

function normals(random: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Log-normal latencies whose logarithms are an AR(1) series. */
function latencies(
  seed: number,
  n: number,
  options: { factor?: number; rho?: number; spread?: number } = {},
): RequestValues {
  const { factor = 1, rho = 0, spread = 0.3 } = options;
  const normal = normals(seededRandom(seed));
  let z = normal();
  const values = Float64Array.from({ length: n }, () => {
    z = rho * z + Math.sqrt(1 - rho * rho) * normal();
    return factor * 100 * Math.exp(spread * z);
  });
  return { values, counts: null };
}

function made(values: RequestValues): Sketch {
  const data = sketchOf(values, 'ms');
  assert.ok(data !== null);
  // As it comes back from a file.
  return new Sketch(JSON.parse(JSON.stringify(data)) as typeof data);
}

describe('a sketch of a distribution', () => {
  it('keeps a small sample whole and a large one in under a hundred numbers', () => {
    assert.equal(sketchOf({ values: new Float64Array(0), counts: null }, 'ms'), null);
    assert.equal(sketchOf(latencies(1, 100), 'ms')?.sorted?.length, 100);
    const large = sketchOf(latencies(1, 101), 'ms');
    assert.equal(large?.sorted, undefined);
    assert.ok(Object.values(large?.quantiles ?? {}).flat().length < 100);
  });

  it('gives the percentiles of the sample back to a hundredth', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 2, max: 4000 }), (seed, n) => {
        const values = latencies(seed, n);
        const sketch = made(values);
        const sorted = values.values.slice().sort();
        for (const share of [0, 0.01, 0.5, 0.9, 0.95, 0.99, 1]) {
          const exact = quantileOfSorted(sorted, share);
          const low = quantileOfSorted(sorted, Math.max(0, share - 0.01));
          const high = quantileOfSorted(sorted, Math.min(1, share + 0.01));
          const got = sketch.quantile(share);
          assert.ok(got >= low * 0.999 && got <= high * 1.001, `p${share * 100} of ${n}: ${got}, ${exact}`);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is worth fewer values where requests depend on each other, and all of them where they do not', () => {
    const independent = sketchOf(latencies(3, 2000), 'ms');
    assert.ok((independent?.worth.p50 ?? 0) > 1500, `${independent?.worth.p50}`);
    const dependent = sketchOf(latencies(3, 2000, { rho: 0.9 }), 'ms');
    // tau of an AR(1) series is (1 + rho) / (1 - rho) = 19; that of its median's indicator is less.
    const worth = dependent?.worth.p50 ?? 0;
    assert.ok(worth > 60 && worth < 400, `${worth}`);
  });

  it('counts the gaps of a request as one cluster where they move together', () => {
    const normal = normals(seededRandom(5));
    const rows = Array.from({ length: 300 }, () => {
      const level = 20 * Math.exp(0.5 * normal());
      return Array.from({ length: 10 }, () => level);
    });
    const counts = Uint32Array.from(rows, (row) => row.length);
    const data = sketchOf({ values: Float64Array.from(rows.flat()), counts }, 'ms');
    assert.equal(data?.n, 3000);
    assert.ok((data?.worth.p50 ?? 9999) < 450, `${data?.worth.p50}`);
    assert.ok((data?.worth.mean ?? 9999) < 450, `${data?.worth.mean}`);
  });

  it('has no bound of a p99 that too few values could give', () => {
    const [low, high] = made(latencies(1, 100)).bounds(0.99, 0.025);
    assert.ok(Number.isFinite(low));
    assert.equal(high, Number.POSITIVE_INFINITY);
    assert.ok(made(latencies(1, 600)).bounds(0.99, 0.025).every(Number.isFinite));
  });

  it('bounds the true median and p95 as often as it says', () => {
    const trials = 300;
    const held = { median: 0, p95: 0 };
    for (let i = 0; i < trials; i++) {
      const sketch = made(latencies(1000 + i, 300));
      const within = (share: number, truth: number): boolean => {
        const [low, high] = sketch.bounds(share, 0.025);
        return low <= truth && truth <= high;
      };
      if (within(0.5, 100)) held.median++;
      if (within(0.95, 100 * Math.exp(0.3 * 1.6448536))) held.p95++;
    }
    // 95% of 300 is 285, with a standard deviation of 4.
    assert.ok(held.median >= 270 && held.p95 >= 270, JSON.stringify(held));
  });
});

describe('the difference of two uncertain numbers', () => {
  const half = (seed: number, factor = 1) => percentileOf(made(latencies(seed, 400, { factor })), 0.5);

  it('mirrors when the two are exchanged', () => {
    const forth = differenceOf(half(1), half(2, 1.1), 0.95);
    const back = differenceOf(half(2, 1.1), half(1), 0.95);
    assert.ok(Math.abs(forth.difference + back.difference) < 1e-9);
    assert.ok(Math.abs((forth.ci?.[0] ?? 0) + (back.ci?.[1] ?? 1)) < 1e-9);
    assert.ok(Math.abs(forth.pValue / back.pValue - 1) < 1e-6);
  });

  it('has a p-value that agrees with its interval', () => {
    for (let seed = 1; seed < 40; seed++) {
      const { ci, pValue } = differenceOf(half(seed), half(seed + 500, 1 + seed / 400), 0.95);
      assert.ok(ci !== null);
      assert.equal(pValue <= 0.05, ci[0] > 0 || ci[1] < 0, `${pValue} ${ci.join(' ')}`);
    }
  });

  it('shows nothing where the numbers are the same, and a p-value that survives adjusting where they are far apart', () => {
    assert.equal(differenceOf(half(1), half(1), 0.95).pValue, 1);
    assert.ok(differenceOf(half(1), half(2, 2), 0.95).pValue < 1e-8);
  });

  it('has no interval where one of the two has no bound', () => {
    const few = percentileOf(made(latencies(1, 100)), 0.99);
    assert.equal(differenceOf(few, few, 0.95).ci, null);
    assert.equal(differenceOf(rateOf({ value: 8, se: null }), rateOf({ value: 9, se: 0.1 }), 0.95).pValue, 1);
  });

  it('tests means, error rates and rates, too', () => {
    const mean = (seed: number, factor: number) => meanOf(made(latencies(seed, 400, { factor })));
    assert.ok(differenceOf(mean(1, 1), mean(2, 1.2), 0.95).pValue < 0.001);
    const errors = (failed: number) => errorRateOf({ requests: 400, failed, worth: 400 });
    assert.ok(differenceOf(errors(0), errors(20), 0.95).pValue < 0.001);
    assert.ok(differenceOf(errors(3), errors(4), 0.95).pValue > 0.3);
    assert.ok(differenceOf(rateOf({ value: 8, se: 0.1 }), rateOf({ value: 7, se: 0.1 }), 0.95).pValue < 0.001);
  });
});

describe('the values of a metric', () => {
  it('come in send order, the gaps of a request together', () => {
    const values = new ValuesInSendOrder();
    values.add(3, [5, 6]);
    values.add(1, [1]);
    values.add(2, []);
    const { values: flat, counts } = values.result();
    assert.deepEqual([...flat], [1, 5, 6]);
    assert.deepEqual([...(counts ?? [])], [1, 2]);
    assert.deepEqual([...values.instants()], [1, 3]);
  });

  it('are thinned evenly past a bound', () => {
    const values = new ValuesInSendOrder(100);
    for (let i = 0; i < 1000; i++) values.add(i, [i]);
    const { values: kept, counts } = values.result();
    assert.ok(kept.length > 50 && kept.length <= 100);
    assert.equal(counts, null);
    assert.equal(new Set([...kept.slice(1)].map((value, i) => value - (kept[i] ?? 0))).size, 1);
  });
});
