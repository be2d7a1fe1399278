import assert from 'node:assert/strict';
import type { Message } from '../../../src/protocol/plan';
import type { RequestRecord } from '../../../src/protocol/run-json';
import { openaiChat } from '../../../src/core/endpoints/openai-chat';
import { CasesRun } from '../../../src/core/load/cases-run';
import { SharedCounters } from '../../../src/core/load/concurrency';
import type { RunSummary } from '../../../src/core/load/stage-run';
import type { CaseRequest, EndedRequest } from '../../../src/core/load/types';
import { FakeClock } from './fake-clock';

const ORIGIN_MS = 1000;

interface Sent {
  index: number;
  atMs: number;
  messages: Message[];
}

/** Asks the cases of a server that answers each request after 10 ms with `answer N`, or as `outcome` says. */
function start(
  requests: CaseRequest[],
  options: { concurrency?: number; retryAttempts?: number; outcome?: (index: number) => RequestRecord['outcome'] } = {},
) {
  const { concurrency = 1, retryAttempts = 0, outcome = () => 'completed' } = options;
  const clock = new FakeClock(ORIGIN_MS);
  const sent: Sent[] = [];
  const ended: EndedRequest[] = [];
  const deltas: string[] = [];
  const summaries: RunSummary[] = [];
  const run = new CasesRun({
    targetId: 't',
    stageName: 'cases',
    concurrency,
    requests,
    retryAttempts,
    share: { originMs: ORIGIN_MS, worker: 0, workers: 1, counters: new SharedCounters().buffer },
    wire: openaiChat,
    wireTarget: { url: 'http://x/v1', model: 'm', headers: {}, params: {}, apiKey: undefined },
    clockOriginMs: 0,
    clock,
    send: (spec, listener) => {
      const { messages } = JSON.parse(spec.request.body.toString()) as { messages: Message[] };
      sent.push({ index: spec.index, atMs: clock.nowMs() - ORIGIN_MS, messages });
      let over = false;
      const end = (how: RequestRecord['outcome']) => {
        if (over) return;
        over = true;
        listener.onReleased(true);
        const record = { id: spec.id, index: spec.index, end: clock.nowMs(), status: 200, outcome: how };
        const text = `answer ${spec.index}`;
        spec.onText?.(text);
        const answer = { text, reasoning: '', toolCalls: [] };
        listener.onEnded({ record: record as RequestRecord, answer, retryAfterMs: null });
      };
      clock.at(clock.nowMs() + 10, () => end(outcome(spec.index)));
      return () => end('cancelled');
    },
    onEnded: (request) => ended.push(request),
    onAnswerDelta: (pointer, repeat, text) => deltas.push(`${pointer}#${repeat}:${text}`),
  });
  void run.run().then((summary) => summaries.push(summary));
  return { clock, sent, ended, deltas, summaries, run, settled: () => new Promise<void>((done) => setImmediate(done)) };
}

const talk = (...users: string[]): CaseRequest => ({
  pointer: '/cases/0',
  repeat: 0,
  messages: [{ role: 'system', content: 'Be brief.' }],
  turns: users.map((user) => ({ user, thinkTimeMs: 0 })),
});

describe('CasesRun', () => {
  it('sends each turn of a conversation when the one before is answered, with all that was said', async () => {
    const { clock, sent, ended, deltas, summaries, settled } = start([talk('One?', 'Two?', 'Three?')]);
    clock.advanceTo(ORIGIN_MS + 100);
    await settled();
    assert.deepEqual(
      sent.map(({ atMs, messages }) => [atMs, messages.map(({ role, content }) => `${role}: ${content}`)]),
      [
        [0, ['system: Be brief.', 'user: One?']],
        [10, ['system: Be brief.', 'user: One?', 'assistant: answer 0', 'user: Two?']],
        [
          20,
          [
            'system: Be brief.',
            'user: One?',
            'assistant: answer 0',
            'user: Two?',
            'assistant: answer 1',
            'user: Three?',
          ],
        ],
      ],
    );
    assert.deepEqual(
      ended.map(({ record }) => [record.id, record.turn]),
      [
        ['t/cases/0', 0],
        ['t/cases/1', 1],
        ['t/cases/2', 2],
      ],
    );
    assert.deepEqual(deltas, ['/cases/0#0:answer 0', '/cases/0#0:\n\nanswer 1', '/cases/0#0:\n\nanswer 2']);
    assert.equal(summaries[0]?.scheduled, 3);
  });

  it('lets the user think before a turn', () => {
    const request = talk('One?', 'Two?');
    request.turns = [
      { user: 'One?', thinkTimeMs: 5 },
      { user: 'Two?', thinkTimeMs: 200 },
    ];
    const { clock, sent } = start([request]);
    clock.advanceTo(ORIGIN_MS + 1000);
    assert.deepEqual(
      sent.map(({ atMs }) => atMs),
      [5, 215],
    );
  });

  it('ends a conversation at a turn without an answer, and goes on with the next case', async () => {
    const next: CaseRequest = { pointer: '/cases/1', repeat: 0, messages: [{ role: 'user', content: 'Other?' }] };
    const outcome = (index: number) => (index === 1 ? 'failed' : 'completed');
    const { clock, sent, summaries, settled } = start([talk('One?', 'Two?', 'Three?'), next], { outcome });
    clock.advanceTo(ORIGIN_MS + 1000);
    await settled();
    // The third turn's number stays free, so that numbers do not depend on what the server did.
    assert.deepEqual(
      sent.map(({ index }) => index),
      [0, 1, 3],
    );
    assert.equal(summaries[0]?.scheduled, 3);
  });

  it('holds one place of the concurrency for a whole conversation', () => {
    const single = (pointer: string): CaseRequest => ({
      pointer,
      repeat: 0,
      messages: [{ role: 'user', content: pointer }],
    });
    const { clock, sent } = start([talk('One?', 'Two?'), single('/cases/1'), single('/cases/2')], { concurrency: 2 });
    clock.advanceTo(ORIGIN_MS + 1000);
    assert.deepEqual(
      sent.map(({ index, atMs }) => [index, atMs]),
      [
        [0, 0],
        [2, 0],
        [1, 10],
        [3, 10],
      ],
    );
  });

  it('records nothing of a turn whose user was still thinking when the run was stopped', async () => {
    const request = talk('One?', 'Two?');
    request.turns = [
      { user: 'One?', thinkTimeMs: 0 },
      { user: 'Two?', thinkTimeMs: 500 },
    ];
    const { clock, run, ended, summaries, settled } = start([request]);
    clock.advanceTo(ORIGIN_MS + 100);
    run.cancel();
    await settled();
    assert.deepEqual(
      ended.map(({ record }) => record.outcome),
      ['completed'],
    );
    assert.equal(summaries[0]?.scheduled, 1);
  });

  it('records a turn in flight as cancelled when the run is stopped', async () => {
    const { clock, run, ended, summaries, settled } = start([talk('One?', 'Two?')]);
    clock.advanceTo(ORIGIN_MS + 15);
    run.cancel();
    await settled();
    assert.deepEqual(
      ended.map(({ record }) => record.outcome),
      ['completed', 'cancelled'],
    );
    assert.equal(summaries.length, 1);
  });
});
