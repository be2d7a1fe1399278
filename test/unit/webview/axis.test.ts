import assert from 'node:assert/strict';
import fc from 'fast-check';
import { latencyAxisEnd, timeAxis, valueAxis } from '../../../webview/charts/axis';

describe('run panel: axes', () => {
  it('ends tightly at a round number', () => {
    assert.deepEqual(valueAxis(441), { step: 100, max: 500 });
    assert.deepEqual(valueAxis(200), { step: 50, max: 200 });
    assert.deepEqual(valueAxis(8.8), { step: 2, max: 10 });
  });

  it('covers any value in three to five steps', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e9, noNaN: true }), (value) => {
        const { step, max } = valueAxis(value);
        const steps = Math.round(max / step);
        assert.ok(max >= value * (1 - 1e-6), `${max} < ${value}`);
        assert.ok(steps >= 3 && steps <= 5, String(steps));
        assert.ok(max <= value * 2);
      }),
    );
  });

  it('shows a planned stage whole from the start, and grows in steps without a plan', () => {
    assert.equal(timeAxis(3000, 60_000, 8).max, 60_000);
    assert.equal(timeAxis(0, null, 8).max, 10_000);
    assert.equal(timeAxis(11_000, null, 8).max, 12_000);
    assert.ok(timeAxis(61_500, 60_000, 8).max >= 61_500);
  });

  it('has no more steps than there is room for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 90_000_000 }), fc.integer({ min: 3, max: 12 }), (elapsed, ticks) => {
        const { max, step } = timeAxis(elapsed, null, ticks);
        assert.ok(max / step <= ticks + 1);
        assert.ok(max >= elapsed);
      }),
    );
  });

  it('keeps the limit in view, and one stall from flattening the rest', () => {
    assert.equal(latencyAxisEnd({ limit: 200, bulk: 50, slowest: 60 }), 250);
    assert.equal(latencyAxisEnd({ limit: null, bulk: 100, slowest: 110 }), 125);
    assert.equal(latencyAxisEnd({ limit: 200, bulk: 180, slowest: 10_000 }), 250);
  });
});
