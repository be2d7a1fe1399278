import assert from 'node:assert/strict';
import { ChatFailure, type ChatPart, type ChatRequest } from '../../../src/extension/lm/chat-request';
import { startChatServer, type ChatModel, type ChatServer } from '../../../src/extension/lm/chat-server';

/** A model that gives the parts it is told to, and remembers what it was asked. */
class Scripted implements ChatModel {
  readonly asked: ChatRequest[] = [];
  cancelled = 0;

  constructor(
    private readonly parts: (ChatPart | Error | 'wait')[],
    private readonly tokens: (text: string) => Promise<number> = (text) => Promise.resolve(text.length),
  ) {}

  async *ask(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatPart> {
    this.asked.push(request);
    for (const part of this.parts) {
      await Promise.resolve();
      if (part instanceof Error) throw part;
      if (part !== 'wait') yield part;
      else {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
        this.cancelled++;
      }
    }
  }

  countTokens(text: string): Promise<number> {
    return this.tokens(text);
  }
}

const text = (value: string): ChatPart => ({ kind: 'text', text: value });

describe("the server of the editor's models", () => {
  const open: ChatServer[] = [];
  const serve = async (model: ChatModel): Promise<ChatServer> => {
    const server = await startChatServer(new Map([['test/one', model]]));
    open.push(server);
    return server;
  };
  const ask = (server: ChatServer, body: object, init: RequestInit = {}): Promise<Response> =>
    fetch(`${server.url}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.token}` },
      body: JSON.stringify({ model: 'test/one', messages: [{ role: 'user', content: 'hi' }], ...body }),
      ...init,
    });
  afterEach(() => {
    for (const server of open.splice(0)) server.close();
  });

  it('streams an answer in OpenAI form, with the tokens that the model counts', async () => {
    const server = await serve(new Scripted([text('Good '), text('day')]));
    const response = await ask(server, { stream: true });
    assert.equal(response.status, 200);
    const events = (await response.text())
      .split('\n\n')
      .filter((event) => event !== '')
      .map((event) => event.replace(/^data: /, ''));
    assert.equal(events.at(-1), '[DONE]');
    const parsed = events.slice(0, -1).map((event) => JSON.parse(event) as Record<string, unknown>);
    const deltas = parsed.flatMap(
      ({ choices }) => choices as { delta: { content?: string }; finish_reason: unknown }[],
    );
    assert.deepEqual(
      deltas.map(({ delta, finish_reason }) => delta.content ?? finish_reason),
      ['', 'Good ', 'day', 'stop'],
    );
    assert.deepEqual(parsed.at(-1)?.['usage'], { prompt_tokens: 2, completion_tokens: 8, total_tokens: 10 });
  });

  it('answers as a whole where no stream is asked for, tool calls included', async () => {
    const server = await serve(new Scripted([{ kind: 'call', id: 'c1', name: 'look', input: { at: 'sky' } }]));
    const body = (await (await ask(server, { tools: [] })).json()) as { choices: unknown[] };
    assert.deepEqual(body.choices, [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: '',
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'look', arguments: '{"at":"sky"}' } }],
        },
        finish_reason: 'tool_calls',
      },
    ]);
  });

  it('hands on the conversation, the tools and every other parameter', async () => {
    const model = new Scripted([text('ok')]);
    const server = await serve(model);
    await ask(server, {
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: [{ type: 'text', text: 'Weather?' }] },
        {
          role: 'assistant',
          content: '',
          tool_calls: [{ id: '1', function: { name: 'w', arguments: '{"in":"Rome"}' } }],
        },
        { role: 'tool', tool_call_id: '1', content: 'sunny' },
      ],
      tools: [{ type: 'function', function: { name: 'w', description: 'Weather', parameters: { type: 'object' } } }],
      tool_choice: 'required',
      temperature: 0,
    });
    assert.deepEqual(model.asked[0], {
      model: 'test/one',
      stream: false,
      turns: [
        { role: 'user', parts: [text('Be brief.')] },
        { role: 'user', parts: [text('Weather?')] },
        { role: 'assistant', parts: [{ kind: 'call', id: '1', name: 'w', input: { in: 'Rome' } }] },
        { role: 'user', parts: [{ kind: 'result', id: '1', text: 'sunny' }] },
      ],
      tools: [{ name: 'w', description: 'Weather', inputSchema: { type: 'object' } }],
      toolRequired: true,
      options: { temperature: 0 },
    });
  });

  it('offers no tool where none may be called, and one where one has to be', async () => {
    const model = new Scripted([text('ok')]);
    const server = await serve(model);
    const tools = ['a', 'b'].map((name) => ({ type: 'function', function: { name } }));
    await ask(server, { tools, tool_choice: 'none' });
    await ask(server, { tools, tool_choice: { type: 'function', function: { name: 'b' } } });
    assert.deepEqual(
      model.asked.map((request) => [request.tools.map(({ name }) => name), request.toolRequired]),
      [
        [[], false],
        [['b'], true],
      ],
    );
  });

  it('answers nobody without the token of the run', async () => {
    const model = new Scripted([text('secret')]);
    const server = await serve(model);
    for (const authorization of ['', 'Bearer ', 'Bearer x', `Bearer ${server.token}x`, `Basic ${server.token}`]) {
      const response = await ask(server, {}, { headers: { authorization } });
      assert.equal(response.status, 401, authorization);
    }
    assert.equal(model.asked.length, 0);
    const other = await serve(model);
    assert.notEqual(other.token, server.token);
  });

  it('says a refusal with its status before the answer, and as an event within it', async () => {
    const refused = await ask(await serve(new Scripted([new ChatFailure(403, 'not allowed', 'permission_error')])), {
      stream: true,
    });
    assert.equal(refused.status, 403);
    assert.deepEqual(await refused.json(), { error: { message: 'not allowed', type: 'permission_error', code: 403 } });

    const broken = await ask(await serve(new Scripted([text('a'), new Error('gone')])), { stream: true });
    assert.equal(broken.status, 200);
    assert.match(await broken.text(), /"content":"a"[\s\S]*"error":\{"message":"gone"/);
  });

  for (const [what, body, status] of [
    ['a model that the run does not name', { model: 'other' }, 404],
    ['a body without messages', { messages: undefined }, 400],
    ['an image', { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }, 400],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const response = await ask(await serve(new Scripted([text('x')])), body);
      assert.equal(response.status, status);
    });
  }

  it('refuses what is no JSON, another method and another path', async () => {
    const server = await serve(new Scripted([text('x')]));
    assert.equal((await ask(server, {}, { body: '{' })).status, 400);
    const headers = { authorization: `Bearer ${server.token}` };
    assert.equal((await fetch(`${server.url}/chat/completions`, { headers })).status, 404);
    assert.equal((await fetch(`${server.url}/embeddings`, { method: 'POST', headers, body: '{}' })).status, 404);
  });

  it('answers without usage where the tokens cannot be counted', async () => {
    const server = await serve(new Scripted([text('x')], () => Promise.reject(new Error('no tokenizer'))));
    const body = (await (await ask(server, {})).json()) as object;
    assert.ok(!('usage' in body));
  });

  it('stops asking when the engine hangs up', async () => {
    const model = new Scripted([text('a'), 'wait']);
    const server = await serve(model);
    const abort = new AbortController();
    const response = await ask(server, { stream: true }, { signal: abort.signal });
    await response.body?.getReader().read();
    abort.abort();
    for (let i = 0; i < 200 && model.cancelled === 0; i++) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(model.cancelled, 1);
  });

  it('is gone once it is closed', async () => {
    const server = await serve(new Scripted([text('x')]));
    server.close();
    await assert.rejects(ask(server, {}));
  });
});
