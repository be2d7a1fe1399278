import assert from 'node:assert/strict';
import { evaluateAssertions } from '../../../../src/core/quality/assert';
import { MODEL_CHECKS } from '../../../../src/core/quality/judge/checks';
import { needsModel } from '../../../../src/core/quality/needs-model';
import type { AnswerUnderTest, CheckResult, QualityServices } from '../../../../src/core/quality/types';
import type { AssertionPlan, Json } from '../../../../src/protocol/plan';
import { answer, assertion, services } from '../helpers';
import { fakeEmbedder, FakeJudge, ONE_CALL } from './support';

async function check(
  plan: AssertionPlan,
  given: AnswerUnderTest,
  asked: Partial<QualityServices>,
): Promise<CheckResult> {
  const run = MODEL_CHECKS[plan.type];
  assert.ok(run !== undefined, `there is no check ${plan.type}`);
  return run(plan, given, services(asked));
}

const judged = (judge: FakeJudge): Partial<QualityServices> => ({ judge: () => judge });

/** What an assertion makes of the replies of a judge. */
async function found(
  plan: AssertionPlan,
  replies: (Json | Error)[],
  given: AnswerUnderTest = answer('An answer'),
): Promise<Extract<CheckResult, { kind: 'found' }>> {
  const result = await check(plan, given, judged(new FakeJudge(replies)));
  assert.ok(result.kind === 'found', JSON.stringify(result));
  return result;
}

async function errorOf(
  plan: AssertionPlan,
  asked: Partial<QualityServices>,
  given: AnswerUnderTest = answer('An answer'),
): Promise<Extract<CheckResult, { kind: 'error' }>> {
  const result = await check(plan, given, asked);
  assert.ok(result.kind === 'error', JSON.stringify(result));
  return result;
}

const close = (actual: number | undefined, expected: number) =>
  assert.ok(actual !== undefined && Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`);

const VALUES: Record<string, Json> = {
  'llm-rubric': 'Is polite',
  factuality: 'Returns take 30 days.',
  'model-graded-closedqa': 'Names the deadline',
  'g-eval': 'Is coherent',
  'answer-relevance': null,
  'context-faithfulness': null,
  'context-recall': 'Returns take 30 days.',
  'context-relevance': null,
};
const RAG = answer('An answer', { vars: { context: 'The sky is blue. Grass is green.', query: 'What is blue?' } });

describe('MODEL_CHECKS', () => {
  it('are the assertions that are known to need a model', () => {
    for (const type of Object.keys(MODEL_CHECKS)) assert.equal(needsModel(assertion(type)), true, type);
    assert.equal(Object.keys(MODEL_CHECKS).length, 9);
    assert.equal(needsModel(assertion('contains', 'x')), false);
    assert.equal(needsModel(assertion('assert-set', undefined, { members: [assertion('llm-rubric', 'x')] })), true);
  });

  for (const [type, value] of Object.entries(VALUES)) {
    it(`${type} without a judge is an error that says how to name one`, async () => {
      const { reason, judge } = await errorOf(assertion(type, value), {}, RAG);
      assert.equal(reason, 'no judge is configured: name one with "judge" in the file or in promptrig.yaml');
      assert.equal(judge, undefined);
    });

    for (const prefix of ['', 'not-']) {
      it(`${prefix}${type} with a judge that fails is an error with its reason, and what it took`, async () => {
        const judge = new FakeJudge(() => new Error('the judge grader is on strike'));
        const [result] = await evaluateAssertions(
          [assertion(prefix + type, value)],
          RAG,
          services({ ...judged(judge), embedder: () => null }),
        );
        // Until the registry knows the model-graded types they are skipped there; the check itself is tried as well.
        assert.notEqual(result?.outcome, 'passed');
        const direct = await errorOf(assertion(prefix + type, value), judged(judge), RAG);
        assert.equal(direct.reason, 'the judge grader is on strike');
        assert.deepEqual(direct.judge, ONE_CALL);
      });
    }

    it(`${type} asks the judge of the assertion`, async () => {
      const own = { endpoint: { name: 'own' } } as AssertionPlan['judge'];
      const asked: unknown[] = [];
      await errorOf(
        assertion(type, value, { judge: own }),
        {
          judge: (plan) => {
            asked.push(plan);
            return null;
          },
        },
        RAG,
      );
      assert.deepEqual(asked, [own]);
    });
  }
});

describe('llm-rubric', () => {
  const rubric = (more: Partial<AssertionPlan> = {}) => assertion('llm-rubric', 'Is polite', more);

  it('goes by pass and gives the score and the reason of the judge', async () => {
    const result = await found(rubric(), [{ reason: 'says "please"', score: 0.8, pass: true }]);
    assert.deepEqual(result, {
      kind: 'found',
      holds: true,
      score: 0.8,
      reason: 'meets the rubric, says grader: says "please"',
      judge: ONE_CALL,
    });
    const failed = await found(rubric(), [{ reason: 'is rude', score: 0.6, pass: false }]);
    assert.equal(failed.holds, false);
    assert.equal(failed.score, 0.6);
    assert.equal(failed.reason, 'does not meet the rubric, says grader: is rude');
  });

  for (const [score, pass, threshold, holds] of [
    [0.7, true, 0.7, true],
    [0.69, true, 0.7, false],
    [0.9, false, 0.7, false],
    [0.1 + 0.2, true, 0.3, true],
    [0.3, true, 0.1 + 0.2, true],
    [0, true, 0, true],
  ] as const) {
    it(`with threshold ${threshold}, score ${score} and pass ${pass} ${holds ? 'holds' : 'does not hold'}`, async () => {
      const result = await found(rubric({ threshold }), [{ reason: 'r', score, pass }]);
      assert.equal(result.holds, holds);
      assert.equal(result.score, score);
      assert.match(result.reason, /of the 0(\.\d+)? needed/);
    });
  }

  it('shows the judge the rubric and the answer, and asks for a verdict', async () => {
    const judge = new FakeJudge([{ reason: 'r', score: 1, pass: true }]);
    await check(rubric(), answer('Please sit down.'), judged(judge));
    assert.match(judge.said(0), /<rubric-[0-9a-f]+>\nIs polite\n<\/rubric-/);
    assert.match(judge.said(0), /<answer-[0-9a-f]+>\nPlease sit down\.\n<\/answer-/);
    const schema = judge.asked[0]?.schema;
    assert.equal(schema?.name, 'llm-rubric');
    assert.deepEqual(schema?.schema['required'], ['score', 'pass']);
  });

  it('takes a map for a rubric', async () => {
    const judge = new FakeJudge([{ reason: 'r', score: 1, pass: true }]);
    await check(assertion('llm-rubric', { tone: 'polite' }), answer('x'), judged(judge));
    assert.match(judge.said(0), /\{"tone":"polite"\}/);
  });

  it('without a rubric is an error, and the judge is not asked', async () => {
    const judge = new FakeJudge([]);
    const { reason } = await errorOf(assertion('llm-rubric', ' '), judged(judge));
    assert.equal(reason, 'llm-rubric needs a rubric as its value');
    assert.equal(judge.asked.length, 0);
  });

  it('cuts what a judge says at great length', async () => {
    const { reason } = await found(rubric(), [{ reason: 'very '.repeat(10_000), score: 1, pass: true }]);
    assert.ok(reason.length < 1_100);
    assert.match(reason, /…$/);
  });

  describe("with the author's prompt", () => {
    const custom = (prompt: string, more: Partial<AssertionPlan> = {}) => rubric({ rubricPrompt: prompt, ...more });

    it('asks that and nothing of ours', async () => {
      const judge = new FakeJudge([{ reason: 'r', score: 1, pass: true }]);
      const given = answer('An answer', { vars: { city: 'Rome' } });
      await check(custom('In {{ city }}: {{ output }} by {{ rubric }}?'), given, judged(judge));
      assert.deepEqual(judge.asked[0]?.messages, [{ role: 'user', content: 'In Rome: An answer by Is polite?' }]);
    });

    it('fills in what it does not ask for', async () => {
      const score = await found(custom('x'), [{ reason: 'r', score: 0.4 }]);
      assert.deepEqual([score.holds, score.score], [false, 0.4]);
      const high = await found(custom('x', { threshold: 0.3 }), [{ reason: 'r', score: 0.4 }]);
      assert.deepEqual([high.holds, high.score], [true, 0.4]);
      const pass = await found(custom('x'), [{ reason: 'r', pass: true }]);
      assert.deepEqual([pass.holds, pass.score], [true, 1]);
    });

    it('holds a scale of its own against the threshold, and counts 1 or 0', async () => {
      const high = await found(custom('x', { threshold: 7 }), [{ reason: 'r', score: 8, pass: true }]);
      assert.deepEqual([high.holds, high.score], [true, 1]);
      const low = await found(custom('x', { threshold: 7 }), [{ reason: 'r', score: 6, pass: true }]);
      assert.deepEqual([low.holds, low.score], [false, 0]);
    });

    it('needs no value, and says what is wrong with its template', async () => {
      const plan = { ...custom('Is {{ output }} fine?') };
      delete plan.value;
      assert.equal((await found(plan, [{ reason: 'r', score: 1, pass: true }])).holds, true);
      const { reason } = await errorOf(custom('{{ oops }}'), judged(new FakeJudge([])));
      assert.match(reason, /the rubricPrompt cannot be used: .*"oops" is not defined/);
    });
  });
});

describe('factuality', () => {
  const facts = (more: Partial<AssertionPlan> = {}) => assertion('factuality', 'Returns take 30 days.', more);

  for (const [category, holds, fact] of [
    ['A', true, /^states a part of the expected facts/],
    ['B', true, /^states the expected facts and more/],
    ['C', true, /^states the expected facts \(C\), says grader: r$/],
    ['D', false, /^contradicts the expected facts \(D\)/],
    ['E', true, /^differs .* in nothing that matters/],
  ] as const) {
    it(`${holds ? 'holds' : 'does not hold'} for ${category}`, async () => {
      const result = await found(facts(), [{ reason: 'r', category }]);
      assert.equal(result.holds, holds);
      assert.equal(result.score, undefined);
      assert.match(result.reason, fact);
      assert.equal(result.expected, 'Returns take 30 days.');
      assert.equal(result.actual, 'An answer');
    });
  }

  it('shows the question, the reference and the answer', async () => {
    const judge = new FakeJudge([{ reason: 'r', category: 'C' }]);
    await check(facts(), answer('30 days'), judged(judge));
    assert.match(judge.said(0), /<question-\w+>\nA question\n/);
    assert.match(judge.said(0), /<reference-\w+>\nReturns take 30 days\.\n/);
    assert.match(judge.said(0), /<answer-\w+>\n30 days\n/);
  });

  it("reads a reply to the author's prompt", async () => {
    const plan = facts({ rubricPrompt: '{{ input }}|{{ ideal }}|{{ completion }}' });
    const judge = new FakeJudge(['(D) they disagree']);
    const result = await check(plan, answer('60 days'), judged(judge));
    assert.equal(result.kind === 'found' && result.holds, false);
    assert.match(result.reason, /they disagree/);
    assert.equal(judge.said(0), 'A question|Returns take 30 days.|60 days');
    assert.equal(judge.asked[0]?.schema, null);
    const { reason } = await errorOf(plan, judged(new FakeJudge(['Who knows?'])));
    assert.match(reason, /named no category/);
  });

  it('needs the facts', async () => {
    assert.match((await errorOf(assertion('factuality', ['a']), judged(new FakeJudge([])))).reason, /expected facts/);
  });
});

describe('model-graded-closedqa', () => {
  const qa = (more: Partial<AssertionPlan> = {}) => assertion('model-graded-closedqa', 'Names the deadline', more);

  it('goes by Y and N', async () => {
    const yes = await found(qa(), [{ reason: 'says May', verdict: 'Y' }]);
    assert.deepEqual([yes.holds, yes.reason], [true, 'meets the criterion, says grader: says May']);
    const no = await found(qa(), [{ reason: 'says nothing', verdict: 'N' }]);
    assert.deepEqual([no.holds, no.reason], [false, 'does not meet the criterion, says grader: says nothing']);
  });

  it("reads a reply to the author's prompt, and takes none for an error", async () => {
    const plan = qa({ rubricPrompt: '{{ input }}|{{ criteria }}|{{ completion }}' });
    const judge = new FakeJudge(['It does.\nY']);
    const result = await check(plan, answer('May'), judged(judge));
    assert.equal(result.kind === 'found' && result.holds, true);
    assert.equal(judge.said(0), 'A question|Names the deadline|May');
    assert.match(
      (await errorOf(plan, judged(new FakeJudge(['Perhaps.'])))).reason,
      /did not end its answer with Y or N/,
    );
  });
});

describe('g-eval', () => {
  const STEPS = { steps: ['Read it.', 'Score it.'] };

  it('has the criterion made into steps, and a tenth of the points for its score', async () => {
    const judge = new FakeJudge([STEPS, { reason: 'mostly', score: 7 }]);
    const result = await check(assertion('g-eval', 'Is coherent'), answer('An answer'), judged(judge));
    assert.deepEqual(result, {
      kind: 'found',
      holds: true,
      score: 0.7,
      reason: 'scored 0.7 (0.7 needed) by grader: mostly',
      judge: { calls: 2, input_tokens: 20, output_tokens: 10, cost: 0.02 },
    });
    assert.match(judge.said(0), /<criterion-\w+>\nIs coherent\n/);
    assert.doesNotMatch(judge.said(0), /An answer/);
    assert.match(judge.said(1), /<steps-\w+>\n1\. Read it\.\n2\. Score it\.\n/);
    assert.match(judge.said(1), /<answer-\w+>\nAn answer\n/);
  });

  it('needs 0.7 unless it says otherwise', async () => {
    assert.equal((await found(assertion('g-eval', 'c'), [STEPS, { reason: 'r', score: 6.9 }])).holds, false);
    const lower = assertion('g-eval', 'c', { threshold: 0.6 });
    assert.equal((await found(lower, [STEPS, { reason: 'r', score: 6 }])).holds, true);
  });

  it('takes the mean over a list or a map of criteria, with the reason of each', async () => {
    const replies = [STEPS, { reason: 'one', score: 10 }, STEPS, { reason: 'two', score: 5 }];
    const list = await found(assertion('g-eval', ['Is short', 'Is kind']), replies);
    close(list.score, 0.75);
    assert.equal(list.reason, 'scored 0.75 (0.7 needed) by grader: "Is short" 1: one; "Is kind" 0.5: two');
    assert.equal(list.judge?.calls, 4);
    const map = await found(assertion('g-eval', { length: 'Is short', tone: 'Is kind' }), replies);
    close(map.score, 0.75);
    assert.match(map.reason, /length 1: one; tone 0\.5: two$/);
  });

  it('is an error where one criterion of several cannot be scored', async () => {
    const judge = new FakeJudge([STEPS, { reason: 'one', score: 10 }, STEPS, new Error('gone')]);
    const { reason, judge: took } = await errorOf(assertion('g-eval', ['a', 'b']), judged(judge));
    assert.equal(reason, 'gone');
    assert.equal(took?.calls, 4);
  });

  it('makes the steps of a criterion once for all answers, those at the same time included', async () => {
    let steps = 0;
    const judge = new FakeJudge(({ messages }) => {
      if (!/Write the steps/.test(messages[1]?.content ?? '')) return { reason: 'r', score: 8 };
      steps++;
      return STEPS;
    });
    const plan = assertion('g-eval', 'Is coherent');
    await Promise.all([1, 2, 3].map((n) => check(plan, answer(`answer ${n}`), judged(judge))));
    await check(plan, answer('later'), judged(judge));
    await check(assertion('g-eval', 'Is brief'), answer('other'), judged(judge));
    assert.equal(steps, 2);
  });

  it('makes them anew after a failure', async () => {
    const judge = new FakeJudge([new Error('busy'), STEPS, { reason: 'r', score: 8 }]);
    const plan = assertion('g-eval', 'Is coherent');
    await errorOf(plan, judged(judge));
    assert.equal((await check(plan, answer('x'), judged(judge))).kind, 'found');
  });

  it("asks the author's prompts", async () => {
    const rubricPrompt = JSON.stringify({
      steps: 'S {{ criteria }}',
      evaluate: 'E {{ criteria }}|{{ steps }}|{{ maxScore }}|{{ input }}|{{ output }}',
    });
    const judge = new FakeJudge([STEPS, { reason: 'r', score: 10 }]);
    await check(assertion('g-eval', 'C', { rubricPrompt }), answer('A'), judged(judge));
    assert.equal(judge.said(0), 'S C');
    assert.equal(judge.said(1), 'E C|Read it.\n- Score it.|10|A question|A');
  });

  for (const value of [null, '', [], {}, ['a', ''], [1]] as Json[]) {
    it(`has no criterion in ${JSON.stringify(value)}`, async () => {
      assert.match((await errorOf(assertion('g-eval', value), judged(new FakeJudge([])))).reason, /needs .*criteri/);
    });
  }
});

describe('answer-relevance', () => {
  const QUESTIONS = { questions: ['q1', 'q2', 'q3'] };
  const plan = (more: Partial<AssertionPlan> = {}) => assertion('answer-relevance', null, more);

  it('is the mean similarity of the question with three made up for the answer', async () => {
    const embedder = fakeEmbedder({ 'A question': [1, 0], q1: [1, 0], q2: [1, 1], q3: [0, 1] });
    const judge = new FakeJudge([QUESTIONS]);
    const result = await check(plan(), answer('An answer'), { ...judged(judge), embedder: () => embedder });
    assert.equal(result.kind, 'found');
    if (result.kind !== 'found') return;
    close(result.score, (1 + Math.SQRT1_2 + 0) / 3);
    assert.equal(result.holds, true);
    assert.match(
      result.reason,
      /^scored 0\.569 by grader: the answer suits the questions "q1" 1, "q2" 0\.707, "q3" 0$/,
    );
    assert.equal(result.judge?.calls, 3);
    assert.doesNotMatch(judge.said(0), /A question/, 'the judge must not see the question');
  });

  it('must reach the threshold', async () => {
    const embedder = fakeEmbedder({ 'A question': [1, 0], q1: [1, 0], q2: [1, 1], q3: [0, 1] });
    for (const [threshold, holds] of [
      [0.5, true],
      [0.6, false],
    ] as const) {
      const asked = { ...judged(new FakeJudge([QUESTIONS])), embedder: () => embedder };
      const result = await check(plan({ threshold }), answer('An answer'), asked);
      assert.equal(result.kind === 'found' && result.holds, holds);
    }
  });

  it('compares with the query where there is one', async () => {
    const embedder = fakeEmbedder({ 'Why?': [1], q1: [1], q2: [1], q3: [1] });
    const asked = { ...judged(new FakeJudge([QUESTIONS])), embedder: () => embedder };
    await check(plan(), answer('An answer', { vars: { query: 'Why?' } }), asked);
    assert.deepEqual(embedder.texts, ['Why?', 'q1', 'q2', 'q3']);
  });

  it('never scores below 0', async () => {
    const embedder = fakeEmbedder({ 'A question': [1], q1: [-1], q2: [-1], q3: [-1] });
    const asked = { ...judged(new FakeJudge([QUESTIONS])), embedder: () => embedder };
    const result = await check(plan(), answer('x'), asked);
    assert.equal(result.kind === 'found' && result.score, 0);
  });

  it('asks the judge for a score where nothing makes embeddings, and says so', async () => {
    const judge = new FakeJudge([{ reason: 'half of it', score: 0.5 }]);
    const result = await check(plan({ threshold: 0.6 }), answer('An answer'), judged(judge));
    assert.equal(result.kind === 'found' && result.holds, false);
    assert.equal(result.kind === 'found' && result.score, 0.5);
    assert.match(result.reason, /^scored 0\.5 \(0\.6 needed\) by grader: half of it \(asked directly/);
  });

  it('does so too where the endpoint turns out to make none', async () => {
    const judge = new FakeJudge([{ reason: 'r', score: 0.5 }]);
    const embedder = {
      label: 'chat',
      embed: () => Promise.resolve({ ok: false as const, reason: 'HTTP 404', usage: ONE_CALL, unsupported: true }),
    };
    const result = await check(plan(), answer('x'), { ...judged(judge), embedder: () => embedder });
    assert.match(result.reason, /asked directly/);
    assert.equal(result.kind === 'found' && result.judge?.calls, 2);
  });

  it('is an error where embeddings fail for now', async () => {
    const embedder = {
      label: 'chat',
      embed: () => Promise.resolve({ ok: false as const, reason: 'embeddings are busy', usage: ONE_CALL }),
    };
    const asked = { ...judged(new FakeJudge([])), embedder: () => embedder };
    assert.equal((await errorOf(plan(), asked)).reason, 'embeddings are busy');
  });

  it('is 0 for an empty answer', async () => {
    const result = await found(plan({ threshold: 0.1 }), [], answer(' '));
    assert.deepEqual([result.holds, result.score, result.judge], [false, 0, undefined]);
  });

  it("asks the author's prompt three times", async () => {
    const embedder = fakeEmbedder({ 'A question': [1], q1: [1], q2: [1], q3: [1] });
    const judge = new FakeJudge(['q1', 'q2', 'q3']);
    const asked = { ...judged(judge), embedder: () => embedder };
    await check(plan({ rubricPrompt: 'Ask for {{ answer }}' }), answer('An answer'), asked);
    assert.deepEqual(
      [0, 1, 2].map((n) => judge.said(n)),
      Array(3).fill('Ask for An answer'),
    );
  });
});

describe('context-faithfulness', () => {
  const plan = (more: Partial<AssertionPlan> = {}) => assertion('context-faithfulness', null, more);
  const STATEMENTS = { statements: ['The sky is blue.', 'The sky is green.', 'Grass is green.'] };
  const verdicts = (...supported: boolean[]) => ({
    verdicts: supported.map((each, index) => ({ number: index + 1, reason: `because ${index + 1}`, supported: each })),
  });

  it('is the share of statements that the context supports', async () => {
    const result = await found(plan(), [STATEMENTS, verdicts(true, false, true)], RAG);
    close(result.score, 2 / 3);
    assert.equal(result.holds, true);
    assert.equal(
      result.reason,
      'scored 0.667 by grader: 2 of 3 statements are supported; not "The sky is green." (because 2)',
    );
    assert.equal(result.judge?.calls, 2);
  });

  it('must reach the threshold', async () => {
    const two = [STATEMENTS, verdicts(true, false, true)];
    assert.equal((await found(plan({ threshold: 0.6 }), two, RAG)).holds, true);
    assert.equal((await found(plan({ threshold: 0.7 }), two, RAG)).holds, false);
    assert.equal((await found(plan({ threshold: 1 }), [STATEMENTS, verdicts(true, true, true)], RAG)).holds, true);
  });

  it('asks for one verdict on each statement, and shows the context only with them', async () => {
    const judge = new FakeJudge([STATEMENTS, verdicts(true, true, true)]);
    await check(plan(), RAG, judged(judge));
    assert.doesNotMatch(judge.said(0), /Grass is green/);
    assert.match(judge.said(1), /<context-\w+>\nThe sky is blue\. Grass is green\.\n/);
    assert.match(judge.said(1), /1\. The sky is blue\.\n2\. The sky is green\.\n3\. Grass is green\./);
    const schema = judge.asked[1]?.schema?.schema as {
      properties: { verdicts: { minItems: number; maxItems: number } };
    };
    assert.deepEqual([schema.properties.verdicts.minItems, schema.properties.verdicts.maxItems], [3, 3]);
  });

  it('is 0 where the answer states nothing', async () => {
    const result = await found(plan({ threshold: 0.5 }), [{ statements: [] }], RAG);
    assert.deepEqual([result.holds, result.score], [false, 0]);
  });

  it('joins the chunks of a context', async () => {
    const judge = new FakeJudge([STATEMENTS, verdicts(true, true, true)]);
    await check(plan(), answer('x', { vars: { context: ['chunk one', 'chunk two'] } }), judged(judge));
    assert.match(judge.said(1), /chunk one\n\nchunk two/);
  });

  it('needs a context', async () => {
    const { reason } = await errorOf(plan(), judged(new FakeJudge([])));
    assert.match(reason, /context-faithfulness needs the variable "context"/);
  });

  it("asks the author's two prompts", async () => {
    const rubricPrompt = JSON.stringify([
      'S {{ question }}|{{ answer }}',
      'V {{ context }}|{{ statements | join("; ") }}',
    ]);
    const judge = new FakeJudge(['one\ntwo\n', 'Verdict: Yes. Verdict: No.']);
    const result = await check(plan({ rubricPrompt }), RAG, judged(judge));
    assert.equal(result.kind === 'found' && result.score, 0.5);
    assert.equal(judge.said(0), 'S What is blue?|An answer');
    assert.equal(judge.said(1), 'V The sky is blue. Grass is green.|one; two');
    assert.match(
      (await errorOf(plan({ rubricPrompt: 'one' }), judged(new FakeJudge([])), RAG)).reason,
      /a list of two/,
    );
    const silent = await errorOf(plan({ rubricPrompt }), judged(new FakeJudge(['one', 'fine'])), RAG);
    assert.match(silent.reason, /no verdict on any statement/);
  });
});

describe('context-recall', () => {
  const plan = (more: Partial<AssertionPlan> = {}) => assertion('context-recall', 'Blue. Green. Red.', more);
  const sentences = (...attributed: boolean[]) => ({
    sentences: attributed.map((each, index) => ({ sentence: `s${index + 1}`, reason: 'r', attributed: each })),
  });

  it('is the share of sentences that are in the context', async () => {
    const result = await found(plan(), [sentences(true, true, false, true)], RAG);
    assert.equal(result.score, 0.75);
    assert.equal(result.reason, 'scored 0.75 by grader: 3 of 4 sentences are in the context; not "s3" (r)');
    assert.equal((await found(plan({ threshold: 0.75 }), [sentences(true, true, false, true)], RAG)).holds, true);
    assert.equal((await found(plan({ threshold: 0.76 }), [sentences(true, true, false, true)], RAG)).holds, false);
  });

  it('takes the prompt for the context where there is none', async () => {
    const judge = new FakeJudge([sentences(true)]);
    await check(plan(), answer('x'), judged(judge));
    assert.match(judge.said(0), /<context-\w+>\nA question\n/);
    assert.match(judge.said(0), /<reference-\w+>\nBlue\. Green\. Red\.\n/);
  });

  it("reads a reply to the author's prompt", async () => {
    const custom = plan({ rubricPrompt: '{{ context }}|{{ groundTruth }}' });
    const judge = new FakeJudge(['1. a [Attributed]\n2. b [Not Attributed]']);
    const result = await check(custom, RAG, judged(judge));
    assert.equal(result.kind === 'found' && result.score, 0.5);
    assert.equal(judge.said(0), 'The sky is blue. Grass is green.|Blue. Green. Red.');
    assert.match((await errorOf(custom, judged(new FakeJudge(['fine'])), RAG)).reason, /marked no sentence/);
  });
});

describe('context-relevance', () => {
  const plan = (more: Partial<AssertionPlan> = {}) => assertion('context-relevance', null, more);

  it('is the share of sentences that the question needs', async () => {
    const judge = new FakeJudge([{ reason: 'the first says it', relevant: [1, 1] }]);
    const result = await check(plan({ threshold: 0.5 }), RAG, judged(judge));
    assert.deepEqual(result, {
      kind: 'found',
      holds: true,
      score: 0.5,
      reason: 'scored 0.5 (0.5 needed) by grader: 1 of 2 parts of the context is needed: the first says it',
      judge: ONE_CALL,
    });
    assert.match(judge.said(0), /\[1\] The sky is blue\.\n\[2\] Grass is green\.\n/);
    assert.match(judge.said(0), /<question-\w+>\nWhat is blue\?\n/);
  });

  it('counts chunks where the context is a list', async () => {
    const given = answer('x', { vars: { context: ['a. b. c.', 'd.', 'e.', 'f.'], query: 'q' } });
    assert.equal((await found(plan(), [{ reason: 'r', relevant: [1, 4] }], given)).score, 0.5);
  });

  it('is 0 where nothing is needed', async () => {
    const result = await found(plan({ threshold: 0.1 }), [{ reason: 'r', relevant: [] }], RAG);
    assert.deepEqual([result.holds, result.score], [false, 0]);
  });

  it("reads a reply to the author's prompt", async () => {
    const custom = plan({ rubricPrompt: '{{ query }}|{{ context }}' });
    const judge = new FakeJudge(['The sky is blue.']);
    const result = await check(custom, RAG, judged(judge));
    assert.equal(result.kind === 'found' && result.score, 0.5);
    assert.equal(judge.said(0), 'What is blue?|The sky is blue. Grass is green.');
    const none = await check(custom, RAG, judged(new FakeJudge(['Insufficient Information'])));
    assert.equal(none.kind === 'found' && none.score, 0);
  });
});

describe('similar', () => {
  const VECTORS = { 'An answer': [1, 0], near: [4, 3], far: [0, 1], away: [-1, 0], none: [0, 0] };
  const by = (vectors: Record<string, number[]> = VECTORS) => ({ embedder: () => fakeEmbedder(vectors) });
  const similar = (value: Json, more: Partial<AssertionPlan> = {}) =>
    check(assertion('similar', value, more), answer('An answer'), by());

  it('is the cosine similarity, and needs 0.75 unless it says otherwise', async () => {
    const result = await similar('near');
    assert.deepEqual(result, {
      kind: 'found',
      holds: true,
      score: 0.8,
      reason: 'has a similarity of 0.8 (threshold 0.75) to "near", by embeddings',
      expected: 'near',
      actual: 'An answer',
      judge: ONE_CALL,
    });
    const strict = await similar('near', { threshold: 0.81 });
    assert.equal(strict.kind === 'found' && strict.holds, false);
    const exact = await similar('near', { threshold: 0.8 });
    assert.equal(exact.kind === 'found' && exact.holds, true);
  });

  it('takes the nearest of a list', async () => {
    const result = await similar(['away', 'near', 'far']);
    assert.equal(result.kind === 'found' && result.holds, true);
    assert.match(result.reason, /similarity of 0\.8 .* to "near", the nearest of 3/);
    const none = await similar(['away', 'far']);
    assert.equal(none.kind === 'found' && none.holds, false);
    assert.match(none.reason, /to "far", the nearest of 2/);
  });

  it('scores nothing below 0, and shows the true similarity', async () => {
    const result = await similar('away');
    assert.equal(result.kind === 'found' && result.score, 0);
    assert.match(result.reason, /similarity of -1 /);
  });

  it('asks for the texts at once', async () => {
    const embedder = fakeEmbedder(VECTORS);
    await check(assertion('similar', ['near', 'far']), answer('An answer'), { embedder: () => embedder });
    assert.deepEqual(embedder.texts, ['An answer', 'near', 'far']);
  });

  it('is not like anything where the answer is empty, and asks nobody', async () => {
    const result = await check(assertion('similar', 'near'), answer(' \n'), {
      embedder: () => assert.fail('nothing was to be embedded'),
    });
    assert.deepEqual([result.kind === 'found' && result.holds, result.kind === 'found' && result.score], [false, 0]);
  });

  it('is an error without embeddings, without their answer, and without direction', async () => {
    const { reason } = await errorOf(assertion('similar', 'near'), {});
    assert.match(reason, /no endpoint makes embeddings: name one with "judge"/);
    const failing = {
      label: 'e',
      embed: () => Promise.resolve({ ok: false as const, reason: 'HTTP 500', usage: ONE_CALL }),
    };
    const failed = await errorOf(assertion('similar', 'near'), { embedder: () => failing });
    assert.deepEqual([failed.reason, failed.judge], ['HTTP 500', ONE_CALL]);
    assert.match((await errorOf(assertion('similar', 'none'), by())).reason, /all zeros/);
  });

  for (const value of [null, '', [], ['a', ''], [{}], ['near', null]] as Json[]) {
    it(`has nothing to compare with in ${JSON.stringify(value)}`, async () => {
      assert.match(
        (await errorOf(assertion('similar', value), by())).reason,
        /similar needs a text, or a list of texts/,
      );
    });
  }
});
