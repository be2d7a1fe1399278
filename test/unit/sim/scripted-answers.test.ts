import assert from 'node:assert/strict';
import { openaiChat } from '../../../src/core/endpoints/openai-chat';
import { AnswerBook } from '../../../src/core/sim/answers';
import { resolveSimConfig } from '../../../src/core/sim/config';
import { startSimulator, type Simulator } from '../../../src/core/sim/server';
import type { SimConfig, SimScriptAnswer, SimScriptEntry } from '../../../src/protocol/plan';
import { call, chat, chunks, contentOf, type Answer, type ToolCallDelta } from './support/client';

const FAST: SimConfig = { ttftMs: 1, ttftPerInputTokenMs: 0, itlMs: 0.2, jitter: 0 };

interface Message {
  role: string;
  content: string | null;
  reasoning_content?: string;
  tool_calls?: ToolCallDelta[];
}

describe('scripted answers', () => {
  let sim: Simulator;
  const script = (...entries: SimScriptEntry[]): void => {
    sim.reset();
    sim.reconfigure({ ...FAST, script: entries });
  };
  const post = (body: unknown): Promise<Answer> => call(`${sim.url}/chat/completions`, { body });
  const stream = (text: string, more: Record<string, unknown> = {}): Promise<Answer> =>
    post(chat(text, { stream: true, ...more }));
  const whole = async (text: string, more: Record<string, unknown> = {}) => {
    const answer = await post(chat(text, more));
    const body = JSON.parse(answer.text) as {
      choices: [{ message: Message; finish_reason: string }];
      usage: { completion_tokens: number; completion_tokens_details: { reasoning_tokens: number } };
    };
    return { ...body.choices[0], usage: body.usage };
  };
  const finishOf = (answer: Answer): string | null | undefined =>
    chunks(answer)
      .map((chunk) => chunk.choices[0]?.finish_reason)
      .find((reason) => typeof reason === 'string');
  const deltasOf = (answer: Answer): ToolCallDelta[] =>
    chunks(answer).flatMap((chunk) => chunk.choices[0]?.delta?.tool_calls ?? []);

  before(async () => {
    sim = await startSimulator(FAST);
  });
  after(() => sim.close());

  describe('with tool calls', () => {
    const weather: SimScriptAnswer = {
      toolCalls: [
        { name: 'weather', arguments: '{"city":"Tromsø","days":3}' },
        { name: 'clock', arguments: '{}' },
      ],
    };

    it('are streamed as OpenAI does: the name first, then pieces of the arguments', async () => {
      script({ match: 'weather', answer: weather });
      const answer = await stream('the weather?');
      const deltas = deltasOf(answer);
      const [first] = deltas;
      assert.ok(first?.id !== undefined && first.id !== '');
      assert.deepEqual(
        { ...first, id: '' },
        { index: 0, id: '', type: 'function', function: { name: 'weather', arguments: '' } },
      );
      const ofCall = (index: number): string =>
        deltas
          .filter((delta) => delta.index === index)
          .map((delta) => delta.function?.arguments ?? '')
          .join('');
      assert.equal(ofCall(0), '{"city":"Tromsø","days":3}');
      assert.equal(ofCall(1), '{}');
      assert.ok(deltas.filter((delta) => delta.index === 0).length > 3, 'the arguments came in one piece');
      // Only the first piece of each call has what identifies it.
      assert.deepEqual(
        deltas.filter((delta) => delta.id !== undefined).map((delta) => [delta.index, delta.function?.name]),
        [
          [0, 'weather'],
          [1, 'clock'],
        ],
      );
      assert.equal(new Set(deltas.map((delta) => delta.id).filter((id) => id !== undefined)).size, 2);
      assert.equal(finishOf(answer), 'tool_calls');
      assert.equal(chunks(answer)[0]?.choices[0]?.delta?.role, 'assistant');
      assert.equal(chunks(answer).filter((chunk) => chunk.choices[0]?.delta?.role !== undefined).length, 1);
    });

    it('come after reasoning and text, several tokens to a chunk, and never mix with them', async () => {
      sim.reset();
      const answer: SimScriptAnswer = { ...weather, text: 'Let me look.', reasoning: 'They want the weather.' };
      sim.reconfigure({ ...FAST, chunkTokens: 5, script: [{ match: '', answer }] });
      const seen = chunks(await stream('x')).map((chunk) => {
        const delta = chunk.choices[0]?.delta ?? {};
        return ['reasoning_content', 'content', 'tool_calls'].filter((key) => key in delta).join('+');
      });
      assert.ok(
        seen.every((keys) => !keys.includes('+')),
        seen.join(),
      );
      const order = seen.filter((keys, i) => keys !== seen[i - 1]);
      assert.deepEqual(order, ['reasoning_content', 'content', 'tool_calls', '']);
      const [record] = sim.requests();
      assert.equal(
        record?.outputTokens,
        record?.chunkTokens.reduce((sum, tokens) => sum + tokens, 0),
      );
    });

    it('have the same content where the answer is not streamed', async () => {
      script({ match: '', answer: { ...weather, reasoning: 'Hm.' } });
      const { message, finish_reason: finishReason, usage } = await whole('x');
      assert.equal(message.content, null);
      assert.equal(message.reasoning_content, 'Hm.');
      assert.equal(finishReason, 'tool_calls');
      const calls = message.tool_calls ?? [];
      assert.deepEqual(
        calls.map((made) => [made.type, made.function]),
        [
          ['function', { name: 'weather', arguments: '{"city":"Tromsø","days":3}' }],
          ['function', { name: 'clock', arguments: '{}' }],
        ],
      );
      assert.equal(usage.completion_tokens, sim.requests()[0]?.outputTokens);
      assert.equal(usage.completion_tokens_details.reasoning_tokens, 2);
      assert.equal((await whole('y')).message.tool_calls?.length, 2);
    });

    it('are cut at max_tokens, in a name as in arguments, and the reason says so', async () => {
      script({ match: '', answer: weather });
      const all = (await whole('x')).usage.completion_tokens;
      const streamed = await stream('x', { max_tokens: 4 });
      assert.equal(finishOf(streamed), 'length');
      assert.equal(sim.requests().at(-1)?.outputTokens, 4);
      assert.equal(deltasOf(streamed).length, 4);
      const one = await whole('x', { max_tokens: 1 });
      assert.deepEqual(
        one.message.tool_calls?.map((made) => made.function),
        [{ name: 'weather', arguments: '' }],
      );
      assert.equal(one.finish_reason, 'length');
      assert.equal((await whole('x', { max_tokens: all })).finish_reason, 'tool_calls');
      assert.equal((await whole('x', { max_tokens: all - 1 })).finish_reason, 'length');
    });

    it('leave /completions alone, which has none', async () => {
      script({ match: '', answer: { ...weather, text: 'text' } });
      const answer = await call(`${sim.url}/completions`, { body: { prompt: 'x' } });
      const body = JSON.parse(answer.text) as { choices: [{ text: string; finish_reason: string }] };
      assert.deepEqual([body.choices[0].text, body.choices[0].finish_reason], ['text', 'stop']);
    });

    it('may be no JSON: it is sent as it is written', async () => {
      script({ match: '', answer: { toolCalls: [{ name: 'f', arguments: '{"a": "x' }] } });
      assert.equal((await whole('x')).message.tool_calls?.[0]?.function?.arguments, '{"a": "x');
      const pieces = deltasOf(await stream('x')).map((delta) => delta.function?.arguments ?? '');
      assert.equal(pieces.join(''), '{"a": "x');
    });

    it('break in the middle where a failure is to strike there', async () => {
      script({ match: '', answer: weather });
      const answer = await call(`${sim.url}/chat/completions`, {
        body: chat('x', { stream: true }),
        headers: { 'x-sim-failure': 'disconnect; after=3' },
      });
      assert.equal(answer.broken, true);
      assert.equal(deltasOf(answer).length, 3);
    });
  });

  it('are read by the client as they were scripted, streamed or whole', async () => {
    const toolCalls = [{ name: 'weather', arguments: '{"city":"Tromsø"}' }];
    script({ match: '', answer: { text: 'Let me look.', reasoning: 'Weather!', toolCalls } });
    for (const streamed of [true, false]) {
      const answer = await post(chat('x', { stream: streamed }));
      const decoder = openaiChat.createDecoder({ keepText: true });
      const read = { text: '', reasoning: '', events: 0, finish: '', failure: '' };
      const sink = {
        onContent: (text: string, reasoning: string) => {
          read.text += text;
          read.reasoning += reasoning;
          read.events++;
        },
        onUsage: () => undefined,
        onFinish: (reason: string) => void (read.finish = reason),
        onDone: () => undefined,
        onFailure: (failure: string) => void (read.failure = failure),
      };
      decoder.push(Buffer.from(answer.text), sink);
      decoder.end(sink, false);
      // Every token of the stream is one content event to the client, those of the tool call included.
      const tokens = sim.requests().at(-1)?.outputTokens;
      assert.equal(read.events, streamed ? tokens : 1);
      assert.deepEqual(
        { ...read, events: 0 },
        { text: 'Let me look.', reasoning: 'Weather!', events: 0, finish: 'tool_calls', failure: '' },
      );
      assert.deepEqual(
        decoder.toolCalls().map(({ name, arguments: given }) => ({ name, arguments: given })),
        toolCalls,
      );
    }
  });

  it('give a reason to end', async () => {
    for (const finishReason of ['length', 'content_filter', 'stop'] as const) {
      script({ match: '', answer: { text: 'so far', finishReason } });
      assert.equal(finishOf(await stream('x')), finishReason);
      assert.equal((await whole('x')).finish_reason, finishReason);
      assert.equal(sim.requests()[0]?.finishReason, finishReason);
    }
  });

  it('give their reasoning in place of the made-up one', async () => {
    sim.reset();
    sim.reconfigure({
      ...FAST,
      reasoningTokens: 5,
      script: [
        { match: 'own', answer: { text: 'a', reasoning: 'my own thoughts' } },
        { match: 'none', answer: { text: 'a', reasoning: '' } },
        { match: 'made', answer: { text: 'a' } },
      ],
    });
    assert.equal((await whole('own')).message.reasoning_content, 'my own thoughts');
    assert.equal((await whole('none')).message.reasoning_content, undefined);
    assert.equal((await whole('made')).usage.completion_tokens_details.reasoning_tokens, 5);
    const cut = await whole('own', { max_tokens: 2 });
    assert.deepEqual([cut.message.reasoning_content, cut.message.content, cut.finish_reason], ['my own', '', 'length']);
  });

  it('take turns, texts and others mixed', async () => {
    script({
      match: 'q',
      answer: ['one', { text: 'two', finishReason: 'length' }, { toolCalls: [{ name: 'f', arguments: '{}' }] }],
    });
    const seen: unknown[] = [];
    for (let i = 0; i < 4; i++) {
      const { message, finish_reason: finishReason } = await whole('q');
      seen.push([message.content, finishReason]);
    }
    assert.deepEqual(seen, [
      ['one', 'stop'],
      ['two', 'length'],
      [null, 'tool_calls'],
      ['one', 'stop'],
    ]);
  });

  describe('look where they are told to', () => {
    const conversation = {
      model: 'm',
      messages: [
        { role: 'system', content: 'You are a judge.' },
        { role: 'user', content: 'Grade this answer.' },
        { role: 'assistant', content: 'Which one?' },
        { role: 'user', content: 'The long one.' },
      ],
      response_format: { type: 'json_schema', json_schema: { name: 'verdict', schema: { type: 'object' } } },
    };
    const ask = async (entries: SimScriptEntry[], body: unknown = conversation): Promise<string | null> => {
      script(...entries, { match: '', answer: 'nothing matched' });
      const answer = await post(body);
      return (JSON.parse(answer.text) as { choices: [{ message: Message }] }).choices[0].message.content;
    };

    it('in the last user message, unless they say otherwise', async () => {
      assert.equal(await ask([{ match: 'long', answer: 'yes' }]), 'yes');
      assert.equal(await ask([{ match: 'Grade', answer: 'yes' }]), 'nothing matched');
      assert.equal(await ask([{ match: 'judge', in: 'last', answer: 'yes' }]), 'nothing matched');
    });

    it('in the system messages, the developer being one', async () => {
      assert.equal(await ask([{ match: '/^you are a JUDGE/i', in: 'system', answer: 'yes' }]), 'yes');
      assert.equal(await ask([{ match: 'Grade', in: 'system', answer: 'yes' }]), 'nothing matched');
      const developer = {
        model: 'm',
        messages: [
          { role: 'developer', content: 'Be strict.' },
          { role: 'user', content: 'x' },
        ],
      };
      assert.equal(await ask([{ match: 'strict', in: 'system', answer: 'yes' }], developer), 'yes');
    });

    it('in the whole conversation', async () => {
      assert.equal(await ask([{ match: '/judge.*Grade.*Which.*long/s', in: 'all', answer: 'yes' }]), 'yes');
    });

    it('and take turns for each of what they look at', () => {
      const book = new AnswerBook(resolveSimConfig({ script: [{ match: '', in: 'all', answer: ['one', 'two'] }] }));
      const ask = (system: string): string =>
        book
          .plan({
            kind: 'chat',
            model: 'm',
            stream: false,
            includeUsage: false,
            maxTokens: null,
            stop: [],
            inputTokens: 1,
            lastUserText: 'the same',
            conversation: [
              { role: 'system', text: system },
              { role: 'user', text: 'the same' },
            ],
          })
          .answer.texts.join('');
      const long = 'x'.repeat(5000);
      assert.deepEqual(
        [ask('a'), ask('b'), ask('a'), ask(long), ask(`${long}y`), ask(long)],
        ['one', 'one', 'two', 'one', 'one', 'two'],
      );
    });
  });

  it('are refused where they make no sense, with their entry', () => {
    const refused: [RegExp, SimScriptEntry][] = [
      [/"m".*finish reason|finish reason.*"m"/, { match: 'm', answer: { finishReason: 'tired' as 'stop' } }],
      [/tool call.*"m" has no name/, { match: 'm', answer: { toolCalls: [{ name: '', arguments: '{}' }] } }],
      [/"m" must look in last, system or all/, { match: 'm', in: 'first' as 'last', answer: 'a' }],
      [/"m" has no answer/, { match: 'm', answer: [] }],
    ];
    for (const [expected, entry] of refused) assert.throws(() => resolveSimConfig({ script: [entry] }), expected);
  });

  it('stop at a stop word before any tool call', async () => {
    script({ match: '', answer: { text: 'one END two', toolCalls: [{ name: 'f', arguments: '{}' }] } });
    const answer = await stream('x', { stop: ['END'] });
    assert.deepEqual([contentOf(answer), finishOf(answer), deltasOf(answer)], ['one ', 'stop', []]);
  });
});
