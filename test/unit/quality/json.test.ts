import assert from 'node:assert/strict';
import fc from 'fast-check';
import { JsonFinder } from '../../../src/core/quality/json-finder';
import { answer, assertion } from './helpers';
import { evaluateOne, marked, testRows } from './rows';

describe('is-json', () => {
  testRows([
    { type: 'is-json', text: ' {"a": 1}\n', outcome: 'passed' },
    { type: 'is-json', text: '17', outcome: 'passed' },
    { type: 'is-json', text: '```json\n{"a": 1}\n```', outcome: 'failed', says: /code fence/ },
    { type: 'is-json', text: 'Sure! {"a": 1}', outcome: 'failed', says: /"Sure!" before it/ },
    { type: 'is-json', text: '[1, 2] Anything else?', outcome: 'failed', says: /"Anything else\?" after it/ },
    { type: 'is-json', text: '{"a": [1, 2', outcome: 'failed', says: /stops in the middle.*max_tokens/ },
    { type: 'is-json', text: '{"a": "unfini', outcome: 'failed', says: /stops in the middle/ },
    { type: 'is-json', text: "{'a': 1}", outcome: 'failed', says: /is not JSON at character 2/ },
    { type: 'is-json', text: '', outcome: 'failed', says: /is empty/ },
    { type: 'is-json', text: '\ufeff{}', outcome: 'failed' },
    { type: 'is-json', value: { type: 'object', required: ['a'] }, text: '{"a":1}', outcome: 'passed' },
    {
      type: 'is-json',
      value: { type: 'object', required: ['a'] },
      text: '{}',
      outcome: 'failed',
      says: /lacks the property "a"/,
    },
    { type: 'is-json', value: '{"type":"array"}', text: '{}', outcome: 'failed', says: /must be array, got \{\}/ },
    {
      type: 'is-json',
      value: { properties: { n: { type: 'number' }, d: { format: 'date' } }, additionalProperties: false },
      text: '{"n":"1","d":"soon","x":0}',
      outcome: 'failed',
      says: /"x", which the schema does not allow; \/n must be number, got "1"; \/d must match format "date"/,
    },
    {
      type: 'is-json',
      value: { items: { type: 'string' } },
      text: '[1,2,3,4,5]',
      outcome: 'failed',
      says: /got 3; and 2 more$/,
    },
    {
      type: 'is-json',
      value: { enum: ['low', 'high'] },
      text: '"mid"',
      outcome: 'failed',
      says: /one of \["low","high"\], got "mid"/,
    },
    { type: 'is-json', value: { type: 'objekt' }, text: 'prose', outcome: 'error', says: /schema cannot be used/i },
    { type: 'is-json', value: { propertys: {} }, text: '{}', outcome: 'error', says: /propertys/ },
    { type: 'is-json', value: { $ref: '#/$defs/none' }, text: '{}', outcome: 'error', says: /none/ },
    { type: 'is-json', value: { pattern: '(' }, text: '"x"', outcome: 'error' },
    { type: 'is-json', value: 'nonsense', text: '{}', outcome: 'error', says: /neither a map nor JSON/ },
    { type: 'is-json', value: [1], text: '{}', outcome: 'error', says: /must be a map, but is a list/ },
    {
      type: 'is-json',
      value: { $schema: 'https://json-schema.org/draft/2020-12/schema', prefixItems: [{ type: 'string' }] },
      text: '[1]',
      outcome: 'failed',
      says: /\/0 must be string/,
    },
  ]);

  it('accepts two schemas that share an $id', async () => {
    const schema = (type: string) => ({ $id: 'https://example.com/s', type });
    assert.equal((await evaluateOne(assertion('is-json', schema('string')), answer('"x"'))).outcome, 'passed');
    assert.equal((await evaluateOne(assertion('is-json', schema('number')), answer('"x"'))).outcome, 'failed');
  });

  it('names the pattern of a schema that backtracks for ever, and judges the next answer', async () => {
    const schema = { items: { pattern: '^(a+)+$' } };
    const stopped = await evaluateOne(assertion('is-json', schema), answer(JSON.stringify([`${'a'.repeat(60)}!`])));
    assert.equal(stopped.outcome, 'error');
    assert.match(stopped.reason, /pattern \/\^\(a\+\)\+\$\/.*stopped after \d+ ms/);
    assert.equal((await evaluateOne(assertion('is-json', schema), answer('["aa"]'))).outcome, 'passed');
  });
});

const OBJECT = { type: 'object', required: ['a'] };

describe('contains-json', () => {
  testRows([
    {
      type: 'contains-json',
      text: 'Sure: {"a": 1}. Ok?',
      outcome: 'passed',
      says: /at character 7/,
      marks: ['{"a": 1}'],
    },
    { type: 'contains-json', text: '```json\n{"a": [1]}\n```', outcome: 'passed', says: /line 2, column 1/ },
    { type: 'contains-json', text: '{"a":1} {"b":2}', outcome: 'passed', marks: ['{"a":1}', '{"b":2}'] },
    { type: 'contains-json', text: 'a list ["x", {"y": 1}] here', outcome: 'passed', marks: ['["x", {"y": 1}]'] },
    { type: 'contains-json', text: '[1, 2]', outcome: 'passed' },
    { type: 'contains-json', text: '```\n[1, 2]\n```', outcome: 'passed' },
    {
      type: 'contains-json',
      text: 'as said in [1] and [2, 3]',
      outcome: 'failed',
      says: /no JSON but "\[1\]" at character 12/,
    },
    { type: 'contains-json', text: '- [ ] to do', outcome: 'failed' },
    { type: 'contains-json', text: 'prose', outcome: 'failed', says: /the answer starts "prose"/ },
    { type: 'contains-json', text: '17', outcome: 'failed' },
    { type: 'contains-json', text: '', outcome: 'failed', says: /answer is empty/ },
    { type: 'contains-json', text: '{"a": 1', outcome: 'failed', says: /stops in the middle.*max_tokens/ },
    {
      type: 'contains-json',
      text: "is {'a': 1}",
      outcome: 'failed',
      says: /character 5, where a name in double quotes or "\}" was expected, not "'a': 1\}"/,
    },
    {
      type: 'contains-json',
      text: '{"a": 1,}',
      outcome: 'failed',
      says: /a name in double quotes was expected, not "\}"/,
    },
    { type: 'contains-json', text: '{"a": True}', outcome: 'failed', says: /a value was expected, not "True\}"/ },
    { type: 'contains-json', text: '{"a" 1}', outcome: 'failed', says: /a colon was expected/ },
    { type: 'contains-json', text: '{"a": "x\\q"}', outcome: 'failed', says: /an escape such as/ },
    { type: 'contains-json', text: '{"a": "x\n"}', outcome: 'failed', says: /line break or other control character/ },
    { type: 'contains-json', text: '{"a": "\\u12x4"}', outcome: 'failed', says: /hexadecimal/ },
    { type: 'contains-json', text: 'oops { {"a": 1}', outcome: 'passed', marks: ['{"a": 1}'] },
    { type: 'contains-json', text: 'say "{" then {"a": 1}', outcome: 'passed', marks: ['{"a": 1}'] },
    { type: 'contains-json', value: OBJECT, text: 'so {"b": 1} or {"a": 1}', outcome: 'passed', marks: ['{"a": 1}'] },
    {
      type: 'contains-json',
      value: OBJECT,
      text: 'so [{"b": 1}, {"a": 1}]',
      outcome: 'passed',
      marks: ['[{"b": 1}, {"a": 1}]'],
    },
    {
      type: 'contains-json',
      value: { type: 'array', items: { type: 'number' } },
      text: 'they are [1, 2]',
      outcome: 'passed',
    },
    { type: 'contains-json', value: { type: 'array' }, text: '- [ ] to do', outcome: 'failed' },
    {
      type: 'contains-json',
      value: OBJECT,
      text: 'so {"b": 1} or {}',
      outcome: 'failed',
      says: /JSON at character 4 that does not conform to the schema, nor does any other of 2 values: .*lacks the property "a"/,
      marks: ['{"b": 1}'],
    },
    { type: 'contains-json', value: OBJECT, text: 'prose', outcome: 'failed' },
    { type: 'contains-json', value: { type: 'objekt' }, text: 'prose', outcome: 'error' },
    { type: 'contains-json', value: 'nonsense', text: '{}', outcome: 'error' },
  ]);

  it('finds an object in any prose', async () => {
    const prose = fc.string({
      unit: fc.constantFrom('a', ' ', '"', '{', '}', '[', ']', ',', ':', '\\', '\n', '1', "'", '😀'),
    });
    const object = fc.dictionary(fc.string(), fc.jsonValue());
    await fc.assert(
      fc.asyncProperty(prose, object, prose, async (before, value, after) => {
        const text = before + JSON.stringify(value) + after;
        const result = await evaluateOne(assertion('contains-json'), answer(text));
        // Brackets of the prose may hold the object in something larger that is JSON as well.
        assert.equal(result.outcome, 'passed', `${JSON.stringify(text)}: ${result.reason}`);
        for (const part of marked(result, text)) JSON.parse(part);
      }),
      { numRuns: 500 },
    );
  });

  it('finds what trying a parser at every bracket finds, in order', () => {
    const text = fc.string({
      unit: fc.constantFrom('{', '}', '[', ']', '"', ',', ':', '1', 'a', '\\', ' '),
      maxLength: 30,
    });
    fc.assert(
      fc.property(text, (source) => {
        const found = [...new JsonFinder(source).regions()].map(({ start, end }) => source.slice(start, end));
        assert.deepEqual(found, naive(source), source);
      }),
      { numRuns: 3000 },
    );
  });

  it('takes linear time on brackets that never close, and on texts that can be read in two ways', () => {
    for (const part of ['[', '{', '{"', '["\\"', '[":{",', '["{","', '{"a":[1,"]', '[{"a":1},']) {
      const started = performance.now();
      for (const region of new JsonFinder(part.repeat(200_000)).regions()) assert.ok(region.end > region.start);
      const ms = performance.now() - started;
      // Quadratic time would be hours.
      assert.ok(ms < 3000, `${part} took ${ms} ms`);
    }
  });
});

/** The same by definition, in quadratic time or worse. */
function naive(text: string): string[] {
  const found: string[] = [];
  for (let start = 0; start < text.length; start++) {
    if (text[start] !== '{' && text[start] !== '[') continue;
    for (let end = start + 2; end <= text.length; end++) {
      const part = text.slice(start, end);
      if (!/[}\]]$/.test(part) || !parses(part)) continue;
      found.push(part);
      start = end - 1;
      break;
    }
  }
  return found;
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
