import assert from 'node:assert/strict';
import { PointSeries } from '../../../webview/charts/point-series';
import { timeBuckets } from '../../../webview/run/time-buckets';
import { points } from '../../webview/run-fixture';

describe('run panel: table of a latency over time', () => {
  it('holds every request once, in at most the rows asked for', () => {
    const series = new PointSeries(points(1000, { failEvery: 50 }));
    const buckets = timeBuckets(series, 'ttft', 60_000);
    assert.ok(buckets.length <= 13);
    assert.equal(
      buckets.reduce((sum, { n, failed }) => sum + n + failed, 0),
      1000,
    );
    assert.equal(buckets[0]?.warmup, true);
    assert.equal(buckets.at(-1)?.warmup, false);
  });

  it('interpolates percentiles linearly and leaves failures out', () => {
    const [template] = points(1);
    assert.ok(template);
    const values = [10, 20, 30, 40, null];
    const series = new PointSeries(values.map((ttft) => ({ ...template, t: 5, ttft, ok: ttft !== null })));
    const [bucket] = timeBuckets(series, 'ttft', 1000);
    assert.equal(bucket?.p50, 25);
    assert.equal(bucket?.max, 40);
    assert.equal(bucket?.failed, 1);
    assert.equal(bucket?.n, 4);
  });

  it('shows the longest gap of any request as the maximum of ITL', () => {
    const [template] = points(1);
    assert.ok(template);
    const series = new PointSeries([{ ...template, itl: 20, itlMax: 900, ok: true }]);
    assert.equal(timeBuckets(series, 'itl', 1000)[0]?.max, 900);
  });

  it('has no rows without requests', () => {
    assert.deepEqual(timeBuckets(new PointSeries(), 'itl', 1000), []);
  });
});
