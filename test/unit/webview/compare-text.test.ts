import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { EVERY_CASE, listCases, passText, tagsOf } from '../../../webview/compare/case-list';
import { limitOf } from '../../../webview/compare/limit-of';
import { beside, pText, signedInterval, signedText } from '../../../webview/compare/numbers';
import { oneLine, visibleText } from '../../../webview/compare/visible-text';
import { wordDiff, type WordDiff } from '../../../webview/compare/word-diff';
import { lookOf } from '../../../webview/charts/series-look';
import { caseCell, cases } from '../../webview/compare-fixture';

function diff(before: string, after: string): Promise<WordDiff> {
  return new Promise((done) => {
    wordDiff(before, after, done);
  });
}

describe('differences of two answers', () => {
  it('marks the words that differ, those between blanks as one', async () => {
    const { pieces, same } = await diff('You have 30 days to pay.', 'You have two whole weeks to pay.');
    assert.equal(same, false);
    assert.deepEqual(pieces, [
      { text: 'You have ', kind: 'same' },
      { text: '30 days', kind: 'removed' },
      { text: 'two whole weeks', kind: 'added' },
      { text: ' to pay.', kind: 'same' },
    ]);
  });

  it('says that two answers are the same', async () => {
    assert.deepEqual(await diff('Yes.', 'Yes.'), { pieces: [{ text: 'Yes.', kind: 'same' }], note: '', same: true });
  });

  it('gives back both answers, whatever they are', async () => {
    const words = fc.array(fc.constantFrom('30', 'days', ' ', '  ', '\n', ',', 'ü', 'two', '<b>'), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(words, words, async (first, second) => {
        const [before, after] = [first.join(''), second.join('')];
        const { pieces } = await diff(before, after);
        const of = (without: string) =>
          pieces
            .filter(({ kind }) => kind !== without)
            .map(({ text }) => text)
            .join('');
        assert.equal(of('removed'), after);
        assert.equal(of('added').replace(/\s+/g, ''), before.replace(/\s+/g, ''));
      }),
      { numRuns: 200 },
    );
  });

  it('compares no more than a reader would read of two long answers', async () => {
    const long = 'word '.repeat(100_000);
    const { pieces, note } = await diff(`a ${long}`, `b ${long}c`);
    assert.match(note, /first 60,000 characters/);
    assert.equal(
      pieces.filter(({ kind }) => kind !== 'removed').reduce((sum, { text }) => sum + text.length, 0),
      long.length + 3,
    );
  });

  it('can be given up', async () => {
    const words = (seed: number) => Array.from({ length: 9000 }, (_, i) => `w${(i * seed) % 997}`).join(' ');
    let told = false;
    wordDiff(words(7), words(11), () => {
      told = true;
    })();
    await new Promise((done) => setTimeout(done, 50));
    assert.equal(told, false);
  });
});

describe('text that shows itself', () => {
  it('turns escapes, control characters and turned directions into what can be seen', () => {
    assert.equal(visibleText('\u001b[31mred\u0007\u007f'), '␛[31mred␇␡');
    assert.equal(visibleText('\u202egnp.exe'), '[U+202E]gnp.exe');
    assert.equal(visibleText('tab\tand\r\nline\n'), 'tab\tand\nline\n');
    assert.equal(oneLine('  a\n\n b\tc '), 'a b c');
  });
});

describe('numbers with a side', () => {
  it('say their sign and unit', () => {
    assert.equal(signedText(-47, 'ms'), '−47 ms');
    assert.equal(signedText(0.018, 'ratio'), '+1.8 points');
    assert.equal(signedText(0, 'USD'), '±$0');
    assert.equal(signedInterval([-60, 2], 'ms'), '−60 ms to +2 ms');
    assert.equal(pText(0.0004), 'p < 0.001');
    assert.equal(pText(0.0312), 'p = 0.031');
  });

  it('take the last bit of a number for no difference', () => {
    assert.equal(beside(-8.88e-16, 7.77), 0);
    assert.equal(beside(0.001, 7.77), 0.001);
  });
});

describe('limit of an expression', () => {
  it('is in the unit of its metric', () => {
    assert.equal(limitOf('ttft.p99 <= 250ms'), 250);
    assert.equal(limitOf('e2e.p99 < 1.5s'), 1500);
    assert.equal(limitOf('quality.pass_rate >= 90%'), 0.9);
    assert.equal(limitOf('cost.per_good <= $0.002'), 0.002);
    assert.equal(limitOf('rps >= 1,000'), 1000);
    assert.equal(limitOf('nothing'), null);
  });
});

describe('list of cases', () => {
  const ids = (filter: Partial<typeof EVERY_CASE>) =>
    listCases(cases, { ...EVERY_CASE, ...filter }).map(({ id }) => id);

  it('keeps what failed, differs or is flaky', () => {
    assert.deepEqual(
      ids({}),
      cases.map(({ id }) => id),
    );
    assert.deepEqual(ids({ show: 'failed' }), ['refund-window', 'polite-refusal', 'json-order']);
    assert.deepEqual(ids({ show: 'differs' }), ['refund-window', 'polite-refusal', 'json-order']);
    assert.deepEqual(ids({ show: 'flaky' }), ['polite-refusal']);
  });

  it('finds names, ids, tags, answers and reasons, every word of the text', () => {
    assert.deepEqual(ids({ text: 'TIMED out' }), ['json-order']);
    assert.deepEqual(ids({ text: 'two weeks refund' }), ['refund-window']);
    assert.deepEqual(ids({ tag: 'tone' }), ['polite-refusal', 'greeting']);
    assert.deepEqual(ids({ tag: 'tone', show: 'differs' }), ['polite-refusal']);
    assert.deepEqual(tagsOf(cases), ['format', 'refunds', 'tone']);
  });

  it('says how many repeats passed, and nothing where none was judged', () => {
    assert.equal(passText(caseCell('failed', { passed: 1 })), '1/3');
    assert.equal(passText(caseCell('not judged', { of: 0 })), '');
  });
});

describe('marks', () => {
  it('tell 35 contenders apart by colour and shape, and all of them by letter', () => {
    const looks = Array.from({ length: 60 }, (_, i) => lookOf(i));
    assert.equal(new Set(looks.slice(0, 35).map(({ color, shape }) => `${color} ${shape}`)).size, 35);
    assert.equal(new Set(looks.map(({ letter }) => letter)).size, 60);
    assert.deepEqual([looks[0]?.letter, looks[25]?.letter, looks[26]?.letter], ['A', 'Z', 'A1']);
  });
});
