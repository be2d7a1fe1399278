import assert from 'node:assert/strict';
import fc from 'fast-check';
import { cosineSimilarity } from '../../../../src/core/quality/judge/cosine';

const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const sane = fc.double({ min: -1e3, max: 1e3, noNaN: true }).map((value) => (Math.abs(value) < 1e-6 ? 0 : value));
const pairOf = (item: fc.Arbitrary<number>) =>
  fc.integer({ min: 1, max: 40 }).chain((length) => {
    const vector = fc.array(item, { minLength: length, maxLength: length });
    return fc.tuple(vector, vector);
  });

describe('cosineSimilarity', () => {
  it('knows the angles that everybody knows', () => {
    assert.equal(cosineSimilarity([1, 0], [0, 1]), 0);
    assert.equal(cosineSimilarity([3, 4], [3, 4]), 1);
    assert.equal(cosineSimilarity([1, 2, 3], [-1, -2, -3]), -1);
    assert.ok(Math.abs((cosineSimilarity([1, 0], [1, 1]) ?? 0) - Math.SQRT1_2) < 1e-15);
    assert.ok(Math.abs((cosineSimilarity([1, 2, 3], [4, 5, 6]) ?? 0) - 32 / Math.sqrt(14 * 77)) < 1e-15);
  });

  it('is not carried past 1 by rounding', () => {
    for (const [vector, factor] of [
      [[0.596, 0.646, 0.1], 61 / 7],
      [[0.437, 0.077, 0.274], 9 / 7],
    ] as const) {
      assert.equal(
        cosineSimilarity(
          vector,
          vector.map((value) => value * factor),
        ),
        1,
      );
    }
  });

  it('has none for what has no direction', () => {
    assert.equal(cosineSimilarity([0, 0], [1, 2]), null);
    assert.equal(cosineSimilarity([1, 2], [0, 0]), null);
  });

  it('refuses vectors of different lengths', () => {
    assert.throws(() => cosineSimilarity([1], [1, 2]), /1 and 2 numbers/);
  });

  it('lies between -1 and 1, for numbers of any size', () => {
    fc.assert(
      fc.property(pairOf(number), ([a, b]) => {
        const value = cosineSimilarity(a, b);
        assert.ok(value === null || (value >= -1 && value <= 1), String(value));
      }),
    );
  });

  it('is the same both ways', () => {
    fc.assert(fc.property(pairOf(number), ([a, b]) => assert.equal(cosineSimilarity(a, b), cosineSimilarity(b, a))));
  });

  it('does not depend on the length of a vector, and turns with its sign', () => {
    const factor = fc.double({ min: 1e-100, max: 1e100, noNaN: true });
    fc.assert(
      fc.property(pairOf(sane), factor, ([a, b], scale) => {
        const plain = cosineSimilarity(a, b);
        const scaled = cosineSimilarity(
          a.map((value) => value * scale),
          b,
        );
        const turned = cosineSimilarity(
          a.map((value) => -value),
          b,
        );
        if (plain === null) return assert.equal(scaled, null);
        assert.ok(Math.abs((scaled ?? NaN) - plain) < 1e-9, `${plain} ${scaled}`);
        assert.ok(Math.abs((turned ?? NaN) + plain) < 1e-12);
      }),
    );
  });

  it('is 1 for a vector with itself', () => {
    fc.assert(
      fc.property(fc.array(number, { minLength: 1 }), (a) => {
        const value = cosineSimilarity(a, a);
        assert.ok(value === null || Math.abs(value - 1) < 1e-12);
      }),
    );
  });
});
