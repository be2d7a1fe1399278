import assert from 'node:assert/strict';
import fc from 'fast-check';
import { PointSeries } from '../../../webview/charts/point-series';
import { points } from '../../webview/run-fixture';

const sorted = (series: PointSeries) => series.points.every(({ t }, i, all) => i === 0 || (all[i - 1]?.t ?? 0) <= t);

describe('run panel: series of requests', () => {
  it('is in the order of its instants however the batches arrive', () => {
    const instants = fc.array(fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 30 }), { maxLength: 8 });
    fc.assert(
      fc.property(instants, (batches) => {
        const series = new PointSeries();
        for (const batch of batches) {
          const [template] = points(1);
          assert.ok(template);
          series.append(batch.map((t) => ({ ...template, t })));
        }
        assert.ok(sorted(series));
        assert.equal(series.points.length, batches.flat().length);
        assert.equal(series.arrived.length, batches.flat().length);
      }),
    );
  });

  it('finds where an instant begins', () => {
    const [template] = points(1);
    assert.ok(template);
    const series = new PointSeries([10, 20, 20, 30].map((t) => ({ ...template, t })));
    assert.deepEqual(
      [0, 10, 11, 20, 21, 31].map((t) => series.indexAt(t)),
      [0, 0, 1, 1, 3, 4],
    );
  });

  it('stays below its cap by dropping faster requests, never a failure nor the slowest', () => {
    const all = points(3000, { failEvery: 100, warmupMs: 0 });
    const series = new PointSeries([], 1000);
    for (let i = 0; i < all.length; i += 50) series.append(all.slice(i, i + 50));
    assert.ok(series.points.length <= 1000);
    assert.ok(sorted(series));
    assert.equal(series.points.filter(({ ok }) => !ok).length, 30);
    assert.equal(series.dropped + series.points.length, all.length);
    const slowest = Math.max(...all.map(({ ttft }) => ttft ?? 0));
    assert.equal(Math.max(...series.points.map(({ ttft }) => ttft ?? 0)), slowest);
    assert.equal(series.arrived.length, series.points.length);
  });

  it('stays below its cap where nearly every request fails', () => {
    const all = points(20_000, { warmupMs: 0 }).map((point, i) => ({ ...point, ok: i % 50 === 0 }));
    const series = new PointSeries([], 1000);
    for (let i = 0; i < all.length; i += 50) {
      series.append(all.slice(i, i + 50));
      assert.ok(series.points.length <= 1000, String(series.points.length));
    }
    assert.equal(series.failed, 19_600, 'those that are not listed are counted');
    assert.equal(series.dropped + series.points.length, all.length);
    assert.ok(series.points.filter(({ ok }) => !ok).length > 300);
    assert.ok(sorted(series));
  });

  it('puts a late request among those before it', () => {
    const [template] = points(1);
    assert.ok(template);
    const series = new PointSeries();
    series.append([5, 1, 9].map((t) => ({ ...template, t, request: `a${t}` })));
    series.append([9, 0, 5, 20].map((t) => ({ ...template, t, request: `b${t}` })));
    assert.deepEqual(
      series.points.map(({ request }) => request),
      ['b0', 'a1', 'a5', 'b5', 'a9', 'b9', 'b20'],
      'of one instant in the order of arrival',
    );
  });

  it('knows a quantile within a bucket of 5%', () => {
    const [template] = points(1);
    assert.ok(template);
    const series = new PointSeries(Array.from({ length: 1000 }, (_, i) => ({ ...template, ttft: i + 1, ok: true })));
    const p99 = series.roughQuantile('ttft', 0.99) ?? 0;
    assert.ok(p99 >= 990 && p99 <= 990 * 1.06, String(p99));
    assert.equal(new PointSeries().roughQuantile('itl', 0.5), null);
  });
});
