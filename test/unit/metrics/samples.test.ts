import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { ChunkPool } from '../../../src/core/metrics/chunked-list';
import { OrderedRows } from '../../../src/core/metrics/ordered-rows';
import { quantileOfSorted } from '../../../src/core/metrics/percentile';
import { Samples } from '../../../src/core/metrics/samples';

const near = (actual: number, expected: number, relative = 1e-12): void =>
  assert.ok(Math.abs(actual - expected) <= relative * Math.max(1, Math.abs(expected)), `${actual} is not ${expected}`);

function samplesOf(values: readonly number[], exactLimit?: number): Samples {
  const samples = new Samples(exactLimit === undefined ? {} : { exactLimit });
  for (const value of values) samples.add(value);
  return samples;
}

const latencies = fc.array(fc.double({ min: 0, max: 60_000, noNaN: true }), { minLength: 1, maxLength: 300 });

describe('quantiles', () => {
  it('equal numpy.percentile with method "linear"', () => {
    const table: [number[], number, number][] = [
      [[15, 20, 35, 40, 50], 0.4, 29],
      [[1, 2, 3, 4], 0.25, 1.75],
      [Array.from({ length: 100 }, (_, i) => i + 1), 0.99, 99.01],
      [Array.from({ length: 1000 }, (_, i) => i), 0.999, 998.001],
      [[7], 0.99, 7],
      [[0.5, 2.5], 0.5, 1.5],
    ];
    for (const [values, share, expected] of table) near(quantileOfSorted(Float64Array.from(values), share), expected);
    assert.throws(() => quantileOfSorted(new Float64Array(0), 0.5), RangeError);
  });

  it('never fall as the share grows, and stay within the sample', () => {
    fc.assert(
      fc.property(
        latencies,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, a, b) => {
          const samples = samplesOf(values);
          const low = samples.quantile(Math.min(a, b));
          const high = samples.quantile(Math.max(a, b));
          assert.ok(low <= high);
          assert.ok(low >= Math.min(...values) && high <= Math.max(...values));
        },
      ),
    );
  });
});

describe('Samples', function () {
  this.timeout(60_000);

  it('has the mean and the standard deviation of the sample', () => {
    const samples = samplesOf([2, 4, 4, 4, 5, 5, 7, 9]);
    near(samples.mean, 5);
    near(samples.stdev, Math.sqrt(32 / 7));
    assert.equal(samplesOf([3]).stdev, 0);
    assert.equal(new Samples().distribution('ms'), null);
  });

  it('may be asked for a quantile between additions', () => {
    const samples = samplesOf([5, 1]);
    assert.equal(samples.quantile(0.5), 3);
    samples.add(0);
    assert.equal(samples.quantile(0.5), 1);
  });

  it('refuses what would poison every statistic', () => {
    assert.throws(() => new Samples().add(Number.NaN), RangeError);
    assert.throws(() => new Samples().add(Number.POSITIVE_INFINITY), RangeError);
  });

  it('merges to what one sample of everything would hold', () => {
    fc.assert(
      fc.property(latencies, latencies, fc.constantFrom(5, 100, 1000), (a, b, exactLimit) => {
        const merged = samplesOf(a, exactLimit);
        merged.merge(samplesOf(b, exactLimit));
        const whole = samplesOf([...a, ...b], exactLimit);
        assert.equal(merged.n, whole.n);
        assert.equal(merged.method, whole.method);
        near(merged.mean, whole.mean, 1e-9);
        near(merged.stdev, whole.stdev, 1e-6);
        assert.deepEqual([merged.min, merged.max], [whole.min, whole.max]);
        for (const share of [0, 0.5, 0.99, 1]) near(merged.quantile(share), whole.quantile(share), 1e-9);
      }),
    );
  });

  it('keeps adding after a merge', () => {
    const merged = samplesOf([1, 2]);
    merged.merge(samplesOf([3, 4]));
    merged.add(100);
    assert.equal(merged.quantile(1), 100);
    assert.equal(merged.quantile(0.5), 3);
  });

  it('past its bound is within three significant digits of the sorted sample, and says so', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.01, max: 100_000, noNaN: true }), { minLength: 20, maxLength: 300 }),
        (values) => {
          const samples = samplesOf(values, 10);
          assert.equal(samples.method, 'hdr');
          assert.equal(samples.distribution('ms')?.method, 'hdr');
          const sorted = [...values].sort((a, b) => a - b);
          for (const share of [0.5, 0.9, 0.99]) {
            // A histogram has no interpolation: its answer is the value of a rank beside the exact position.
            const position = share * (sorted.length - 1);
            const low = sorted[Math.floor(position)] as number;
            const high = sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length))] as number;
            const value = samples.quantile(share);
            assert.ok(
              value >= low * 0.998 - 0.002 && value <= high * 1.002 + 0.002,
              `${share}: ${value} of ${low}..${high}`,
            );
          }
          assert.equal(samples.min, sorted[0]);
          assert.equal(samples.max, sorted.at(-1));
        },
      ),
    );
  });

  it('holds an hour and a microsecond in one histogram', () => {
    const samples = samplesOf([0.001, 3_600_000, 0.002, 7_200_000], 1);
    near(samples.quantile(1), 7_200_000);
    near(samples.quantile(0.75), 3_600_000, 2e-3);
    near(samples.quantile(0), 0.001);
  });
});

describe('OrderedRows', () => {
  it('gives rows back in the order of their instants, with their columns together', () => {
    const rows = new OrderedRows(2, 5000, new ChunkPool());
    for (let i = 0; i < 1000; i++) {
      const key = (i * 389) % 1000;
      rows.add(1e9 + key, [key, -key]);
    }
    const keys = rows.keysInOrder();
    const columns = [rows.columnInOrder(0), rows.columnInOrder(1)];
    for (let i = 0; i < 1000; i++) {
      assert.equal(keys[i], 1e9 + i);
      assert.equal(columns[0]?.[i], i);
      assert.equal(columns[1]?.[i], -i);
    }
  });

  it('keeps no more than its limit', () => {
    const rows = new OrderedRows(1, 100, new ChunkPool());
    for (let i = 0; i < 500; i++) rows.add(i, [i]);
    assert.equal(rows.length, 100);
    assert.equal(rows.keysInOrder().length, 100);
  });
});
