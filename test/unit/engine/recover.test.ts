import * as assert from 'node:assert/strict';
import { Intervals } from '../../../src/core/engine/recover';

describe('the concurrency of requests that are known by their intervals', () => {
  function concurrency(startMs: number, ...requests: [number | null, number][]) {
    const intervals = new Intervals();
    for (const [sent, end] of requests) intervals.add(sent, end);
    return intervals.concurrency(startMs);
  }

  it('is weighted by time', () => {
    assert.deepEqual(concurrency(0, [0, 100], [50, 100]), { concurrencyMean: 1.5, concurrencyMax: 2 });
  });

  it('counts a request that begins as another ends as its successor', () => {
    assert.deepEqual(concurrency(0, [0, 50], [50, 100]), { concurrencyMean: 1, concurrencyMax: 1 });
  });

  it('leaves out what was never sent, and what was before the start', () => {
    assert.deepEqual(concurrency(100, [0, 200], [null, 150]), { concurrencyMean: 1, concurrencyMax: 1 });
  });

  it('is nothing without requests', () => {
    assert.deepEqual(concurrency(0), { concurrencyMean: 0, concurrencyMax: 0 });
  });
});
