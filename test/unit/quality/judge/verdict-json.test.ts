import assert from 'node:assert/strict';
import fc from 'fast-check';
import { firstObjectIn, withoutThinking } from '../../../../src/core/quality/judge/json-in-text';
import { readVerdict } from '../../../../src/core/quality/judge/verdict-json';
import type { Json } from '../../../../src/protocol/plan';

const SCHEMA: { [key: string]: Json } = {
  type: 'object',
  properties: {
    reason: { type: 'string' },
    score: { type: 'number', minimum: 0, maximum: 1 },
    pass: { type: 'boolean' },
  },
  required: ['score', 'pass'],
};
const CATEGORY: { [key: string]: Json } = {
  type: 'object',
  properties: { reason: { type: 'string' }, category: { type: 'string', enum: ['A', 'B', 'C', 'D', 'E'] } },
  required: ['category'],
};
const POINTS: { [key: string]: Json } = {
  type: 'object',
  properties: { score: { type: 'number', minimum: 0, maximum: 10 } },
  required: ['score'],
};

const read = (text: string, schema = SCHEMA) => {
  const reading = readVerdict(text, schema);
  return reading.ok ? reading.value : reading.problem;
};

const problemOf = (text: string, schema = SCHEMA): string => {
  const reading = readVerdict(text, schema);
  return reading.ok ? `no problem: ${JSON.stringify(reading.value)}` : reading.problem;
};

describe('readVerdict', () => {
  const good = { reason: 'fine', score: 0.5, pass: true };

  for (const [what, text] of [
    ['bare JSON', '{"reason":"fine","score":0.5,"pass":true}'],
    ['white space around it', '\n\n {"reason":"fine","score":0.5,"pass":true} \n'],
    ['a code fence', '```json\n{"reason":"fine","score":0.5,"pass":true}\n```'],
    ['a code fence that is not closed', '```\n{"reason":"fine","score":0.5,"pass":true}'],
    ['prose with braces of its own', 'In {brackets}: {"reason":"fine","score":0.5,"pass":true}. A {set}.'],
    ['prose with a lone brace before', 'Mind the { here. {"reason":"fine","score":0.5,"pass":true}'],
    ['a list of one', '[{"reason":"fine","score":0.5,"pass":true}]'],
    ['a wrapping', '{"result": {"reason":"fine","score":0.5,"pass":true}}'],
    ['keys in another case', '{"Reason":"fine","SCORE":0.5,"Pass":true}'],
    ['a key too many', '{"reason":"fine","score":0.5,"pass":true,"confidence":1}'],
    ['values as text', '{"reason":"fine","score":"0.5","pass":"true"}'],
    ['percent', '{"reason":"fine","score":"50%","pass":"yes"}'],
    ['a fraction', '{"reason":"fine","score":"5/10","pass":"Pass"}'],
    ['a reason in pieces', '{"reason":["fine"],"score":0.5,"pass":1}'],
    ['single quotes', "{'reason': 'fine', 'score': 0.5, 'pass': true}"],
    ['a trailing comma', '{"reason": "fine", "score": 0.5, "pass": true,}'],
    ["Python's words", '{"reason": "fine", "score": 0.5, "pass": True}'],
    ['the same verdict twice', '{"reason":"fine","score":0.5,"pass":true}\n{"reason":"fine","score":0.5,"pass":true}'],
    ['thoughts', '<think>{"pass":false,"score":0}</think>{"reason":"fine","score":0.5,"pass":true}'],
    [
      'thoughts whose beginning is missing',
      'Hm, {"pass":false,"score":0}?\n</think>{"reason":"fine","score":0.5,"pass":true}',
    ],
  ] as const) {
    it(`reads ${what}`, () => assert.deepEqual(read(text), good));
  }

  it('takes a missing reason for an empty one', () => {
    assert.deepEqual(read('{"score":1,"pass":true}'), { reason: '', score: 1, pass: true });
  });

  it('keeps a brace and a closing tag inside of a text', () => {
    const value = { reason: 'says "}" and </think>', score: 0, pass: false };
    assert.deepEqual(read(JSON.stringify(value)), value);
    assert.deepEqual(read(`Here: ${JSON.stringify({ ...value, reason: 'a } b' })}`), { ...value, reason: 'a } b' });
  });

  for (const [text, problem] of [
    ['Looks good to me!', /no JSON object/],
    ['', /only thought aloud/],
    ['<think>I never stop thinking', /only thought aloud/],
    ['{"score": 0.5}', /lacks the property "pass"/],
    ['{"score": 5, "pass": true}', /\/score must be <= 1/],
    ['{"score": -0.1, "pass": true}', /\/score must be >= 0/],
    ['{"score": "high", "pass": true}', /\/score must be number, got "high"/],
    ['{"score": null, "pass": true}', /\/score must be number/],
    ['{"score": 1, "pass": "maybe"}', /\/pass must be boolean/],
    ['{"reason": "cut in the mid', /no JSON object/],
    ['{"pass": true, "score": 1} or {"pass": false, "score": 0}', /2 verdicts that differ/],
    ['```json\n{"pass": true, "score": 1}\n``` it says, but: {"pass": false, "score": 0}', /2 verdicts that differ/],
  ] as const) {
    it(`refuses ${text === '' ? 'nothing' : text}`, () => assert.match(problemOf(text), problem));
  }

  it('repairs nothing of an answer that was cut off', () => {
    const text = "{'reason': 'fine', 'score': 0.5, 'pass': true}";
    assert.equal(readVerdict(text, SCHEMA, false).ok, false);
    assert.equal(readVerdict(text.replaceAll("'", '"'), SCHEMA, false).ok, true);
    const half = '{"score": 0.9, "pass": true, "parts": {"a": 1}, "reason": "meets a, but';
    assert.equal(readVerdict(half, SCHEMA, false).ok, false);
    assert.equal(readVerdict(half, SCHEMA).ok, true);
  });

  for (const said of ['D', 'd', ' D ', '(D)', 'D.', '"D"', 'D: there is a disagreement', '(d) they disagree']) {
    it(`chooses D from ${said}`, () => {
      assert.deepEqual(read(JSON.stringify({ category: said }), CATEGORY), { reason: '', category: 'D' });
    });
  }

  for (const said of ['F', 'AB', 'Disagreement', 'A or D', '']) {
    it(`chooses nothing from "${said}"`, () => {
      assert.match(problemOf(JSON.stringify({ category: said }), CATEGORY), /must be one of/);
    });
  }

  it('reads shares as parts of the scale', () => {
    assert.deepEqual(read('{"score": "85%"}', POINTS), { score: 8.5 });
    assert.deepEqual(read('{"score": "4/5"}', POINTS), { score: 8 });
    assert.deepEqual(read('{"score": "7"}', POINTS), { score: 7 });
    assert.deepEqual(read('{"score": "7 out of 10"}', POINTS), { score: 7 });
  });

  it('reads hostile text in linear time', () => {
    const began = performance.now();
    for (const text of ['{'.repeat(200_000), '{"a":'.repeat(40_000), '"{'.repeat(100_000), '}{'.repeat(100_000)]) {
      assert.equal(readVerdict(text, SCHEMA).ok, false);
    }
    assert.ok(performance.now() - began < 5_000, `took ${performance.now() - began} ms`);
  });

  it('finds a verdict in any prose without braces, and takes no prose for one', () => {
    const prose = fc.string({ unit: 'grapheme', maxLength: 200 }).filter((text) => !/[{}<]/.test(text));
    const verdict = fc.record({
      reason: fc.string(),
      score: fc.float({ min: 0, max: 1, noNaN: true }),
      pass: fc.boolean(),
    });
    fc.assert(
      fc.property(prose, verdict, prose, (before, value, after) => {
        assert.deepEqual(read(`${before}${JSON.stringify(value)}${after}`), JSON.parse(JSON.stringify(value)));
        assert.equal(readVerdict(before + after, SCHEMA).ok, false);
      }),
    );
  });
});

describe('withoutThinking', () => {
  it('leaves what was said aloud', () => {
    assert.equal(withoutThinking('<think>a</think> b'), 'b');
    assert.equal(withoutThinking('<thinking>a</thinking><think>b</think>c'), 'c');
    assert.equal(withoutThinking('a </think> b'), 'b');
    assert.equal(withoutThinking('<think> a'), '');
    assert.equal(withoutThinking('I think <think> is a tag'), 'I think <think> is a tag');
  });
});

describe('firstObjectIn', () => {
  it('passes over braces that hold no JSON', () => {
    assert.deepEqual(firstObjectIn('{x} {"a": 1} {"b": 2}'), { a: 1 });
    assert.equal(firstObjectIn('{x}'), null);
  });
});
