import assert from 'node:assert/strict';
import { Conversations } from '../../../src/core/engine/conversations';
import { judgeConversation } from '../../../src/core/engine/judge-answer';
import { JudgingQueue } from '../../../src/core/engine/judging';
import { GRADED_ANSWERS, KEPT_FAILURES, LoadQuality } from '../../../src/core/engine/load-quality';
import type { EndedRequest } from '../../../src/core/load/types';
import type { PromptedJudge } from '../../../src/core/quality/judge/grading';
import type { JudgeReply } from '../../../src/core/quality/types';
import type { AssertionPlan, CasePlan } from '../../../src/protocol/plan';
import type { CaseRecord, RequestRecord } from '../../../src/protocol/run-json';
import { assertion, services } from '../quality/helpers';
import { prompts } from '../quality/judge/support';
import { requestRecord } from '../support/samples';

const options = { slos: [], confidence: 0.95, policy: 'point' as const };

function casePlan(assertions: AssertionPlan[], change: Partial<CasePlan> = {}): CasePlan {
  const pointer = '/cases/0';
  const messages = [{ role: 'user' as const, content: 'Q' }];
  return { pointer, id: 'one', name: 'One', messages, vars: {}, assertions, repeat: 1, weight: 1, tags: [], ...change };
}

function ended(text: string, change: Partial<RequestRecord> = {}): EndedRequest {
  return {
    record: requestRecord({ case: '/cases/0', repeat: 0, ...change }),
    answer: { text, reasoning: '', toolCalls: [] },
  };
}

describe('JudgingQueue', () => {
  it('holds further answers back while it is full, and says when all are judged', async () => {
    const queue = new JudgingQueue(2);
    const ends: (() => void)[] = [];
    const task = () => new Promise<void>((resolve) => ends.push(resolve));
    queue.add(task());
    assert.equal(queue.room(), undefined);
    queue.add(task());
    let hasRoom = false;
    let done = false;
    const room = queue.room()?.then(() => (hasRoom = true));
    const drained = queue.drained().then(() => (done = true));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([hasRoom, done], [false, false]);
    ends[0]?.();
    await room;
    assert.deepEqual([hasRoom, done], [true, false]);
    ends[1]?.();
    await drained;
  });

  it('throws at the end what went wrong in between', async () => {
    const queue = new JudgingQueue();
    queue.add(Promise.reject(new Error('a defect')));
    queue.add(Promise.resolve());
    await assert.rejects(queue.drained(), /a defect/);
  });
});

describe('a conversation', () => {
  const turn = (user: string, ...assertions: AssertionPlan[]) => ({
    pointer: `/t/${user}`,
    user,
    assertions,
    thinkTimeMs: 0,
  });
  const item = casePlan([assertion('contains', 'end')], {
    turns: [turn('first', assertion('contains', 'one')), turn('second'), turn('third', assertion('contains', 'three'))],
  });

  it('is put together from its turns, which may be interleaved with those of another repeat', () => {
    const conversations = new Conversations();
    const step = (repeat: number, id: string) => conversations.add(item, ended('x', { id, repeat }));
    assert.equal(step(0, 'a0'), null);
    assert.equal(step(1, 'b0'), null);
    assert.equal(step(0, 'a1'), null);
    const whole = step(0, 'a2');
    assert.deepEqual(
      whole?.turns.map(({ record }) => record.id),
      ['a0', 'a1', 'a2'],
    );
    assert.deepEqual(
      conversations.unfinished().map(({ repeat, turns }) => [repeat, turns.length]),
      [[1, 1]],
    );
  });

  it('ends with a turn that was not answered', () => {
    const conversations = new Conversations();
    const cut = conversations.add(item, ended('', { outcome: 'failed' }));
    assert.equal(cut?.turns.length, 1);
    assert.deepEqual(conversations.unfinished(), []);
  });

  it('is judged turn by turn, its last answer by the assertions of the case as well', async () => {
    const turns = [ended('one', { id: 'r0' }), ended('two', { id: 'r1' }), ended('three', { id: 'r2' })];
    const { record, correct } = await judgeConversation(
      { id: 't', params: {} },
      { item, repeat: 0, turns },
      services(),
    );
    assert.deepEqual(
      record.assertions.map(({ outcome }) => outcome),
      ['passed', 'passed', 'failed'],
    );
    assert.equal(record.outcome, 'failed');
    assert.deepEqual(correct, [true, null, false]);
    assert.deepEqual(record.turns, [
      { request: 'r0', user: 'first', answer: 'one' },
      { request: 'r1', user: 'second', answer: 'two' },
      { request: 'r2', user: 'third', answer: 'three' },
    ]);
    assert.equal(record.answer, 'three');
  });

  it('is an error at the turn that was not answered, which the reason names', async () => {
    const error = { kind: 'http_500', message: 'The server failed.' };
    const turns = [ended('one'), ended('', { outcome: 'failed', error, first: null })];
    const { record } = await judgeConversation({ id: 't', params: {} }, { item, repeat: 0, turns }, services());
    assert.equal(record.outcome, 'error');
    assert.match(record.reason ?? '', /^turn 2 of 3: the request failed: The server failed \(http_500\)/);
  });
});

describe('a judge asked twice', () => {
  const usage = { calls: 1, input_tokens: 10, output_tokens: 2, cost: 0.1 };

  /** Grades with these scores in turn. */
  function judgeOf(...scores: number[]): PromptedJudge & { asked: number } {
    const judge = {
      label: 'judge',
      prompts,
      asked: 0,
      ask: (): Promise<JudgeReply> => {
        const score = scores[judge.asked % scores.length] ?? 0;
        judge.asked++;
        const value = { pass: score >= 0.5, score, reason: `scored ${score}` };
        return Promise.resolve({ ok: true, value, text: JSON.stringify(value), usage });
      },
    };
    return judge;
  }

  const item = casePlan([assertion('llm-rubric', 'Is polite')], { repeat: 3 });

  it('grades the first of several answers once more, and notes what it says then', async () => {
    const judge = judgeOf(1, 0);
    const conversation = { item, repeat: 0, turns: [ended('Hello')] };
    const { record } = await judgeConversation({ id: 't', params: {} }, conversation, services({ judge: () => judge }));
    assert.equal(judge.asked, 2);
    const [result] = record.assertions;
    assert.deepEqual([result?.outcome, result?.again, result?.judge?.calls], ['passed', 'failed', 2]);
    assert.equal(record.outcome, 'passed');
  });

  it('grades the others, and the only answer of a case, once', async () => {
    const judge = judgeOf(1);
    const ask = (plan: CasePlan, repeat: number) =>
      judgeConversation(
        { id: 't', params: {} },
        { item: plan, repeat, turns: [ended('Hello', { repeat })] },
        services({ judge: () => judge }),
      );
    await ask(item, 1);
    await ask({ ...item, repeat: 1 }, 0);
    assert.equal(judge.asked, 2);
  });

  it('samples the answers of a load stage, and asks nothing while it runs', async () => {
    const judge = judgeOf(1);
    const quality = loadQuality([assertion('contains', 'Hello'), assertion('llm-rubric', 'Is polite')], {
      services: services({ judge: () => judge }),
    });
    const correct: (boolean | null)[] = [];
    for (let i = 0; i < GRADED_ANSWERS * 3; i++)
      correct.push(await quality.judge(ended(i % 4 === 0 ? 'Bye' : 'Hello')));
    assert.equal(judge.asked, 0);
    assert.equal(correct.filter(Boolean).length, (GRADED_ANSWERS * 3 * 3) / 4);
    const result = await quality.finish(options);
    assert.equal(judge.asked, GRADED_ANSWERS);
    assert.equal(result?.cases, GRADED_ANSWERS);
    assert.equal(result?.sampled_from, GRADED_ANSWERS * 3);
    // Three in four are right; a uniform sample of 100 strays from that by more than 20 points once in a million.
    assert.ok(Math.abs((result?.pass_rate ?? 0) - 0.75) < 0.2);
  });
});

function loadQuality(
  assertions: AssertionPlan[],
  more: { services?: ReturnType<typeof services>; failures?: CaseRecord[]; change?: Partial<CasePlan> } = {},
): LoadQuality {
  const item = casePlan(assertions, more.change);
  return new LoadQuality({
    target: { id: 't', params: {} },
    stage: 'steady',
    cases: new Map([[item.pointer, item]]),
    services: more.services ?? services(),
    seed: 1,
    onFailure: (record) => more.failures?.push(record),
  });
}

describe('LoadQuality', () => {
  it('judges every measured answer, counts failed requests as not right, and keeps what did not pass', async () => {
    const failures: CaseRecord[] = [];
    const quality = loadQuality([assertion('contains', 'yes')], { failures });
    assert.equal(await quality.judge(ended('yes')), true);
    assert.equal(await quality.judge(ended('no', { id: 'wrong' })), false);
    assert.equal(await quality.judge(ended('', { id: 'down', outcome: 'failed', first: null })), false);
    const result = await quality.finish(options);
    assert.deepEqual([result?.cases, result?.passed, result?.failed, result?.errors], [3, 1, 1, 1]);
    assert.deepEqual(
      failures.map(({ request, stage, answer }) => [request, stage, answer]),
      [
        ['wrong', 'steady', 'no'],
        ['down', 'steady', null],
      ],
    );
    assert.equal(result?.repeated, undefined);
    assert.equal(result?.flake_rate, null);
  });

  it('says nothing about warm-up, cancelled requests, unknown cases and cases without assertions', async () => {
    const quality = loadQuality([assertion('contains', 'yes')]);
    assert.equal(await quality.judge(ended('no', { phase: 'warmup' })), null);
    assert.equal(await quality.judge(ended('no', { outcome: 'cancelled' })), null);
    assert.equal(await quality.judge(ended('no', { case: '/cases/7' })), null);
    assert.equal(await loadQuality([]).judge(ended('no')), null);
    assert.equal(await quality.finish(options), null);
  });

  it('counts the answers that were dropped because judging did not keep up', async () => {
    const quality = loadQuality([assertion('contains', 'yes')]);
    await quality.judge(ended('yes'));
    const { record } = ended('yes');
    assert.equal(await quality.judge({ record, dropped: true }), null);
    assert.equal((await quality.finish(options))?.not_judged, 1);
  });

  it('keeps a bounded number of failures, and counts them all', async () => {
    const failures: CaseRecord[] = [];
    const quality = loadQuality([assertion('contains', 'yes')], { failures });
    for (let i = 0; i < KEPT_FAILURES + 50; i++) await quality.judge(ended('no'));
    assert.equal(failures.length, KEPT_FAILURES);
    assert.equal((await quality.finish(options))?.failed, KEPT_FAILURES + 50);
  });

  it('does not apply the threshold of a case to a part of its assertions', async () => {
    const quality = loadQuality([assertion('contains', 'yes'), assertion('llm-rubric', 'Is polite')], {
      change: { threshold: 0.5 },
    });
    assert.equal(await quality.judge(ended('yes')), null);
  });
});
