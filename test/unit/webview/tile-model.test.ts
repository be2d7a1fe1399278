import assert from 'node:assert/strict';
import { stageTiles, worstFirst, type TileModel } from '../../../webview/run/tile-model';
import { plan, result, runState, stage } from '../../webview/run-fixture';

const { metrics } = runState();

function one(expr: string, values: Parameters<typeof result>[2], final = true): TileModel {
  const [tile] = stageTiles([plan(expr, '/slo/0')], [result(expr, '/slo/0', values)], { final, metrics });
  assert.ok(tile);
  return tile;
}

describe('run panel: SLO tiles', () => {
  it('says the answer, the limit, the distance and the sample', () => {
    const tile = one('ttft.p99 <= 200ms', { value: 184.2, ci: [176, 195.1], n: 478 });
    assert.equal(tile.title, 'TTFT p99');
    assert.equal(tile.word.word, 'Pass');
    assert.equal(tile.value, '184 ms');
    assert.equal(tile.limit, 'limit ≤ 200 ms');
    assert.equal(tile.distance, '15.8 ms (7.9%) to spare');
    assert.equal(tile.sample, 'n 478 · 95% CI 176–195');
    assert.match(tile.help, /first - origin/);
  });

  it('reads a minimum the other way round', () => {
    assert.equal(one('rps >= 8/s', { value: 6, verdict: 'fail' }).distance, '2/s (25%) short of the limit');
    assert.equal(one('rps >= 8/s', { value: 10 }).distance, '2/s (25%) to spare');
  });

  it('gives the distance between shares in points', () => {
    assert.equal(one('error_rate <= 1%', { value: 0.034, verdict: 'fail' }).distance, '2.4 points over the limit');
  });

  it('says so where few samples carry the verdict, and why there is none', () => {
    assert.match(one('ttft.p99 <= 200ms', { value: 150, confidence: 'low' }).distance, /low confidence$/);
    const reason = '12 samples are too few for a p99 (299 needed, 34 s more)';
    const open = one('ttft.p99 <= 200ms', { value: 150, verdict: 'inconclusive', reason });
    assert.equal(open.distance, reason);
    assert.equal(open.word.word, 'Inconclusive');
  });

  it('does not call a verdict final while the stage runs', () => {
    assert.equal(one('ttft.p99 <= 200ms', { value: 150 }, false).word.word, 'Pass so far');
    assert.equal(one('ttft.p99 <= 200ms', { value: 250, verdict: 'fail' }, false).word.word, 'Over so far');
    assert.equal(one('rps >= 8/s', { value: 2, verdict: 'fail' }, false).word.word, 'Under so far');
  });

  it('has a tile for an SLO that has no result yet', () => {
    const [tile] = stageTiles([plan('ttft.p99 <= 200ms', '/slo/0')], [], { final: false, metrics });
    assert.equal(tile?.word.word, 'Waiting');
    assert.equal(tile?.value, '–');
    assert.equal(tile?.sample, 'n 0');
    assert.equal(tile?.bar.fill, 0);
  });

  it('keeps two expressions of one preset apart, though they share a place in the file', () => {
    const plans = ['ttft.p99 <= 200ms', 'itl.p99 <= 50ms'].map((expr) => plan(expr, '/slo/0'));
    const results = [
      result('itl.p99 <= 50ms', '/slo/0', { value: 40 }),
      result('ttft.p99 <= 200ms', '/slo/0', { value: 100 }),
    ];
    const tiles = stageTiles(plans, results, { final: true, metrics });
    assert.deepEqual(
      tiles.map(({ title, value }) => [title, value]),
      [
        ['TTFT p99', '100 ms'],
        ['ITL p99', '40 ms'],
      ],
    );
  });

  it('shows results without a plan, in units told by their metric', () => {
    const tiles = stageTiles(
      [],
      [
        result('quality.pass_rate >= 95%', '/slo/1', { value: 0.9, limit: 0.95, verdict: 'fail' }),
        result('cost.per_good <= $0.002', '/slo/2', { value: 0.0015, limit: 0.002 }),
        result('ttft.p99.9 <= 1s', '/slo/3', { value: 12_300, limit: 1000, verdict: 'fail' }),
      ],
      { final: true, metrics: undefined },
    );
    assert.deepEqual(
      tiles.map(({ title, value }) => [title, value]),
      [
        ['Pass rate', '90%'],
        ['Cost per good', '$0.0015'],
        ['TTFT p99.9', '12.3 s'],
      ],
    );
  });

  it('puts the worst first and keeps the order of the file among equals', () => {
    const { slos, results } = stage();
    const tiles = worstFirst(stageTiles(slos, results, { final: true, metrics }));
    assert.deepEqual(
      tiles.map(({ title }) => title),
      ['TTFT p99', 'Error rate', 'ITL p99', 'Requests per second'],
    );
  });

  it('keeps the bar within its track, whatever the value', () => {
    for (const value of [0, 1e9, -5]) {
      const { bar } = one('ttft.p99 <= 200ms', { value });
      assert.ok(bar.fill >= 0 && bar.fill <= 1);
      assert.ok(bar.limit > 0 && bar.limit < 1);
    }
    assert.deepEqual(one('error_rate <= 0%', { value: 0.2, verdict: 'fail', limit: 0 }).bar, { fill: 1, limit: 0 });
  });
});
