import assert from 'node:assert/strict';
import { corpusWords, sentenceStarts } from '../../../src/core/load/corpus-pieces';
import corpusTokens from '../../../src/core/load/corpus-tokens.json';
import { Random } from '../../../src/core/load/prng';
import { SyntheticPrompts, type SyntheticOptions } from '../../../src/core/load/synthetic';
import { drawTokens } from '../../../src/core/load/synthetic-length';
import { numberedProse, prose } from '../../../src/core/load/synthetic-prose';
import { TracePrompts } from '../../../src/core/load/synthetic-trace';
import { PromptrigError } from '../../../src/core/util/errors';
import type { TokenLengths } from '../../../src/protocol/plan';
import { countTokens, TOKENIZER_NAME } from '../../../src/engine/tokenizer';

const make = (options: Partial<SyntheticOptions> = {}) =>
  new SyntheticPrompts({ seed: 1, inputTokens: { mean: 200, stdev: 50 }, ...options });

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

const isUsage = (pattern: RegExp) => (error: unknown) =>
  error instanceof PromptrigError && error.code === 'usage' && pattern.test(error.message);

describe('the table of the corpus', () => {
  it('holds every word and its count by the tokenizer that it names', () => {
    assert.equal(corpusTokens.tokenizer, TOKENIZER_NAME);
    const expected = Object.fromEntries(corpusWords().map((word) => [word, countTokens(` ${word}`)]));
    assert.deepEqual(corpusTokens.words, expected);
  });

  it('counts the words that begin a sentence as they count at the start of a text', () => {
    for (const text of sentenceStarts()) {
      const word = text.split(' ')[0] ?? '';
      assert.equal(countTokens(word), countTokens(` ${word}`), word);
    }
  });
});

describe('prose', () => {
  it('has exactly the tokens that were asked for, by the real tokenizer', () => {
    for (let tokens = 1; tokens <= 260; tokens++) {
      const random = new Random(tokens, 'test');
      assert.equal(countTokens(prose(tokens, random)), tokens, `${tokens} tokens`);
      assert.equal(countTokens(numberedProse(tokens, '000123456789', random)), tokens, `${tokens} numbered`);
    }
    assert.equal(countTokens(prose(20_000, new Random(1, 'long'))), 20_000);
  });

  it('adds up where texts are joined by a space', () => {
    const joined = range(20).map((i) => prose(i + 1, new Random(i, 'part')));
    // Single words first and last: those have no full stop to lean on.
    assert.equal(countTokens(joined.join(' ')), 210);
  });

  it('reads as sentences', () => {
    const sentences = prose(2000, new Random(3, 'read')).split(/(?<=\.) /);
    assert.ok(sentences.length > 60);
    for (const sentence of sentences) assert.match(sentence, /^[A-Z][A-Za-z', ]+\.$/);
  });

  it('does not come round: within 4,000 tokens few sentences repeat, and no clause before a hundred others', () => {
    const sentences = prose(4000, new Random(4, 'period')).split(/(?<=\.) /);
    const distinct = new Set(sentences).size;
    assert.ok(distinct / sentences.length > 0.97, `${distinct} of ${sentences.length}`);
    const head = sentences.slice(0, 60).map((sentence) => sentence.toLowerCase());
    const clause = 'the baker swept the pavement';
    assert.ok(head.filter((sentence) => sentence.includes(clause)).length <= 1);
  });
});

describe('synthetic prompts', () => {
  it('depend on the seed, the stream and the index alone, in whatever order they are asked for', () => {
    const inOrder = range(50).map((i) => make().at(i));
    const other = make();
    const backwards = range(50)
      .reverse()
      .map((i) => other.at(i))
      .reverse();
    assert.deepEqual(backwards, inOrder);
    assert.notEqual(make({ seed: 2 }).at(0).text, inOrder[0]?.text);
    assert.notEqual(make({ stream: 'b' }).at(0).text, inOrder[0]?.text);
    assert.equal(new Set(inOrder.map(({ text }) => text)).size, 50);
  });

  it('say how long they are and what to ask for', () => {
    const prompts = make({
      inputTokens: { mean: 60, stdev: 20, min: 30, max: 90 },
      outputTokens: { mean: 40, stdev: 9 },
    });
    const lengths = range(300).map((i) => {
      const { text, tokens, maxTokens } = prompts.at(i);
      assert.equal(countTokens(text), tokens);
      assert.ok(tokens >= 30 && tokens <= 90, `${tokens}`);
      assert.ok(maxTokens !== null && Number.isInteger(maxTokens) && maxTokens >= 1);
      return maxTokens;
    });
    const mean = lengths.reduce((sum, n) => sum + n, 0) / lengths.length;
    assert.ok(Math.abs(mean - 40) < 2, `${mean}`);
    assert.equal(make().at(0).maxTokens, null);
  });

  it('share prefixes of an exact length, each about as often', () => {
    const prompts = make({ prefix: { tokens: 300, pool: 4 }, inputTokens: { mean: 20 } });
    const beginnings = new Map<number, string>();
    const uses = [0, 0, 0, 0];
    for (const i of range(400)) {
      const { text, tokens, prefixIndex } = prompts.at(i);
      assert.equal(tokens, 320);
      assert.ok(prefixIndex !== null && prefixIndex >= 0 && prefixIndex < 4);
      uses[prefixIndex] = (uses[prefixIndex] ?? 0) + 1;
      const known = beginnings.get(prefixIndex);
      if (known === undefined) beginnings.set(prefixIndex, text);
      else {
        let same = 0;
        while (same < known.length && known[same] === text[same]) same++;
        // Up to a word of the rest may be the same by chance.
        assert.ok(countTokens(text.slice(0, same)) >= 299, `only ${same} characters shared`);
      }
    }
    assert.equal(new Set([...beginnings.values()].map((text) => text.slice(0, 200))).size, 4);
    for (const count of uses) assert.ok(count > 60, `${uses.join(', ')}`);
  });

  it('that are cold have a beginning that no other one has, also with a prefix and with another seed', () => {
    const begin = (options: Partial<SyntheticOptions>, i: number) => make(options).at(i).text.slice(0, 12);
    const numbers = [
      ...range(3000).map((i) => begin({ cache: 'cold' }, i)),
      ...range(3000).map((i) => begin({ cache: 'cold', seed: 2 }, i)),
    ];
    for (const number of numbers) assert.match(number, /^\d{12}$/);
    assert.equal(new Set(numbers).size, 6000);
    // Of a thousand neighbours most differ in their very first token already.
    assert.ok(new Set(numbers.slice(0, 500).map((number) => number.slice(0, 3))).size > 450);
    const shared = make({ cache: 'cold', prefix: { tokens: 100 }, inputTokens: { mean: 50 } }).at(3);
    assert.equal(shared.tokens, 150);
    assert.equal(countTokens(shared.text), 150);
    assert.equal(shared.prefixIndex, null);
  });

  it('give cases a shared prefix, a cold beginning or nothing, and the length of their answers', () => {
    const outputTokens = { mean: 40, stdev: 9 };
    const of = (options: Partial<SyntheticOptions>) => make({ inputTokens: undefined, outputTokens, ...options });
    assert.deepEqual(of({}).before(3), {
      text: '',
      tokens: 0,
      maxTokens: of({}).before(3).maxTokens,
      prefixIndex: null,
    });
    assert.ok((of({}).before(3).maxTokens ?? 0) > 5);
    const shared = of({ prefix: { tokens: 50, pool: 2 } });
    assert.equal(new Set(range(30).map((i) => shared.before(i).text)).size, 2);
    assert.equal(countTokens(shared.before(0).text), 50);
    for (const prefix of [undefined, { tokens: 50 }]) {
      const cold = of({ cache: 'cold', prefix });
      assert.equal(new Set(range(30).map((i) => cold.before(i).text.slice(0, 12))).size, 30);
      assert.equal(countTokens(cold.before(1).text), cold.before(1).tokens);
    }
    assert.throws(() => of({}).at(0), RangeError);
  });

  it('refuses lengths that make no sense, and says which', () => {
    const input = (inputTokens: TokenLengths) => () => make({ inputTokens });
    assert.throws(input({ mean: 10, min: 20 }), isUsage(/input_tokens: mean is 10; it must be between min \(20\)/));
    assert.throws(input({ mean: 10, min: 20, max: 5 }), isUsage(/max \(5\) is below min \(20\)/));
    assert.throws(input({ mean: 10, stdev: -1 }), isUsage(/stdev is -1/));
    assert.throws(input({ mean: 10, min: 0 }), isUsage(/min is 0/));
    assert.throws(input({ mean: Number.NaN }), isUsage(/mean is NaN/));
    assert.throws(() => make({ outputTokens: { mean: 1e9 } }), isUsage(/output_tokens: mean is 1000000000/));
    assert.throws(() => make({ prefix: { tokens: 0 } }), isUsage(/prefix: tokens is 0/));
    assert.throws(() => make({ prefix: { tokens: 5, pool: 0 } }), isUsage(/pool is 0/));
  });
});

describe('drawing lengths', () => {
  const draws = (distribution: TokenLengths, n = 20_000) => {
    const random = new Random(9, 'lengths');
    return range(n).map(() => drawTokens(distribution, random));
  };
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

  it('has the mean and the deviation where the limits are far', () => {
    const values = draws({ mean: 500, stdev: 50 });
    const m = mean(values);
    const deviation = Math.sqrt(mean(values.map((value) => (value - m) ** 2)));
    assert.ok(Math.abs(m - 500) < 2, `${m}`);
    assert.ok(Math.abs(deviation - 50) < 1.5, `${deviation}`);
  });

  it('does not heap values at its limits', () => {
    // Far wider than its window: nearly even over the 21 values.
    const counts = new Map<number, number>();
    for (const value of draws({ mean: 100, stdev: 1000, min: 90, max: 110 }))
      counts.set(value, (counts.get(value) ?? 0) + 1);
    assert.deepEqual(
      [...counts.keys()].sort((a, b) => a - b),
      range(21).map((i) => 90 + i),
    );
    for (const [value, count] of counts) assert.ok(Math.abs(count - 20_000 / 21) < 130, `${value}: ${count}`);
    // One-sided: half the mass is cut off at the mean.
    const half = draws({ mean: 10, stdev: 5, min: 10 });
    assert.ok(Math.min(...half) === 10);
    assert.ok(Math.abs(mean(half) - (9.5 + 0.5 + 5 * 0.7979)) < 0.35, `${mean(half)}`);
  });

  it('is the mean, rounded, without a deviation', () => {
    assert.deepEqual([...new Set(draws({ mean: 12.6 }, 10))], [13]);
  });
});

describe('prompts of a trace', () => {
  it('begin alike exactly as far as their blocks are the same', () => {
    const prompts = new TracePrompts({ seed: 5 });
    const a = prompts.at(0, 1500, [0, 1, 2]);
    const b = prompts.at(1, 1600, [0, 1, 9, 10]);
    assert.equal(countTokens(a), 1500);
    assert.equal(countTokens(b), 1600);
    let same = 0;
    while (a[same] === b[same]) same++;
    const shared = countTokens(a.slice(0, same));
    assert.ok(shared >= 1024 && shared <= 1034, `${shared}`);
    assert.equal(new TracePrompts({ seed: 5 }).at(0, 1500, [0, 1, 2]), a);
  });

  it('have their length without blocks, with too many and with too few', () => {
    const prompts = new TracePrompts({ seed: 5 });
    assert.equal(countTokens(prompts.at(3, 700)), 700);
    assert.notEqual(prompts.at(4, 700), prompts.at(3, 700));
    assert.equal(countTokens(prompts.at(5, 600, [1, 2, 3, 4])), 600);
    assert.equal(countTokens(prompts.at(6, 2000, [1])), 2000);
  });
});
