import assert from 'node:assert/strict';
import fc from 'fast-check';
import { mergeSpans } from '../../../src/core/quality/occurrences';
import { answer, assertion } from './helpers';
import { evaluateOne, marked, testRows } from './rows';

describe('equals', () => {
  testRows([
    { type: 'equals', value: 'Paris', text: 'Paris', outcome: 'passed' },
    {
      type: 'equals',
      value: 'Paris',
      text: 'Paris.',
      outcome: 'failed',
      says: /character 6.*the end.*"Paris\."/,
      marks: ['.'],
    },
    {
      type: 'equals',
      value: 'Paris',
      text: 'paris',
      outcome: 'failed',
      says: /only in upper and lower case/,
      marks: ['p'],
    },
    { type: 'equals', value: 'Paris', text: ' Paris\n', outcome: 'failed', says: /only in white space/ },
    { type: 'equals', value: 'Paris', text: '', outcome: 'failed', says: /is empty/, marks: [] },
    { type: 'equals', value: 'a\nbcd', text: 'a\nbXd', outcome: 'failed', says: /line 2, column 2/, marks: ['X'] },
    { type: 'equals', value: 'the end', text: 'the', outcome: 'failed', marks: [] },
    { type: 'equals', value: 42, text: '42', outcome: 'passed' },
    { type: 'equals', value: true, text: 'true', outcome: 'passed' },
    { type: 'equals', value: '', text: '', outcome: 'passed' },
    { type: 'equals', value: { a: 1, b: [2] }, text: ' {"b":[2],"a":1}', outcome: 'passed' },
    {
      type: 'equals',
      value: { a: { 'x/y': 1 } },
      text: '{"a":{"x/y":2}}',
      outcome: 'failed',
      says: /JSON at \/a\/x~1y: expected "1", got "2"/,
    },
    { type: 'equals', value: { a: 1 }, text: '{"a":1,"b":null}', outcome: 'failed', says: /at \/b: expected nothing/ },
    {
      type: 'equals',
      value: {},
      text: '{"constructor":1}',
      outcome: 'failed',
      says: /\/constructor: expected nothing/,
    },
    { type: 'equals', value: [1, 2], text: '[2,1]', outcome: 'failed', says: /at \/0/ },
    { type: 'equals', value: { a: 1 }, text: '"x"', outcome: 'failed', says: /JSON: expected/ },
    { type: 'equals', value: { a: 1 }, text: 'not json', outcome: 'failed', says: /is not JSON.*starts "not json"/ },
    { type: 'equals', value: { a: 1 }, text: '', outcome: 'failed', says: /is not JSON.*is empty/ },
    { type: 'equals', value: null, text: 'null', outcome: 'passed' },
    { type: 'equals', text: 'x', outcome: 'error', says: /needs a value/ },
  ]);
});

describe('the contains family', () => {
  testRows([
    {
      type: 'contains',
      value: '30 days',
      text: 'Within 30 days.',
      outcome: 'passed',
      says: /at character 8/,
      marks: ['30 days'],
    },
    {
      type: 'contains',
      value: '30 days',
      text: 'Within 30 hours.',
      outcome: 'failed',
      says: /the answer starts "Within 30 hours\."/,
      marks: [],
    },
    {
      type: 'contains',
      value: 'within 30 days',
      text: 'So within 30 hours.',
      outcome: 'failed',
      says: /closest is "…within 30 hours.*differs after "within 30 "/,
    },
    { type: 'contains', value: 'Refund', text: 'a refund', outcome: 'failed', says: /icontains would accept/ },
    { type: 'contains', value: 'x', text: '  ', outcome: 'failed', says: /answer is empty/ },
    { type: 'contains', value: 7, text: 'it is 7, or 7.5', outcome: 'passed', marks: ['7', '7'] },
    { type: 'contains', value: '', text: 'x', outcome: 'error', says: /needs a text/ },
    { type: 'contains', text: 'x', outcome: 'error', says: /needs a text/ },
    { type: 'contains', value: ['a'], text: 'a', outcome: 'error', says: /list or a map/ },

    {
      type: 'icontains',
      value: 'REFUND',
      text: 'a Refund',
      outcome: 'passed',
      says: /"Refund" at character 3/,
      marks: ['Refund'],
    },
    { type: 'icontains', value: 'refund', text: 'money', outcome: 'failed' },
    { type: 'icontains', value: 'straße', text: 'Die STRASSE', outcome: 'failed' },
    {
      type: 'icontains',
      value: 'IZMIR x',
      text: 'İ to izmir x, İİ IZMIR X',
      outcome: 'passed',
      marks: ['izmir x', 'IZMIR X'],
    },
    { type: 'icontains', value: { a: 1 }, text: 'x', outcome: 'error' },

    {
      type: 'contains-all',
      value: ['a', 'b'],
      text: 'b, a',
      outcome: 'passed',
      says: /"a" at character 4 and "b"/,
      marks: ['b', 'a'],
    },
    { type: 'contains-all', value: 'a, b', text: 'b, a', outcome: 'passed' },
    { type: 'contains-all', value: ['ab', 'bc'], text: 'abc', outcome: 'passed', marks: ['abc'] },
    {
      type: 'contains-all',
      value: ['a', 'X'],
      text: 'a x',
      outcome: 'failed',
      says: /"X", but does in another case.*other 1 of 2/,
    },
    {
      type: 'contains-all',
      value: ['a', 'x', 'y', 'z', 'q'],
      text: 'a',
      outcome: 'failed',
      says: /lacks 4 of 5 texts: "x", "y", "z" and 1 more/,
      marks: ['a'],
    },
    { type: 'contains-all', value: [7, true], text: '7 is true', outcome: 'passed' },
    { type: 'contains-all', value: [], text: 'x', outcome: 'error', says: /at least one text/ },
    { type: 'contains-all', value: ' , ', text: 'x', outcome: 'error', says: /at least one text/ },
    { type: 'contains-all', value: ['a', ''], text: 'a', outcome: 'error', says: /empty text, item 2/ },
    { type: 'contains-all', value: ['a', null], text: 'a', outcome: 'error', says: /something else/ },
    { type: 'contains-all', text: 'a', outcome: 'error', says: /needs a list/ },

    {
      type: 'contains-any',
      value: ['x', 'b', 'c'],
      text: 'a b c',
      outcome: 'passed',
      says: /contains "b" at character 3 and "c" at character 5/,
      marks: ['b', 'c'],
    },
    { type: 'contains-any', value: '"x, y", z', text: 'a x, y', outcome: 'passed', marks: ['x, y'] },
    { type: 'contains-any', value: 'say ""hi""', text: 'say ""hi""', outcome: 'passed' },
    {
      type: 'contains-any',
      value: ['x', 'y'],
      text: 'a b',
      outcome: 'failed',
      says: /none of "x" and "y"; the answer starts "a b"/,
    },
    { type: 'contains-any', value: ['x', 'A'], text: 'a b', outcome: 'failed', says: /icontains would accept/ },
    { type: 'contains-any', value: ['x', 'y'], text: '', outcome: 'failed', says: /answer is empty/ },
    { type: 'contains-any', value: '"x, y', text: 'x', outcome: 'error', says: /character 1 is never closed/ },
    { type: 'contains-any', value: '"x" y', text: 'x', outcome: 'error', says: /comma must follow/ },
    { type: 'contains-any', value: { a: 1 }, text: 'x', outcome: 'error', says: /is a map/ },

    { type: 'icontains-all', value: ['A', 'B'], text: 'b a', outcome: 'passed', marks: ['b', 'a'] },
    { type: 'icontains-all', value: ['A', 'C'], text: 'b a', outcome: 'failed', says: /does not contain "C"/ },
    { type: 'icontains-all', value: [], text: 'x', outcome: 'error' },
    { type: 'icontains-any', value: 'A,C', text: 'b a', outcome: 'passed', marks: ['a'] },
    { type: 'icontains-any', value: ['C'], text: 'b a', outcome: 'failed' },
    { type: 'icontains-any', value: [], text: 'x', outcome: 'error' },
  ]);

  const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });

  it('marks what really holds the text', async () => {
    await fc.assert(
      fc.asyncProperty(word, fc.array(word), fc.array(word), async (needle, before, after) => {
        const text = `${before.join('')}${needle}${after.join('')}`;
        const exact = await evaluateOne(assertion('contains', needle), answer(text));
        assert.equal(exact.outcome, 'passed');
        assert.ok(marked(exact, text).length > 0);
        for (const part of marked(exact, text)) assert.equal(part, needle);
      }),
    );
  });

  it('marks what holds the text but for its case, also where lower case is longer', async () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'B', 'İ', 'ß', 'É', ' ', '😀'), maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(letters, letters, letters, async (before, needle, after) => {
        if (needle === '') return;
        const text = `${before}${needle}${after}`;
        const result = await evaluateOne(assertion('icontains', needle), answer(text));
        assert.equal(result.outcome, 'passed', JSON.stringify([text, needle]));
        const [part = ''] = marked(result, text);
        // A needle may start or end inside of what one letter becomes in lower case.
        assert.ok(part.toLowerCase().includes(needle.toLowerCase()), JSON.stringify([text, needle, part]));
      }),
    );
  });

  it('marks the first hundred', async () => {
    const result = await evaluateOne(assertion('not-contains', 'x'), answer('x '.repeat(1000)));
    assert.equal(result.outcome, 'failed');
    assert.equal(result.spans?.length, 100);
  });

  it('merges what overlaps', () => {
    const spans = [
      { start: 4, end: 6 },
      { start: 0, end: 3 },
      { start: 2, end: 4 },
    ];
    assert.deepEqual(mergeSpans(spans), [
      { start: 0, end: 4 },
      { start: 4, end: 6 },
    ]);
  });
});

describe('starts-with and ends-with', () => {
  testRows([
    { type: 'starts-with', value: 'Dear', text: 'Dear Ada', outcome: 'passed', marks: ['Dear'] },
    {
      type: 'starts-with',
      value: 'Dear',
      text: ' Dear Ada',
      outcome: 'failed',
      says: /would without the white space at its start/,
    },
    { type: 'starts-with', value: 'Dear', text: 'DEAR Ada', outcome: 'failed', says: /in another case/ },
    {
      type: 'starts-with',
      value: 'Dear',
      text: 'Sure! Dear Ada',
      outcome: 'failed',
      says: /starts "Sure! Dear Ada", though it has it at character 7/,
      marks: ['Dear'],
    },
    { type: 'starts-with', value: 'Dear', text: '', outcome: 'failed', says: /empty/ },
    { type: 'starts-with', value: 4, text: '42', outcome: 'passed' },
    { type: 'starts-with', value: '', text: 'x', outcome: 'error' },
    { type: 'ends-with', value: 'Ada', text: 'Dear Ada', outcome: 'passed', marks: ['Ada'] },
    {
      type: 'ends-with',
      value: 'Ada',
      text: 'Dear Ada\n',
      outcome: 'failed',
      says: /would without the white space at its end/,
    },
    { type: 'ends-with', value: 'Ada', text: 'Dear ADA', outcome: 'failed', says: /in another case/ },
    {
      type: 'ends-with',
      value: 'Ada',
      text: 'Ada, Countess of Lovelace, first programmer of the world',
      outcome: 'failed',
      says: /ends "….*of the world", though it has it at character 1/,
    },
    { type: 'ends-with', value: 'Ada', text: '', outcome: 'failed', says: /empty/ },
    { type: 'ends-with', value: ['a'], text: 'a', outcome: 'error' },
  ]);
});

describe('regex', () => {
  testRows([
    { type: 'regex', value: '^\\d{3}$', text: '123', outcome: 'passed', says: /matches .* with "123"/, marks: ['123'] },
    { type: 'regex', value: '\\d', text: 'a1b22', outcome: 'passed', marks: ['1', '2', '2'] },
    { type: 'regex', value: '^\\d{3}$', text: '1234', outcome: 'failed' },
    { type: 'regex', value: 'refund', text: 'A REFUND', outcome: 'failed', says: /would in another case/ },
    { type: 'regex', value: 'x*', text: 'abc', outcome: 'passed', marks: [] },
    { type: 'regex', value: 42, text: 'is 42', outcome: 'passed' },
    { type: 'regex', value: 'x', text: '', outcome: 'failed', says: /is empty/ },
    { type: 'regex', value: '(', text: 'abc', outcome: 'error', says: /does not compile/ },
    { type: 'regex', value: '', text: 'abc', outcome: 'error' },
  ]);

  it('marks the first match where the others would take too long', async () => {
    const text = `b${'a'.repeat(40)}!`;
    const result = await evaluateOne(assertion('regex', 'b|(a+)+$'), answer(text));
    assert.equal(result.outcome, 'passed');
    assert.deepEqual(marked(result, text), ['b']);
  });
});

describe('word-count', () => {
  testRows([
    {
      type: 'word-count',
      value: 3,
      text: ' one\ttwo\n three ',
      outcome: 'passed',
      says: /has 3 words, as asked for \(3 words\)/,
    },
    { type: 'word-count', value: '3', text: 'one two three', outcome: 'passed' },
    {
      type: 'word-count',
      value: 3,
      text: 'one two',
      outcome: 'failed',
      says: /2 words, 1 fewer than asked for \(3 words\)/,
    },
    { type: 'word-count', value: 1, text: 'well-known!', outcome: 'passed', says: /has 1 word, as asked for/ },
    { type: 'word-count', value: 0, text: '  ', outcome: 'passed' },
    { type: 'word-count', value: { min: 2 }, text: 'one two', outcome: 'passed', says: /at least 2 words/ },
    { type: 'word-count', value: { min: 2 }, text: 'one', outcome: 'failed' },
    { type: 'word-count', value: { max: 2 }, text: 'one two', outcome: 'passed', says: /at most 2 words/ },
    {
      type: 'word-count',
      value: { max: 2 },
      text: 'one two three',
      outcome: 'failed',
      says: /1 more than asked for \(at most 2 words\)/,
    },
    { type: 'word-count', value: { min: 2, max: 3 }, text: 'one two three', outcome: 'passed', says: /2 to 3 words/ },
    { type: 'word-count', value: { min: '2', max: '3' }, text: 'one', outcome: 'failed' },
    {
      type: 'word-count',
      value: { min: 3, max: 2 },
      text: 'one',
      outcome: 'error',
      says: /no answer can have at least 3 and at most 2/,
    },
    { type: 'word-count', value: -1, text: 'one', outcome: 'error' },
    { type: 'word-count', value: { min: -1 }, text: 'one', outcome: 'error' },
    { type: 'word-count', value: { min: 'few' }, text: 'one', outcome: 'error', says: /min is "few"/ },
    { type: 'word-count', value: {}, text: 'one', outcome: 'error', says: /needs a min or a max/ },
    { type: 'word-count', value: 'many', text: 'one', outcome: 'error', says: /"many"/ },
    { type: 'word-count', value: '', text: '', outcome: 'error' },
    { type: 'word-count', text: 'one', outcome: 'error', says: /needs a number/ },
  ]);
});
