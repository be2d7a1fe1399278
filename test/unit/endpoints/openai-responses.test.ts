import assert from 'node:assert/strict';
import { openaiResponses as wire } from '../../../src/core/endpoints/openai-responses';
import type { Json } from '../../../src/protocol/plan';
import {
  build,
  CONVERSATION,
  decode,
  SCHEMA_FORMAT,
  sent,
  sse,
  WEATHER_CHOICE,
  WEATHER_PARAMETERS,
  WEATHER_TOOL,
} from './support';

describe('openai-responses: requests', () => {
  it('ask for a stream, with the messages as input', () => {
    const { method, path, json } = build(wire, { url: 'https://api.openai.com/v1', params: { temperature: 0 } });
    assert.deepEqual([method, path], ['POST', '/v1/responses']);
    assert.deepEqual(json, {
      model: 'm',
      input: [{ role: 'user', content: 'hä' }],
      stream: true,
      temperature: 0,
    });
  });

  it('keep the query, and take the whole address of the method too', () => {
    assert.equal(build(wire, { url: 'http://h/v1/responses/?a=1' }).path, '/v1/responses?a=1');
  });

  it('send the key as a bearer token, to Azure as api-key', () => {
    const headers = (url: string, own = {}) => build(wire, { url, apiKey: 'k', headers: own }).headers;
    assert.equal(headers('https://api.openai.com/v1')['authorization'], 'Bearer k');
    for (const host of ['r.openai.azure.com', 'r.cognitiveservices.azure.com', 'r.services.ai.azure.com']) {
      assert.equal(headers(`https://${host}/openai/v1`)['api-key'], 'k');
      assert.equal(headers(`https://${host}/openai/v1`)['authorization'], undefined);
    }
    assert.equal(headers('https://r.openai.azure.com/v1', { Authorization: 'Bearer t' })['api-key'], undefined);
    assert.equal(headers('https://openai.azure.com.example.org/v1')['authorization'], 'Bearer k');
  });

  it('turn calls and their results into items, in order', () => {
    assert.deepEqual(build(wire, {}, CONVERSATION).json['input'], [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Weather and time?' },
      { type: 'function_call', call_id: 'call_a', name: 'get_weather', arguments: '{"city":"Köln"}' },
      { type: 'function_call', call_id: 'call_b', name: 'get_time', arguments: '' },
      { type: 'function_call_output', call_id: 'call_a', output: 'rain' },
      { type: 'function_call_output', call_id: 'call_b', output: '{"time":"12:00"}' },
      { role: 'user', content: 'Thanks.' },
      { role: 'developer', content: 'In German.' },
    ]);
  });

  it('translate the names of chat completions', () => {
    assert.deepEqual(sent(wire, { max_tokens: 1, max_completion_tokens: 2 }), { max_output_tokens: 2 });
    assert.deepEqual(sent(wire, { response_format: SCHEMA_FORMAT }), {
      text: { format: { type: 'json_schema', name: 'city', strict: true, schema: WEATHER_PARAMETERS } },
    });
    assert.deepEqual(sent(wire, { response_format: { type: 'json_object' } }), {
      text: { format: { type: 'json_object' } },
    });
    assert.deepEqual(sent(wire, { reasoning_effort: 'low', response_format: { type: 'text' } }), {
      reasoning: { effort: 'low' },
      text: { format: { type: 'text' } },
    });
    assert.deepEqual(sent(wire, { tools: [WEATHER_TOOL], tool_choice: WEATHER_CHOICE }), {
      tools: [
        {
          type: 'function',
          name: 'get_weather',
          description: 'Now',
          parameters: WEATHER_PARAMETERS,
          strict: false,
        },
      ],
      tool_choice: { type: 'function', name: 'get_weather' },
    });
    assert.deepEqual(sent(wire, { tool_choice: 'required', stop: ['x'] }), { tool_choice: 'required', stop: ['x'] });
  });

  it("send the API's own spelling as it is, and let it win", () => {
    const own: Record<string, Json> = {
      max_output_tokens: 9,
      text: { format: { type: 'text' }, verbosity: 'low' },
      reasoning: { effort: 'high', summary: 'auto' },
      tools: [{ type: 'web_search' }, { type: 'function', name: 'f', parameters: {} }],
      tool_choice: { type: 'function', name: 'f' },
      instructions: 'Be brief.',
    };
    assert.deepEqual(sent(wire, own), own);
    const both = { ...own, max_tokens: 1, reasoning_effort: 'low', response_format: { type: 'json_object' } };
    assert.deepEqual(sent(wire, both), own);
    assert.deepEqual(sent(wire, { text: { verbosity: 'low' }, response_format: { type: 'json_object' } })['text'], {
      format: { type: 'json_object' },
      verbosity: 'low',
    });
  });

  it('limit the answer whatever limit there was', () => {
    assert.deepEqual(sent(wire, wire.limitOutput({ max_tokens: 1 }, 7)), { max_output_tokens: 7 });
    assert.deepEqual(sent(wire, wire.limitOutput({ max_output_tokens: 1 }, 7)), { max_output_tokens: 7 });
  });
});

describe('openai-responses: answers', () => {
  const done = (output: object[] = []) =>
    sse({ type: 'response.completed', response: { status: 'completed', output } });
  const message = (text: string) => ({ type: 'message', content: [{ type: 'output_text', text }] });

  it('read what a server that sends no deltas says at the end of an item, and say nothing twice', () => {
    const call = { type: 'function_call', call_id: 'c', name: 'f', arguments: '{"a":1}' };
    const { lines, tools } = decode(wire, [
      sse({ type: 'response.output_item.done', output_index: 0, item: message('Hi') }),
      sse({ type: 'response.output_item.done', output_index: 1, item: call }),
      done([message('Hi'), call]),
    ]);
    assert.deepEqual(lines, ['content Hi|', 'content ||tool', 'finish completed', 'done']);
    assert.deepEqual(tools, [{ id: 'c', name: 'f', arguments: '{"a":1}' }]);
  });

  it('read what a server says in its last event alone', () => {
    assert.deepEqual(decode(wire, [done([message('Hi')])]).lines, ['content Hi|', 'finish completed', 'done']);
  });

  it('say nothing twice where deltas have no numbers', () => {
    const { lines } = decode(wire, [
      sse({ type: 'response.output_text.delta', delta: 'Hi' }),
      sse({ type: 'response.output_item.done', output_index: 3, item: message('Hi') }),
      done([{ type: 'reasoning', summary: [] }, message('Hi')]),
    ]);
    assert.deepEqual(lines, ['content Hi|', 'finish completed', 'done']);
  });

  it('know the type of an event from its name too', () => {
    assert.deepEqual(decode(wire, [sse({ delta: 'Hi' }, 'response.output_text.delta')]).lines, ['content Hi|']);
  });

  it('count the input of a tool that the server runs, but take it for no call', () => {
    const { lines, tools } = decode(wire, [
      sse({ type: 'response.output_item.added', output_index: 0, item: { type: 'code_interpreter_call', code: '' } }),
      sse({ type: 'response.code_interpreter_call_code.delta', output_index: 0, delta: 'print(1)' }),
    ]);
    assert.deepEqual([lines, tools], [['content ||tool'], []]);
  });

  it('put a custom tool call together', () => {
    const { tools } = decode(wire, [
      sse({
        type: 'response.output_item.added',
        output_index: 1,
        item: { type: 'custom_tool_call', call_id: 'c', name: 'sh', input: '' },
      }),
      sse({ type: 'response.custom_tool_call_input.delta', output_index: 1, delta: 'ls' }),
      sse({ type: 'response.custom_tool_call_input.delta', output_index: 1, delta: ' -l' }),
    ]);
    assert.deepEqual(tools, [{ id: 'c', name: 'sh', arguments: 'ls -l' }]);
  });

  it('fail where the response failed, with or without a reason', () => {
    for (const error of [null, undefined]) {
      const { lines } = decode(wire, [sse({ type: 'response.failed', response: { status: 'failed', error } })]);
      assert.deepEqual(lines, ['failure server_error_event: the response failed']);
    }
    const body = { status: 'failed', error: { code: 'server_error', message: 'no' }, output: [] };
    assert.deepEqual(decode(wire, [JSON.stringify(body)]).lines, ['failure server_error_event: no (server_error)']);
  });
});
