import assert from 'node:assert/strict';
import fc from 'fast-check';
import { spanAxis, distributionAxis } from '../../../webview/charts/axis';
import { instantText } from '../../../webview/charts/instant';
import { including, moved, scaled, spanWithin, Zoom } from '../../../webview/run/zoom';

const WHOLE = { from: 0, to: 60_000 };

describe('run panel: zoom', () => {
  it('stays within the whole and is never empty', () => {
    const instant = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(instant, instant, (a, b) => {
        const span = spanWithin({ from: Math.min(a, b), to: Math.max(a, b) }, WHOLE);
        if (span === null) return;
        assert.ok(span.from >= 0 && span.to <= 60_000 + 1e-6 && span.to - span.from >= 5 - 1e-6);
      }),
    );
    assert.equal(spanWithin({ from: -10, to: 70_000 }, WHOLE), null);
    assert.equal(spanWithin({ from: 0, to: 1 }, { from: 0, to: 0 }), null);
  });

  it('keeps the instant in its place that it zooms around', () => {
    const span = scaled(null, WHOLE, 0.5, 15_000);
    assert.deepEqual(span, { from: 7500, to: 37_500 });
    assert.deepEqual(scaled(span, WHOLE, 2, 15_000), null);
    assert.deepEqual(scaled(null, WHOLE, 0.5), { from: 15_000, to: 45_000 });
  });

  it('moves, up to the ends, and follows an instant', () => {
    const span = { from: 10_000, to: 20_000 };
    assert.deepEqual(moved(span, WHOLE, 0.5), { from: 15_000, to: 25_000 });
    assert.deepEqual(moved({ from: 55_000, to: 60_000 }, WHOLE, 1), { from: 55_000, to: 60_000 });
    assert.equal(moved(null, WHOLE, 1), null);
    assert.equal(including(span, WHOLE, 12_000), span);
    assert.deepEqual(including(span, WHOLE, 30_000), { from: 25_000, to: 35_000 });
  });

  it('speaks only where something has changed', () => {
    let changes = 0;
    const zoom = new Zoom(
      () => WHOLE,
      () => changes++,
    );
    zoom.set(null);
    zoom.move(1);
    assert.equal(changes, 0);
    zoom.set({ from: 1000, to: 2000 });
    zoom.set({ from: 1000, to: 2000 });
    zoom.include(1500);
    assert.equal(changes, 1);
    zoom.scale(0.5);
    assert.equal(changes, 2);
    zoom.reset();
    assert.equal(changes, 2);
    assert.equal(zoom.span, null);
  });
});

describe('run panel: axes of a part', () => {
  it('has few round steps', () => {
    assert.deepEqual(spanAxis({ from: 7500, to: 37_500 }, 8), { min: 7500, max: 37_500, step: 5000 });
    assert.equal(spanAxis({ from: 0, to: 300 }, 5).step, 100);
  });

  it('begins at zero unless half of it would be empty', () => {
    assert.equal(distributionAxis(10, 400).min, undefined);
    const axis = distributionAxis(300, 400);
    assert.ok((axis.min ?? 0) > 200 && (axis.min ?? 0) <= 300 && axis.max >= 400, JSON.stringify(axis));
  });

  it('says instants as finely as their steps', () => {
    assert.equal(instantText(72_400), '1:12');
    assert.equal(instantText(72_440, 100), '1:12.4');
    assert.equal(instantText(72_446, 10), '1:12.45');
    assert.equal(instantText(59_970, 100), '1:00.0');
    assert.equal(instantText(5, 1), '0:00.005');
    assert.equal(instantText(-250, 10), '−0:00.25');
  });
});
