import assert from 'node:assert/strict';
import type { SimScriptEntry } from '../../../src/protocol/plan';
import { plan } from '../plan/planning';
import { expectAt } from '../spec/marked';

const CASES = 'cases: [{ name: a }]\n';
const file = (entry: string): string =>
  `prompt: hi\nendpoints: [{ name: a, sim: { answer: script, script: [${entry}] } }]\n${CASES}`;

async function entryOf(entry: string): Promise<SimScriptEntry | undefined> {
  const { plan: made, diagnostics, document } = await plan(file(entry));
  assert.deepEqual([...document.diagnostics, ...diagnostics], []);
  return made?.targets[0]?.endpoint.sim?.script?.[0];
}

describe('a script of the simulator in a file', () => {
  it('may answer with more than a text', async () => {
    const entry = await entryOf(
      '{ match: /w/i, in: all, answer: { text: a, reasoning: b, finish_reason: content_filter, tool_calls: [{ name: weather, arguments: { city: Oslo } }, { name: now }, { name: bad, arguments: "{oops" }] } }',
    );
    assert.deepEqual(entry, {
      match: '/w/i',
      in: 'all',
      answer: {
        text: 'a',
        reasoning: 'b',
        toolCalls: [
          { name: 'weather', arguments: '{"city":"Oslo"}' },
          { name: 'now', arguments: '{}' },
          { name: 'bad', arguments: '{oops' },
        ],
        finishReason: 'content_filter',
      },
    });
  });

  it('may mix texts and others in turn, and give embeddings', async () => {
    assert.deepEqual(await entryOf('{ match: x, answer: [one, { text: two }] }'), {
      match: 'x',
      answer: ['one', { text: 'two' }],
    });
    assert.deepEqual(await entryOf('{ match: x, answer: { embedding: [1, 0.5, -1] } }'), {
      match: 'x',
      answer: { embedding: [1, 0.5, -1] },
    });
    assert.deepEqual(await entryOf('{ match: x, answer: plain }'), { match: 'x', answer: 'plain' });
  });

  const wrong: [string, string, RegExp][] = [
    ['{ match: x, answer: «3» }', 'wrong-type', /"answer" must be a text or a map or a list/],
    ['{ match: x, answer: [a, «3»] }', 'wrong-type', /Item 2 of "answer" must be a text or a map/],
    ['{ match: x, answer: { «reasonning»: b } }', 'unknown-key', /Did you mean "reasoning"/],
    [
      '{ match: x, answer: { finish_reason: «tired» } }',
      'unknown-value',
      /one of stop, length, tool_calls, content_filter/,
    ],
    ['{ match: x, in: «everywhere», answer: a }', 'unknown-value', /one of last, system, all/],
    [
      '{ match: x, answer: { tool_calls: [{ name: f, arguments: «3» }] } }',
      'wrong-type',
      /"arguments" must be a map or a text/,
    ],
    ['{ match: x, answer: { embedding: [1, «a»] } }', 'wrong-type', /Item 2 of "embedding" must be a number/],
    ['{ match: x, answer: [a, { tool_calls: [{ «nmae»: f, name: g }] }] }', 'unknown-key', /"nmae"/],
  ];
  for (const [entry, code, message] of wrong) {
    it(`is marked where it is wrong: ${entry}`, () => {
      const { diagnostic } = expectAt(file(entry), code);
      assert.match(diagnostic.message, message);
    });
  }

  it('needs a name for every tool call, and an answer in a list of them', () => {
    expectAt(file('{ match: x, answer: { tool_calls: [«{ arguments: {} }»] } }'), 'missing-key');
    expectAt(file('{ match: x, answer: «[]» }'), 'empty-list');
  });
});
