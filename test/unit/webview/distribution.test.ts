import assert from 'node:assert/strict';
import fc from 'fast-check';
import { quantile, shareAtMost, sortedLatencies, spreadOf } from '../../../webview/charts/distribution';
import { PointSeries } from '../../../webview/charts/point-series';
import { points } from '../../webview/run-fixture';

describe('run panel: distribution', () => {
  it('counts measured, completed requests once each', () => {
    const list = points(1000, { failEvery: 50 });
    const values = sortedLatencies(list, 'ttft');
    const wanted = list.filter(({ ok, warmup }) => ok && !warmup);
    assert.equal(values.length, wanted.length);
    const { bins, beyond } = spreadOf(values, 200);
    assert.equal(
      bins.reduce((sum, { n }) => sum + n, beyond),
      wanted.length,
    );
    const half = sortedLatencies(list, 'ttft', { from: 30_000, to: 60_000 });
    assert.equal(half.length, wanted.filter(({ t }) => t >= 30_000).length);
  });

  it('has each value in the bar that it belongs to, and the limit at an edge or within', () => {
    const latencies = fc.array(fc.double({ min: 0.1, max: 5000, noNaN: true }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(latencies, fc.option(fc.integer({ min: 1, max: 2000 })), (list, limit) => {
        const values = Float64Array.from(list).sort();
        const { bins, beyond, axis } = spreadOf(values, limit);
        assert.equal(
          bins.reduce((sum, { n }) => sum + n, beyond),
          list.length,
        );
        bins.forEach(({ from, to, n }, i) => {
          if (i === 0) return;
          const inside = list.filter((value) => value >= from - 1e-9 && value < to + 1e-9).length;
          assert.ok(n <= inside, `${n} of ${inside} in ${from}`);
        });
        if (limit !== null) assert.ok(axis.max >= limit);
      }),
    );
  });

  it('interpolates quantiles as results do, and is their inverse', () => {
    assert.equal(quantile([10, 20, 30, 40], 0.5), 25);
    assert.equal(quantile([], 0.5), null);
    assert.equal(shareAtMost([1, 2, 3, 4], 2), 0.5);
    assert.equal(shareAtMost([], 2), 0);
  });

  it('is that of all requests where the faster ones were dropped', () => {
    const all = points(20_000, { warmupMs: 0 });
    const series = new PointSeries([], 2000);
    for (let i = 0; i < all.length; i += 100) series.append(all.slice(i, i + 100));
    assert.ok(series.dropped > 17_000);
    const exact = sortedLatencies(all, 'ttft');
    const kept = sortedLatencies(series.points, 'ttft');
    const spread = series.spread('ttft');
    assert.equal(spread.length, exact.length);
    for (const share of [0.1, 0.5, 0.9, 0.99]) {
      const wanted = quantile(exact, share) ?? 0;
      assert.ok(Math.abs((quantile(spread, share) ?? 0) - wanted) <= wanted * 0.011, String(share));
    }
    assert.ok((quantile(kept, 0.5) ?? 0) > (quantile(exact, 0.5) ?? 0) * 1.02, 'the kept ones alone would mislead');
  });
});
