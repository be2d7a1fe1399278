import assert from 'node:assert/strict';
import type { AssertionPlan } from '../../../src/protocol/plan';
import type { CaseOutcome } from '../../../src/protocol/run-json';
import { evaluateAssertions } from '../../../src/core/quality/assert';
import { assertionTypes } from '../../../src/core/quality/registry';
import type { AnswerUnderTest } from '../../../src/core/quality/types';
import { answer, assertion, services } from './helpers';

async function evaluateOne(plan: AssertionPlan, given: AnswerUnderTest) {
  const [result] = await evaluateAssertions([plan], given, services());
  assert.ok(result);
  return result;
}

interface Row {
  type: string;
  value?: AssertionPlan['value'];
  threshold?: number;
  text: string;
  outcome: CaseOutcome;
  /** What the reason must say. */
  says?: RegExp;
}

const rows: Row[] = [
  { type: 'equals', value: 'Paris', text: 'Paris', outcome: 'passed' },
  { type: 'equals', value: 'Paris', text: 'Paris.', outcome: 'failed', says: /character 6.*the end.*"Paris\."/ },
  { type: 'equals', value: 'Paris', text: 'paris', outcome: 'failed', says: /only in upper and lower case/ },
  { type: 'equals', value: 'Paris', text: ' Paris\n', outcome: 'failed', says: /only in white space/ },
  { type: 'equals', value: 'Paris', text: '', outcome: 'failed', says: /is empty/ },
  { type: 'equals', value: 'a\nbcd', text: 'a\nbXd', outcome: 'failed', says: /line 2, column 2/ },
  { type: 'equals', value: 42, text: '42', outcome: 'passed' },
  { type: 'equals', value: '', text: '', outcome: 'passed' },
  { type: 'equals', value: { a: 1, b: [2] }, text: ' {"b":[2],"a":1}', outcome: 'passed' },
  {
    type: 'equals',
    value: { a: { 'x/y': 1 } },
    text: '{"a":{"x/y":2}}',
    outcome: 'failed',
    says: /at \/a\/x~1y: expected "1", got "2"/,
  },
  { type: 'equals', value: { a: 1 }, text: '{"a":1,"b":null}', outcome: 'failed', says: /at \/b: expected nothing/ },
  { type: 'equals', value: [1, 2], text: '[2,1]', outcome: 'failed', says: /at \/0/ },
  { type: 'equals', value: { a: 1 }, text: 'not json', outcome: 'failed', says: /is not JSON/ },
  { type: 'equals', value: null, text: 'null', outcome: 'passed' },
  { type: 'equals', text: 'x', outcome: 'error', says: /needs a value/ },
  { type: 'not-equals', value: 'Paris', text: 'Rome', outcome: 'passed' },
  { type: 'not-equals', value: 'Paris', text: 'Paris', outcome: 'failed', says: /equals "Paris"/ },
  { type: 'not-equals', value: { a: 1 }, text: 'not json', outcome: 'passed' },

  { type: 'contains', value: '30 days', text: 'Within 30 days.', outcome: 'passed', says: /at character 8/ },
  {
    type: 'contains',
    value: '30 days',
    text: 'Within 30 hours.',
    outcome: 'failed',
    says: /the answer starts "Within 30 hours\."/,
  },
  {
    type: 'contains',
    value: 'within 30 days',
    text: 'So within 30 hours.',
    outcome: 'failed',
    says: /closest is "…within 30 hours/,
  },
  { type: 'contains', value: 'Refund', text: 'a refund', outcome: 'failed', says: /icontains would accept/ },
  { type: 'contains', value: 'x', text: '  ', outcome: 'failed', says: /answer is empty/ },
  { type: 'contains', value: 7, text: 'it is 7', outcome: 'passed' },
  { type: 'contains', value: '', text: 'x', outcome: 'error', says: /needs a text/ },
  { type: 'contains', value: ['a'], text: 'a', outcome: 'error', says: /list or a map/ },
  { type: 'not-contains', value: 'sorry', text: 'Here you go', outcome: 'passed' },
  {
    type: 'not-contains',
    value: 'sorry',
    text: 'I am sorry',
    outcome: 'failed',
    says: /contains "sorry" at character 6/,
  },
  { type: 'not-contains', value: '', text: 'x', outcome: 'error' },

  { type: 'icontains', value: 'REFUND', text: 'a Refund', outcome: 'passed' },
  { type: 'icontains', value: 'refund', text: 'money', outcome: 'failed' },
  { type: 'not-icontains', value: 'refund', text: 'a REFUND', outcome: 'failed' },

  { type: 'regex', value: '^\\d{3}$', text: '123', outcome: 'passed', says: /matches .* with "123"/ },
  { type: 'regex', value: '^\\d{3}$', text: '1234', outcome: 'failed' },
  { type: 'regex', value: 'x*', text: 'abc', outcome: 'passed' },
  { type: 'regex', value: '(', text: 'abc', outcome: 'error', says: /does not compile/ },
  { type: 'not-regex', value: '(', text: 'abc', outcome: 'error' },
  { type: 'not-regex', value: '\\d', text: 'abc', outcome: 'passed' },
  { type: 'not-regex', value: '\\d', text: 'abc1', outcome: 'failed' },

  { type: 'is-json', text: ' {"a": 1}\n', outcome: 'passed' },
  { type: 'is-json', text: '17', outcome: 'passed' },
  { type: 'is-json', text: '```json\n{"a": 1}\n```', outcome: 'failed', says: /code fence/ },
  { type: 'is-json', text: 'Sure! {"a": 1}', outcome: 'failed', says: /"Sure!" before it/ },
  { type: 'is-json', text: '[1, 2] Anything else?', outcome: 'failed', says: /"Anything else\?" after it/ },
  { type: 'is-json', text: '{"a": [1, 2', outcome: 'failed', says: /stops in the middle.*max_tokens/ },
  { type: 'is-json', text: '{"a": "unfini', outcome: 'failed', says: /stops in the middle/ },
  { type: 'is-json', text: "{'a': 1}", outcome: 'failed', says: /is not JSON at character 2/ },
  { type: 'is-json', text: '', outcome: 'failed', says: /is empty/ },
  { type: 'not-is-json', text: '{}', outcome: 'failed', says: /is valid JSON/ },
  { type: 'not-is-json', text: 'prose', outcome: 'passed' },
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
  { type: 'not-is-json', value: { type: 'objekt' }, text: '{}', outcome: 'error' },
  {
    type: 'is-json',
    value: { $schema: 'https://json-schema.org/draft/2020-12/schema', prefixItems: [{ type: 'string' }] },
    text: '[1]',
    outcome: 'failed',
    says: /\/0 must be string/,
  },

  { type: 'ttft', value: 120, text: 'x', outcome: 'passed' },
  { type: 'ttft', value: 119.9, text: 'x', outcome: 'failed' },
  { type: 'ttft', threshold: 100, text: 'x', outcome: 'failed', says: /20(\.0)? ?ms over 100 ?ms/ },
  { type: 'ttft', value: '0.12s', text: 'x', outcome: 'passed' },
  { type: 'ttft', value: '100', text: 'x', outcome: 'failed' },
  { type: 'ttft', value: 'soon', text: 'x', outcome: 'error', says: /"soon".*300ms/ },
  { type: 'ttft', text: 'x', outcome: 'error', says: /needs a limit/ },
  { type: 'ttft', value: -1, text: 'x', outcome: 'error' },
  { type: 'latency', threshold: 900, text: 'x', outcome: 'passed' },
  { type: 'latency', value: '899ms', text: 'x', outcome: 'failed' },
  { type: 'not-latency', value: 899, text: 'x', outcome: 'passed' },
  { type: 'not-latency', value: 900, text: 'x', outcome: 'failed' },

  { type: 'llm-rubric', value: 'is kind', text: 'x', outcome: 'skipped', says: /not supported/ },
  { type: 'not-similar', value: 'x', text: 'x', outcome: 'skipped' },
  { type: 'constructor', value: 'x', text: 'x', outcome: 'skipped' },
];

describe('evaluateAssertions', () => {
  for (const { type, value, threshold, text, outcome, says } of rows) {
    const shown = JSON.stringify(value ?? threshold) ?? 'nothing';
    it(`${type} ${shown} on ${JSON.stringify(text)} is ${outcome}`, async () => {
      const result = await evaluateOne(
        assertion(type, value, threshold === undefined ? {} : { threshold }),
        answer(text),
      );
      assert.equal(result.outcome, outcome, result.reason);
      assert.equal(result.score, { passed: 1, failed: 0, error: null, skipped: null }[outcome]);
      assert.equal(result.type, type);
      assert.notEqual(result.reason, '');
      if (says !== undefined) assert.match(result.reason, says);
    });
  }

  it('covers every type that it claims to evaluate with a pass, a failure and an error', () => {
    for (const type of assertionTypes()) {
      const outcomes = new Set(rows.filter((row) => row.type === type).map((row) => row.outcome));
      const needed: CaseOutcome[] =
        type === 'latency' || type === 'icontains' ? ['passed', 'failed'] : ['passed', 'failed', 'error'];
      for (const outcome of needed) assert.ok(outcomes.has(outcome), `${type} has no ${outcome} row`);
    }
  });

  it('gives expected and actual of a failure, for a diff', async () => {
    const json = await evaluateOne(assertion('equals', { b: 1 }), answer('{"b":2}'));
    assert.deepEqual([json.expected, json.actual], ['{\n  "b": 1\n}', '{\n  "b": 2\n}']);
    const negated = await evaluateOne(assertion('not-contains', 'sorry'), answer('sorry!'));
    assert.deepEqual([negated.expected, negated.actual], ['not sorry', 'sorry!']);
  });

  it('keeps reasons short on long answers and never cuts a character in half', async () => {
    const text = '😀'.repeat(50_000);
    for (const plan of [
      assertion('equals', '😀x'),
      assertion('contains', 'y'),
      assertion('is-json'),
      assertion('regex', 'z'),
    ]) {
      const { reason, actual } = await evaluateOne(plan, answer(text));
      assert.ok(reason.length < 300, reason);
      assert.doesNotMatch(reason, /[\ud800-\udfff]/u);
      assert.ok((actual ?? '').length <= 20_001);
    }
  });

  it('stops a pattern that backtracks for ever, in a regex and in the pattern of a schema', async () => {
    const hostile = `${'a'.repeat(60)}!`;
    for (const plan of [assertion('regex', '^(a+)+$'), assertion('is-json', { pattern: '^(a+)+$' })]) {
      const result = await evaluateOne(plan, answer(plan.type === 'regex' ? hostile : JSON.stringify(hostile)));
      assert.equal(result.outcome, 'error');
      assert.match(result.reason, /stopped after \d+ ms/);
    }
    const after = await evaluateOne(assertion('regex', 'a+!'), answer(hostile));
    assert.equal(after.outcome, 'passed');
  }).timeout(20_000);

  it('accepts two schemas that share an $id', async () => {
    const schema = (type: string) => ({ $id: 'https://example.com/s', type });
    assert.equal((await evaluateOne(assertion('is-json', schema('string')), answer('"x"'))).outcome, 'passed');
    assert.equal((await evaluateOne(assertion('is-json', schema('number')), answer('"x"'))).outcome, 'failed');
  });

  it('evaluates nothing where the request did not complete, and passes no negation either', async () => {
    const cut = answer('{"a"', { outcome: 'truncated', error: { kind: 'stream_cut', message: 'closed early' } });
    for (const type of ['contains', 'not-contains', 'is-json', 'not-is-json', 'latency']) {
      const result = await evaluateOne(assertion(type, type.endsWith('json') ? undefined : 5), cut);
      assert.equal(result.outcome, 'error');
      assert.match(result.reason, /the answer was cut off: closed early \(stream_cut\)/);
    }
  });

  it('cannot judge the speed of an answer without tokens', async () => {
    const silent = answer('', { ttftMs: null, latencyMs: null });
    assert.equal((await evaluateOne(assertion('ttft', 100), silent)).outcome, 'error');
    assert.equal((await evaluateOne(assertion('not-latency', 100), silent)).outcome, 'error');
  });

  it('keeps order, pointer and severity', async () => {
    const plans = [
      assertion('contains', 'a', { pointer: '/assert/0', severity: 'warning' }),
      assertion('bleu', 'a', { pointer: '/assert/1', severity: 'info' }),
    ];
    const results = await evaluateAssertions(plans, answer('a'), services());
    assert.deepEqual(
      results.map(({ pointer, severity }) => [pointer, severity]),
      [
        ['/assert/0', 'warning'],
        ['/assert/1', 'info'],
      ],
    );
  });
});
