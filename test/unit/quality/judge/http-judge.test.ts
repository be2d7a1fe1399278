import assert from 'node:assert/strict';
import { getEventListeners, setMaxListeners } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HttpJudge, type HttpJudgeOptions } from '../../../../src/core/quality/judge/http-judge';
import type { AddressedEndpoint } from '../../../../src/core/quality/judge/endpoint-http';
import { Redactor } from '../../../../src/core/util/redact';
import type { JudgeReply } from '../../../../src/core/quality/types';
import type { Json } from '../../../../src/protocol/plan';
import { FakeClock } from '../../support/fake-clock';
import {
  failsWith,
  FakeEndpoint,
  judgePlan,
  says,
  saysJson,
  tick,
  until,
  VERDICT,
  type Script,
  type Scripted,
} from './support';

const GOOD = { reason: 'polite', score: 0.9, pass: true };

describe('HttpJudge', () => {
  const endpoints: FakeEndpoint[] = [];
  const judges: HttpJudge[] = [];
  const never = new AbortController().signal;
  setMaxListeners(0, never);

  afterEach(async () => {
    await Promise.all(judges.splice(0).map((judge) => judge.close()));
    await Promise.all(endpoints.splice(0).map((endpoint) => endpoint.close()));
  });

  async function serving(script: Script): Promise<FakeEndpoint> {
    const endpoint = await FakeEndpoint.start(script);
    endpoints.push(endpoint);
    return endpoint;
  }

  function judgeAt(
    url: string,
    more: Partial<AddressedEndpoint> = {},
    options: Partial<HttpJudgeOptions> & { params?: Record<string, Json> } = {},
  ): HttpJudge {
    const { params, ...rest } = options;
    const judge = new HttpJudge({
      plan: judgePlan(url, more, params),
      apiKey: undefined,
      redactor: new Redactor(),
      ...rest,
    });
    judges.push(judge);
    return judge;
  }

  function reasonOf(reply: JudgeReply): string {
    assert.equal(reply.ok, false, `expected no verdict, got ${JSON.stringify(reply)}`);
    return reply.ok ? '' : reply.reason;
  }

  describe('a verdict', () => {
    it('is read, with what it took', async () => {
      const endpoint = await serving(() => saysJson(GOOD, { input: 200, output: 40 }));
      const judge = judgeAt(endpoint.url, { price: { inputPer1M: 1, outputPer1M: 10 } });
      const reply = await judge.ask(VERDICT, never);
      assert.deepEqual(reply, {
        ok: true,
        value: GOOD,
        text: JSON.stringify(GOOD),
        usage: { calls: 1, input_tokens: 200, output_tokens: 40, cost: 0.0006 },
      });
      assert.equal(judge.label, 'grader (grader-1)');
    });

    it('has no cost where the judge has no price', async () => {
      const endpoint = await serving(() => saysJson(GOOD));
      const { usage } = await judgeAt(endpoint.url).ask(VERDICT, never);
      assert.equal(usage.cost, null);
    });

    it('has an unknown cost where the server does not say what it took', async () => {
      const body = JSON.stringify({ choices: [{ message: { content: JSON.stringify(GOOD) } }] });
      const endpoint = await serving(() => ({ body }));
      const judge = judgeAt(endpoint.url, { price: { inputPer1M: 1, outputPer1M: 10 } });
      const reply = await judge.ask(VERDICT, never);
      assert.equal(reply.ok, true);
      assert.equal(reply.usage.cost, null);
    });

    it('is asked for with the parameters, headers and key of the plan', async () => {
      const endpoint = await serving(() => saysJson(GOOD));
      const judge = judgeAt(
        endpoint.url,
        { headers: { 'x-team': 'search' } },
        { apiKey: 'sk-test-0123456789', params: { temperature: 0 } },
      );
      await judge.ask(VERDICT, never);
      const [heard] = endpoint.heard;
      assert.equal(heard?.path, '/v1/chat/completions');
      assert.equal(heard?.headers['authorization'], 'Bearer sk-test-0123456789');
      assert.equal(heard?.headers['x-team'], 'search');
      assert.equal(heard?.body['temperature'], 0);
      assert.equal(heard?.body['model'], 'grader-1');
      assert.deepEqual(heard?.messages, VERDICT.messages);
    });

    it('may come in a stream', async () => {
      const deltas = ['{"reason": "po', 'lite", "score": 0.9,', ' "pass": true}'].map(
        (content) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`,
      );
      const usage = `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 3 } })}\n\n`;
      const body = `${deltas.join('')}${usage}data: [DONE]\n\n`;
      const endpoint = await serving(() => ({ headers: { 'content-type': 'text/event-stream' }, body }));
      const reply = await judgeAt(endpoint.url).ask(VERDICT, never);
      assert.deepEqual(reply.ok && reply.value, GOOD);
      assert.equal(reply.usage.input_tokens, 7);
    });

    it('is plain text where no schema is asked for, without the thoughts before it', async () => {
      const endpoint = await serving(() => says('<think>Hm. Y or N?</think>\n\nIt does.\nY\n'));
      const reply = await judgeAt(endpoint.url).ask({ ...VERDICT, schema: null }, never);
      assert.equal(reply.ok && reply.value, 'It does.\nY');
      assert.equal(endpoint.heard[0]?.body['response_format'], undefined);
    });

    for (const [what, text] of [
      ['in a code fence', '```json\n{"reason": "polite", "score": 0.9, "pass": true}\n```'],
      ['in prose', 'Sure! Here it is: {"reason": "polite", "score": 0.9, "pass": true} Anything else?'],
      ['after thoughts', '<think>{"pass": false, "score": 0}?</think>{"reason": "polite", "score": 0.9, "pass": true}'],
      ['in Python', "{'reason': 'polite', 'score': '90%', 'pass': True,}"],
    ] as const) {
      it(`is read ${what}`, async () => {
        const endpoint = await serving(() => says(text));
        const reply = await judgeAt(endpoint.url).ask(VERDICT, never);
        assert.deepEqual(reply.ok && reply.value, GOOD);
        assert.equal(reply.usage.calls, 1);
      });
    }
  });

  describe('structured output', () => {
    it('is asked for with every property required and no bounds, which strict modes refuse', async () => {
      const endpoint = await serving(() => saysJson(GOOD));
      await judgeAt(endpoint.url).ask(VERDICT, never);
      assert.deepEqual(endpoint.heard[0]?.body['response_format'], {
        type: 'json_schema',
        json_schema: {
          name: 'llm-rubric',
          strict: true,
          schema: {
            type: 'object',
            properties: { reason: { type: 'string' }, score: { type: 'number' }, pass: { type: 'boolean' } },
            required: ['reason', 'score', 'pass'],
            additionalProperties: false,
          },
        },
      });
    });

    it('is given up for good where the endpoint refuses it', async () => {
      const endpoint = await serving(({ body }) =>
        body['response_format'] === undefined ? saysJson(GOOD) : failsWith(400, 'response_format is not supported'),
      );
      const judge = judgeAt(endpoint.url);
      const first = await judge.ask(VERDICT, never);
      const second = await judge.ask(VERDICT, never);
      assert.equal(first.ok && second.ok, true);
      assert.equal(first.usage.calls, 2);
      assert.equal(second.usage.calls, 1);
      assert.equal(endpoint.heard.length, 3);
    });

    it('is kept where the request is refused without it as well', async () => {
      let broken = true;
      const endpoint = await serving(() => (broken ? failsWith(422, 'the prompt is too long') : saysJson(GOOD)));
      const judge = judgeAt(endpoint.url);
      assert.match(reasonOf(await judge.ask(VERDICT, never)), /HTTP 422.*the prompt is too long/);
      broken = false;
      await judge.ask(VERDICT, never);
      assert.equal(endpoint.heard.length, 3);
      assert.notEqual(endpoint.heard[2]?.body['response_format'], undefined);
    });

    it("is left to the author's own response_format", async () => {
      const endpoint = await serving(() => saysJson(GOOD));
      await judgeAt(endpoint.url, {}, { params: { response_format: { type: 'json_object' } } }).ask(VERDICT, never);
      assert.deepEqual(endpoint.heard[0]?.body['response_format'], { type: 'json_object' });
    });
  });

  describe('an unusable answer', () => {
    it('is asked for again, with what was wrong', async () => {
      const endpoint = await serving((_, n) => (n === 0 ? saysJson({ pass: true, score: 7 }) : saysJson(GOOD)));
      const reply = await judgeAt(endpoint.url).ask(VERDICT, never);
      assert.deepEqual(reply.ok && reply.value, GOOD);
      assert.deepEqual(reply.usage, { calls: 2, input_tokens: 200, output_tokens: 40, cost: null });
      const again = endpoint.heard[1]?.messages ?? [];
      assert.deepEqual(
        again.map(({ role }) => role),
        ['system', 'user', 'assistant', 'user'],
      );
      assert.match(again[3]?.content ?? '', /could not be used.*\/score must be <= 1.*JSON Schema.*"maximum":1/s);
    });

    it('after three attempts is a reason that shows how it starts', async () => {
      const endpoint = await serving(() => says('I would rather talk about the weather.'));
      const reply = await judgeAt(endpoint.url).ask(VERDICT, never);
      const reason = reasonOf(reply);
      assert.match(reason, /^the judge grader \(grader-1\) gave no usable answer for llm-rubric/);
      assert.match(reason, /3 attempts: it holds no JSON object; it said "I would rather talk about the weather\."/);
      assert.equal(reply.usage.calls, 3);
    });

    it('that is empty is said to be, and no empty turn is sent', async () => {
      const endpoint = await serving(() => says('', { finish: 'length' }));
      const reason = reasonOf(await judgeAt(endpoint.url).ask(VERDICT, never));
      assert.match(reason, /it is empty; its token limit cut it off: raise max_tokens/);
      const again = endpoint.heard[1]?.messages ?? [];
      assert.deepEqual(
        again.map(({ role }) => role),
        ['system', 'user'],
      );
      assert.match(again[1]?.content ?? '', /^The answer\n\nYour answer could not be used/);
    });

    it('of 5 MB is cut, not read', async () => {
      const endpoint = await serving(() => says('{"pass": '.repeat(600_000)));
      const reply = await judgeAt(endpoint.url).ask(VERDICT, never);
      assert.match(reasonOf(reply), /it went on for more than 200,000 characters; it said "\{"pass": /);
      assert.ok(reasonOf(reply).length < 500);
      assert.ok(JSON.stringify(endpoint.heard[1]?.body).length < 10_000);
    });

    it('that was cut off by its token limit is not mended', async () => {
      const half = '{"score": 0.9, "pass": true, "parts": {"a": 1}, "reason": "meets a, but';
      const endpoint = await serving(() => says(half, { finish: 'length' }));
      assert.match(reasonOf(await judgeAt(endpoint.url).ask(VERDICT, never)), /raise max_tokens/);
    });

    it('that gives two verdicts that differ is none', async () => {
      const two = '{"pass": true, "score": 1} they wrote, but I say {"pass": false, "score": 0}';
      const endpoint = await serving(() => says(two));
      assert.match(reasonOf(await judgeAt(endpoint.url).ask(VERDICT, never)), /2 verdicts that differ/);
    });
  });

  describe('an endpoint that fails', () => {
    it('is waited for as long as it asks to be', async () => {
      const clock = new FakeClock();
      const endpoint = await serving((_, n) =>
        n === 0 ? failsWith(429, 'slow down', { 'retry-after': '7' }) : saysJson(GOOD),
      );
      const asking = judgeAt(endpoint.url, {}, { clock }).ask(VERDICT, never);
      await endpoint.heardAtLeast(1);
      // Only the wait is left when the limits on the request are gone.
      await until(() => clock.pending === 1);
      clock.advance(6_999);
      await tick(30);
      assert.equal(endpoint.heard.length, 1);
      clock.advance(1);
      const reply = await asking;
      assert.equal(reply.ok, true);
      assert.equal(reply.usage.calls, 2);
    });

    it('is not waited for longer than a minute', async () => {
      const endpoint = await serving(() => failsWith(429, 'come back later', { 'retry-after': '3600' }));
      const reply = await judgeAt(endpoint.url).ask(VERDICT, never);
      assert.match(reasonOf(reply), /HTTP 429.*come back later/);
      assert.equal(reply.usage.calls, 1);
    });

    it('with 500 is asked three times, ever less often', async () => {
      const clock = new FakeClock();
      const endpoint = await serving(() => failsWith(500, 'out of memory'));
      const asking = judgeAt(endpoint.url, { price: { inputPer1M: 1, outputPer1M: 1 } }, { clock }).ask(VERDICT, never);
      for (const [count, waitMs] of [
        [1, 500],
        [2, 1000],
      ] as const) {
        await endpoint.heardAtLeast(count);
        await until(() => clock.pending === 1);
        clock.advance(waitMs - 1);
        await tick(20);
        assert.equal(endpoint.heard.length, count);
        clock.advance(1);
      }
      const reply = await asking;
      assert.match(reasonOf(reply), /could not be asked for llm-rubric in 3 attempts: .*HTTP 500.*out of memory/);
      assert.deepEqual(reply.usage, { calls: 3, input_tokens: 0, output_tokens: 0, cost: 0 });
    });

    it('for good is not asked again', async () => {
      const endpoint = await serving(() => failsWith(401, 'no such key'));
      const reply = await judgeAt(endpoint.url).ask(VERDICT, never);
      assert.match(reasonOf(reply), /HTTP 401/);
      assert.equal(reply.usage.calls, 1);
    });

    it('by not being there is said to, and not waited for anew by every question', async () => {
      const gone = await FakeEndpoint.start(() => null);
      await gone.close();
      const clock = new FakeClock();
      const judge = judgeAt(gone.url, {}, { clock });
      const asking = judge.ask(VERDICT, never);
      const advancing = setInterval(() => clock.advance(1_000), 5);
      const first = await asking;
      clearInterval(advancing);
      assert.match(reasonOf(first), /in 3 attempts: Nothing listens at 127\.0\.0\.1:\d+.*connection refused/);
      const second = await judge.ask(VERDICT, never);
      assert.match(reasonOf(second), /could not be asked for llm-rubric: Nothing listens/);
      assert.equal(second.usage.calls, 1);
    });

    it('by silence is given up at its time limit', async () => {
      const clock = new FakeClock();
      const endpoint = await serving(() => null);
      const timeout = { connectMs: 1_000, firstTokenMs: 4_000, idleMs: 1_000, totalMs: 60_000 };
      const asking = judgeAt(endpoint.url, { timeout }, { clock }).ask(VERDICT, never);
      for (let n = 1; n <= 3; n++) {
        await endpoint.heardAtLeast(n);
        clock.advance(3_999);
        assert.equal(endpoint.heard.length, n);
        clock.advance(1);
        if (n === 3) break;
        // Only the wait for the next attempt is left.
        await until(() => clock.pending === 1);
        clock.advance(10_000);
      }
      const reply = await asking;
      assert.match(reasonOf(reply), /sent no token within 4000 ms/);
      assert.equal(reply.usage.calls, 3);
    });

    it('by cutting its answer is asked again', async () => {
      const cut: Scripted = { body: 'data: {"choices":[{"delta":{"content":"{\\"pass\\": tr"}}]}\n\n', ending: 'cut' };
      const endpoint = await serving((_, n) => (n === 0 ? cut : saysJson(GOOD)));
      const reply = await judgeAt(endpoint.url).ask(VERDICT, never);
      assert.deepEqual(reply.ok && reply.value, GOOD);
      assert.equal(reply.usage.calls, 2);
    });

    it('by falling silent in the middle is given up at its limit on silence', async () => {
      const clock = new FakeClock();
      const begun: Scripted = { body: 'data: {"choices":[{"delta":{"content":"{"}}]}\n\n', ending: 'open' };
      const endpoint = await serving((_, n) => (n === 0 ? begun : saysJson(GOOD)));
      const timeout = { connectMs: 1_000, firstTokenMs: 60_000, idleMs: 3_000, totalMs: 600_000 };
      const asking = judgeAt(endpoint.url, { timeout }, { clock }).ask(VERDICT, never);
      await endpoint.heardAtLeast(1);
      // Until the first token has arrived the limit is another.
      await tick(100);
      clock.advance(2_999);
      assert.equal(clock.pending, 2, 'limits on the whole and on silence');
      clock.advance(1);
      await until(() => clock.pending === 1);
      clock.advance(500);
      const reply = await asking;
      assert.deepEqual(reply.ok && reply.value, GOOD);
      assert.equal(reply.usage.calls, 2);
    });

    it('only to close its stream has answered all the same', async () => {
      const clock = new FakeClock();
      const delta = JSON.stringify({ choices: [{ delta: { content: JSON.stringify(GOOD) }, finish_reason: 'stop' }] });
      const endpoint = await serving(() => ({ body: `data: ${delta}\n\ndata: [DONE]\n\n`, ending: 'open' }));
      const asking = judgeAt(endpoint.url, {}, { clock }).ask(VERDICT, never);
      await endpoint.heardAtLeast(1);
      await tick(100);
      clock.advance(15_000);
      const reply = await asking;
      assert.deepEqual(reply.ok && reply.value, GOOD);
      assert.equal(reply.usage.calls, 1);
    });

    it('to leave its answer uncompressed, as asked, is said to', async () => {
      const endpoint = await serving(() => ({ headers: { 'content-encoding': 'gzip' }, body: 'x' }));
      const reply = await judgeAt(endpoint.url).ask(VERDICT, never);
      assert.match(reasonOf(reply), /compressed its answer although it was asked not to/);
      assert.equal(reply.usage.calls, 1);
    });

    it('with a page of HTML is told from an answer', async () => {
      const endpoint = await serving(() => ({ body: '<html><body>Sign in</body></html>' }));
      const reply = await judgeAt(endpoint.url).ask(VERDICT, never);
      assert.match(reasonOf(reply), /something other than JSON/);
      assert.equal(reply.usage.calls, 1);
    });

    it('never gets its key into a reason, whoever repeats it', async () => {
      const apiKey = 'sk-canary-4f9a8b7c6d5e';
      const scripts: Script[] = [
        ({ headers }) => failsWith(401, `the key ${headers['authorization']} is unknown`),
        // Where a message is shortened, half of a key could be left.
        ({ headers }) => failsWith(400, `${'x'.repeat(275)} ${headers['authorization']}`),
        ({ headers }) => says(`You sent ${headers['authorization']} and I will not grade.`),
        ({ headers }) => saysJson({ pass: `${headers['authorization']}`, score: 1 }),
        ({ headers }) => ({ body: `<p>${headers['authorization']}</p>` }),
        ({ headers }) => ({ body: JSON.stringify({ error: { message: `bad ${headers['authorization']}` } }) }),
        ({ headers }) => saysJson({ reason: `key ${headers['authorization']}`, score: 1, pass: true }),
      ];
      for (const script of scripts) {
        const endpoint = await serving(script);
        const clock = new FakeClock();
        const advancing = setInterval(() => clock.advance(1_000), 5);
        const reply = await judgeAt(endpoint.url, {}, { apiKey, clock }).ask(VERDICT, never);
        clearInterval(advancing);
        assert.ok(endpoint.heard.length > 0);
        assert.doesNotMatch(JSON.stringify(reply), /canary/);
      }
    });
  });

  describe('stopping', () => {
    it('is no longer listened for when the question is answered', async () => {
      const endpoint = await serving((_, n) => (n === 0 ? failsWith(400, 'no') : saysJson(GOOD)));
      const { signal } = new AbortController();
      assert.equal((await judgeAt(endpoint.url).ask(VERDICT, signal)).ok, true);
      assert.equal(getEventListeners(signal, 'abort').length, 0);
    });

    it('ends a question that is being answered', async () => {
      const endpoint = await serving(() => null);
      const stop = new AbortController();
      const asking = judgeAt(endpoint.url).ask(VERDICT, stop.signal);
      await endpoint.heardAtLeast(1);
      stop.abort();
      assert.match(reasonOf(await asking), /the run was stopped before the judge had answered/);
    });

    it('ends one that waits before its next attempt', async () => {
      const clock = new FakeClock();
      const endpoint = await serving(() => failsWith(503, 'warming up'));
      const stop = new AbortController();
      const asking = judgeAt(endpoint.url, {}, { clock }).ask(VERDICT, stop.signal);
      await endpoint.heardAtLeast(1);
      await until(() => clock.pending === 1);
      stop.abort();
      assert.match(reasonOf(await asking), /stopped/);
      assert.equal(clock.pending, 0);
      assert.equal(endpoint.heard.length, 1);
    });

    it('lets none begin that waits for its turn', async () => {
      const endpoint = await serving(() => null);
      const stop = new AbortController();
      const judge = judgeAt(endpoint.url);
      const asking = Array.from({ length: 10 }, () => judge.ask(VERDICT, stop.signal));
      await endpoint.heardAtLeast(8);
      stop.abort();
      for (const reply of await Promise.all(asking)) assert.match(reasonOf(reply), /stopped/);
      assert.equal(endpoint.heard.length, 8);
    });
  });

  it('asks eight questions at once, and the others as these are answered', async () => {
    let open = 0;
    let most = 0;
    const server: Server = createServer((request, response) => {
      request.resume();
      most = Math.max(most, ++open);
      setTimeout(() => {
        open--;
        response.end(saysJson(GOOD).body);
      }, 20);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    try {
      const judge = judgeAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`);
      const replies = await Promise.all(Array.from({ length: 30 }, () => judge.ask(VERDICT, never)));
      assert.ok(replies.every((reply) => reply.ok));
      assert.equal(most, 8);
      assert.equal(judge.usage.calls, 30);
      assert.equal(judge.usage.input_tokens, 3_000);
    } finally {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
  });

  it('asks in the wire API of its endpoint', async () => {
    const body = JSON.stringify({
      content: [{ type: 'text', text: JSON.stringify(GOOD) }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 5, output_tokens: 6 },
    });
    const endpoint = await serving(() => ({ body }));
    const judge = judgeAt(endpoint.url, { api: 'anthropic-messages' }, { apiKey: 'sk-ant-0123456789' });
    const reply = await judge.ask(VERDICT, never);
    assert.deepEqual(reply.ok && reply.value, GOOD);
    assert.equal(endpoint.heard[0]?.path, '/v1/messages');
    assert.equal(endpoint.heard[0]?.headers['x-api-key'], 'sk-ant-0123456789');
    assert.equal(endpoint.heard[0]?.body['system'], 'Grade.');
  });
});
