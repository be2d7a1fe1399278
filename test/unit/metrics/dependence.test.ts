import assert from 'node:assert/strict';
import { integratedAutocorrelationTime } from '../../../src/core/metrics/autocorrelation';
import { bootstrapPercentileDifference } from '../../../src/core/metrics/paired';
import { seededRandom } from '../../../src/core/metrics/random';
import { batchRateInterval, estimateRatio, studentInterval } from '../../../src/core/metrics/ratio';
import { trendOf, inFlightAtArrivals } from '../../../src/core/metrics/steady';
import { Mm1Queue } from './fixtures';

function autoregressive(n: number, phi: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  const out = new Float64Array(n);
  let value = 0;
  for (let i = 0; i < n; i++) {
    value = phi * value + (random() + random() + random() - 1.5);
    out[i] = value;
  }
  return out;
}

/** Geyer's estimator written down directly, O(n^2). */
function naiveTau(x: Float64Array): number {
  const n = x.length;
  const mean = x.reduce((a, b) => a + b, 0) / n;
  const covariance = (lag: number): number => {
    let sum = 0;
    for (let i = lag; i < n; i++) sum += ((x[i] as number) - mean) * ((x[i - lag] as number) - mean);
    return sum;
  };
  const variance = covariance(0);
  let sum = 0;
  let last = Number.POSITIVE_INFINITY;
  for (let k = 0; k + 1 < n; k += 2) {
    const pair = (covariance(k) + covariance(k + 1)) / variance;
    if (pair <= 0) break;
    last = Math.min(last, pair);
    sum += last;
  }
  return Math.max(1, 2 * sum - 1);
}

describe('integrated autocorrelation time', function () {
  this.timeout(60_000);

  for (const phi of [0.5, 0.9, 0.98]) {
    it(`of an AR(1) series with ${phi} is (1 + phi) / (1 - phi)`, () => {
      const expected = (1 + phi) / (1 - phi);
      const tau = integratedAutocorrelationTime(autoregressive(200_000, phi, 3));
      assert.ok(Math.abs(tau / expected - 1) < 0.12, `${tau} is not ${expected}`);
    });
  }

  it('is the same by FFT as by hand, for short and for long memories', () => {
    for (const [n, phi] of [
      [700, 0.3],
      [3000, 0.97],
      [3000, 0.998],
      [131, 0.95],
    ] as const) {
      const series = autoregressive(n, phi, n);
      const expected = naiveTau(series);
      assert.ok(Math.abs(integratedAutocorrelationTime(series) - expected) < 1e-6 * expected, `n ${n}, phi ${phi}`);
    }
  });

  it('is 1 for independent, constant, alternating and tiny series', () => {
    const random = seededRandom(5);
    assert.ok(integratedAutocorrelationTime(new Float64Array(100_000).map(() => random())) < 1.05);
    assert.equal(integratedAutocorrelationTime(new Float64Array(500).fill(123.456)), 1);
    assert.equal(integratedAutocorrelationTime(Float64Array.from({ length: 400 }, (_, i) => i % 2)), 1);
    assert.equal(integratedAutocorrelationTime(Float64Array.of(1, 9)), 1);
    assert.equal(integratedAutocorrelationTime(new Float64Array(0)), 1);
  });
});

describe('ratio estimates', function () {
  this.timeout(60_000);

  it('cover the true mean of a dependent series as often as they promise', () => {
    let covered = 0;
    for (let seed = 0; seed < 300; seed++) {
      const [low, high] = studentInterval(estimateRatio(autoregressive(2000, 0.8, seed), null), 0.95) ?? [1, 1];
      if (low <= 0 && high >= 0) covered++;
    }
    assert.ok(covered >= 0.9 * 300 && covered <= 0.99 * 300, `${covered} of 300`);
  });

  it('see that clustered gaps are worth less', () => {
    const random = seededRandom(9);
    const requests = 2000;
    const level = Float64Array.from({ length: requests }, () => 10 + 10 * random());
    const counts = new Float64Array(requests).fill(10);
    const clustered = estimateRatio(
      level.map((mean) => 10 * mean),
      counts,
    );
    const independent = estimateRatio(
      level.map(() => Array.from({ length: 10 }, () => 10 + 10 * random()).reduce((a, b) => a + b, 0)),
      counts,
    );
    assert.ok(Math.abs(clustered.ratio - independent.ratio) < 0.3);
    assert.ok(clustered.variance > 7 * independent.variance);
  });

  it('bound a rate by batch means, and have none for a handful of events', () => {
    const random = seededRandom(2);
    const instants: number[] = [];
    for (let t = 0; t < 100_000; t += (-Math.log(1 - random()) * 1000) / 10) instants.push(t);
    const ones = (n: number): Float64Array => new Float64Array(n).fill(1);
    const window = { startMs: 0, endMs: 100_000 };
    const ci = batchRateInterval(Float64Array.from(instants), ones(instants.length), window, 0.95);
    assert.ok(ci !== null && ci[0] < 10 && ci[1] > 10 && ci[1] - ci[0] < 3, String(ci));
    assert.equal(batchRateInterval(Float64Array.of(1, 2, 3), ones(3), window, 0.95), null);
  });
});

describe('steady state', function () {
  // Simulations: seconds on a quiet machine, more on a busy one.
  this.timeout(60_000);

  const share = (utilisation: number, n: number, replications: number): number => {
    let flagged = 0;
    const queue = new Mm1Queue(utilisation, 5);
    for (let i = 0; i < replications; i++) {
      const { instants, sojourns } = queue.run(n);
      if (trendOf(instants, sojourns)?.significant === true) flagged++;
    }
    return flagged / replications;
  };

  for (const utilisation of [0.3, 0.7, 0.9]) {
    it(`is rarely denied to a stationary queue at utilisation ${utilisation}`, () => {
      for (const n of [200, 500, 2000]) assert.ok(share(utilisation, n, n > 1000 ? 150 : 400) <= 0.06, `n ${n}`);
    });
  }

  it('is denied to a queue that is offered more than it can serve', () => {
    assert.ok(share(1.5, 500, 60) >= 0.8);
    assert.ok(share(1.2, 2000, 60) >= 0.8);
  });

  it('is not judged from a few values, and a constant has no trend', () => {
    assert.equal(trendOf(new Float64Array(20), new Float64Array(20)), null);
    const instants = Float64Array.from({ length: 200 }, (_, i) => i);
    assert.equal(trendOf(instants, new Float64Array(200).fill(5))?.significant, false);
    assert.equal(trendOf(new Float64Array(200), instants), null);
  });

  it('is not denied for a drift too small to matter, however certain', () => {
    const instants = Float64Array.from({ length: 1000 }, (_, i) => i);
    const trend = trendOf(
      instants,
      instants.map((i) => 100 + i / 100),
    );
    assert.ok(trend !== null && Math.abs(trend.relative) < 0.15 && !trend.significant);
    const steep = trendOf(
      instants,
      instants.map((i) => 100 + i),
    );
    assert.equal(steep?.significant, true);
  });

  it('counts the requests in flight at each arrival', () => {
    const counts = inFlightAtArrivals(Float64Array.of(0, 1, 2, 10), Float64Array.of(5, 1.5, 3, 12));
    assert.deepEqual([...counts], [0, 1, 1, 0]);
  });
});

describe('difference of a percentile between two runs', function () {
  this.timeout(60_000);

  const latencies = (seed: number, shift: number): Float64Array =>
    new Mm1Queue(0.5, seed).run(3000).sojourns.map((value) => 100 + 10 * value + shift);
  const options = { share: 0.9, confidence: 0.95, seed: 1, replicates: 400 };

  it('is found where there is one, with an interval around it', () => {
    const found = bootstrapPercentileDifference(latencies(1, 0), latencies(2, 40), options);
    assert.ok(found !== null);
    assert.ok(found.ci[0] > 20 && found.ci[0] < 40 && found.ci[1] > 40 && found.ci[1] < 60, found.ci.join(' to '));
    assert.ok(found.pValue < 0.01);
  });

  it('is rarely claimed where there is none', () => {
    let claimed = 0;
    for (let seed = 0; seed < 30; seed++) {
      const found = bootstrapPercentileDifference(latencies(100 + seed, 0), latencies(500 + seed, 0), {
        ...options,
        replicates: 200,
      });
      if (found !== null && (found.ci[0] > 0 || found.ci[1] < 0)) claimed++;
    }
    assert.ok(claimed <= 4, `${claimed} of 30`);
  });

  it('is the same for the same seed, and none for a handful of values', () => {
    const run = (seed: number) => bootstrapPercentileDifference(latencies(1, 0), latencies(2, 0), { ...options, seed });
    assert.deepEqual(run(7), run(7));
    assert.notDeepEqual(run(7)?.ci, run(8)?.ci);
    assert.equal(bootstrapPercentileDifference(Float64Array.of(1, 2), latencies(1, 0), options), null);
  });
});
