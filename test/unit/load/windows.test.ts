import assert from 'node:assert/strict';
import { measuredWindow, phaseAt, templatePicker } from '../../../src/core/load/windows';
import { stageOf } from './stage';

const pool = (weights: number[]) =>
  weights.map((weight, i) => ({ messages: [{ role: 'user' as const, content: `${i}` }], weight }));

describe('measuredWindow', () => {
  it('lies between warm-up and cool-down', () => {
    const window = measuredWindow(stageOf({ rate: 1, durationMs: 60_000, warmupMs: 10_000, cooldownMs: 5_000 }), 1);
    assert.deepEqual(window, { startMs: 10_000, endMs: 55_000 });
    assert.equal(phaseAt(window, 9_999.9), 'warmup');
    assert.equal(phaseAt(window, 10_000), 'measured');
    assert.equal(phaseAt(window, 54_999.9), 'measured');
    assert.equal(phaseAt(window, 55_000), 'cooldown');
  });

  it('ends before the last arrival of an open loop that is bounded by requests alone', () => {
    const window = measuredWindow(stageOf({ rate: 10, requests: 101, cooldownMs: 2_000 }), 1);
    assert.deepEqual(window, { startMs: 0, endMs: 8_000 });
  });

  it('has no cool-down where nobody can know the end', () => {
    const stage = stageOf({ pattern: 'concurrent', loop: 'closed', concurrency: 4, requests: 100, cooldownMs: 2_000 });
    assert.equal(measuredWindow(stage, 1).endMs, Number.POSITIVE_INFINITY);
  });

  it('is empty, not negative, where the parts do not fit', () => {
    assert.deepEqual(measuredWindow(stageOf({ rate: 1, durationMs: 1_000, warmupMs: 900, cooldownMs: 900 }), 1), {
      startMs: 900,
      endMs: 900,
    });
  });
});

describe('templatePicker', () => {
  it('goes round in order', () => {
    const pick = templatePicker(stageOf({ requestPool: pool([1, 1, 1]) }), 1);
    assert.deepEqual([0, 1, 2, 3, 4].map(pick), [0, 1, 2, 0, 1]);
  });

  it('draws evenly, and the same for the same seed and index', () => {
    const stage = stageOf({ caseOrder: 'random', requestPool: pool([1, 5, 1]) });
    const pick = templatePicker(stage, 4);
    const counts = [0, 0, 0];
    for (let i = 0; i < 9_000; i++) counts[pick(i)]!++;
    for (const count of counts) assert.ok(Math.abs(count - 3_000) < 200, counts.join());
    assert.equal(pick(77), templatePicker(stage, 4)(77));
  });

  it('draws by weight', () => {
    const pick = templatePicker(stageOf({ caseOrder: 'weighted', requestPool: pool([1, 0, 3]) }), 4);
    const counts = [0, 0, 0];
    for (let i = 0; i < 8_000; i++) counts[pick(i)]!++;
    assert.equal(counts[1], 0);
    assert.ok(Math.abs((counts[2] ?? 0) - 6_000) < 200, counts.join());
  });

  it('goes round where every weight is zero', () => {
    const pick = templatePicker(stageOf({ caseOrder: 'weighted', requestPool: pool([0, 0]) }), 4);
    assert.deepEqual([0, 1, 2].map(pick), [0, 1, 0]);
  });
});
