import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CaseRecord, RequestRecord } from '../../../src/protocol/run-json';
import type { RequestDetail } from '../../../src/protocol/run-panel';
import { PlanIndex, planOf } from '../../../src/core/run-panel/plan-index';
import { RunRecords } from '../../../src/core/run-panel/records';
import { RunDetails } from '../../../src/core/run-panel/request-details';
import { emptyState } from '../../../src/core/run-panel/shape';
import { removeTempDirs, tempDir } from '../support/temp';
import { answer, plan, refused, request, STAGE, TARGET, writeRun } from './stored';

const TALK: CaseRecord = answer('sim/cases/2', {
  case: '/cases/1',
  turns: [
    { request: 'sim/cases/1', user: 'Hello?', answer: 'Hello.' },
    { request: 'sim/cases/2', user: 'And then?', answer: 'Bye.' },
  ],
});

async function details(requests: RequestRecord[], cases: CaseRecord[] = []): Promise<RunDetails> {
  const dir = tempDir();
  await writeRun(dir, { plan: plan(), requests, cases });
  return new RunDetails(new RunRecords(dir), emptyState);
}

async function detailOf(runs: RunDetails, id: string): Promise<RequestDetail> {
  const reply = await runs.request(id);
  assert.ok(reply.type === 'request' && reply.detail !== null, JSON.stringify(reply));
  return reply.detail;
}

const ofCase = (index: number, pointer: string) =>
  request(index, { stage: 'cases', id: `sim/cases/${index}`, case: pointer, repeat: 0 });

describe('one request of a run', () => {
  after(removeTempDirs);

  it('has its record, its prompt, the name of its case and its judged answer', async () => {
    const runs = await details([ofCase(0, '/cases/0')], [answer('sim/cases/0')]);
    const detail = await detailOf(runs, 'sim/cases/0');
    assert.deepEqual(detail.record, ofCase(0, '/cases/0'));
    assert.deepEqual(detail.prompt, {
      messages: plan().targets[0]?.cases[0]?.messages,
      cutCharacters: 0,
    });
    assert.equal(detail.caseName, 'Return window');
    assert.deepEqual(detail.answer, answer('sim/cases/0'));
  });

  it('of a load stage has the prompt of its template, and says why there is no answer', async () => {
    const runs = await details([request(0, { case: '/cases/0' }), refused(1, { case: '/cases/0' })]);
    const detail = await detailOf(runs, request(0).id);
    assert.ok('messages' in detail.prompt);
    assert.equal(detail.prompt.messages[1]?.content, 'Until when can I return it?');
    assert.equal(detail.answer, null);
    assert.match(detail.answerReason, /only answers that failed an assertion are kept/);
    assert.match((await detailOf(runs, refused(1).id)).answerReason, /ended without an answer/);
  });

  it('says that a prompt was made up, or was part of a session, and is not kept', async () => {
    const runs = await details([
      request(0, { stage: 'made up' }),
      request(1, { case: '/cases/0', session: 0, turn: 1 }),
    ]);
    const reasonOf = async (id: string) => {
      const { prompt } = await detailOf(runs, id);
      return 'reason' in prompt ? prompt.reason : 'none';
    };
    assert.match(await reasonOf('sim/made up/0'), /made up for the stage \(12 tokens\)/);
    assert.match(await reasonOf(request(1).id), /later turn of a session/);
  });

  it('of a conversation has the turns before it', async () => {
    const runs = await details([ofCase(1, '/cases/1'), ofCase(2, '/cases/1')], [TALK]);
    const textsOf = async (id: string) => {
      const { prompt } = await detailOf(runs, id);
      return 'messages' in prompt ? prompt.messages.map(({ role, content }) => `${role}: ${content}`) : [];
    };
    assert.deepEqual(await textsOf('sim/cases/1'), ['system: Be brief.', 'user: Hello?']);
    assert.deepEqual(await textsOf('sim/cases/2'), [
      'system: Be brief.',
      'user: Hello?',
      'assistant: Hello.',
      'user: And then?',
    ]);
  });

  it('is bounded: gaps, prompt and answer', async () => {
    const dir = tempDir();
    const long = 'x'.repeat(3_000_000);
    const itl = Array.from({ length: 50_000 }, () => 1);
    await writeRun(dir, {
      requests: [{ ...ofCase(0, '/cases/0'), itl }],
      cases: [answer('sim/cases/0', { answer: long })],
    });
    const planned = plan();
    const [first] = planned.targets[0]?.cases ?? [];
    assert.ok(first);
    first.messages = [
      { role: 'user', content: long },
      { role: 'user', content: 'more' },
    ];
    const runs = new RunDetails(new RunRecords(dir), emptyState, new PlanIndex(planned));
    const detail = await detailOf(runs, 'sim/cases/0');
    assert.equal(detail.record.itl.length, 20_000);
    assert.equal(detail.answer?.answer?.length, 2_000_001);
    assert.equal(detail.answer.answerCharacters, 3_000_000);
    assert.ok('messages' in detail.prompt);
    assert.equal(detail.prompt.cutCharacters, 1_000_004);
  });

  it('is an error with a reason where it is not kept', async () => {
    const reply = await (await details([])).request('sim/steady/9');
    assert.ok(reply.type === 'request' && reply.detail === null);
    assert.match(reply.error, /not in requests\.ndjson/);
  });

  it('goes without a prompt where the plan is gone, is none, or is too large', async () => {
    const dir = tempDir();
    await writeRun(dir, { requests: [request(0)] });
    const gone = await planOf(dir);
    assert.match('reason' in gone ? gone.reason : '', /which is gone/);
    await writeFile(join(dir, 'plan.json'), '[1, 2');
    const broken = await planOf(dir);
    assert.match('reason' in broken ? broken.reason : '', /cannot be read/);
    await writeFile(join(dir, 'plan.json'), '{}');
    const other = await planOf(dir);
    assert.match('reason' in other ? other.reason : '', /not a plan/);
    await writeFile(join(dir, 'plan.json'), JSON.stringify(plan()));
    const large = await planOf(dir, 10);
    assert.match('reason' in large ? large.reason : '', /too much/);
    assert.ok('plan' in (await planOf(dir)));
  });
});

describe('rows and answers of a run', () => {
  after(removeTempDirs);

  it('are the instants of the requests that are asked for', async () => {
    const runs = await details([request(0, { case: '/cases/0', connect_ms: 3 }), refused(1)]);
    const reply = await runs.rows([refused(1).id, request(0).id, 'sim/steady/99']);
    assert.ok(reply.type === 'rows');
    assert.deepEqual(
      reply.rows.map(({ id, outcome, errorKind, connectMs, caseName }) => [
        id,
        outcome,
        errorKind,
        connectMs,
        caseName,
      ]),
      [
        [refused(1).id, 'failed', 'http_429', null, null],
        [request(0).id, 'completed', null, 3, 'Return window'],
      ],
    );
    assert.equal(reply.rows[1]?.first, request(0).first);
  });

  it('are the answers of a load stage that were kept, and of no other', async () => {
    const kept = answer(request(0).id, { stage: STAGE, outcome: 'failed' });
    const runs = await details([], [answer('sim/cases/0'), kept, answer('x', { stage: 'other', outcome: 'failed' })]);
    const reply = await runs.loadAnswers(TARGET, STAGE);
    assert.ok(reply.type === 'load-answers');
    assert.deepEqual(reply.records, [kept]);
  });

  it('are the whole of an answer that was cut', async () => {
    const long = 'y'.repeat(100_000);
    const runs = await details([], [answer('a', { repeat: 0 }), answer('b', { repeat: 1, answer: long })]);
    const reply = await runs.answer(TARGET, '/cases/0', 1);
    assert.ok(reply.type === 'answer');
    assert.equal(reply.answer, long);
    const none = await runs.answer(TARGET, '/cases/7', 0);
    assert.ok(none.type === 'answer' && none.answer === null);
  });

  it('name the cases that failed, once each, load stages apart', async () => {
    const runs = await details(
      [],
      [
        answer('a', { case_id: 'one', outcome: 'failed' }),
        answer('b', { case_id: 'one', outcome: 'error', repeat: 1 }),
        answer('c', { case_id: 'two' }),
        answer('d', { case_id: 'three', outcome: 'failed', stage: STAGE }),
        answer('e', { case_id: 'four', outcome: 'error' }),
      ],
    );
    assert.deepEqual(await runs.failedCases(), ['one', 'four']);
  });
});
