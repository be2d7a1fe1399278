import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { startSimulator, type Simulator } from '../../../src/core/sim/server';
import { PromptrigError } from '../../../src/core/util/errors';
import type { SimConfig } from '../../../src/protocol/plan';
import { call, chat, chunks, contentOf, errorOf, events, until } from './support/client';

const FAST: SimConfig = { ttftMs: 1, ttftPerInputTokenMs: 0, itlMs: 0.2, jitter: 0 };

describe('simulator', () => {
  let sim: Simulator;
  const use = (config: SimConfig): void => {
    sim.reset();
    sim.reconfigure({ ...FAST, ...config });
  };
  const post = (body: unknown, headers?: Record<string, string>): ReturnType<typeof call> =>
    call(`${sim.url}/chat/completions`, { body, headers });

  before(async () => {
    sim = await startSimulator(FAST, { model: 'sim-model' });
  });
  after(() => sim.close());

  it('starts with nothing on record, its own warm-up included', async () => {
    const fresh = await startSimulator(FAST);
    try {
      const stats = fresh.stats();
      assert.deepEqual(stats.requests, { received: 0, completed: 0, failed: 0, cancelled: 0, rejected: 0 });
      assert.deepEqual([stats.recorded, stats.running, stats.contentWrites, stats.peakRunning], [0, 0, 0, 0]);
    } finally {
      await fresh.close();
    }
  });

  it('lists its model', async () => {
    const answer = await call(`${sim.url}/models`);
    const list = JSON.parse(answer.text) as { object: string; data: { id: string; object: string }[] };
    assert.deepEqual([list.object, list.data[0]?.id, list.data[0]?.object], ['list', 'sim-model', 'model']);
  });

  describe('streaming', () => {
    it('sends one event per token, a finish reason and [DONE]', async () => {
      use({ answer: 'echo' });
      const answer = await post(chat('Hello there, Grüße 🙂', { stream: true }));
      assert.equal(answer.status, 200);
      assert.match(answer.headers['content-type'] ?? '', /^text\/event-stream/);
      const all = chunks(answer);
      assert.equal(events(answer).at(-1), '[DONE]');
      assert.deepEqual(
        all.map((chunk) => chunk.choices[0]?.delta?.content ?? null),
        ['Hello', ' there', ',', ' Grüße', ' 🙂', null],
      );
      assert.equal(all[0]?.choices[0]?.delta?.role, 'assistant');
      assert.deepEqual(
        all.map((chunk) => chunk.choices[0]?.finish_reason),
        [null, null, null, null, null, 'stop'],
      );
      assert.ok(all.every((chunk) => chunk.object === 'chat.completion.chunk' && chunk.id === all[0]?.id));
      assert.ok(all.every((chunk) => chunk.model === 'test-model' && chunk.usage === undefined));
    });

    it('adds a usage event where asked for', async () => {
      use({ answer: 'echo', reasoningTokens: 2 });
      const answer = await post(chat('one two three', { stream: true, stream_options: { include_usage: true } }));
      const all = chunks(answer);
      const last = all.at(-1);
      assert.deepEqual(last?.choices, []);
      assert.deepEqual(
        [last?.usage?.prompt_tokens, last?.usage?.completion_tokens, last?.usage?.total_tokens],
        [3, 5, 8],
      );
      assert.equal(last?.usage?.completion_tokens_details.reasoning_tokens, 2);
      assert.ok(all.slice(0, -1).every((chunk) => chunk.usage === null));
    });

    it('sends reasoning before the answer, as its own deltas', async () => {
      use({ answer: 'echo', reasoningTokens: 3 });
      const deltas = chunks(await post(chat('yes', { stream: true }))).map((chunk) => chunk.choices[0]?.delta ?? {});
      assert.deepEqual(
        deltas.map((delta) => Object.keys(delta).filter((key) => key !== 'role')[0] ?? 'none'),
        ['reasoning_content', 'reasoning_content', 'reasoning_content', 'content', 'none'],
      );
      assert.equal(deltas.filter((delta) => delta.role !== undefined).length, 1);
    });

    it('sends the first token alone and then several to a chunk', async () => {
      use({ outputTokens: 10, template: 'a b c d e f g h i j', chunkTokens: 4 });
      const contents = chunks(await post(chat('x', { stream: true }))).map((chunk) => chunk.choices[0]?.delta?.content);
      assert.deepEqual(contents, ['a', ' b c d e', ' f g h i', ' j', undefined]);
      assert.deepEqual(sim.requests()[0]?.chunkTokens, [1, 4, 4, 1]);
    });

    it('can send an early role and comments, neither of which is content', async () => {
      use({ answer: 'echo', earlyRoleChunk: true, comments: true });
      const answer = await post(chat('one two three four five six seven eight nine', { stream: true }));
      const first = chunks(answer)[0]?.choices[0]?.delta;
      assert.deepEqual(first, { role: 'assistant', content: '' });
      assert.equal(chunks(answer).filter((chunk) => chunk.choices[0]?.delta?.role !== undefined).length, 1);
      assert.ok(answer.text.startsWith(': keep-alive\n\n'));
      assert.ok(answer.text.split(': keep-alive').length > 2);
      assert.equal(contentOf(answer), 'one two three four five six seven eight nine');
    });

    it('can split a chunk inside a character: pieces that are no UTF-8 by themselves, whole together', async () => {
      use({ answer: 'echo', splitUtf8: true, itlMs: 4 });
      // Many characters to split: on a busy machine halves are delivered together, but not all of them.
      const text = `${'é 東 🙂 '.repeat(20)}plain`;
      const answer = await post(chat(text, { stream: true }));
      assert.equal(contentOf(answer), text);
      const strict = new TextDecoder('utf-8', { fatal: true });
      const broken = answer.pieces.filter((piece) => {
        try {
          strict.decode(piece);
          return false;
        } catch (error) {
          assert.ok(error instanceof TypeError);
          return true;
        }
      });
      assert.ok(broken.length >= 1, `${broken.length} pieces were cut inside a character`);
      const record = sim.requests()[0];
      assert.equal(record?.writesMs.length, 61);
    });

    it('serves /v1/completions', async () => {
      use({ answer: 'echo' });
      const url = `${sim.url}/completions`;
      const streamed = chunks(await call(url, { body: { prompt: 'one two', stream: true } }));
      assert.deepEqual(
        streamed.map((chunk) => [chunk.object, chunk.choices[0]?.text]),
        [
          ['text_completion', 'one'],
          ['text_completion', ' two'],
          ['text_completion', ''],
        ],
      );
      assert.equal(streamed[0]?.model, 'sim-model');
      const whole = JSON.parse((await call(url, { body: { prompt: ['one two'] } })).text) as {
        choices: { text: string }[];
      };
      assert.equal(whole.choices[0]?.text, 'one two');
    });

    it('answers pipelined requests one after the other', async () => {
      use({ answer: 'echo', itlMs: 2 });
      const body = (text: string): string => {
        const json = JSON.stringify(chat(text, { stream: true }));
        return `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${json.length}\r\n\r\n${json}`;
      };
      const socket = connect(sim.port, '127.0.0.1');
      let text = '';
      socket.setEncoding('utf8').on('data', (part: string) => (text += part));
      socket.write(body('alpha beta') + body('gamma delta'));
      await until(() => text.split('[DONE]').length === 3);
      socket.destroy();
      const contents = [...text.matchAll(/"content":"([^"]+)"/g)].map((match) => match[1]);
      assert.deepEqual(contents, ['alpha', ' beta', 'gamma', ' delta']);
    });
  });

  describe('without streaming', () => {
    it('answers with a message and its usage', async () => {
      use({ answer: 'echo', reasoningTokens: 2 });
      const answer = await post(chat('one two', { max_completion_tokens: 3 }));
      const body = JSON.parse(answer.text) as {
        object: string;
        choices: { message: { role: string; content: string; reasoning_content: string }; finish_reason: string }[];
        usage: { completion_tokens: number };
      };
      assert.equal(body.object, 'chat.completion');
      assert.equal(body.choices[0]?.message.content, 'one');
      assert.ok(body.choices[0]?.message.reasoning_content);
      assert.equal(body.choices[0]?.finish_reason, 'length');
      assert.equal(body.usage.completion_tokens, 3);
      const record = sim.requests()[0];
      assert.deepEqual([record?.stream, record?.writesMs.length, record?.outputTokens], [false, 1, 3]);
    });

    it('reads messages made of parts, and the last user message of several', async () => {
      use({ answer: 'echo' });
      const answer = await post({
        model: 'm',
        messages: [
          { role: 'system', content: 'be brief' },
          { role: 'user', content: 'first' },
          { role: 'assistant', content: 'ok' },
          {
            role: 'user',
            content: [{ type: 'text', text: 'sec' }, { type: 'image_url' }, { type: 'text', text: 'ond' }],
          },
        ],
      });
      const body = JSON.parse(answer.text) as { choices: { message: { content: string } }[] };
      assert.equal(body.choices[0]?.message.content, 'second');
    });
  });

  describe('bad requests', () => {
    const cases: [string, number, string | null, unknown][] = [
      ['no messages', 400, 'messages', { model: 'm' }],
      ['an empty list of messages', 400, 'messages', { messages: [] }],
      ['a message without a role', 400, 'messages[0]', { messages: [{ content: 'x' }] }],
      ['n above 1', 400, 'n', chat('x', { n: 2 })],
      ['max_tokens of 0', 400, 'max_tokens', chat('x', { max_tokens: 0 })],
      ['a stream that is no boolean', 400, 'stream', chat('x', { stream: 'yes' })],
      ['a body that is no object', 400, null, [1]],
    ];
    for (const [name, status, param, body] of cases) {
      it(`refuses ${name}`, async () => {
        use({});
        const answer = await post(body);
        assert.equal(answer.status, status);
        assert.deepEqual([errorOf(answer).type, errorOf(answer).param], ['invalid_request_error', param]);
        assert.deepEqual([sim.requests()[0]?.outcome, sim.requests()[0]?.status], ['rejected', status]);
      });
    }

    it('refuses what is not JSON, unknown paths and wrong methods', async () => {
      const invalid = await call(`${sim.url}/chat/completions`, { raw: '{"messages": [' });
      assert.deepEqual([invalid.status, errorOf(invalid).type], [400, 'invalid_request_error']);
      const unknown = await call(`${sim.url}/nothing`);
      assert.deepEqual([unknown.status, errorOf(unknown).code], [404, 'unknown_url']);
      const method = await call(`${sim.url}/chat/completions`);
      assert.deepEqual([method.status, method.headers.allow], [405, 'POST']);
    });

    it('asks for the key where one is set', async () => {
      const locked = await startSimulator(FAST, { apiKey: 'sk-secret' });
      try {
        const url = `${locked.url}/chat/completions`;
        const without = await call(url, { body: chat('x') });
        assert.deepEqual([without.status, errorOf(without).type], [401, 'authentication_error']);
        assert.equal((await call(`${locked.url}/models`)).status, 401);
        const headers = { authorization: 'Bearer sk-secret' };
        assert.equal((await call(url, { body: chat('x', { max_tokens: 1 }), headers })).status, 200);
      } finally {
        await locked.close();
      }
    });
  });

  describe('on the network', () => {
    for (const host of ['0.0.0.0', '::', '192.168.1.5', 'example.com']) {
      it(`refuses to listen on ${host}`, async () => {
        await assert.rejects(
          startSimulator({}, { host }),
          (error) => error instanceof PromptrigError && error.code === 'usage' && error.message.includes(host),
        );
      });
    }

    it('says that a port is in use', async () => {
      await assert.rejects(startSimulator({}, { port: sim.port }), /in use\. Choose another port/);
    });
  });

  describe('records', () => {
    it('are served in pages, cleared and reset over HTTP', async () => {
      use({ outputTokens: 3, script: [{ match: 'turn', answer: ['one', 'two'] }] });
      const base = sim.url.replace('/v1', '/sim');
      for (const id of ['a', 'b', 'c']) await post(chat('turn', { stream: true }), { 'x-request-id': id });
      type Page = { requests: { id: string; seq: number; writesMs: number[] }[]; next: number; more: boolean };
      const page = JSON.parse((await call(`${base}/requests?limit=2`)).text) as Page;
      assert.deepEqual([page.requests.map(({ id }) => id), page.more], [['a', 'b'], true]);
      const rest = JSON.parse((await call(`${base}/requests?since=${page.next}`)).text) as Page;
      assert.deepEqual([rest.requests.map(({ id }) => id), rest.more], [['c'], false]);
      assert.equal((await call(`${base}/requests?since=x`)).status, 400);

      const stats = JSON.parse((await call(`${base}/stats`)).text) as ReturnType<Simulator['stats']>;
      assert.deepEqual([stats.requests.completed, stats.outputTokens, stats.contentWrites], [3, 3, 3]);
      assert.equal(stats.latenessMs.n, 3);

      await call(`${base}/requests`, { method: 'DELETE' });
      assert.deepEqual([sim.requests(), sim.stats().requests.completed], [[], 3]);
      await call(`${base}/reset`, { method: 'POST' });
      assert.equal(sim.stats().requests.received, 0);
      assert.equal(contentOf(await post(chat('turn', { stream: true }))), 'one');
    });

    it('hold the instants of a request in the order in which they happened', async () => {
      use({ outputTokens: 5 });
      const answer = await post(chat('hello there', { stream: true }), { 'x-request-id': 'run/stage/7' });
      assert.equal(answer.headers['x-request-id'], 'run/stage/7');
      const [record] = sim.requests();
      assert.ok(record);
      assert.deepEqual(
        [record.id, record.outcome, record.status, record.inputTokens, record.outputTokens, record.finishReason],
        ['run/stage/7', 'completed', 200, 2, 5, 'stop'],
      );
      const { receivedMs, bodyMs, runningMs, headersMs, endMs } = record;
      assert.ok(bodyMs !== null && runningMs !== null && headersMs !== null);
      const instants = [receivedMs, bodyMs, runningMs, headersMs];
      record.writesMs.forEach((write, i) => instants.push(write, record.writtenMs[i] ?? Number.NaN));
      instants.push(endMs + 0.001);
      assert.equal(record.writesMs.length, 5);
      // Instants before a write are rounded down and those after it up, so two within a microsecond may change places.
      instants.slice(1).forEach((instant, i) => assert.ok(instant >= (instants[i] ?? 0) - 0.0015, `${instant}`));
      record.dueMs.forEach((due, i) => assert.ok((record.writesMs[i] ?? 0) >= due - 0.001));
    });

    it('leave warm-up requests out, which take no turn and meet no failure', async () => {
      use({ failure: { kind: 'status', every: 2 }, script: [{ match: 'q', answer: ['one', 'two'] }] });
      const warm = { 'x-sim-warmup': '1' };
      const ask = async (headers?: Record<string, string>): Promise<string> => {
        const answer = await post(chat('q', { stream: true }), headers);
        return answer.status === 200 ? contentOf(answer) : String(answer.status);
      };
      assert.deepEqual(
        [await ask(warm), await ask(warm), await ask(), await ask(warm), await ask()],
        ['one', 'one', 'one', 'two', '500'],
      );
      assert.deepEqual([sim.stats().requests.received, sim.requests().length], [2, 2]);
    });
  });
});
