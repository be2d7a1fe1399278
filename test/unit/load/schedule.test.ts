import assert from 'node:assert/strict';
import { Random, uniformAt } from '../../../src/core/load/prng';
import {
  ArrivalCursor,
  arrivalsOf,
  burstArrivals,
  constantArrivals,
  gammaArrivals,
  poissonArrivals,
  rampArrivals,
} from '../../../src/core/load/schedule';
import { PromptrigError } from '../../../src/core/util/errors';
import { stageOf } from './stage';

function take(arrivals: Iterable<number>, count: number): number[] {
  const out: number[] = [];
  for (const at of arrivals) {
    if (out.length >= count) break;
    out.push(at);
  }
  return out;
}

function gaps(arrivals: number[]): number[] {
  return arrivals.map((at, i) => at - (arrivals[i - 1] ?? 0));
}

function moments(values: number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, deviation: Math.sqrt(variance) };
}

function assertNear(actual: number, expected: number, share: number, what: string): void {
  assert.ok(
    Math.abs(actual - expected) <= share * expected,
    `${what}: ${actual} is not within ${share * 100}% of ${expected}`,
  );
}

const isUsage = (pattern: RegExp) => (error: unknown) =>
  error instanceof PromptrigError && error.code === 'usage' && pattern.test(error.message);

describe('Random', () => {
  it('repeats itself for the same seed and label, and for no other', () => {
    const draw = (seed: number, label: string) => {
      const random = new Random(seed, label);
      return Array.from({ length: 5 }, () => random.nextInt());
    };
    assert.deepEqual(draw(1, 'a'), draw(1, 'a'));
    assert.notDeepEqual(draw(1, 'a'), draw(2, 'a'));
    assert.notDeepEqual(draw(1, 'a'), draw(1, 'b'));
    assert.notDeepEqual(draw(1, 'a'), draw(1 + 2 ** 32, 'a'));
  });

  it('is uniform in [0, 1)', () => {
    const random = new Random(7, 'u');
    const bins = new Array<number>(20).fill(0);
    const n = 40_000;
    for (let i = 0; i < n; i++) {
      const value = random.next();
      assert.ok(value >= 0 && value < 1);
      const bin = Math.floor(value * 20);
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    const chi2 = bins.reduce((sum, count) => sum + (count - n / 20) ** 2 / (n / 20), 0);
    assert.ok(chi2 < 43.8, `chi-square with 19 degrees of freedom is ${chi2}, its 99.9% quantile 43.8`);
  });

  it('has a uniform value at every index', () => {
    const bins = new Array<number>(20).fill(0);
    const n = 40_000;
    for (let i = 0; i < n; i++) {
      const bin = Math.floor(uniformAt(3, 'cases', i) * 20);
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    const chi2 = bins.reduce((sum, count) => sum + (count - n / 20) ** 2 / (n / 20), 0);
    assert.ok(chi2 < 43.8, `chi-square ${chi2}`);
    assert.equal(uniformAt(3, 'cases', 17), uniformAt(3, 'cases', 17));
    assert.notEqual(uniformAt(3, 'cases', 17), uniformAt(4, 'cases', 17));
  });

  it('draws gamma variables of the right mean and deviation, below and above shape 1', () => {
    for (const shape of [0.25, 1, 4]) {
      const random = new Random(11, `gamma${shape}`);
      const { mean, deviation } = moments(Array.from({ length: 60_000 }, () => random.gamma(shape)));
      assertNear(mean, shape, 0.03, `mean of shape ${shape}`);
      assertNear(deviation, Math.sqrt(shape), 0.04, `deviation of shape ${shape}`);
    }
  });
});

describe('arrivals', () => {
  it('constant: every 1/rate, without drift', () => {
    assert.deepEqual(take(constantArrivals(8), 4), [0, 125, 250, 375]);
    assert.equal(take(constantArrivals(3), 3_000_001).at(-1), 1_000_000_000);
  });

  it('poisson: exponential gaps with the mean of the rate', () => {
    const all = gaps(take(poissonArrivals(50, 1), 50_000));
    const { mean, deviation } = moments(all);
    assertNear(mean, 20, 0.02, 'mean gap');
    assertNear(deviation, 20, 0.03, 'deviation');
    const over = all.filter((gap) => gap > 60).length / all.length;
    assertNear(over, Math.exp(-3), 0.06, 'share of gaps above three means');
  });

  it('poisson: the count in a window varies as much as its mean', () => {
    const counts = new Array<number>(1000).fill(0);
    for (const at of poissonArrivals(20, 5)) {
      if (at >= 1_000_000) break;
      const second = Math.floor(at / 1000);
      counts[second] = (counts[second] ?? 0) + 1;
    }
    const { mean, deviation } = moments(counts);
    assertNear(mean, 20, 0.02, 'mean count');
    assertNear(deviation ** 2, 20, 0.15, 'variance of the count');
  });

  it('gamma: burstiness sets how much the gaps vary', () => {
    for (const burstiness of [0.25, 1, 4]) {
      const { mean, deviation } = moments(gaps(take(gammaArrivals(10, burstiness, 3), 60_000)));
      assertNear(mean, 100, 0.03, `mean gap at ${burstiness}`);
      assertNear(deviation / mean, 1 / Math.sqrt(burstiness), 0.04, `variation at ${burstiness}`);
    }
  });

  it('the same seed gives the same arrivals', () => {
    assert.deepEqual(take(poissonArrivals(5, 9), 50), take(poissonArrivals(5, 9), 50));
    assert.notDeepEqual(take(poissonArrivals(5, 9), 50), take(poissonArrivals(5, 10), 50));
  });

  it('ramp: the rate rises linearly, then stays', () => {
    const all = take(rampArrivals({ from: 0, to: 20, durationMs: 10_000, shape: 'linear' }), 141);
    const between = (from: number, to: number) => all.filter((at) => at >= from && at < to).length;
    assert.equal(between(0, 10_000), 100);
    assert.equal(between(0, 5_000), 25);
    assert.equal(between(10_000, 11_000), 20);
    assert.deepEqual(
      [...all].sort((a, b) => a - b),
      all,
    );
  });

  it('ramp: the rate falls linearly to its end', () => {
    const all = take(rampArrivals({ from: 20, to: 10, durationMs: 10_000, shape: 'linear' }), 160);
    assert.equal(all.filter((at) => at < 10_000).length, 150);
    assertNear((all[151] ?? 0) - (all[150] ?? 0), 100, 0.001, 'gap after the ramp');
  });

  it('ramp: the rate grows exponentially', () => {
    const all = take(rampArrivals({ from: 1, to: 16, durationMs: 8_000, shape: 'exponential' }), 200);
    const total = (8 * 15) / Math.log(16);
    assert.equal(all.filter((at) => at < 8_000).length, Math.ceil(total));
    const rateAt = (ms: number) => {
      const next = all.findIndex((at) => at >= ms);
      return 1000 / ((all[next + 1] ?? 0) - (all[next] ?? 0));
    };
    assertNear(rateAt(4_000), 4, 0.2, 'rate half-way');
    assert.deepEqual(
      take(rampArrivals({ from: 5, to: 5, durationMs: 1000, shape: 'exponential' }), 3),
      take(constantArrivals(5), 3),
    );
  });

  it('burst: the base rate, then the peak at the end of each period', () => {
    const all = take(burstArrivals({ base: 2, peak: 50, everyMs: 10_000, forMs: 1_000 }), 200);
    const between = (from: number, to: number) => all.filter((at) => at >= from && at < to).length;
    assert.equal(between(0, 9_000), 18);
    assert.equal(between(9_000, 10_000), 50);
    assert.equal(between(10_000, 19_000), 18);
    assert.equal(between(19_000, 20_000), 50);
    const quiet = take(burstArrivals({ base: 0, peak: 10, everyMs: 1000, forMs: 500 }), 6);
    assert.deepEqual(quiet, [500, 600, 700, 800, 900, 1500]);
  });

  it('refuses rates that are none or absurd, with the rate in the sentence', () => {
    for (const rate of [0, -1, 1e9, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => take(constantArrivals(rate), 1), isUsage(/rate is /));
      assert.throws(() => arrivalsOf(stageOf({ pattern: 'poisson', rate }), 1), isUsage(/rate is /));
    }
    assert.throws(
      () => take(rampArrivals({ from: 0, to: 5, durationMs: 1000, shape: 'exponential' }), 1),
      isUsage(/from is 0/),
    );
    assert.throws(() => take(rampArrivals({ from: 1, to: 5, durationMs: 0, shape: 'linear' }), 1), isUsage(/duration/));
    assert.throws(() => take(burstArrivals({ base: 1, peak: 5, everyMs: 10, forMs: 20 }), 1), isUsage(/"for"/));
    assert.throws(() => take(gammaArrivals(1, 0, 1), 1), isUsage(/burstiness/));
  });

  it('refuses a pattern that it cannot run, by name', () => {
    assert.throws(
      () => arrivalsOf(stageOf({ pattern: 'capacity' }), 1),
      (error) => error instanceof PromptrigError && error.code === 'unsupported' && error.message.includes('capacity'),
    );
    assert.throws(() => arrivalsOf(stageOf({ pattern: 'ramp' }), 1), isUsage(/"ramp"/));
  });
});

describe('ArrivalCursor', () => {
  const walk = (worker: number, workers: number) => {
    const cursor = new ArrivalCursor(poissonArrivals(40, 2), { durationMs: 5_000, requests: 150 }, worker, workers);
    const out: [number, number][] = [];
    while (cursor.next()) out.push([cursor.index, cursor.offsetMs]);
    assert.equal(cursor.index, -1);
    return out;
  };

  it('splits one sequence over any number of workers without changing it', () => {
    const single = walk(0, 1);
    assert.equal(single.length, 150);
    for (const workers of [2, 3, 4]) {
      const merged = Array.from({ length: workers }, (_, worker) => walk(worker, workers)).flat();
      assert.deepEqual(
        merged.sort((a, b) => a[0] - b[0]),
        single,
      );
    }
  });

  it('ends with the duration or the number of requests, whichever comes first', () => {
    const count = (durationMs: number, requests: number) => {
      const cursor = new ArrivalCursor(constantArrivals(10), { durationMs, requests });
      let n = 0;
      while (cursor.next()) n++;
      return n;
    };
    assert.equal(count(1000, 100), 10);
    assert.equal(count(1000, 4), 4);
    assert.equal(count(0, 4), 0);
  });
});
