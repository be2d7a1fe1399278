import assert from 'node:assert/strict';
import fc from 'fast-check';
import { pairedInterval, qualityPairs, type TargetOutcomes } from '../../../src/core/compare/pairs';

/** A target from one string a case: `++-` passed two of three answers. */
function target(id: string, ...answers: string[]): TargetOutcomes {
  const cases = new Map(
    answers.flatMap((text, index) => {
      const pointer = `/cases/${index}`;
      const passed = [...text].filter((sign) => sign === '+').length;
      return text === '' ? [] : [[pointer, { pointer, n: text.length, passed }] as const];
    }),
  );
  return { id, cases };
}

describe('qualityPairs', () => {
  it('counts the cases that only one of the two passes, by the majority of their answers', () => {
    const [pair] = qualityPairs([target('a', '+', '++-', '-', '+-'), target('b', '-', '+', '+', '+')], 0.95);
    assert.ok(pair);
    assert.equal(pair.cases, 4);
    assert.deepEqual([pair.only_first, pair.only_second], [1, 2]);
    assert.deepEqual([pair.lost, pair.won], [['/cases/0'], ['/cases/2', '/cases/3']]);
    assert.equal(pair.difference, 0.25);
    assert.ok(Math.abs(pair.p_value - 1) < 1e-12);
    assert.equal(pair.verdict, 'no difference shown');
  });

  it('leaves out cases that one of the two was not asked, and pairs without a common case', () => {
    const [pair, ...rest] = qualityPairs([target('a', '+', '', '-'), target('b', '+', '+', ''), target('c')], 0.95);
    assert.equal(pair?.cases, 1);
    assert.deepEqual(rest, []);
  });

  it('shows a difference where the exact test does: six to none, but not five to none', () => {
    const all = (sign: string, count: number) => Array.from({ length: count }, () => sign);
    const verdict = (count: number) =>
      qualityPairs([target('a', ...all('-', count)), target('b', ...all('+', count))], 0.95)[0]?.verdict;
    // 2 x 0.5^5 = 0.0625, 2 x 0.5^6 = 0.03125.
    assert.equal(verdict(5), 'no difference shown');
    assert.equal(verdict(6), 'second better');
  });

  it('asks more of one pair among many', () => {
    const all = (sign: string) => Array.from({ length: 6 }, () => sign);
    const pairs = qualityPairs([target('a', ...all('-')), target('b', ...all('+')), target('c', ...all('+'))], 0.95);
    assert.equal(pairs.length, 3);
    // 0.03125 twice among three: adjusted to 0.09375.
    assert.ok(pairs.every(({ verdict }) => verdict === 'no difference shown'));
    assert.ok(Math.abs((pairs[0]?.p_adjusted ?? 0) - 0.09375) < 1e-12);
  });
});

describe('pairedInterval', () => {
  it('holds the difference, widens with fewer pairs, and mirrors when the two are exchanged', () => {
    const counts = fc.record({ b: fc.nat(30), c: fc.nat(30), both: fc.nat(100) });
    fc.assert(
      fc.property(counts, ({ b, c, both }) => {
        const n = b + c + both;
        const interval = pairedInterval(b, c, n, 0.95);
        const mirrored = pairedInterval(c, b, n, 0.95);
        if (n === 0) {
          assert.equal(interval, null);
          return;
        }
        assert.ok(interval && mirrored);
        assert.ok(interval[0] >= -1 && interval[1] <= 1 && interval[0] < interval[1]);
        assert.ok(Math.abs(interval[0] + mirrored[1]) < 1e-12);
        const tenfold = pairedInterval(b * 10, c * 10, n * 10, 0.95);
        assert.ok(tenfold !== null && tenfold[1] - tenfold[0] < interval[1] - interval[0]);
      }),
    );
  });
});
