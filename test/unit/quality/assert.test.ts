import assert from 'node:assert/strict';
import type { AssertionPlan, Json } from '../../../src/protocol/plan';
import { evaluateAnswer, evaluateAssertions } from '../../../src/core/quality/assert';
import type { CodeReply, CodeRequest, QualityServices } from '../../../src/core/quality/types';
import { answer, assertion, services } from './helpers';
import { evaluateOne, marked } from './rows';

/** Services whose user code is a function. */
function running(reply: (request: CodeRequest) => CodeReply): Partial<QualityServices> {
  return { code: { run: (request) => Promise.resolve(reply(request)) } };
}

const value = (json: Json): CodeReply => ({ kind: 'value', value: json });

describe('evaluateAssertions', () => {
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
      assertion('contains-any', ['y', 'z']),
      assertion('starts-with', 'y'),
      assertion('ends-with', 'y'),
      assertion('is-json'),
      assertion('contains-json'),
      assertion('contains-xml'),
      assertion('is-html'),
      assertion('is-refusal'),
      assertion('regex', 'z'),
      assertion('levenshtein', 'z'),
      assertion('bleu', 'z'),
      assertion('tool-call', 'z'),
    ]) {
      const { reason, actual, outcome } = await evaluateOne(plan, answer(text));
      assert.equal(outcome, 'failed', plan.type);
      assert.ok(reason.length < 300, reason);
      assert.doesNotMatch(reason + (actual ?? ''), /[\ud800-\udfff]/u);
      assert.ok((actual ?? '').length <= 20_001);
    }
  });

  it('takes answers that are no valid text: replacement characters, and half of a pair', async () => {
    const broken = await evaluateOne(assertion('equals', 'naïve'), answer('na\ufffd\ufffdve'));
    assert.equal(broken.reason, 'differs at character 3: expected "naïve", got "na\ufffd\ufffdve"');
    const half = await evaluateOne(assertion('contains', 'x'), answer('a\ud83d'));
    assert.equal(half.outcome, 'failed');
    assert.doesNotMatch(half.reason, /[\ud800-\udfff]/u);
  });

  it('evaluates nothing where the request did not complete, and passes no negation either', async () => {
    const cut = answer('{"a"', { outcome: 'truncated', error: { kind: 'stream_cut', message: 'closed early' } });
    for (const type of ['contains', 'not-contains', 'is-json', 'not-is-json', 'not-is-refusal', 'latency']) {
      const result = await evaluateOne(assertion(type, type.includes('is-') ? undefined : 5), cut);
      assert.equal(result.outcome, 'error');
      assert.match(result.reason, /the answer was cut off: closed early \(stream_cut\)/);
    }
  });

  it('keeps order, pointer, name and severity', async () => {
    const plans = [
      assertion('contains', 'a', { pointer: '/assert/0', severity: 'warning', name: 'Has an a' }),
      assertion('bleu', 'a', { pointer: '/assert/1', severity: 'info' }),
    ];
    const results = await evaluateAssertions(plans, answer('a'), services());
    assert.deepEqual(
      results.map(({ pointer, severity, name }) => [pointer, severity, name]),
      [
        ['/assert/0', 'warning', 'Has an a'],
        ['/assert/1', 'info', undefined],
      ],
    );
  });

  it('skips what it does not know, and what its file says to skip', async () => {
    for (const type of ['telepathy', 'not-telepathy', 'constructor', 'toString']) {
      const result = await evaluateOne(assertion(type, 'x'), answer('x'));
      assert.equal(result.outcome, 'skipped');
      assert.match(result.reason, new RegExp(`^${type} is not supported`));
    }
    const skipped = await evaluateOne(assertion('contains', 'x', { skip: 'a Python assertion' }), answer('x'));
    assert.deepEqual([skipped.outcome, skipped.score, skipped.reason], ['skipped', null, 'a Python assertion']);
  });

  it('is an error where a check breaks, such as without its parsers', async () => {
    for (const type of ['is-xml', 'not-is-html', 'is-sql', 'contains-xml', 'contains-sql']) {
      const [result] = await evaluateAssertions([assertion(type)], answer('x'), services());
      assert.equal(result?.outcome, 'error');
      assert.match(result?.reason ?? '', /could not be evaluated: no parser was expected/);
    }
  });

  it('only shows what has the weight 0', async () => {
    const plans = [assertion('contains', 'x', { weight: 0 }), assertion('contains', 'a')];
    const { assertions, judgement } = await evaluateAnswer({ assertions: plans }, answer('a'), services());
    assert.deepEqual(
      assertions.map(({ outcome, severity }) => [outcome, severity]),
      [
        ['failed', 'info'],
        ['passed', 'error'],
      ],
    );
    assert.deepEqual([judgement.outcome, judgement.score], ['passed', 1]);
  });
});

describe('assert-set', () => {
  const set = (members: AssertionPlan[], more: Partial<AssertionPlan> = {}) =>
    assertion('assert-set', undefined, { members, ...more });
  const [a, b, x] = ['a', 'b', 'x'].map((needle) => assertion('contains', needle)) as [
    AssertionPlan,
    AssertionPlan,
    AssertionPlan,
  ];

  it('passes where all of its members do, without a threshold', async () => {
    const passed = await evaluateOne(set([a, b]), answer('a b'));
    assert.deepEqual([passed.outcome, passed.score, passed.reason], ['passed', 1, '2 of 2 passed']);
    assert.equal(passed.members?.length, 2);
    const failed = await evaluateOne(set([a, x]), answer('a b'));
    assert.deepEqual([failed.outcome, failed.score], ['failed', 0.5]);
    assert.match(failed.reason, /^1 of 2 passed; contains: does not contain "x"/);
  });

  it('passes by its score, with a threshold', async () => {
    assert.equal((await evaluateOne(set([a, x], { threshold: 0.5 }), answer('a b'))).outcome, 'passed');
    const failed = await evaluateOne(set([a, x], { threshold: 0.6 }), answer('a b'));
    assert.equal(failed.outcome, 'failed');
    assert.match(failed.reason, /score 0\.5 of the 0\.6 needed/);
    const weighted = set([{ ...a, weight: 3 }, x], { threshold: 0.75 });
    assert.equal((await evaluateOne(weighted, answer('a b'))).outcome, 'passed');
  });

  it('counts with its score and its weight in the case', async () => {
    const plans = [set([a, x], { threshold: 0.5, weight: 3 }), x];
    const { judgement } = await evaluateAnswer({ assertions: plans, threshold: 0.375 }, answer('a'), services());
    assert.deepEqual([judgement.outcome, judgement.score], ['passed', 0.375]);
  });

  it('can be negated and nested, down to a bound', async () => {
    const negated = await evaluateOne(set([a, x], { negate: true }), answer('a'));
    assert.deepEqual([negated.type, negated.outcome, negated.score], ['not-assert-set', 'passed', 0.5]);
    assert.equal((await evaluateOne(set([set([a]), b]), answer('a b'))).outcome, 'passed');
    let deep = set([a]);
    for (let level = 0; level < 10; level++) deep = set([deep]);
    const result = await evaluateOne(deep, answer('a'));
    assert.equal(result.outcome, 'error');
    assert.match(result.reason, /nested more than 8 deep/);
  });

  it('is in error or skipped with its members, and never passes empty', async () => {
    assert.equal((await evaluateOne(set([a, assertion('contains', '')]), answer('a'))).outcome, 'error');
    assert.equal((await evaluateOne(set([assertion('telepathy')]), answer('a'))).outcome, 'skipped');
    assert.equal((await evaluateOne(set([]), answer('a'))).outcome, 'error');
    assert.equal((await evaluateOne(set([], { negate: true }), answer('a'))).outcome, 'error');
  });
});

describe('transforms', () => {
  const code = { source: 'output.toUpperCase()' };
  const upper = running(({ output }) => value(typeof output === 'string' ? output.toUpperCase() : output));

  it('change the answer of one assertion, whose places are then no places of the answer', async () => {
    const plain = await evaluateOne(assertion('contains', 'A'), answer('bA'));
    assert.deepEqual(marked(plain, 'bA'), ['A']);
    const result = await evaluateOne(assertion('contains', 'B', { transform: code }), answer('ab'), upper);
    assert.equal(result.outcome, 'passed');
    assert.equal(result.spans, undefined);
  });

  it('change the answer for the members of a set, and for all of a case', async () => {
    const member = assertion('contains', 'B');
    const set = assertion('assert-set', undefined, { members: [member], transform: code });
    const result = await evaluateOne(set, answer('ab'), upper);
    assert.equal(result.outcome, 'passed');
    assert.equal(result.members?.[0]?.spans, undefined);
    const judged = await evaluateAnswer({ assertions: [member], transform: code }, answer('ab'), services(upper));
    assert.equal(judged.judgement.outcome, 'passed');
    assert.equal(judged.assertions[0]?.spans, undefined);
    assert.equal(judged.judged.text, 'AB');
  });

  it('hand on what is no text, as JSON for assertions on text', async () => {
    const outputs: Json[] = [];
    const parse = running(({ output }) => {
      outputs.push(output);
      return value(typeof output === 'string' ? { list: [1] } : 'done');
    });
    const item = {
      assertions: [assertion('is-json'), assertion('equals', 'done', { transform: code })],
      transform: code,
    };
    const { assertions } = await evaluateAnswer(item, answer('x'), services(parse));
    assert.deepEqual(
      assertions.map(({ outcome }) => outcome),
      ['passed', 'passed'],
    );
    assert.deepEqual(outputs, ['x', { list: [1] }]);
  });

  it('see the prompt and the variables', async () => {
    let context: CodeRequest['context'] = {};
    const seeing = running((request) => {
      context = request.context;
      return value('x');
    });
    await evaluateOne(assertion('contains', 'x', { transform: code }), answer('y', { vars: { a: 1 } }), seeing);
    assert.deepEqual([context['vars'], context['prompt'], context['finishReason']], [{ a: 1 }, 'A question', 'stop']);
  });

  it('that fail or may not run leave nothing passed', async () => {
    const failing = running(() => ({ kind: 'error', reason: 'output is not defined' }));
    const refused = running(() => ({ kind: 'skipped', reason: 'the workspace is not trusted' }));
    const plan = assertion('not-contains', 'x', { transform: code });
    const failed = await evaluateOne(plan, answer('a'), failing);
    assert.deepEqual([failed.outcome, failed.reason], ['error', 'its transform failed: output is not defined']);
    const skipped = await evaluateOne(plan, answer('a'), refused);
    assert.deepEqual([skipped.outcome, skipped.reason], ['skipped', 'the workspace is not trusted']);
    for (const [more, outcome] of [
      [failing, 'error'],
      [refused, 'skipped'],
    ] as const) {
      const item = { assertions: [assertion('not-contains', 'x')], transform: code };
      const { assertions, judgement } = await evaluateAnswer(item, answer('a'), services(more));
      assert.deepEqual([judgement.outcome, judgement.score, assertions[0]?.outcome], [outcome, null, outcome]);
    }
  });

  it('do not run where there is no answer', async () => {
    const item = { assertions: [assertion('contains', 'x')], transform: code };
    const failed = answer('', { outcome: 'failed', error: { kind: 'http', message: 'status 500' } });
    const { judgement } = await evaluateAnswer(item, failed, services());
    assert.match(judgement.reason ?? '', /the request failed: status 500/);
  });
});
