import assert from 'node:assert/strict';
import fc from 'fast-check';
import { countTokens, tokenize } from '../../../src/core/sim/tokenizer';

describe('sim tokenizer', () => {
  it('cuts words, long words, punctuation and white space', () => {
    assert.deepEqual(tokenize('Hello, simulator!'), ['Hello', ',', ' simul', 'ator', '!']);
    assert.deepEqual(tokenize('a\n\n  b '), ['a', '\n\n ', ' b', ' ']);
    assert.deepEqual(tokenize(''), []);
  });

  it('never loses or adds a character, and counts what it cuts', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        const tokens = tokenize(text);
        assert.equal(tokens.join(''), text);
        assert.ok(tokens.every((token) => token !== ''));
        assert.equal(countTokens(text), tokens.length);
      }),
    );
  });

  it('keeps a character of two UTF-16 units in one token', () => {
    assert.deepEqual(tokenize('🙂🙂'), ['🙂', '🙂']);
  });

  it('takes about four characters of English to a token', () => {
    const text = 'The quick brown fox jumps over the lazy dog while everybody else is watching television in silence.';
    const perToken = text.length / countTokens(text);
    assert.ok(perToken > 3 && perToken < 5, `${perToken} characters per token`);
  });
});
