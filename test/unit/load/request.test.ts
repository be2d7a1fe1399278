import assert from 'node:assert/strict';
import type http from 'node:http';
import type { Socket } from 'node:net';
import { openaiChat } from '../../../src/core/endpoints/openai-chat';
import { ConnectionPool } from '../../../src/core/load/connections';
import { Intake } from '../../../src/core/load/intake';
import { RequestExecution, withRequestId, type RequestEnd } from '../../../src/core/load/request';
import { Redactor } from '../../../src/core/util/redact';
import { clientOf, freePort, KEY, serve, serveRaw, until, wait, type Handler } from './client';

const event = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const USAGE = 'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}\n\n';
const DONE = 'data: [DONE]\n\n';
const GOOD = [
  event({ role: 'assistant', content: '' }),
  event({ content: 'a' }),
  event({ content: 'b' }),
  event({}, 'stop'),
];

const ask = async (handler: Handler, timeouts = {}) => {
  const { url } = await serve(handler);
  return clientOf(`${url}/v1`, timeouts).ask();
};

const stream = (response: http.ServerResponse, parts: string[]) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const part of parts) response.write(part);
};

describe('a request that is answered', () => {
  it('has all its instants in order, and its tokens from usage', async () => {
    const { record, answer } = await ask(async (_request, response) => {
      stream(response, [event({ role: 'assistant', content: '' })]);
      await wait(30);
      response.write(event({ reasoning_content: 'hm' }));
      await wait(30);
      response.write(event({ content: 'a' }));
      await wait(30);
      response.write(event({ content: 'b' }));
      response.end(event({}, 'stop') + USAGE + DONE);
    });
    assert.equal(record.outcome, 'completed');
    assert.equal(record.error, undefined);
    const { sent, headers, first, first_answer, last } = record;
    assert.ok(sent !== null && headers !== null && first !== null && first_answer !== null && last !== null);
    assert.ok(
      record.scheduled <= sent &&
        sent < headers &&
        headers < first &&
        first < first_answer &&
        first_answer < last &&
        last <= record.end,
    );
    assert.ok(first < first_answer, 'reasoning is the first token');
    assert.equal(record.events, 3);
    assert.equal(record.itl.length, 2);
    assert.ok(
      record.itl.every((gap) => gap > 0),
      record.itl.join(),
    );
    assert.ok(Math.abs(first + record.itl.reduce((sum, gap) => sum + gap, 0) - last) < 0.01);
    assert.deepEqual([record.input_tokens, record.output_tokens, record.tokens_source], [7, 3, 'usage']);
    assert.equal(record.finish_reason, 'stop');
    assert.equal(record.status, 200);
    assert.ok(record.connect_ms !== null && record.connect_ms > 0);
    assert.deepEqual(answer, { text: 'ab', reasoning: 'hm', toolCalls: [] });
  });

  it('counts content events where no usage is sent', async () => {
    const { record } = await ask((_request, response) => {
      stream(response, GOOD);
      response.end();
    });
    assert.deepEqual(
      [record.outcome, record.output_tokens, record.tokens_source, record.events],
      ['completed', 2, 'chunks', 2],
    );
  });

  it('is complete with [DONE] alone, and with a finish reason alone', async () => {
    for (const parts of [[event({ content: 'a' }), DONE], [event({ content: 'a' }, 'length')]]) {
      const { record } = await ask((_request, response) => {
        stream(response, parts);
        response.end();
      });
      assert.equal(record.outcome, 'completed');
    }
  });

  it('counts as answered when the server leaves the stream open after the end', async () => {
    const { record } = await ask((_request, response) => stream(response, [...GOOD, DONE]), { idleMs: 60 });
    assert.equal(record.outcome, 'completed');
  });

  it('takes a body that is not a stream as one event', async () => {
    const { record, answer } = await ask((_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ choices: [{ message: { content: 'whole' } }], usage: { completion_tokens: 4 } }));
    });
    assert.equal(record.outcome, 'completed');
    assert.deepEqual([record.events, record.output_tokens, record.itl.length], [1, 4, 0]);
    assert.equal(record.first, record.last);
    assert.equal(answer?.text, 'whole');
  });

  it('gives a tool call as its text', async () => {
    const { answer } = await ask((_request, response) => {
      stream(response, [
        event({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '{}' } }] }),
        event({}, 'tool_calls'),
      ]);
      response.end();
    });
    assert.match(answer?.text ?? '', /"name":"f"/);
  });

  it('sends its id, also one that a header cannot hold', async () => {
    const seen: unknown[] = [];
    const { url } = await serve((request, response) => {
      seen.push(request.headers['x-request-id']);
      stream(response, [...GOOD, DONE]);
      response.end();
    });
    const client = clientOf(`${url}/v1`);
    await client.ask();
    const request = openaiChat.buildRequest({ url, model: 'm', headers: {}, params: {}, apiKey: KEY }, [], {
      stream: true,
    });
    await client.ask({ request: withRequestId(request, 'täst/s/1') });
    await client.ask({
      request: withRequestId({ ...request, headers: [...request.headers, 'X-Request-Id', 'mine'] }, 'x'),
    });
    assert.deepEqual(seen, ['t/s/0', 't%C3%A4st/s/1', 'mine']);
  });

  it('hands over its text as it comes', async () => {
    const { url } = await serve((_request, response) => {
      stream(response, [...GOOD, DONE]);
      response.end();
    });
    const texts: string[] = [];
    await clientOf(`${url}/v1`).ask({ onText: (text) => texts.push(text) });
    assert.deepEqual(texts, ['a', 'b']);
  });
});

describe('the instant of an event', () => {
  /** Feeds events of given instants (arrived with the poll, read) to a request that was sent at 100. */
  function instants(events: [arrivedMs: number, readMs: number, delta: object][]): (number | null)[] {
    let nowMs = 100;
    const pool = new ConnectionPool({
      origin: 'http://127.0.0.1:9',
      connectTimeoutMs: 1,
      tls: { ca: undefined, rejectUnauthorized: true },
      nowMs: () => nowMs,
    });
    const intake = new Intake(
      () => nowMs,
      () => undefined,
    );
    const context = {
      pool,
      wire: openaiChat,
      place: { endpoint: 'ep', host: 'h', model: 'm', apiKeyEnv: undefined },
      timeouts: { connectMs: 1, firstTokenMs: 1, idleMs: 1, totalMs: 1 },
      intake,
      redactor: new Redactor(),
      nowMs: () => nowMs,
      clockOriginMs: 0,
    };
    const request = openaiChat.buildRequest(
      { url: 'http://h', model: 'm', headers: {}, params: {}, apiKey: undefined },
      [],
      { stream: true },
    );
    const spec = {
      id: 'i',
      target: 't',
      stage: 's',
      index: 0,
      casePointer: undefined,
      repeat: undefined,
      request,
      scheduledMs: 90,
      socketWaitMs: null,
      keepText: false,
    };
    const ends: RequestEnd[] = [];
    const execution = new RequestExecution(context, spec, {
      onReleased: () => undefined,
      onEnded: (end) => ends.push(end),
    });
    execution.onRequestSent();
    nowMs = 150;
    execution.onHeaders(200, []);
    for (const [arrivedMs, readMs, delta] of events) execution.decode(Buffer.from(event(delta)), arrivedMs, readMs);
    nowMs = 1000;
    execution.onComplete();
    intake.flush();
    const { first, itl, last } = ends[0]!.record;
    return [first, ...itl, last];
  }

  it('is that of the poll', () => {
    assert.deepEqual(
      instants([
        [200, 200, { content: 'a' }],
        [220, 220.5, { content: 'b' }],
      ]),
      [200, 20, 220],
    );
  });

  it('is that of the read for a second one of the same poll', () => {
    assert.deepEqual(
      instants([
        [200, 200, { content: 'a' }],
        [200, 203, { content: 'b' }],
        [200, 204, { content: 'c' }],
      ]),
      [200, 3, 1, 204],
    );
  });

  it('is that of the poll behind an empty event, unless the poll took long', () => {
    assert.deepEqual(
      instants([
        [200, 200, { content: '' }],
        [200, 201, { content: 'a' }],
      ]),
      [200, 200],
    );
    assert.deepEqual(
      instants([
        [200, 200, { content: '' }],
        [200, 230, { content: 'a' }],
      ]),
      [230, 230],
    );
  });
});

describe('a request that fails', () => {
  const failure = (end: RequestEnd) => {
    const { record } = end;
    for (const instant of [record.first, record.last]) assert.notEqual(instant, 0);
    assert.ok(record.error !== undefined, 'has an error');
    assert.ok(record.error.message.length > 20 && !record.error.message.includes(KEY), record.error.message);
    return [record.outcome, record.error.kind];
  };

  it('connection_refused, under an address and under a name with several', async () => {
    const port = await freePort();
    for (const host of ['127.0.0.1', 'localhost']) {
      const end = await clientOf(`http://${host}:${port}/v1`).ask();
      assert.deepEqual(failure(end), ['failed', 'connection_refused']);
      assert.deepEqual([end.record.sent, end.record.first, end.record.status], [null, null, null]);
      assert.ok(end.record.error?.message.includes(String(port)));
      assert.deepEqual(end.released, [false]);
    }
  });

  it('dns', async function () {
    this.timeout(20_000);
    const end = await clientOf('http://no-such-host.invalid:80/v1', { connectMs: 15_000 }).ask();
    assert.deepEqual(failure(end), ['failed', 'dns']);
  });

  it('tls, where the server does not speak it', async () => {
    const url = await serveRaw((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    assert.deepEqual(failure(await clientOf(url.replace('http:', 'https:')).ask()), ['failed', 'tls']);
  });

  it('http_N, with what the server said and without the key', async () => {
    for (const status of [301, 400, 401, 403, 404, 418, 429, 500, 503]) {
      const end = await ask((request, response) => {
        response.writeHead(status, { 'content-type': 'application/json', 'retry-after': '3' });
        response.end(JSON.stringify({ error: { message: `no ${request.headers.authorization}` } }));
      });
      assert.deepEqual(failure(end), ['failed', `http_${status}`]);
      assert.match(end.record.error?.message ?? '', /It said: no Bearer \[redacted\]/);
      assert.equal(end.record.status, status);
      assert.equal(end.record.first, null);
      assert.equal(end.retryAfterMs, 3000);
      assert.deepEqual(end.released, [true]);
    }
  });

  it('http_N, with a page shortened to its text', async () => {
    const end = await ask((_request, response) => {
      response.writeHead(502, { 'content-type': 'text/html' });
      response.end(`<html><style>x{}</style><h1>Bad   Gateway</h1>${'<p>more</p>'.repeat(5000)}</html>`);
    });
    assert.deepEqual(failure(end), ['failed', 'http_502']);
    assert.match(end.record.error?.message ?? '', /It said: Bad Gateway more/);
    assert.ok((end.record.error?.message.length ?? 0) < 600);
  });

  it('http_N, cut off where the error body does not end', async () => {
    const end = await ask((_request, response) => {
      response.writeHead(500);
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * 1024, 120)));
      };
      response.on('drain', more);
      more();
    });
    assert.deepEqual(failure(end), ['failed', 'http_500']);
  });

  it('not_json', async () => {
    const end = await ask((_request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><title>Sign in</title>');
    });
    assert.deepEqual(failure(end), ['failed', 'not_json']);
  });

  it('malformed_event, without waiting for the rest', async () => {
    const end = await ask((_request, response) =>
      stream(response, [event({ content: 'a' }), 'data: {"choices":[\n\n']),
    );
    assert.deepEqual(failure(end), ['failed', 'malformed_event']);
    assert.equal(end.record.events, 1);
  });

  it('server_error_event, without the key', async () => {
    const end = await ask((_request, response) =>
      stream(response, [event({ content: 'a' }), `data: {"error":{"message":"engine died ${KEY}"}}\n\n`]),
    );
    assert.deepEqual(failure(end), ['failed', 'server_error_event']);
    assert.match(end.record.error?.message ?? '', /engine died \[redacted\]/);
  });

  it('stream_cut, where the connection is lost and where the stream just ends', async () => {
    const lost = await ask((_request, response) => {
      stream(response, [event({ content: 'a' })]);
      setTimeout(() => response.socket?.destroy(), 20);
    });
    assert.deepEqual(failure(lost), ['truncated', 'stream_cut']);
    assert.notEqual(lost.record.first, null);
    const ended = await ask((_request, response) => {
      stream(response, [event({ content: 'a' })]);
      response.end();
    });
    assert.deepEqual(failure(ended), ['truncated', 'stream_cut']);
    const body = await ask((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"choices": [');
      setTimeout(() => response.socket?.destroy(), 20);
    });
    assert.deepEqual(failure(body), ['truncated', 'stream_cut']);
  });

  it('socket_closed, where there is no response at all, without a second attempt', async () => {
    let requests = 0;
    const end = await ask((_request, response) => {
      requests++;
      response.socket?.destroy();
    });
    assert.deepEqual(failure(end), ['failed', 'socket_closed']);
    assert.equal(requests, 1);
    assert.deepEqual(end.released, [false]);
  });

  it('not_http', async () => {
    const url = await serveRaw((socket) => socket.write('SSH-2.0-OpenSSH_9.6\r\n'));
    assert.deepEqual(failure(await clientOf(url).ask()), ['failed', 'not_http']);
  });

  it('empty_answer, for a stream and for a response without any content', async () => {
    const empty = await ask((_request, response) => {
      stream(response, [event({ role: 'assistant', content: '' }), event({}, 'length'), USAGE, DONE]);
      response.end();
    });
    assert.deepEqual(failure(empty), ['failed', 'empty_answer']);
    assert.match(empty.record.error?.message ?? '', /billed 3 tokens/);
    assert.equal(empty.record.first, null);
    const nothing = await ask((_request, response) => {
      response.writeHead(200).end();
    });
    assert.deepEqual(failure(nothing), ['failed', 'empty_answer']);
  });

  it('content_encoding', async () => {
    const end = await ask((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' });
      response.write('x');
    });
    assert.deepEqual(failure(end), ['failed', 'content_encoding']);
  });

  it('invalid_request, where a header cannot be sent', async () => {
    const { url } = await serve(() => undefined);
    const request = openaiChat.buildRequest(
      { url, model: 'm', headers: { 'x-bad': 'a\nb' }, params: {}, apiKey: KEY },
      [],
      { stream: true },
    );
    assert.deepEqual(failure(await clientOf(url).ask({ request })), ['failed', 'invalid_request']);
  });
});

describe('the timeouts of a request', () => {
  const kindOf = (end: RequestEnd) => [end.record.outcome, end.record.error?.kind];

  it('connect_timeout', async () => {
    const raw = await serveRaw(() => undefined);
    // TLS to a server that never answers the handshake: connected, but never open.
    const end = await clientOf(raw.replace('http:', 'https:'), { connectMs: 80 }).ask();
    assert.deepEqual(kindOf(end), ['timed_out', 'connect_timeout']);
    assert.equal(end.record.sent, null);
  });

  it('first_token_timeout, whatever else is sent before', async () => {
    const silent = await ask(() => undefined, { firstTokenMs: 80 });
    assert.deepEqual(kindOf(silent), ['timed_out', 'first_token_timeout']);
    assert.equal(silent.record.status, null);
    const pings = await ask(
      (_request, response) => {
        stream(response, [event({ role: 'assistant', content: '' })]);
        const timer = setInterval(() => response.write(': ping\n\n'), 10);
        response.on('close', () => clearInterval(timer));
      },
      { firstTokenMs: 80 },
    );
    assert.deepEqual(kindOf(pings), ['timed_out', 'first_token_timeout']);
    assert.equal(pings.record.first, null);
  });

  it('idle_timeout, in the middle of an answer', async () => {
    const end = await ask((_request, response) => stream(response, [event({ content: 'a' })]), { idleMs: 80 });
    assert.deepEqual(kindOf(end), ['timed_out', 'idle_timeout']);
    assert.equal(end.record.events, 1);
    assert.ok(end.record.end - (end.record.last ?? 0) >= 80);
  });

  it('total_timeout, for an answer that never ends', async () => {
    const end = await ask(
      (_request, response) => {
        stream(response, []);
        const timer = setInterval(() => response.write(event({ content: 'a' })), 10);
        response.on('close', () => clearInterval(timer));
      },
      { totalMs: 150 },
    );
    assert.deepEqual(kindOf(end), ['timed_out', 'total_timeout']);
    assert.ok(end.record.events > 1);
  });
});

describe('cancelling a request', () => {
  it('ends it as cancelled while it is in flight, and closes its connection', async () => {
    let closed = false;
    const { url } = await serve((_request, response) => {
      stream(response, [event({ content: 'a' })]);
      response.on('close', () => (closed = true));
    });
    const end = await clientOf(url).ask({}, (execution) => setTimeout(() => execution.cancel(), 50));
    assert.deepEqual([end.record.outcome, end.record.error?.kind, end.record.events], ['cancelled', 'cancelled', 1]);
    assert.ok(await until(() => closed));
  });

  it('ends it while its connection is being opened', async () => {
    const url = await serveRaw(() => undefined);
    const client = clientOf(url.replace('http:', 'https:'));
    const end = await client.ask({}, (execution) => setTimeout(() => execution.cancel(), 20));
    assert.deepEqual([end.record.outcome, end.record.sent], ['cancelled', null]);
    assert.equal(client.pool.size, 0);
  });
});

describe('connections', () => {
  const good: Handler = (_request, response) => {
    stream(response, [...GOOD, DONE]);
    response.end();
  };

  it('are opened ahead without a request, and then used without connecting', async () => {
    let requests = 0;
    const { url, connections } = await serve((request, response, count) => {
      requests++;
      return good(request, response, count);
    });
    const client = clientOf(url);
    assert.deepEqual(await client.pool.warm(5, new AbortController().signal), { idle: 5, error: null });
    // A connection is open for the client before the server has come to accept it.
    await until(() => connections() === 5);
    assert.deepEqual([connections(), requests], [5, 0]);
    const { record } = await client.ask();
    assert.deepEqual([record.outcome, record.connect_ms], ['completed', null]);
    assert.deepEqual([connections(), requests], [5, 1]);
    assert.equal(client.pool.idleCount, 5);
  });

  it('are used again, the last one first', async () => {
    const { url, connections } = await serve(good);
    const client = clientOf(url);
    for (let i = 0; i < 4; i++) assert.equal((await client.ask()).record.outcome, 'completed');
    assert.equal(connections(), 1);
    await Promise.all([client.ask(), client.ask(), client.ask()]);
    assert.equal(connections(), 3);
  });

  it('say that none could be opened', async () => {
    const { error, idle } = await clientOf(`http://127.0.0.1:${await freePort()}`).pool.warm(
      10,
      new AbortController().signal,
    );
    assert.equal(idle, 0);
    assert.ok(error instanceof Error);
  });

  it('are given up when the warming is cancelled', async () => {
    const raw = await serveRaw(() => undefined);
    const client = clientOf(raw.replace('http:', 'https:'));
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    assert.deepEqual(await client.pool.warm(10, controller.signal), { idle: 0, error: null });
  });

  it('are replaced when the server has closed them while idle', async () => {
    const { url, server, connections } = await serve(good);
    const client = clientOf(url);
    await client.ask();
    server.closeIdleConnections();
    assert.ok(await until(() => client.pool.idleCount === 0));
    const { record } = await client.ask();
    assert.equal(record.outcome, 'completed');
    assert.equal(record.resent, undefined);
    assert.ok(record.connect_ms !== null);
    assert.equal(connections(), 2);
  });

  it('are not reused when the server says that it closes them', async () => {
    const { url, connections } = await serve((_request, response) => {
      response.setHeader('connection', 'close');
      stream(response, [...GOOD, DONE]);
      response.end();
    });
    const client = clientOf(url);
    for (let i = 0; i < 3; i++) assert.equal((await client.ask()).record.outcome, 'completed');
    assert.equal(connections(), 3);
  });

  it('have a request sent once more when one is closed at the moment of its reuse', async () => {
    // The server answers the first request of a connection and closes the connection on the second.
    const served = new Map<Socket, number>();
    const url = await serveRaw((socket, received) => {
      if (!received.includes('POST ')) return;
      const count = (served.get(socket) ?? 0) + 1;
      served.set(socket, count);
      if (count === 2) {
        socket.destroy();
        return;
      }
      const body = [...GOOD, DONE].join('');
      socket.write(
        `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    });
    const client = clientOf(url);
    await client.ask();
    await wait(1100);
    const { record } = await client.ask();
    assert.deepEqual([record.outcome, record.resent], ['completed', true]);
    assert.ok(record.connect_ms !== null && record.sent !== null);
    assert.equal(served.size, 2);
  }).timeout(5000);

  it('have no request sent again when one in steady use is closed: that is the endpoint', async () => {
    const served = new Map<Socket, number>();
    const url = await serveRaw((socket, received) => {
      if (!received.includes('POST ')) return;
      const count = (served.get(socket) ?? 0) + 1;
      served.set(socket, count);
      if (count === 2) {
        socket.destroy();
        return;
      }
      const body = [...GOOD, DONE].join('');
      socket.write(
        `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    });
    const client = clientOf(url);
    await client.ask();
    const { record } = await client.ask();
    assert.deepEqual([record.outcome, record.error?.kind, record.resent], ['failed', 'socket_closed', undefined]);
  });
});
