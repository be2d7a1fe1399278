import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readRows } from '../../../src/core/dataset/read-rows';
import type { ReadableRow, Row } from '../../../src/core/dataset/rows';
import { takeRows, type TakeOptions } from '../../../src/core/dataset/take-rows';
import { SEED } from './reading';

async function* batchesOf(count: number, size = 100): AsyncGenerator<Row[]> {
  for (let from = 0; from < count; from += size) {
    await Promise.resolve();
    yield Array.from({ length: Math.min(size, count - from) }, (_, i): ReadableRow => ({
      number: from + i + 1,
      start: { line: from + i, character: 0 },
      bytes: 10,
      fields: { n: from + i + 1 },
      text: '',
    }));
  }
}

async function numbers(count: number, options: Partial<TakeOptions>): Promise<number[]> {
  const { rows } = await takeRows(batchesOf(count), { seed: 1, ...options });
  return rows.map(({ number }) => number);
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

describe('rows that are taken', () => {
  it('are all of them in order, without a sample', async () => {
    assert.deepEqual(await numbers(250, {}), upTo(250));
    assert.deepEqual(await numbers(0, {}), []);
  });

  it('are at most so many, and what is left out is counted', async () => {
    const few = await takeRows(batchesOf(1_000), { seed: 1, maxRows: 10 });
    assert.deepEqual([few.rows.length, few.leftOut, few.bound, few.complete, few.read], [10, 990, 'rows', true, 1_000]);
    const small = await takeRows(batchesOf(1_000), { seed: 1, maxKeptBytes: 105 });
    assert.deepEqual([small.rows.length, small.leftOut, small.bound], [10, 990, 'bytes']);
    const cut = await takeRows(batchesOf(1_000), { seed: 1, maxRows: 10, countBytes: 500 });
    assert.deepEqual([cut.rows.length, cut.leftOut, cut.complete], [10, 51, false]);
  });

  it('are those that are wanted, and only those count', async () => {
    const even = (row: ReadableRow) => row.number % 2 === 0;
    assert.deepEqual(await numbers(10, { accept: even }), [2, 4, 6, 8, 10]);
    assert.deepEqual(await numbers(10, { accept: even, maxRows: 2 }), [2, 4]);
    const sample = await numbers(1_000, { accept: even, sample: 5 });
    assert.ok(sample.length === 5 && sample.every((number) => number % 2 === 0));
  });

  it('leave rows that cannot be read out of a sample, and tell of them', async () => {
    async function* broken(): AsyncGenerator<Row[]> {
      for await (const rows of batchesOf(50)) {
        yield rows.map((row): Row => {
          const { number, start, bytes } = row;
          return number % 5 === 0
            ? { number, start, bytes, fault: { range: { start, end: start }, message: 'broken' } }
            : row;
        });
      }
    }
    const taken = await takeRows(broken(), { seed: 1, sample: 40 });
    assert.deepEqual([taken.rows.length, taken.faultCount, taken.faults.length], [40, 10, 10]);
    assert.ok(taken.rows.every(({ number }) => number % 5 !== 0));
  });
});

describe('a sample', () => {
  it('of more rows than there are is all of them', async () => {
    assert.deepEqual(await numbers(7, { sample: 10 }), upTo(7));
    assert.deepEqual(await numbers(7, { sample: 7 }), upTo(7));
  });

  it('is the same for the same seed and another for another, in the order of the file', async () => {
    const first = await numbers(10_000, { sample: 50, seed: 1 });
    assert.deepEqual(await numbers(10_000, { sample: 50, seed: 1 }), first);
    assert.notDeepEqual(await numbers(10_000, { sample: 50, seed: 2 }), first);
    assert.deepEqual(
      first,
      [...first].sort((a, b) => a - b),
    );
    assert.equal(new Set(first).size, 50);
  });

  it('draws each row equally often', async () => {
    const counts = new Array<number>(20).fill(0);
    const draws = 2_000;
    for (let seed = 0; seed < draws; seed++)
      for (const number of await numbers(20, { sample: 5, seed })) counts[number - 1] = (counts[number - 1] ?? 0) + 1;
    // Chi-squared over 20 cells of mean 500: 43.8 is its 0.1 % quantile with 19 degrees of freedom.
    const expected = (draws * 5) / 20;
    const chi = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    assert.ok(chi < 43.8, `${chi}: ${counts.join()}`);
  });

  it('of whatever size is drawn without repetition', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(300), fc.integer({ min: 1, max: 50 }), fc.integer(), async (count, sample, seed) => {
        const taken = await numbers(count, { sample, seed });
        assert.equal(taken.length, Math.min(count, sample));
        assert.equal(new Set(taken).size, taken.length);
        assert.ok(taken.every((number) => number >= 1 && number <= count));
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  it('that does not fit says which would', async () => {
    const taken = await takeRows(batchesOf(10_000), { seed: 1, sample: 100, maxKeptBytes: 500 });
    assert.deepEqual([taken.rows, taken.largestSample, taken.complete], [[], 40, false]);
  });

  it('takes the memory of what it holds, whatever the size of the file', async () => {
    const row = (i: number) => JSON.stringify({ id: i, question: `Why ${i}?`, filler: 'x'.repeat(800) });
    const piece = Buffer.from(Array.from({ length: 250 }, (_, i) => `${row(i)}\n`).join(''));
    const megabytes = 200;
    const pieces = Math.ceil((megabytes * 1e6) / piece.length);
    let peak = 0;
    async function* file(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < pieces; i++) {
        await Promise.resolve();
        if (i % 50 === 0) peak = Math.max(peak, process.memoryUsage().rss);
        // A copy: what is read must not be the memory of what was.
        yield Uint8Array.from(piece);
      }
    }
    const before = process.memoryUsage().rss;
    const taken = await takeRows(readRows(file(), 'jsonl'), { seed: 1, sample: 100 });
    assert.equal(taken.read, pieces * 250);
    assert.equal(taken.rows.length, 100);
    const grown = (peak - before) / 1e6;
    assert.ok(grown < megabytes / 2, `${grown.toFixed(0)} MB more for a file of ${megabytes} MB`);
  }).timeout(20_000);
});

describe('a shuffle', () => {
  it('is the same for the same seed, and another for another', async () => {
    const first = await numbers(100, { shuffle: true, seed: 1 });
    assert.deepEqual(await numbers(100, { shuffle: true, seed: 1 }), first);
    assert.notDeepEqual(await numbers(100, { shuffle: true, seed: 2 }), first);
    assert.notDeepEqual(first, upTo(100));
    assert.deepEqual(
      [...first].sort((a, b) => a - b),
      upTo(100),
    );
  });

  it('of a sample is the sample of the same seed in another order', async () => {
    const sample = await numbers(500, { sample: 20, seed: 3 });
    const shuffled = await numbers(500, { sample: 20, seed: 3, shuffle: true });
    assert.notDeepEqual(shuffled, sample);
    assert.deepEqual(
      [...shuffled].sort((a, b) => a - b),
      sample,
    );
  });
});
