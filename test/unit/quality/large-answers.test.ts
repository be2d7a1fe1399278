import assert from 'node:assert/strict';
import type { AssertionPlan } from '../../../src/protocol/plan';
import { runBounded, TimeLimitError } from '../../../src/core/quality/bounded';
import { assertionTypes } from '../../../src/core/quality/registry';
import { answer, assertion } from './helpers';
import { evaluateOne } from './rows';

/** Long enough that quadratic time is minutes. */
const LENGTH = 1_000_000;
const filled = (part: string, length = LENGTH) => part.repeat(Math.ceil(length / part.length)).slice(0, length);

const JSON_TYPES = ['equals', 'is-json', 'contains-json', 'is-refusal'];
const MARKUP_TYPES = ['is-xml', 'contains-xml', 'is-html', 'contains-html'];

/** Texts that make naive algorithms quadratic or overflow stacks, and the checks that are to meet them. */
const HOSTILE: Readonly<Record<string, { text: string; types: string[] }>> = {
  brackets: { text: filled('['), types: JSON_TYPES },
  objects: { text: `[${filled('{"a":1},')}`, types: JSON_TYPES },
  quotes: { text: filled('[":{",'), types: JSON_TYPES },
  tags: { text: filled('<div><b x=1>'), types: MARKUP_TYPES },
  comments: { text: filled('<!--'), types: MARKUP_TYPES },
  'unclosed attributes': { text: filled(`<a "'`), types: MARKUP_TYPES },
  parentheses: { text: `SELECT ${filled('(')}`, types: ['is-sql', 'contains-sql'] },
  fences: { text: filled('```\n'), types: ['contains-sql', 'is-html'] },
  letters: { text: filled('a'), types: ['regex', 'levenshtein', 'word-count', 'icontains'] },
};

const VALUES: Readonly<Record<string, AssertionPlan['value'][]>> = {
  equals: ['x', { a: 1 }],
  'contains-json': [undefined, { type: 'object', required: ['zz'] }],
  'is-json': [undefined, { items: { type: 'string' } }],
  regex: ['(a+)+$', 'z'],
  levenshtein: ['kitten', filled('ab')],
  'is-xml': ['a.b'],
  'contains-xml': ['a.b,c'],
};
const ASKS_OTHERS = new Set([
  'javascript',
  'similar',
  'llm-rubric',
  'factuality',
  'model-graded-closedqa',
  'g-eval',
  'answer-relevance',
  'context-faithfulness',
  'context-recall',
  'context-relevance',
]);
const WITHOUT_VALUE = new Set(['is-refusal', 'is-html', 'contains-html', 'is-sql', 'contains-sql']);

describe('a large answer', () => {
  // A check may take a second before it is stopped; a busy machine takes longer for what cannot be.
  const LIMIT_MS = 6000;

  async function judged(text: string, types: readonly string[]): Promise<void> {
    for (const type of types) {
      const values = VALUES[type] ?? [WITHOUT_VALUE.has(type) ? undefined : 'zz yy'];
      for (const value of values) {
        const started = performance.now();
        const { outcome, reason } = await evaluateOne(assertion(type, value), answer(text));
        const ms = performance.now() - started;
        assert.ok(ms < LIMIT_MS, `${type} took ${ms} ms`);
        assert.ok(reason.length < 500, reason);
        // No hint of a defect: what was too much is said in words.
        assert.doesNotMatch(reason, /call stack|heap|undefined|\[object/i, `${type}: ${reason}`);
        assert.ok(['passed', 'failed', 'error'].includes(outcome));
      }
    }
  }

  it('of five megabytes is judged by every check, or said to be too much', async () => {
    const prose = filled('The quick brown fox, jumps over the "lazy" dog. It can\'t stop!\n', 5_000_000);
    const types = assertionTypes().filter((type) => !ASKS_OTHERS.has(type));
    await judged(prose, types);
  }).timeout(120_000);

  for (const [name, { text, types }] of Object.entries(HOSTILE)) {
    it(`of ${name} is judged by the checks that may stumble over it`, () => judged(text, types)).timeout(60_000);
  }
});

describe('runBounded', () => {
  it('gives the result or the error of the work', () => {
    assert.equal(
      runBounded('counting', () => 1 + 1),
      2,
    );
    assert.throws(
      () =>
        runBounded('counting', () => {
          throw new TypeError('no number');
        }),
      TypeError,
    );
  });

  it('stops work without end, also inside of other work, and runs on', () => {
    const endless = () => {
      for (;;);
    };
    assert.throws(
      () => runBounded('waiting', endless, 20),
      (error) => error instanceof TimeLimitError && error.message === 'waiting was stopped after 20 ms',
    );
    const inner = () => runBounded('the inner work', endless, 20);
    assert.throws(() => runBounded('the outer work', inner, 5000), /the inner work was stopped/);
    const outer = () => runBounded('the inner work', endless, 5000);
    assert.throws(() => runBounded('the outer work', outer, 20), /the outer work was stopped/);
    assert.equal(
      runBounded('outer', () => runBounded('inner', () => 3)),
      3,
    );
  });
});
