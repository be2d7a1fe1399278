import assert from 'node:assert/strict';
import { testPercentile } from '../../../src/core/compare/test-difference';
import { seededRandom } from '../../../src/core/metrics/random';

type Series = (random: () => number, n: number) => Float64Array;

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

const independent: Series = (random, n) => Float64Array.from({ length: n }, () => 100 * Math.exp(0.2 * normal(random)));

/** Each request like the one before it. */
const correlated: Series = (random, n) => {
  let z = normal(random);
  return Float64Array.from({ length: n }, () => {
    z = 0.8 * z + 0.6 * normal(random);
    return 100 * Math.exp(0.3 * z);
  });
};

/** Sojourn times of a queue with one server (M/M/1), by Lindley's recursion from its steady state. */
const queue =
  (utilisation: number): Series =>
  (random, n) => {
    const exponential = (): number => -Math.log(1 - random());
    let wait = random() < utilisation ? exponential() / (1 - utilisation) : 0;
    return Float64Array.from({ length: n }, () => {
      const sojourn = wait + exponential();
      wait = Math.max(0, sojourn - exponential() / utilisation);
      return 50 * sojourn;
    });
  };

const test = (first: Float64Array, second: Float64Array, share: number) =>
  testPercentile(first, second, { share, confidence: 0.95, seed: 1, noun: 'requests' });

const PAIRS = 300;

/** In how many of 300 pairs of equal workloads the second is called higher, or lower, and in how many nothing is said. */
function alarms(series: Series, n: number, share: number): { higher: number; lower: number; untested: number } {
  const count = { higher: 0, lower: 0, untested: 0 };
  for (let i = 0; i < PAIRS; i++) {
    const random = seededRandom(1 + i);
    const found = test(series(random, n), series(random, n), share);
    if (found.kind === 'untested') count.untested++;
    else if (found.pValue <= 0.05) count[found.difference > 0 ? 'higher' : 'lower']++;
  }
  return count;
}

describe('a percentile of two runs that do not differ', function () {
  this.timeout(60_000);

  // Each side is to be called different in 2.5% of pairs: in 7.5 of 300, with a standard deviation of 2.7. Up to 15 of them (5%) is
  // what chance may add; the plain bootstrap had 20 to 90 in these workloads.
  for (const [name, series, n, share] of [
    ['a queue at 70% of its capacity, 500 requests, p50', queue(0.7), 500, 0.5],
    ['a queue at 70% of its capacity, 2,000 requests, p99', queue(0.7), 2000, 0.99],
    ['a queue at 80% of its capacity, 500 requests, p50', queue(0.8), 500, 0.5],
    ['a queue at 80% of its capacity, 1,000 requests, p50', queue(0.8), 1000, 0.5],
    ['a queue at 80% of its capacity, 500 requests, p99', queue(0.8), 500, 0.99],
    ['a queue at 90% of its capacity, 500 requests, p50', queue(0.9), 500, 0.5],
    ['a queue at 90% of its capacity, 2,000 requests, p50', queue(0.9), 2000, 0.5],
    ['requests like those before them, 1,000 of them, p90', correlated, 1000, 0.9],
    ['independent requests, 500 of them, p99', independent, 500, 0.99],
    ['independent requests, 60 of them, p50', independent, 60, 0.5],
  ] as const) {
    it(`is called different in at most 5% of pairs on either side: ${name}`, () => {
      const { higher, lower } = alarms(series, n, share);
      assert.ok(higher <= 15 && lower <= 15, `${higher} higher, ${lower} lower`);
    });
  }

  it('is left open, with the numbers, where so few independent requests could not show any difference', () => {
    const random = seededRandom(5);
    const found = test(queue(0.9)(random, 500), queue(0.9)(random, 500), 0.99);
    assert.ok(found.kind === 'untested');
    assert.match(found.reason, /^500 requests worth \d+ independent ones are too few to compare a p99 \(368 needed\)$/);
    assert.ok(alarms(queue(0.7), 500, 0.5).untested < PAIRS / 4, 'a median at 70% is tested');
  });
});

describe('a percentile that is 20% higher', function () {
  this.timeout(60_000);

  const found = (series: Series, n: number, share: number, pairs = 40): { times: number; methods: Set<string> } => {
    let times = 0;
    const methods = new Set<string>();
    for (let i = 0; i < pairs; i++) {
      const random = seededRandom(7000 + i);
      const second = series(random, n).map((value) => 1.2 * value);
      const result = test(series(random, n), second, share);
      if (result.kind === 'untested') continue;
      methods.add(result.method);
      assert.ok(result.ci[0] < result.difference && result.difference < result.ci[1]);
      if (result.pValue <= 0.05 && result.difference > 0) times++;
    }
    return { times, methods };
  };

  it('is found: by the bootstrap in long independent series, by order statistics in all others', () => {
    const long = found(independent, 400, 0.5);
    assert.ok(long.times >= 39, `${long.times} of 40`);
    assert.ok(long.methods.has('block-bootstrap'));
    const tail = found(independent, 1000, 0.99);
    assert.ok(tail.times >= 36, `${tail.times} of 40`);
    assert.deepEqual([...tail.methods], ['order-statistics']);
    const dependent = found(correlated, 2000, 0.5);
    assert.ok(dependent.times >= 36, `${dependent.times} of 40`);
    assert.deepEqual([...dependent.methods], ['order-statistics']);
  });
});
