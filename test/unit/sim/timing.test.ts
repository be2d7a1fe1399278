import assert from 'node:assert/strict';
import { resolveSimConfig } from '../../../src/core/sim/config';
import { randomOf } from '../../../src/core/sim/random';
import { chunkGapMs, jitterFactor, loadedItlMs, prefillMs } from '../../../src/core/sim/timing';

function moments(values: number[]): { mean: number; stdev: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, stdev: Math.sqrt(variance) };
}

describe('sim random streams', () => {
  it('gives the same numbers for the same seed and key, and others for another of either', () => {
    const draw = (seed: number, key: string): number[] => {
      const random = randomOf(seed, key);
      return [random.uniform(), random.uniform(), random.normal()];
    };
    assert.deepEqual(draw(1, 'a'), draw(1, 'a'));
    assert.notDeepEqual(draw(1, 'a'), draw(2, 'a'));
    assert.notDeepEqual(draw(1, 'a'), draw(1, 'b'));
    assert.notDeepEqual(draw(1, 'a'), draw(1 + 2 ** 32, 'a'));
  });

  it('is uniform within a stream and over streams', () => {
    const within = randomOf(7, 'x');
    const samples = [
      Array.from({ length: 20_000 }, () => within.uniform()),
      Array.from({ length: 20_000 }, (_, i) => randomOf(7, `request ${i}`).uniform()),
    ];
    for (const values of samples) {
      const buckets = new Array<number>(10).fill(0);
      for (const value of values) buckets[Math.floor(value * 10)] = (buckets[Math.floor(value * 10)] ?? 0) + 1;
      // 2,000 expected in each, standard deviation 42.
      for (const count of buckets) assert.ok(Math.abs(count - 2000) < 250, buckets.join(' '));
    }
  });
});

describe('sim timing', () => {
  it('jitters with mean 1 and the standard deviation asked for, never below zero', () => {
    const random = randomOf(3, 'jitter');
    for (const jitter of [0.1, 0.5]) {
      const factors = Array.from({ length: 20_000 }, () => jitterFactor(jitter, random));
      const { mean, stdev } = moments(factors);
      assert.ok(Math.abs(mean - 1) < 0.02, `mean ${mean}`);
      assert.ok(Math.abs(stdev / jitter - 1) < 0.06, `stdev ${stdev}`);
      assert.ok(factors.every((factor) => factor > 0));
    }
    assert.equal(jitterFactor(0, random), 1);
  });

  it('makes prefill grow with the input', () => {
    const config = resolveSimConfig({ ttftMs: 100, ttftPerInputTokenMs: 0.5, jitter: 0 });
    assert.equal(prefillMs(config, 0, randomOf(1, '')), 100);
    assert.equal(prefillMs(config, 40, randomOf(1, '')), 120);
  });

  it('scales ITL linearly from one running request to all of them', () => {
    const config = resolveSimConfig({ itlMs: 10, loadFactor: 3, maxRunning: 5 });
    assert.deepEqual(
      [0, 1, 2, 3, 5].map((running) => loadedItlMs(config, running)),
      [10, 10, 15, 20, 30],
    );
    assert.equal(loadedItlMs(resolveSimConfig({ itlMs: 10, loadFactor: 3, maxRunning: 1 }), 1), 10);
  });

  it('gives a chunk the time of all its tokens', () => {
    const exact = resolveSimConfig({ itlMs: 10, jitter: 0, loadFactor: 2, maxRunning: 2 });
    assert.equal(chunkGapMs(exact, 4, 2, randomOf(1, '')), 80);
    const jittered = resolveSimConfig({ itlMs: 10, jitter: 0.2 });
    const one = randomOf(1, 'r');
    const sum = chunkGapMs(jittered, 1, 1, one) + chunkGapMs(jittered, 1, 1, one);
    assert.ok(Math.abs(chunkGapMs(jittered, 2, 1, randomOf(1, 'r')) - sum) < 1e-9);
  });
});
