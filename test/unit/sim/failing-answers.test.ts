import assert from 'node:assert/strict';
import { startSimulator, type Simulator } from '../../../src/core/sim/server';
import type { SimFailure } from '../../../src/protocol/plan';
import { call, chat, chunks, contentOf, errorOf, events, until, type Answer } from './support/client';

const TEMPLATE = 'a b c d e f';

describe('simulated failures', () => {
  let sim: Simulator;
  const use = (failure?: SimFailure): void => {
    sim.reset();
    sim.reconfigure({
      ttftMs: 1,
      ttftPerInputTokenMs: 0,
      itlMs: 1,
      jitter: 0,
      outputTokens: 6,
      template: TEMPLATE,
      failure,
    });
  };
  const ask = (stream: boolean, headers?: Record<string, string>): Promise<Answer> =>
    call(`${sim.url}/chat/completions`, { body: chat('x', { stream }), headers });
  const record = (): [string | undefined, string | null | undefined, number | undefined] => {
    const last = sim.requests().at(-1);
    return [last?.outcome, last?.failure, last?.outputTokens];
  };

  before(async () => {
    sim = await startSimulator({});
  });
  after(() => sim.close());

  it('status: an HTTP error with an OpenAI body, and Retry-After with 429', async () => {
    use({ kind: 'status', status: 429 });
    const limited = await ask(true);
    assert.deepEqual(
      [limited.status, errorOf(limited).type, limited.headers['retry-after']],
      [429, 'rate_limit_error', '1'],
    );
    assert.deepEqual(record(), ['failed', 'status', 0]);
    use({ kind: 'status' });
    const failed = await ask(false);
    assert.deepEqual(
      [failed.status, errorOf(failed).type, failed.headers['retry-after']],
      [500, 'server_error', undefined],
    );
  });

  it('error-event: an error in the middle of a stream, and no [DONE]', async () => {
    use({ kind: 'error-event', afterTokens: 2 });
    const answer = await ask(true);
    assert.equal(answer.status, 200);
    assert.equal(contentOf(answer), 'a b');
    assert.equal(chunks(answer).at(-1)?.error?.type, 'server_error');
    assert.ok(!events(answer).includes('[DONE]'));
    assert.deepEqual(record(), ['failed', 'error-event', 2]);
    assert.equal((await ask(false)).status, 500);
  });

  it('disconnect: the connection breaks after the tokens', async () => {
    use({ kind: 'disconnect', afterTokens: 3 });
    const answer = await ask(true);
    assert.deepEqual([answer.broken, contentOf(answer)], [true, 'a b c']);
    assert.deepEqual(record(), ['failed', 'disconnect', 3]);
    await assert.rejects(ask(false), /socket hang up|ECONNRESET/);
  });

  it('strikes before the end where the answer is shorter than afterTokens', async () => {
    use({ kind: 'disconnect', afterTokens: 100 });
    const answer = await ask(true);
    assert.deepEqual([answer.broken, contentOf(answer)], [true, TEMPLATE]);
    assert.deepEqual(record(), ['failed', 'disconnect', 6]);
  });

  it('stall: for a time, after which the rest follows at the old pace', async () => {
    use({ kind: 'stall', afterTokens: 2, delayMs: 60 });
    const answer = await ask(true);
    assert.equal(contentOf(answer), TEMPLATE);
    assert.deepEqual(record(), ['completed', 'stall', 6]);
    const due = sim.requests()[0]?.dueMs ?? [];
    const gaps = due.slice(1).map((dueMs, i) => Math.round(dueMs - (due[i] ?? 0)));
    assert.deepEqual(gaps, [1, 61, 1, 1, 1]);
  });

  it('stall: for ever, until the client leaves, which frees the slot', async () => {
    use({ kind: 'stall', afterTokens: 2 });
    const abort = new AbortController();
    const answer = call(`${sim.url}/chat/completions`, { body: chat('x', { stream: true }), signal: abort.signal });
    await until(() => sim.stats().running === 1);
    // Long after the last token would have been sent.
    await new Promise((resolve) => setTimeout(resolve, 40));
    assert.equal(sim.stats().running, 1);
    abort.abort();
    assert.equal((await answer.catch(() => ({ broken: true }))).broken, true);
    await until(() => sim.stats().running === 0);
    assert.deepEqual(record(), ['cancelled', 'stall', 2]);
  });

  it('malformed-json: an event that cannot be parsed, in a stream that goes on', async () => {
    use({ kind: 'malformed-json', afterTokens: 2 });
    const data = events(await ask(true));
    const broken = data.filter((event) => event !== '[DONE]' && !isJson(event));
    assert.equal(broken.length, 1);
    assert.equal(data.indexOf(broken[0] ?? ''), 2);
    assert.equal(data.at(-1), '[DONE]');
    assert.deepEqual(record(), ['failed', 'malformed-json', 6]);
    assert.equal(isJson((await ask(false)).text), false);
  });

  it('html: a page with status 200', async () => {
    use({ kind: 'html' });
    const answer = await ask(true);
    assert.equal(answer.status, 200);
    assert.match(answer.headers['content-type'] ?? '', /^text\/html/);
    assert.match(answer.text, /^<!DOCTYPE html>/);
    assert.deepEqual(record(), ['failed', 'html', 0]);
  });

  it('slow-headers: nothing before the delay, then an ordinary answer', async () => {
    use({ kind: 'slow-headers', delayMs: 50 });
    const answer = await ask(true);
    assert.equal(contentOf(answer), TEMPLATE);
    const [request] = sim.requests();
    assert.ok(request && request.bodyMs !== null && request.headersMs !== null);
    assert.ok(request.headersMs - request.bodyMs >= 50);
    assert.deepEqual(record(), ['completed', 'slow-headers', 6]);
  });

  it('strikes every n-th request only', async () => {
    use({ kind: 'status', status: 503, every: 3 });
    const statuses: number[] = [];
    for (let i = 0; i < 6; i++) statuses.push((await ask(false)).status);
    assert.deepEqual(statuses, [200, 200, 503, 200, 200, 503]);
    assert.deepEqual(sim.stats().requests, { received: 6, completed: 4, failed: 2, cancelled: 0, rejected: 0 });
  });

  it('does as the header of a request says, and spares the one that says none', async () => {
    use({ kind: 'status', status: 503 });
    const none = await ask(false, { 'x-sim-failure': 'none' });
    const other = await ask(true, { 'x-sim-failure': 'disconnect; after=1' });
    assert.deepEqual([none.status, other.broken, contentOf(other)], [200, true, 'a']);
    assert.equal((await ask(true, { 'x-sim-failure': 'explode' })).status, 400);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    assert.ok(error instanceof SyntaxError);
    return false;
  }
}
