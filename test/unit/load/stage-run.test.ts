import assert from 'node:assert/strict';
import type { Message, StagePlan } from '../../../src/protocol/plan';
import type { RequestRecord } from '../../../src/protocol/run-json';
import { openaiChat } from '../../../src/core/endpoints/openai-chat';
import { SharedCounters } from '../../../src/core/load/concurrency';
import type { TraceRows } from '../../../src/core/load/prompt-source';
import type { RequestSpec } from '../../../src/core/load/request';
import { StageRun, type RunSummary } from '../../../src/core/load/stage-run';
import { FakeClock } from './fake-clock';
import { stageOf } from './stage';

const CLOCK_ORIGIN_MS = 123.4567891;
const ORIGIN_MS = 2000;

interface Body {
  messages: Message[];
  max_tokens?: number;
}

interface Sent {
  index: number;
  atMs: number;
  body: Body;
  case: string | undefined;
}

/** A stage over so many workers, with a server that answers each request after `answerMs`. */
function start(
  stage: StagePlan,
  options: {
    workers?: number;
    seed?: number;
    answerMs?: number;
    trace?: TraceRows;
    fail?: (index: number) => boolean;
  } = {},
) {
  const { workers = 1, seed = 1, answerMs = 10, trace, fail = () => false } = options;
  const clock = new FakeClock();
  const counters = new SharedCounters();
  const sent: Sent[] = [];
  const records: RequestRecord[] = [];
  const summaries: RunSummary[] = [];
  const runs = Array.from({ length: workers }, (_, worker) => {
    const run = new StageRun({
      targetId: 't',
      stageName: stage.name,
      stage,
      seed,
      share: { originMs: ORIGIN_MS, worker, workers, counters: counters.buffer },
      wire: openaiChat,
      wireTarget: { url: 'http://x/v1', model: 'm', headers: {}, params: { max_tokens: 99 }, apiKey: undefined },
      clockOriginMs: CLOCK_ORIGIN_MS,
      ...(trace === undefined ? {} : { trace }),
      totalTimeoutMs: 60_000,
      clock,
      soon: clock.soon,
      send: (spec: RequestSpec, listener) => {
        const sentMs = clock.nowMs();
        const body = JSON.parse(spec.request.body.toString()) as Body;
        sent.push({ index: spec.index, atMs: sentMs, body, case: spec.casePointer });
        let over = false;
        const end = (outcome: RequestRecord['outcome']) => {
          if (over) return;
          over = true;
          listener.onReleased(true);
          const since = (ms: number) => Math.round((ms - CLOCK_ORIGIN_MS) * 1000) / 1000;
          const record = {
            index: spec.index,
            scheduled: since(spec.scheduledMs),
            sent: since(sentMs),
            end: since(clock.nowMs()),
            status: 200,
            outcome,
          } as RequestRecord;
          const answer = spec.keepText ? { text: `answer ${spec.index}`, reasoning: '', toolCalls: [] } : undefined;
          listener.onEnded({ record, answer, retryAfterMs: null });
        };
        clock.at(sentMs + answerMs, () => end(fail(spec.index) ? 'failed' : 'completed'));
        return () => end('cancelled');
      },
      onEnded: ({ record }) => records.push(record),
    });
    void run.run().then((summary) => summaries.push(summary));
    return run;
  });
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
  return { clock, sent, records, summaries, runs, settled };
}

const cases = (...texts: string[]) =>
  texts.map((content, i) => ({
    casePointer: `/cases/${i}`,
    messages: [
      { role: 'system' as const, content: 'Be brief.' },
      { role: 'user' as const, content },
    ],
    weight: 1,
  }));

const traceOf = (rows: [at: number, input: number, output: number][]): TraceRows => ({
  length: rows.length,
  offsetsMs: Float64Array.from(rows, ([at]) => at),
  inputTokens: Uint32Array.from(rows, ([, input]) => input),
  outputTokens: Uint32Array.from(rows, ([, , output]) => output),
  blocks: null,
});

describe('StageRun', () => {
  it('counts the very first arrival as measured where there is no warm-up', () => {
    for (const pattern of ['constant', 'poisson'] as const) {
      const { clock, records } = start(stageOf({ pattern, rate: 100, requests: 5 }));
      clock.advanceTo(4000);
      assert.deepEqual(
        records.map(({ phase }) => phase),
        ['measured', 'measured', 'measured', 'measured', 'measured'],
      );
    }
  });

  it('draws the line of the warm-up at the scheduled instant in an open loop', () => {
    const { clock, records } = start(stageOf({ rate: 100, durationMs: 100, warmupMs: 30, cooldownMs: 20 }));
    clock.advanceTo(4000);
    assert.equal(records.map(({ phase }) => phase[0]).join(''), 'wwwmmmmmcc');
  });

  it('sends the same prompts at the same times, whatever the number of workers', async () => {
    const stage = stageOf({
      pattern: 'poisson',
      rate: 200,
      requests: 40,
      requestPool: [],
      synthetic: {
        inputTokens: { mean: 40, stdev: 20, min: 5, max: 80 },
        outputTokens: { mean: 9, stdev: 4, min: 1, max: 20 },
        prefix: { tokens: 12, pool: 3 },
        cache: 'warm',
      },
    });
    const seen = [];
    for (const workers of [1, 2, 3]) {
      const { clock, sent, records, settled, summaries } = start(stage, { workers, seed: 42 });
      clock.advanceTo(5000);
      await settled();
      assert.equal(summaries.length, workers);
      const scheduled = new Map(records.map((record) => [record.index, record.scheduled]));
      seen.push(
        sent
          .sort((a, b) => a.index - b.index)
          .map(({ index, body }) => [index, scheduled.get(index), body.max_tokens, body.messages]),
      );
    }
    assert.equal(seen[0]?.length, 40);
    assert.deepEqual(seen[1], seen[0]);
    assert.deepEqual(seen[2], seen[0]);
    const limits = new Set(seen[0]?.map(([, , limit]) => limit));
    assert.ok(limits.size > 3, 'answers of different lengths are asked for');
    const beginnings = new Set(seen[0]?.map(([, , , messages]) => (messages as Message[])[0]?.content.slice(0, 30)));
    assert.ok(beginnings.size <= 3, `${beginnings.size} beginnings, of a pool of 3`);
  });

  it('gives another schedule and other prompts for another seed', () => {
    const stage = stageOf({
      pattern: 'poisson',
      rate: 200,
      requests: 5,
      requestPool: [],
      synthetic: { inputTokens: { mean: 40 }, cache: 'warm' },
    });
    const of = (seed: number) => {
      const { clock, sent } = start(stage, { seed });
      clock.advanceTo(4000);
      return sent.map(({ body }) => body.messages[0]?.content);
    };
    assert.notDeepEqual(of(1), of(2));
    assert.deepEqual(of(1), of(1));
  });

  it('makes the prompts of a closed loop the same ones by index, and each index once', () => {
    const stage = stageOf({
      pattern: 'concurrent',
      loop: 'closed',
      concurrency: 5,
      requests: 23,
      requestPool: [],
      synthetic: { inputTokens: { mean: 30, stdev: 10, min: 1, max: 60 }, cache: 'warm' },
    });
    const texts = [1, 2].map((workers) => {
      const { clock, sent } = start(stage, { workers });
      clock.advanceTo(10_000);
      return sent.sort((a, b) => a.index - b.index).map(({ index, body }) => [index, body.messages[0]?.content]);
    });
    assert.equal(texts[0]?.length, 23);
    assert.deepEqual(texts[1], texts[0]);
  });

  it('limits the answers of cases, and begins each with a line of its own where the cache is to be cold', () => {
    const stage = stageOf({
      rate: 100,
      requests: 4,
      requestPool: cases('one', 'two'),
      synthetic: { outputTokens: { mean: 7 }, cache: 'cold' },
    });
    const { clock, sent } = start(stage);
    clock.advanceTo(4000);
    assert.deepEqual(
      sent.map(({ body, case: pointer }) => [body.max_tokens, pointer]),
      [0, 1, 0, 1].map((i) => [7, `/cases/${i}`]),
    );
    const firsts = sent.map(({ body }) => body.messages[0]?.content.split('\n') ?? []);
    assert.ok(firsts.every((lines) => lines.length === 2 && lines[1] === 'Be brief.'));
    assert.equal(new Set(firsts.map(([line]) => line?.slice(0, 12))).size, 4);
    assert.equal(sent[1]?.body.messages[1]?.content, 'two');
  });

  it('replays a trace: when, how long the prompt, how long the answer', async () => {
    const trace = traceOf([
      [0, 10, 3],
      [5, 100, 4],
      [5, 20, 5],
      [90, 1, 6],
    ]);
    const stage = stageOf({ pattern: 'trace', trace: { path: '/x', speed: 2 }, requestPool: [], durationMs: 60 });
    for (const workers of [1, 2]) {
      const { clock, sent, settled, summaries, records } = start(stage, { trace, workers });
      clock.advanceTo(4000);
      await settled();
      assert.equal(summaries.length, workers);
      sent.sort((a, b) => a.index - b.index);
      assert.deepEqual(
        sent.map(({ body }) => body.max_tokens),
        [3, 4, 5, 6],
      );
      assert.ok(sent.every(({ atMs }, i) => Math.abs(atMs - ORIGIN_MS - [0, 2.5, 2.5, 45][i]!) < 0.3));
      const lengths = sent.map(({ body }) => body.messages[0]?.content.length ?? 0);
      assert.ok(lengths[1]! > 3 * lengths[2]! && lengths[3]! < 20, lengths.join());
      assert.ok(records.every(({ phase }) => phase === 'measured'));
    }
  });

  it('lets users join and leave over a ramp', () => {
    const ramp = (from: number, to: number) => {
      const { clock, sent } = start(
        stageOf({ pattern: 'ramp', loop: 'closed', ramp: { from, to, shape: 'linear' }, durationMs: 1000 }),
        { workers: 2 },
      );
      clock.advanceTo(5000);
      const during = (fromMs: number, toMs: number) =>
        sent.filter(({ atMs }) => atMs >= ORIGIN_MS + fromMs && atMs < ORIGIN_MS + toMs).length /
        ((toMs - fromMs) / 10);
      return [during(0, 100), during(450, 550), during(900, 1000)].map(Math.round);
    };
    assert.deepEqual(ramp(1, 9), [1, 5, 9]);
    assert.deepEqual(ramp(9, 1), [9, 5, 1]);
  });

  it('refuses what has nothing to send or no end', () => {
    assert.throws(() => start(stageOf({ rate: 1, requests: 1, requestPool: [] })), {
      code: 'usage',
      message: /nothing to send/,
    });
    assert.throws(() => start(stageOf({ rate: 1 })), { code: 'usage', message: /never ends/ });
    const trace = traceOf([[0, 1, 1]]);
    const stage = stageOf({
      pattern: 'trace',
      trace: { path: '/x', speed: 1 },
      sessions: { turns: 2, thinkTimeMs: 0 },
    });
    assert.throws(() => start(stage, { trace }), { code: 'usage', message: /sessions/ });
  });
});

describe('sessions', () => {
  const chat = (changes: Partial<StagePlan> = {}) =>
    stageOf({
      pattern: 'concurrent',
      loop: 'closed',
      concurrency: 2,
      requests: 8,
      requestPool: cases('one', 'two', 'three'),
      sessions: { turns: 3, thinkTimeMs: 50 },
      ...changes,
    });

  it('carry the conversation so far, the real answers included, after a time to think', async () => {
    const { clock, sent, records, settled, summaries } = start(chat({ concurrency: 1, requests: 3 }));
    clock.advanceTo(5000);
    await settled();
    assert.deepEqual(
      sent.map(({ body }) => body.messages.map(({ role, content }) => `${role[0]}: ${content}`)),
      [
        ['s: Be brief.', 'u: one'],
        ['s: Be brief.', 'u: one', 'a: answer 0', 'u: two'],
        ['s: Be brief.', 'u: one', 'a: answer 0', 'u: two', 'a: answer 1', 'u: three'],
      ],
    );
    assert.ok(
      sent.every(({ atMs }, turn) => Math.abs(atMs - ORIGIN_MS - turn * 60) < 0.5),
      sent.map(({ atMs }) => atMs).join(),
    );
    assert.deepEqual(
      records.map(({ session, turn }) => [session, turn]),
      [
        [0, 0],
        [0, 1],
        [0, 2],
      ],
    );
    // Dispatch lag counts from when the user had thought, not from when the answer came.
    assert.ok(records.every((record) => (record.sent ?? 0) - record.scheduled < 0.5));
    assert.equal(summaries[0]?.scheduled, 3);
    assert.equal(summaries[0]?.concurrencyMax, 1);
  });

  it('are numbered so that the number of requests is exact, over workers too', async () => {
    for (const workers of [1, 2]) {
      const { clock, sent, settled, summaries } = start(chat(), { workers });
      clock.advanceTo(5000);
      await settled();
      assert.deepEqual(
        sent.map(({ index }) => index).sort((a, b) => a - b),
        [0, 1, 2, 3, 4, 5, 6, 7],
      );
      assert.equal(
        summaries.reduce((sum, { scheduled }) => sum + scheduled, 0),
        8,
      );
    }
  });

  it('arrive by schedule in an open loop, and keep a slot while they last', async () => {
    const stage = chat({
      pattern: 'constant',
      loop: 'open',
      rate: 100,
      requests: 12,
      maxConcurrency: 2,
      requestPool: [],
      synthetic: { inputTokens: { mean: 12 }, prefix: { tokens: 8, pool: 1 }, cache: 'warm' },
    });
    const { clock, sent, records, settled, summaries } = start(stage);
    clock.advanceTo(10_000);
    await settled();
    assert.equal(summaries[0]?.scheduled, 12);
    assert.equal(sent.length, 12);
    const third = records.find(({ index }) => index === 6);
    assert.ok(third !== undefined && (third.sent ?? 0) - third.scheduled > 100, 'the third waits for the first to end');
    const last = sent.find(({ index }) => index === 11)?.body.messages ?? [];
    assert.deepEqual(
      last.map(({ role }) => role),
      ['user', 'assistant', 'user', 'assistant', 'user'],
    );
    assert.ok((last[2]?.content.length ?? 0) < (last[0]?.content.length ?? 0), 'the prefix is not sent again');
  });

  it('end with a turn that fails, and their user goes on with another', async () => {
    const { clock, sent, settled, summaries } = start(chat({ concurrency: 1, requests: 6 }), {
      fail: (index) => index === 1,
    });
    clock.advanceTo(5000);
    await settled();
    assert.deepEqual(
      sent.map(({ index }) => index),
      [0, 1, 3, 4, 5],
    );
    assert.equal(summaries.length, 1);
  });

  it('take no turn after the end, and end at once when they are cancelled', async () => {
    const short = start(chat({ concurrency: 1, requests: undefined, durationMs: 100 }));
    short.clock.advanceTo(5000);
    await short.settled();
    assert.deepEqual(
      short.sent.map(({ index }) => index),
      [0, 1],
    );
    assert.equal(short.summaries.length, 1);

    const long = start(
      chat({ concurrency: 3, requests: undefined, durationMs: 60_000, sessions: { turns: 9, thinkTimeMs: 500 } }),
    );
    long.clock.advanceTo(2300);
    for (const run of long.runs) run.cancel();
    await long.settled();
    assert.equal(long.summaries.length, 1);
    assert.equal(long.summaries[0]?.scheduled, 3);
    long.clock.advanceTo(9000);
    assert.equal(long.sent.length, 3);
  });
});
