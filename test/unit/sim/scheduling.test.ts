import assert from 'node:assert/strict';
import { startSimulator, type Simulator } from '../../../src/core/sim/server';
import type { SimRequest } from '../../../src/core/sim/request-log';
import type { SimConfig } from '../../../src/protocol/plan';
import { call, chat, errorOf, until, type Answer } from './support/client';
import { FakeClock } from '../support/fake-clock';

/** With a clock driven by hand, so that every instant on record can be stated exactly. */
describe('simulator scheduling', () => {
  let clock: FakeClock;
  let sim: Simulator;
  const start = async (config: SimConfig): Promise<void> => {
    clock = new FakeClock();
    sim = await startSimulator({ ttftPerInputTokenMs: 0, jitter: 0, outputTokens: 3, ...config }, { clock });
  };
  const ask = (id: string, more: Record<string, unknown> = {}, content = 'x'): Promise<Answer> =>
    call(`${sim.url}/chat/completions`, {
      body: chat(content, { stream: true, ...more }),
      headers: { 'x-request-id': id },
    });
  const admitted = (count: number): Promise<void> => until(() => sim.stats().running + sim.stats().waiting === count);
  const byId = (id: string): SimRequest => {
    const found = sim.requests().find((request) => request.id === id);
    assert.ok(found, `${id} is not on record`);
    return found;
  };
  afterEach(() => sim.close());

  it('sends the first token after prefill, which grows with the input, and the others at their gaps', async () => {
    await start({ ttftMs: 100, ttftPerInputTokenMs: 2, itlMs: 10 });
    const answer = ask('a', {}, 'one two three');
    await admitted(1);
    clock.advance(500);
    await answer;
    const request = byId('a');
    assert.deepEqual(request.dueMs, [1106, 1116, 1126]);
    assert.deepEqual(request.writesMs, request.dueMs);
    assert.deepEqual([request.bodyMs, request.runningMs, request.endMs], [1000, 1000, 1126]);
  });

  it('slows decoding by the load, looked at again for each token', async () => {
    await start({ ttftMs: 100, itlMs: 10, loadFactor: 3, maxRunning: 3, outputTokens: 4 });
    const first = ask('a');
    await admitted(1);
    clock.advance(105);
    const second = ask('b', { max_tokens: 1 });
    await admitted(2);
    clock.advance(500);
    await Promise.all([first, second]);
    // Alone 10 ms, with one other of three running 20 ms: the gap after 1110 is the first that sees both.
    assert.deepEqual(byId('a').dueMs, [1100, 1110, 1130, 1150]);
    assert.deepEqual(byId('b').dueMs, [1205]);
  });

  it('queues in order of arrival and starts the next one when a slot is free', async () => {
    await start({ ttftMs: 100, itlMs: 10, maxRunning: 1, maxWaiting: 2 });
    const answers: Promise<Answer>[] = [];
    for (const id of ['a', 'b', 'c']) {
      answers.push(ask(id));
      await admitted(answers.length);
    }
    assert.deepEqual([sim.stats().running, sim.stats().waiting], [1, 2]);

    const full = await ask('d');
    assert.deepEqual([full.status, errorOf(full).code, full.headers['retry-after']], [429, 'queue_full', '1']);
    assert.deepEqual([byId('d').outcome, byId('d').runningMs], ['rejected', null]);

    clock.advance(1000);
    await Promise.all(answers);
    assert.deepEqual(
      ['a', 'b', 'c'].map((id) => byId(id).runningMs),
      [1000, 1120, 1240],
    );
    assert.deepEqual(byId('c').dueMs, [1340, 1350, 1360]);
    assert.deepEqual([sim.stats().peakRunning, sim.stats().peakWaiting], [1, 2]);
  });

  it('frees the slot of a client that hangs up, and its place in the queue', async () => {
    await start({ ttftMs: 100, itlMs: 10, maxRunning: 1 });
    const running = new AbortController();
    const waiting = new AbortController();
    const leave = (id: string, signal: AbortSignal): Promise<unknown> =>
      call(`${sim.url}/chat/completions`, {
        body: chat('x', { stream: true }),
        headers: { 'x-request-id': id },
        signal,
      }).catch((error: unknown) => error);
    const first = leave('a', running.signal);
    await admitted(1);
    const second = leave('b', waiting.signal);
    await admitted(2);
    const third = ask('c');
    await admitted(3);

    clock.advance(105);
    waiting.abort();
    await admitted(2);
    running.abort();
    await admitted(1);
    clock.advance(500);
    await Promise.all([first, second, third]);
    assert.deepEqual([byId('a').outcome, byId('a').outputTokens], ['cancelled', 1]);
    assert.deepEqual([byId('b').outcome, byId('b').runningMs], ['cancelled', null]);
    assert.deepEqual([byId('c').outcome, byId('c').runningMs], ['completed', 1105]);
  });

  it('forgets the schedule of a client that hung up', async () => {
    await start({ ttftMs: 100, itlMs: 10 });
    const abort = new AbortController();
    const answer = call(`${sim.url}/chat/completions`, { body: chat('x', { stream: true }), signal: abort.signal });
    await admitted(1);
    assert.equal(clock.pending, 1);
    abort.abort();
    await answer.catch((error: unknown) => error);
    await admitted(0);
    assert.equal(clock.pending, 0);
  });

  it('gives a chunk of several tokens the time of them all', async () => {
    await start({ ttftMs: 100, itlMs: 10, chunkTokens: 4, outputTokens: 6 });
    const answer = ask('a');
    await admitted(1);
    clock.advance(500);
    await answer;
    assert.deepEqual(
      [byId('a').dueMs, byId('a').chunkTokens],
      [
        [1100, 1140, 1150],
        [1, 4, 1],
      ],
    );
  });

  it('draws the same times for a request whatever runs beside it, and others with another seed', async () => {
    const config = { ttftMs: 100, itlMs: 10, jitter: 0.3, loadFactor: 1, outputTokens: 8 };
    const times = async (seed: number, ids: string[]): Promise<number[]> => {
      await start({ ...config, seed });
      const answers: Promise<Answer>[] = [];
      for (const id of ids) {
        answers.push(ask(id));
        await admitted(answers.length);
      }
      clock.advance(2000);
      await Promise.all(answers);
      const due = byId('target').dueMs;
      await sim.close();
      return due;
    };
    const alone = await times(1, ['target']);
    assert.equal(alone.length, 8);
    assert.deepEqual(await times(1, ['other', 'target', 'third']), alone);
    assert.notDeepEqual(await times(2, ['target']), alone);
  });

  it('keeps to the settings that a request started with, and takes new ones for the next', async () => {
    await start({ ttftMs: 100, itlMs: 10 });
    const first = ask('a');
    await admitted(1);
    sim.reconfigure({ ttftMs: 50, ttftPerInputTokenMs: 0, itlMs: 1, jitter: 0, loadFactor: 1, outputTokens: 2 });
    assert.throws(() => sim.reconfigure({ itlMs: -1 }));
    const second = ask('b');
    await admitted(2);
    clock.advance(500);
    await Promise.all([first, second]);
    assert.equal(byId('a').dueMs[0], 1100);
    assert.deepEqual(byId('b').dueMs, [1050, 1051]);
  });
});
