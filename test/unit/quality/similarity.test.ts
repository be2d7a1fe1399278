import assert from 'node:assert/strict';
import fc from 'fast-check';
import { editDistance } from '../../../src/core/quality/edit-distance';
import { bleu, rouge } from '../../../src/core/quality/ngrams';
import { answer, assertion } from './helpers';
import { evaluateOne, testRows } from './rows';

const MAT = 'the cat sat on the mat';

describe('levenshtein', () => {
  testRows([
    {
      type: 'levenshtein',
      value: 'kitten',
      text: 'sitting',
      outcome: 'passed',
      says: /is 3 edits from "kitten", within the 5 allowed/,
    },
    { type: 'levenshtein', value: 'kitten', threshold: 3, text: 'sitting', outcome: 'passed' },
    {
      type: 'levenshtein',
      value: 'kitten',
      threshold: 2,
      text: 'sitting',
      outcome: 'failed',
      says: /3 edits .*more than the 2 allowed/,
    },
    { type: 'levenshtein', value: 'kitten', threshold: 0, text: 'kitten', outcome: 'passed', says: /0 edits/ },
    { type: 'levenshtein', value: 'kitten', threshold: 1, text: 'kittens', outcome: 'passed', says: /1 edit from/ },
    { type: 'levenshtein', value: 'abcdef', text: '', outcome: 'failed', says: /6 edits/ },
    { type: 'levenshtein', value: 1234, text: '1235', outcome: 'passed' },
    { type: 'levenshtein', value: '', text: 'x', outcome: 'error', says: /needs a text/ },
    { type: 'levenshtein', value: ['a'], text: 'a', outcome: 'error', says: /list or a map/ },
  ]);

  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '😀'), maxLength: 40 });

  it('is the distance of the textbook, whether the texts are near or far', () => {
    fc.assert(
      fc.property(word, word, (left, right) => {
        assert.deepEqual(editDistance(left, right, 5), { kind: 'exact', distance: textbook(left, right) });
      }),
    );
  });

  it('is a distance: symmetric, zero for equal texts only, and no longer by a detour', () => {
    const exact = (left: string, right: string): number => {
      const found = editDistance(left, right, 0);
      assert.equal(found.kind, 'exact');
      return found.kind === 'exact' ? found.distance : NaN;
    };
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        assert.equal(exact(a, b), exact(b, a));
        assert.equal(exact(a, b) === 0, a === b);
        assert.ok(exact(a, c) <= exact(a, b) + exact(b, c));
      }),
    );
  });

  it('tells of texts too long for an answer to the letter what it can', () => {
    const long = 'ab'.repeat(100_000);
    const changed = `x${long.slice(1, 150_000)}yy${long.slice(150_000, -1)}z`;
    assert.deepEqual(editDistance(long, changed, 10), { kind: 'exact', distance: 4 });
    assert.deepEqual(editDistance(changed, long, 4), { kind: 'exact', distance: 4 });
    assert.deepEqual(editDistance(long, changed, 3), { kind: 'more than', distance: 3 });
    assert.deepEqual(editDistance(long, 'ba'.repeat(80_000), 10), { kind: 'at least', distance: 40_000 });
    assert.deepEqual(editDistance(long, 'b'.repeat(200_000), 100_000), { kind: 'too long' });
    // What they share at both ends costs nothing.
    assert.deepEqual(editDistance(`${long}x${long}`, `${long}y${long}`, 0), { kind: 'exact', distance: 1 });
  });

  it('agrees with the textbook inside of its band as well', () => {
    // As the banded search only runs on long texts, these differ at both ends of one.
    const middle = 'lorem ipsum '.repeat(9000);
    fc.assert(
      fc.property(word, word, word, word, (a, b, c, d) => {
        const [left, right] = [`<${a}${middle}${b}>`, `[${c}${middle}${d}]`];
        const bound = textbook(`<${a}`, `[${c}`) + textbook(`${b}>`, `${d}]`);
        const found = editDistance(left, right, 100);
        assert.equal(found.kind, 'exact');
        assert.ok(found.kind === 'exact' && found.distance <= bound && found.distance >= 2);
      }),
      { numRuns: 3 },
    );
  });

  it('is an error where the texts are too long', async () => {
    const plan = assertion('levenshtein', 'b'.repeat(200_000), { threshold: 100_000 });
    const result = await evaluateOne(plan, answer('a'.repeat(200_000)));
    assert.equal(result.outcome, 'error');
    assert.match(result.reason, /200,000 characters.*too long to be compared/);
  });
});

describe('rouge-n', () => {
  testRows([
    {
      type: 'rouge-n',
      value: MAT,
      text: 'The cat sat on the mat',
      outcome: 'passed',
      score: 1,
      says: /ROUGE-N 1\.000 against .* at least 0\.75/,
    },
    // 3 of 3 words and 3 of 6: 2/3.
    {
      type: 'rouge-n',
      value: MAT,
      text: 'the cat sat',
      outcome: 'failed',
      score: 2 / 3,
      says: /0\.667 .* below 0\.75/,
    },
    { type: 'rouge-n', value: MAT, threshold: 0.6, text: 'the cat sat', outcome: 'passed', score: 2 / 3 },
    // Four times "the" against two: 2 matches of 4 and of 6.
    { type: 'rouge-n', value: MAT, text: 'the the the the', outcome: 'failed', score: 0.4 },
    // Tokens of the Penn Treebank: do n't , ca n't .
    { type: 'rouge-n', value: "don't", threshold: 0.5, text: "can't", outcome: 'passed', score: 0.5 },
    { type: 'rouge-n', value: 'a b c', threshold: 0.75, text: 'a b c d e', outcome: 'passed', score: 0.75 },
    { type: 'rouge-n', value: MAT, text: 'dogs bark', outcome: 'failed', score: 0 },
    { type: 'rouge-n', value: MAT, text: '', outcome: 'failed', score: 0, says: /answer is empty/ },
    { type: 'rouge-n', text: 'x', outcome: 'error' },
    { type: 'rouge-n', value: ['a'], text: 'a', outcome: 'error' },
  ]);
});

describe('bleu', () => {
  testRows([
    { type: 'bleu', value: MAT, text: 'The cat sat on the mat', outcome: 'passed', score: 1 },
    // Precisions 5/6, 3/5, 2/4, 1/3: their geometric mean.
    {
      type: 'bleu',
      value: MAT,
      text: 'the cat sat on a mat',
      outcome: 'passed',
      score: ((5 / 6) * (3 / 5) * (2 / 4) * (1 / 3)) ** 0.25,
    },
    {
      type: 'bleu',
      value: MAT,
      threshold: 0.6,
      text: 'the cat sat on a mat',
      outcome: 'failed',
      score: 0.5373,
      says: /BLEU 0\.537 against .* below 0\.6/,
    },
    // All of three words, and the penalty of an answer half as long.
    { type: 'bleu', value: MAT, text: 'the cat sat', outcome: 'failed', score: Math.exp(-1) },
    {
      type: 'bleu',
      value: ['a dog ran', MAT],
      text: MAT,
      outcome: 'passed',
      score: 1,
      says: /against "a dog ran" and "the cat/,
    },
    { type: 'bleu', value: MAT, text: 'dogs bark', outcome: 'failed', score: 0 },
    { type: 'bleu', value: MAT, text: ' ', outcome: 'failed', score: 0 },
    { type: 'bleu', value: [], text: 'x', outcome: 'error', says: /at least one text/ },
    { type: 'bleu', value: ['a', { b: 1 }], text: 'x', outcome: 'error', says: /something else/ },
    { type: 'bleu', value: { a: 1 }, text: 'x', outcome: 'error' },
  ]);

  const words = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 }).map((list) => list.join(' '));

  it('lies between 0 and 1, and so does ROUGE, with 1 for the same words', () => {
    fc.assert(
      fc.property(words, fc.array(words, { minLength: 1, maxLength: 3 }), (text, references) => {
        for (const score of [bleu(text, references), rouge(text, references[0] ?? '')]) {
          assert.ok(score >= 0 && score <= 1 + 1e-12, `${score}`);
        }
        if (text === '') return;
        assert.ok(Math.abs(bleu(text, [...references, text]) - 1) < 1e-12);
        assert.ok(Math.abs(rouge(text, text) - 1) < 1e-12);
      }),
    );
  });

  it('counts n-grams as the definition does', () => {
    fc.assert(
      fc.property(words, words, (text, reference) =>
        assert.ok(Math.abs(bleu(text, [reference]) - plainBleu(text, reference)) < 1e-9),
      ),
    );
  });
});

/** Levenshtein's recurrence as it stands. */
function textbook(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const [above = 0, diagonal = 0, before = 0] = [row[j], row[j - 1], next[j - 1]];
      next.push(Math.min(above + 1, before + 1, diagonal + (left[i - 1] === right[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}

function plainBleu(text: string, reference: string): number {
  const [words, others] = [text, reference].map((part) => part.split(' ').filter((word) => word !== '')) as [
    string[],
    string[],
  ];
  if (words.length === 0) return 0;
  const grams = (list: string[], n: number) => list.slice(n - 1).map((_, end) => list.slice(end, end + n).join(' '));
  const orders = Math.min(4, words.length);
  let product = 1;
  for (let n = 1; n <= orders; n++) {
    const left = grams(others, n);
    let matches = 0;
    for (const gram of grams(words, n)) {
      const index = left.indexOf(gram);
      if (index < 0) continue;
      left.splice(index, 1);
      matches++;
    }
    product *= matches === 0 ? 1e-7 : matches / (words.length - n + 1);
  }
  const penalty = words.length > others.length ? 1 : Math.exp(1 - others.length / words.length);
  return penalty * product ** (1 / orders);
}
