import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { BatchGrid } from '../../../src/core/metrics/batch-grid';
import { ChunkPool, ChunkedList } from '../../../src/core/metrics/chunked-list';
import { ChunkedValues } from '../../../src/core/metrics/chunked-values';
import { OrderedRows } from '../../../src/core/metrics/ordered-rows';
import { quantileOfSorted } from '../../../src/core/metrics/percentile';
import { settledByCount } from '../../../src/core/metrics/percentile-value';
import { seededRandom } from '../../../src/core/metrics/random';
import { SampleBudget } from '../../../src/core/metrics/sample-budget';
import { Samples } from '../../../src/core/metrics/samples';
import type { StageBounds } from '../../../src/core/metrics/stage-memory';
import { StageSeries } from '../../../src/core/metrics/stage-series';
import type { RequestSample } from '../../../src/core/metrics/request-sample';
import type { RequestRecord, SloResult, StageResult } from '../../../src/protocol/run-json';
import { ORIGIN_MS, failure, request, resultOf, slo } from './fixtures';

function near(
  actual: number | null | undefined,
  expected: number | null | undefined,
  relative: number,
  what = '',
): void {
  assert.ok(typeof actual === 'number' && typeof expected === 'number', `${what}: ${actual} and ${expected}`);
  assert.ok(Math.abs(actual - expected) <= relative * Math.abs(expected), `${what}: ${actual} is not ${expected}`);
}

describe('ChunkedValues', () => {
  const valuesOf = (values: Iterable<number>): ChunkedValues => {
    const chunked = new ChunkedValues(new ChunkPool());
    for (const value of values) chunked.push(value);
    return chunked;
  };

  it('has the quantiles of the sorted whole, over many chunks and with equal values', () => {
    const random = seededRandom(1);
    const values = Float64Array.from({ length: 70_001 }, (_, i) =>
      i % 3 === 0 ? Math.floor(50 * random()) : 100 * random() - 1,
    );
    const sorted = values.slice().sort();
    const chunked = valuesOf(values);
    for (const share of [0, 1e-6, 0.01, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 0.99999, 1])
      assert.equal(chunked.quantile(share), quantileOfSorted(sorted, share), String(share));
  });

  it('has them for few values and extreme ones', () => {
    const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 }), {
      minLength: 1,
      maxLength: 50,
    });
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (list, share) => {
        const expected = quantileOfSorted(Float64Array.from(list).sort(), share);
        // Zero and minus zero are the same quantile, which strict equality of the assertion library denies.
        assert.equal(valuesOf(list).quantile(share) + 0, expected + 0);
      }),
    );
    assert.throws(() => valuesOf([]).quantile(0.5), RangeError);
  });

  it('takes values after it was asked', () => {
    const random = seededRandom(2);
    const values = Array.from({ length: 40_000 }, () => random());
    const chunked = valuesOf(values.slice(0, 25_000));
    chunked.quantile(0.5);
    for (const value of values.slice(25_000)) chunked.push(value);
    assert.equal(chunked.quantile(0.9), quantileOfSorted(Float64Array.from(values).sort(), 0.9));
  });

  it('gives full chunks back to the pool, for the next to take', () => {
    const pool = new ChunkPool();
    const first = new ChunkedList(pool);
    for (let i = 0; i < 60_000; i++) first.push(i);
    const memory = new Set(first.views().map((view) => view.buffer));
    first.release();
    assert.equal(first.length, 0);
    const second = new ChunkedList(pool);
    for (let i = 0; i < 60_000; i++) second.push(-i);
    assert.ok(second.views().filter((view) => memory.has(view.buffer)).length >= 2);
    assert.deepEqual([...second.toArray().subarray(59_998)], [-59_998, -59_999]);
  });
});

describe('the budget of samples', () => {
  it('is shared: the metric that holds most gives way first, and says so', () => {
    const budget = new SampleBudget(1000);
    const [ttft, itl, tpot] = [1, 2, 3].map(() => new Samples({ budget })) as [Samples, Samples, Samples];
    const held = (): number => ttft.held + itl.held + tpot.held;
    for (let i = 0; i < 83; i++) {
      ttft.add(i);
      tpot.add(i);
      for (let k = 0; k < 10; k++) itl.add(i + k);
    }
    assert.deepEqual([held(), itl.method], [996, 'exact']);
    for (let i = 83; i < 400; i++) {
      ttft.add(i);
      tpot.add(i);
      for (let k = 0; k < 10; k++) itl.add(i + k);
      assert.ok(held() <= 1000);
    }
    assert.deepEqual([ttft.method, itl.method, tpot.method], ['exact', 'hdr', 'exact']);
    assert.deepEqual([ttft.n, itl.n, tpot.n], [400, 4000, 400]);
  });

  it('keeps the metric that was listed first, of equals', () => {
    const budget = new SampleBudget(1000);
    const all = Array.from({ length: 4 }, () => new Samples({ budget }));
    for (let i = 0; i < 600; i++) for (const samples of all) samples.add(i);
    assert.deepEqual(
      all.map((samples) => samples.method),
      ['exact', 'hdr', 'hdr', 'hdr'],
    );
  });

  it('holds nothing where it is 0', () => {
    const samples = new Samples({ budget: new SampleBudget(0) });
    for (let i = 1; i <= 1000; i++) samples.add(i);
    assert.deepEqual([samples.held, samples.method], [0, 'hdr']);
    near(samples.quantile(0.99), 990, 2e-3);
  });

  it('has live quantiles from the start, beside the exact ones', () => {
    const samples = new Samples({ live: true });
    for (let i = 0; i <= 1000; i++) samples.add(100 + i / 10);
    assert.equal(samples.quantile(0.5), 150);
    near(samples.quickQuantile(0.5), 150, 2e-3);
    assert.equal(samples.method, 'exact');
    samples.toHistogram();
    near(samples.quantile(0.5), 150, 2e-3);
    assert.equal(samples.n, 1001);
  });
});

describe('BatchGrid', () => {
  it('keeps every sum, however often stretches are merged and in whatever order values come', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 200 }),
        (instants) => {
          const grid = new BatchGrid(2, 100, 3, 8);
          for (const at of instants) {
            const slot = grid.slotAt(at);
            grid.add(slot, 0, 1);
            grid.add(slot, 1, at);
          }
          const sum = (column: number): number => grid.sums(column).reduce((a, b) => a + b, 0);
          assert.equal(sum(0), instants.length);
          near(sum(1) + 1, instants.reduce((a, b) => a + b, 0) + 1, 1e-9);
          assert.ok(grid.middles().length <= 8);
          const middles = grid.middles();
          const ends = grid.ends();
          const width = 2 * ((ends[0] as number) - (middles[0] as number));
          // The values of a stretch lie within it; what is earlier than all lies in the first.
          grid.sums(0).forEach((count, i) => {
            const mean = (grid.sums(1)[i] as number) / count;
            if (count > 0 && i > 0)
              assert.ok(mean >= (ends[i] as number) - width - 1e-6 && mean <= (ends[i] as number));
          });
        },
      ),
    );
  });
});

function sampleAt(at: number, value: number | undefined, endMs = at + 50): RequestSample {
  return {
    at,
    endMs,
    completed: value !== undefined,
    values: { ttft: value },
    gaps: [],
    outputTokens: 0,
    inputTokens: 0,
    cost: null,
    good: null,
  };
}

describe('StageSeries', () => {
  const series = (): StageSeries => new StageSeries(new ChunkPool(), { exactRows: 100, batches: 16 });
  const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);

  it('is exact up to its bound, then sums batches and what was derived from each value', () => {
    const subject = series();
    const ttft = subject.column('ttft', ({ values }) => values['ttft'] ?? Number.NaN);
    assert.equal(
      subject.column('ttft', () => 0),
      ttft,
      'a name is a column',
    );
    const over = subject.derive(ttft, () => (value) => (value > 90 ? 1 : 0));
    const aboveMedian = subject.derive(ttft, (soFar) => {
      const median = quantileOfSorted(soFar.slice().sort(), 0.5);
      return (value) => (value > median ? 1 : 0);
    });
    for (let i = 0; i < 100; i++) subject.add(sampleAt(i * 10, i % 10 === 3 ? undefined : i));
    assert.equal(subject.batchMs, 0);
    assert.equal(subject.view(ttft).counts, null);
    assert.equal(subject.view(ttft).sums.length, 90);
    assert.equal(subject.keys(ttft).length, 90);
    assert.equal(sum(subject.derivedSums(over, (value) => (value > 90 ? 1 : 0))), 8);

    for (let i = 100; i < 1000; i++) subject.add(sampleAt(i * 10, i % 10 === 3 ? undefined : i));
    assert.ok(subject.batchMs > 0);
    const { sums, counts } = subject.view(ttft);
    assert.ok(counts !== null && counts.length <= 16);
    assert.equal(sum(counts), 900);
    // 0 to 999 without those that end in a 3: 499,500 less 100 x 498.
    assert.equal(sum(sums), 449_700);
    assert.equal(sum(subject.derivedSums(over, () => 1)), 900 - 82);
    // The median is that of the hundred requests there were when batching began.
    assert.equal(sum(subject.derivedSums(aboveMedian, () => 1)), 855);
    assert.equal(subject.length, 1000);
  });

  it('counts the requests begun and ended until the end of each batch', () => {
    const subject = series();
    subject.trackEnds();
    for (let i = 0; i < 400; i++) subject.add(sampleAt(i * 10, 5, i * 10 + 95));
    const found = subject.begunAndEnded();
    assert.ok(found !== null);
    assert.equal(found.begun.at(-1), 400);
    assert.equal(found.ended.at(-1), 400);
    const middle = Math.floor(found.begun.length / 2);
    const inFlight = (found.begun[middle] as number) - (found.ended[middle] as number);
    assert.ok(inFlight >= 9 && inFlight <= 10, String(inFlight));
  });

  it('gives the latest values in the order in which they came', () => {
    const subject = series();
    const ttft = subject.column('ttft', ({ values }) => values['ttft'] ?? Number.NaN);
    for (let i = 0; i < 5000; i++) subject.add(sampleAt(i, i));
    const latest = subject.latest(ttft);
    assert.deepEqual([latest.length, latest[0], latest.at(-1)], [2048, 5000 - 2048, 4999]);
  });

  it('refuses a column that would miss the first requests', () => {
    const subject = series();
    subject.add(sampleAt(0, 1));
    assert.throws(() => subject.column('late', () => 0), RangeError);
    assert.throws(() => subject.derive(0, () => () => 0), RangeError);
  });

  it('holds requests that were all sent at one instant', () => {
    const subject = series();
    const ttft = subject.column('ttft', ({ values }) => values['ttft'] ?? Number.NaN);
    for (let i = 0; i < 300; i++) subject.add(sampleAt(7, i));
    assert.deepEqual([...subject.view(ttft).sums], [(299 * 300) / 2]);
  });
});

describe('rows of requests', () => {
  it('are visited as they came, and forgotten when released', () => {
    const rows = new OrderedRows(1, 50_000, new ChunkPool());
    for (let i = 0; i < 40_000; i++) rows.add(40_000 - i, [i]);
    let visited = 0;
    rows.forEach((key, [value]) => {
      if (key !== 40_000 - (value as number)) assert.fail(`${key} with ${value}`);
      visited++;
    });
    assert.equal(visited, 40_000);
    rows.release();
    assert.equal(rows.length, 0);
  });
});

describe('a percentile by the histogram', () => {
  const samples = { n: 1001, resolution: 1000 };
  const ceiling = slo('ttft.p99 <= 200ms');

  it('lies on the side of the limit where the exact count puts it', () => {
    assert.equal(settledByCount(200.1, samples, ceiling, 0.99, 10), 200);
    assert.equal(settledByCount(199.9, samples, ceiling, 0.99, 11), 200.001);
    assert.equal(settledByCount(199.9, samples, ceiling, 0.99, 10), 199.9);
    assert.equal(settledByCount(200.1, samples, slo('ttft.p99 < 200ms'), 0.99, 10), 199.999);
    assert.equal(settledByCount(199.9, samples, slo('ttft.p99 < 200ms'), 0.99, 11), 200);
    assert.equal(settledByCount(199.9, samples, slo('ttft.p1 >= 200ms'), 0.01, 10), 200);
    assert.equal(settledByCount(200.1, samples, slo('ttft.p1 >= 200ms'), 0.01, 11), 199.999);
  });

  it('is left alone where it is a gap between two values that separates them', () => {
    assert.equal(settledByCount(150, samples, ceiling, 0.99, 11), 150);
  });
});

describe('a stage past its bounds', function () {
  this.timeout(60_000);
  const bounds: StageBounds = { exactSamples: 20_000, exactRows: 1000, batches: 512 };
  const n = 12_000;
  const random = seededRandom(77);
  // A slow wave under noise: neighbours depend on each other. Failures come in spells.
  const records: RequestRecord[] = Array.from({ length: n }, (_, i) => {
    const at = ORIGIN_MS + i * 10;
    if (i % 1000 < 5) return failure(at);
    const ttft = 100 + 10 * Math.sin(i / 30) - 20 * Math.log(1 - random());
    return request({
      at,
      ttft,
      gaps: Array.from({ length: 4 }, () => 15 + ttft / 20 - 2 * Math.log(1 - random())),
      more: { cost: 0.001 * (1 + random()) },
    });
  });
  const texts = [
    'ttft.p99 <= 200ms',
    'ttft.p50 <= 120ms',
    'ttft.p5 >= 90ms',
    'itl.p99 <= 35ms',
    'itl.mean <= 25ms',
    'tpot.p95 <= 40ms',
    'e2e.mean <= 300ms',
    'e2e.stdev <= 60ms',
    'e2e.max <= 2s',
    'error_rate <= 1%',
    'goodput_ratio >= 90%',
    'rps >= 50/s',
    'goodput >= 50/s',
    'output_tps >= 100/s',
    'cost.p99 <= $0.01',
    'cost.per_request <= $0.01',
    'cost.per_good <= $0.01',
    'cost.per_1m_output <= $1000',
    'dispatch_lag.p99 <= 5ms',
  ];
  const options = { slos: texts.map((text) => slo(text)), durationMs: n * 10, rate: 100 };
  const exact = resultOf(records, options);
  const bounded = resultOf(records, { ...options, bounds });
  const pairs = exact.slo.map((a, i): [SloResult, SloResult] => [a, bounded.slo[i] as SloResult]);

  it('has distributions within three significant digits, and says which are histograms', () => {
    assert.deepEqual(
      Object.values(exact.metrics).map((metric) => metric.method),
      Object.values(exact.metrics).map(() => 'exact'),
    );
    assert.equal(bounded.metrics['itl']?.method, 'hdr');
    assert.equal(bounded.metrics['ttft']?.method, 'exact');
    for (const [name, metric] of Object.entries(exact.metrics)) {
      const other = bounded.metrics[name];
      assert.ok(other !== undefined);
      assert.deepEqual([other.n, other.min, other.max], [metric.n, metric.min, metric.max], name);
      for (const key of ['mean', 'stdev', 'p50', 'p75', 'p90', 'p95', 'p99', 'p99.9'] as const)
        // Far in the tail neighbours are apart, and a histogram takes one of them where exact values interpolate.
        if (metric[key] !== 0) near(other[key], metric[key], key === 'p99.9' ? 2e-2 : 2e-3, `${name} ${key}`);
    }
  });

  it('judges the same, on exact counts', () => {
    assert.deepEqual(bounded.counts, exact.counts);
    assert.deepEqual(bounded.rates, exact.rates);
    for (const [a, b] of pairs) {
      near(b.value ?? 0, a.value ?? 0, 2e-3, a.expr);
      assert.deepEqual([b.verdict, b.confidence, b.n], [a.verdict, a.confidence, a.n], a.expr);
    }
    assert.deepEqual(bounded.flags, exact.flags);
  });

  it('has the effective sample and the intervals of the exact series, within their own uncertainty', () => {
    for (const [a, b] of pairs) {
      if (a.n_effective !== null && b.n_effective !== null) {
        const ratio = b.n_effective / a.n_effective;
        assert.ok(ratio > 0.6 && ratio < 1.6, `${a.expr}: ${b.n_effective} for ${a.n_effective}`);
      }
      assert.equal(b.ci === null, a.ci === null, a.expr);
      if (a.ci === null || b.ci === null) continue;
      const width = a.ci[1] - a.ci[0];
      if (width > 0) near(b.ci[1] - b.ci[0], width, 0.5, `${a.expr}, width`);
      near(b.ci[0] + b.ci[1], a.ci[0] + a.ci[1], 0.01, `${a.expr}, centre`);
    }
  });

  it('does not depend on the order in which requests end', () => {
    const shuffled = records
      .map((record) => ({ record, key: random() }))
      .sort((a, b) => a.key - b.key)
      .map(({ record }) => record);
    const mixed = resultOf(shuffled, { ...options, bounds });
    mixed.slo.forEach((judged, i) => {
      const inOrder = bounded.slo[i] as SloResult;
      assert.deepEqual([judged.verdict, judged.n], [inOrder.verdict, inOrder.n], judged.expr);
      if (judged.n_effective !== null) near(judged.n_effective, inOrder.n_effective, 0.5, judged.expr);
    });
  });

  it('does not take a constant for one single sample', () => {
    const flat = Array.from({ length: 4000 }, (_, i) =>
      request({ at: ORIGIN_MS + i * 10, ttft: 123.456, gaps: [20.1, 20.1] }),
    );
    const result = resultOf(flat, { slos: [slo('ttft.p99 <= 200ms'), slo('itl.p99 <= 50ms')], bounds });
    for (const judged of result.slo)
      assert.deepEqual(
        [judged.verdict, judged.confidence, judged.n_effective],
        ['pass', 'high', judged.n],
        judged.expr,
      );
  });

  it('still sees a queue that grows, by TTFT or by the requests in flight', () => {
    const trending = (shape: (i: number) => RequestRecord): StageResult =>
      resultOf(
        Array.from({ length: 6000 }, (_, i) => shape(i)),
        { bounds },
      );
    const at = (i: number): number => ORIGIN_MS + i * 10;
    assert.ok(trending((i) => request({ at: at(i), ttft: 100 + i })).flags.includes('not_steady'));
    assert.ok(trending((i) => request({ at: at(i), gaps: [1000 + i * 5] })).flags.includes('not_steady'));
    const steady = trending((i) => request({ at: at(i), ttft: 100 + 50 * random(), gaps: [1000 + 500 * random()] }));
    assert.ok(!steady.flags.includes('not_steady'));
  });
});
