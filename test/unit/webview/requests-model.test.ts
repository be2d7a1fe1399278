import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { TickPoint } from '../../../src/protocol/events';
import { PointSeries } from '../../../webview/charts/point-series';
import { ALL, AS_ENDED, matches, RequestList, type RequestFilter } from '../../../webview/run/requests-model';
import { points } from '../../webview/run-fixture';

const LIMITS = { ttft: 200, itl: 50, e2e: null };
const NONE = { ttft: null, itl: null, e2e: null };
const one = (values: Partial<TickPoint>): TickPoint => ({ ...(points(1)[0] ?? assert.fail()), ...values });
const ids = (list: RequestList) => list.rows.map(({ request }) => request);

describe('run panel: which requests are listed', () => {
  it('tells what failed and what is over a limit', () => {
    const slow = one({ ttft: 201 });
    const stalled = one({ ttft: 100, itlMax: 51 });
    const good = one({ ttft: 200, itlMax: 50 });
    const failed = one({ ok: false, ttft: null, itl: null, itlMax: null, e2e: null });
    const shown = (show: RequestFilter['show']) =>
      [slow, stalled, good, failed].map((point) => matches(point, { ...ALL, show }, LIMITS));
    assert.deepEqual(shown('all'), [true, true, true, true]);
    assert.deepEqual(shown('failed'), [false, false, false, true]);
    assert.deepEqual(shown('over'), [true, true, false, false]);
    assert.equal(matches(slow, { ...ALL, show: 'over' }, NONE), false);
  });

  it('narrows to a stretch of time, to a bar of latencies, and to what was found', () => {
    const point = one({ t: 500, ttft: 100, warmup: false, request: 'sim/a/1' });
    const keeps = (part: Partial<RequestFilter>, of = point) => matches(of, { ...ALL, ...part }, NONE);
    assert.equal(keeps({ time: { from: 500, to: 600 } }), true);
    assert.equal(keeps({ time: { from: 501, to: 600 } }), false);
    assert.equal(keeps({ latency: { name: 'ttft', span: { from: 100, to: 110 } } }), true);
    assert.equal(keeps({ latency: { name: 'ttft', span: { from: 90, to: 100 } } }), false, 'the next bar has it');
    assert.equal(keeps({ latency: { name: 'ttft', span: { from: 90, to: 110 } } }, { ...point, warmup: true }), false);
    assert.equal(keeps({ found: new Set(['sim/a/1']) }), true);
    assert.equal(keeps({ found: new Set(['sim/a/2']) }), false);
  });
});

describe('run panel: list of requests', () => {
  it('is the series itself while nothing is asked of it, and grows at its end', () => {
    const series = new PointSeries(points(3));
    const list = new RequestList();
    assert.equal(list.update(series, ALL, AS_ENDED, NONE), true);
    assert.equal(list.rows, series.arrived);
    series.append(points(2, { from: 3 }));
    assert.equal(list.update(series, ALL, AS_ENDED, NONE), true);
    assert.equal(list.rows.length, 5);
    assert.equal(list.update(series, ALL, AS_ENDED, NONE), false);
  });

  it('adds what arrives to a filtered list without moving a row', () => {
    const series = new PointSeries(points(100, { failEvery: 10 }));
    const list = new RequestList();
    const failed = { ...ALL, show: 'failed' as const };
    list.update(series, failed, AS_ENDED, NONE);
    const before = ids(list);
    assert.equal(before.length, 10);
    series.append(points(100, { from: 100, failEvery: 10 }));
    list.update(series, failed, AS_ENDED, NONE);
    assert.deepEqual(ids(list).slice(0, 10), before);
    assert.equal(list.rows.length, 20);
  });

  it('keeps a sorted order until the reader asks for the new ones', () => {
    const series = new PointSeries(points(50));
    const list = new RequestList();
    const sort = { by: 'ttft' as const, descending: true };
    list.update(series, ALL, sort, NONE);
    const before = ids(list);
    series.append([one({ ttft: 9999, request: 'sim/a/slow' }), one({ ttft: 1, request: 'sim/a/fast' })]);
    list.update(series, ALL, sort, NONE);
    assert.deepEqual(ids(list), before);
    assert.equal(list.newer, 2);
    list.update(series, ALL, sort, NONE, true);
    assert.equal(ids(list)[0], 'sim/a/slow');
    assert.equal(list.newer, 0);
  });

  it('sorts as numbers are sorted, what has no value last', () => {
    const value = fc.option(fc.integer({ min: 0, max: 50 }));
    fc.assert(
      fc.property(fc.array(value), fc.boolean(), (values, descending) => {
        const series = new PointSeries(values.map((e2e, i) => one({ e2e, ok: e2e !== null, request: `sim/a/${i}` })));
        const list = new RequestList();
        list.update(series, ALL, { by: 'e2e', descending }, NONE);
        const numbers = values.filter((e2e) => e2e !== null).sort((a, b) => (descending ? b - a : a - b));
        assert.deepEqual(
          list.rows.map(({ e2e }) => e2e),
          [...numbers, ...values.filter((e2e) => e2e === null)],
        );
      }),
    );
  });

  it('is made anew when the series is thinned or another one', () => {
    const series = new PointSeries([], 40);
    const list = new RequestList();
    series.append(points(30));
    list.update(series, ALL, AS_ENDED, NONE);
    series.append(points(30, { from: 30 }));
    assert.equal(list.update(series, ALL, AS_ENDED, NONE), true);
    assert.equal(list.rows.length, series.points.length);
  });
});
