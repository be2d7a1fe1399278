import assert from 'node:assert/strict';
import { openaiChat } from '../../../src/core/endpoints/openai-chat';
import { Intake } from '../../../src/core/load/intake';
import { ConnectionPool } from '../../../src/core/load/connections';
import { type RequestEnd, type RequestSpec } from '../../../src/core/load/request';
import { RequestRecorder, TracedRequest } from '../../../src/core/load/traced-request';
import { monotonicMs } from '../../../src/core/util/clock';
import { Redactor } from '../../../src/core/util/redact';
import type { RequestTrace } from '../../../src/protocol/trace';
import { closers, KEY, serve, wait } from '../load/client';

const event = (delta: object) => `data: ${JSON.stringify({ choices: [{ index: 0, delta }] })}\n\n`;

/** Asks once, traced; `secret` is the value of a header of the endpoint that is too short to be masked as text. */
async function ask(url: string): Promise<{ end: RequestEnd; trace: RequestTrace }> {
  const redactor = new Redactor();
  redactor.add(KEY);
  const pool = new ConnectionPool({
    origin: url,
    connectTimeoutMs: 5000,
    tls: { ca: undefined, rejectUnauthorized: true },
    proxy: undefined,
    nowMs: monotonicMs,
  });
  closers.push(() => pool.close());
  const request = openaiChat.buildRequest(
    { url, model: 'm', headers: { 'x-api-key': 'k1', 'x-team': 'search' }, params: { temperature: 0 }, apiKey: KEY },
    [{ role: 'user', content: `My key is ${KEY}.` }],
    { stream: true },
  );
  const spec: RequestSpec = {
    ...{ id: 't/s/0', target: 't', stage: 's', index: 0, casePointer: '/cases/0', repeat: 0, request },
    ...{ scheduledMs: monotonicMs(), socketWaitMs: null, keepText: true },
  };
  const recorder = new RequestRecorder(request, redactor);
  const end = await new Promise<RequestEnd>((resolve) => {
    new TracedRequest(
      {
        pool,
        wire: openaiChat,
        place: { endpoint: 'ep', host: 'h', model: 'm', apiKeyEnv: undefined, exampleUrl: '' },
        timeouts: { connectMs: 5000, firstTokenMs: 5000, idleMs: 5000, totalMs: 5000 },
        intake: new Intake(monotonicMs),
        redactor,
        nowMs: monotonicMs,
        clockOriginMs: monotonicMs() - 1000,
      },
      spec,
      { onReleased: () => undefined, onEnded: resolve },
      recorder,
    ).start();
  });
  return { end, trace: recorder.trace(end.record, 1) };
}

describe('a traced request', () => {
  it('tells what was sent without a secret, and each event at its measured time', async () => {
    const { url } = await serve(async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'set-cookie': 'session=abc' });
      response.write(event({ reasoning_content: 'Hm.' }));
      await wait(40);
      response.write(event({ content: 'Your key: ' }));
      await wait(40);
      response.end(`${event({ content: KEY })}${event({})}data: [DONE]\n\n`);
    });
    const { end, trace } = await ask(url);
    assert.equal(end.record.outcome, 'completed');
    const { record } = end;

    const headers = new Map(trace.request.headers);
    assert.equal(headers.get('x-api-key'), '[redacted]');
    assert.equal(headers.get('x-team'), 'search');
    assert.equal(headers.get('authorization'), '[redacted]');
    assert.equal(trace.request.method, 'POST');
    assert.equal(trace.request.path, '/chat/completions');
    const body = JSON.parse(trace.request.body) as { temperature: number; messages: { content: string }[] };
    assert.equal(body.temperature, 0);
    assert.equal(body.messages[0]?.content, 'My key is [redacted].');

    assert.equal(trace.response?.status, 200);
    assert.equal(new Map(trace.response.headers).get('set-cookie'), '[redacted]');
    assert.deepEqual(
      trace.events.map(({ kind, text }) => [kind, text]),
      [
        ['reasoning', 'Hm.'],
        ['answer', 'Your key: '],
        ['answer', '[redacted]'],
      ],
    );
    const times = trace.events.map(({ atMs }) => atMs);
    const first = (record.first ?? 0) - (record.sent ?? 0);
    const [second = 0, third = 0] = record.itl;
    assert.deepEqual(times, [first, first + second, first + second + third]);
    assert.ok(Math.abs((times[2] ?? 0) - ((record.last ?? 0) - (record.sent ?? 0))) < 0.1);
    assert.match(trace.received, /\[DONE\]/);
    assert.ok(!JSON.stringify(trace).includes(KEY));
    assert.equal(trace.cut, false);
  });

  it('keeps the whole body of an error', async () => {
    const { url } = await serve((_request, response) => {
      response.writeHead(500, { 'content-type': 'text/plain' });
      response.end(`It broke.\n${'x'.repeat(1000)}`);
    });
    const { end, trace } = await ask(url);
    assert.equal(end.record.outcome, 'failed');
    assert.equal(trace.response?.status, 500);
    assert.equal(trace.received.length, 1010);
    assert.deepEqual(trace.events, []);
  });

  it('has no response where none came', async () => {
    const { end, trace } = await ask('http://127.0.0.1:9');
    assert.equal(end.record.outcome, 'failed');
    assert.equal(trace.response, null);
    assert.equal(trace.received, '');
  });

  it('shows no event where a secret came in pieces', () => {
    const redactor = new Redactor();
    redactor.add(KEY);
    const recorder = new RequestRecorder({ method: 'POST', path: '/', headers: [], body: Buffer.from('{}') }, redactor);
    for (const text of ['Your key: ', KEY.slice(0, 5), KEY.slice(5)]) {
      recorder.content(text, '', false);
      recorder.received(Buffer.from(event({ content: text })));
    }
    const trace = recorder.trace({ sent: 0, first: 1, itl: [1, 1] }, 1);
    assert.deepEqual(
      trace.events.map(({ atMs, text }) => [atMs, text]),
      [
        [1, ''],
        [2, ''],
        [3, ''],
      ],
    );
    assert.ok(!JSON.stringify(trace).includes(KEY.slice(5)));
  });

  it('cuts what is too long and counts what it leaves out', () => {
    const recorder = new RequestRecorder(
      { method: 'POST', path: '/', headers: [], body: Buffer.from('{}') },
      new Redactor(),
    );
    for (let i = 0; i < 5_010; i++) recorder.content('a', '', false);
    for (let i = 0; i < 30; i++) recorder.received(Buffer.alloc(10 * 1024, 'b'));
    const trace = recorder.trace({ sent: 0, first: 5, itl: Array.from({ length: 5_009 }, () => 1) }, 2);
    assert.equal(trace.events.length, 5_000);
    assert.equal(trace.events.at(-1)?.atMs, 5_004);
    assert.equal(trace.eventsLeftOut, 10);
    assert.equal(trace.received.length, 256 * 1024);
    assert.equal(trace.cut, true);
    assert.equal(trace.attempt, 2);
  });
});
