import assert from 'node:assert/strict';
import { anthropicMessages as wire } from '../../../src/core/endpoints/anthropic-messages';
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

describe('anthropic-messages: requests', () => {
  it('ask for a stream, with the limit that the API insists on', () => {
    const { method, json, headers } = build(wire, { apiKey: 'k', params: { temperature: 0, top_k: 4 } });
    assert.equal(method, 'POST');
    assert.deepEqual(json, {
      model: 'm',
      max_tokens: 4096,
      messages: [{ role: 'user', content: 'hä' }],
      stream: true,
      temperature: 0,
      top_k: 4,
    });
    assert.equal(headers['x-api-key'], 'k');
    assert.equal(headers['anthropic-version'], '2023-06-01');
    assert.equal(headers['authorization'], undefined);
  });

  it('let the headers of the endpoint win', () => {
    const { headers } = build(wire, {
      apiKey: 'k',
      headers: { 'Anthropic-Version': '2030-01-01', 'X-Api-Key': 'own' },
    });
    assert.equal(headers['anthropic-version'], undefined);
    assert.equal(headers['Anthropic-Version'], '2030-01-01');
    assert.equal(headers['x-api-key'], undefined);
    assert.equal('x-api-key' in build(wire).headers, false);
  });

  it('find the method wherever the base ends', () => {
    const paths = {
      'https://api.anthropic.com': '/v1/messages',
      'https://api.anthropic.com/': '/v1/messages',
      'https://api.anthropic.com/v1': '/v1/messages',
      'https://api.anthropic.com/v1/messages?beta=true': '/v1/messages?beta=true',
      'https://gateway/anthropic': '/anthropic/v1/messages',
      'http://h:4000/x/v1/?a=1': '/x/v1/messages?a=1',
    };
    for (const [url, path] of Object.entries(paths)) assert.equal(build(wire, { url }).path, path);
  });

  it('gather what belongs to the system, join neighbours, and turn calls into blocks', () => {
    const { json } = build(wire, {}, CONVERSATION);
    assert.equal(json['system'], 'Be brief.\n\nIn German.');
    assert.deepEqual(json['messages'], [
      { role: 'user', content: 'Weather and time?' },
      {
        role: 'assistant',
        content: [
          { type: 'tool_use', id: 'call_a', name: 'get_weather', input: { city: 'Köln' } },
          { type: 'tool_use', id: 'call_b', name: 'get_time', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'call_a', content: 'rain' },
          { type: 'tool_result', tool_use_id: 'call_b', content: '{"time":"12:00"}' },
          { type: 'text', text: 'Thanks.' },
        ],
      },
    ]);
    assert.deepEqual(
      build(wire, {}, [
        { role: 'user', content: 'a' },
        { role: 'user', content: 'b' },
      ]).json['messages'],
      [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
          ],
        },
      ],
    );
  });

  it('keep arguments that are no object', () => {
    const { json } = build(wire, {}, [
      {
        role: 'assistant',
        content: 'x',
        tool_calls: [
          { id: '1', type: 'function', function: { name: 'f', arguments: '{"a": oops' } },
          { id: '2', type: 'function', function: { name: 'f', arguments: { a: 1 } } },
          { id: '3', type: 'other' },
        ],
      },
    ]);
    assert.deepEqual(json['messages'], [
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'x' },
          { type: 'tool_use', id: '1', name: 'f', input: { arguments: '{"a": oops' } },
          { type: 'tool_use', id: '2', name: 'f', input: { a: 1 } },
        ],
      },
    ]);
  });

  it('translate the names of chat completions', () => {
    assert.deepEqual(sent(wire, { max_completion_tokens: 2, stop: 'END' }), {
      max_tokens: 2,
      stop_sequences: ['END'],
    });
    assert.deepEqual(sent(wire, { stop: ['a', 'b'] }), { stop_sequences: ['a', 'b'] });
    assert.deepEqual(sent(wire, { stop: null }), {});
    assert.deepEqual(sent(wire, { response_format: SCHEMA_FORMAT }), {
      output_config: { format: { type: 'json_schema', schema: WEATHER_PARAMETERS } },
    });
    assert.deepEqual(sent(wire, { response_format: { type: 'text' } }), {});
    assert.deepEqual(sent(wire, { tools: [WEATHER_TOOL], tool_choice: WEATHER_CHOICE }), {
      tools: [{ name: 'get_weather', description: 'Now', input_schema: WEATHER_PARAMETERS }],
      tool_choice: { type: 'tool', name: 'get_weather' },
    });
    for (const [asked, type] of Object.entries({ auto: 'auto', none: 'none', required: 'any' })) {
      assert.deepEqual(sent(wire, { tool_choice: asked }), { tool_choice: { type } });
    }
    assert.deepEqual(sent(wire, { tools: [{ type: 'function', function: { name: 'f' } }] }), {
      tools: [{ name: 'f', input_schema: { type: 'object', properties: {} } }],
    });
  });

  it('send what has no counterpart as it is: the server says what it thinks of it', () => {
    const params = { seed: 1, response_format: { type: 'json_object' } };
    assert.deepEqual(sent(wire, params), params);
  });

  it("send the API's own spelling as it is, and let it win", () => {
    const own: Record<string, Json> = {
      max_tokens: 9,
      system: 'S',
      stop_sequences: ['x'],
      tools: [
        { name: 'f', input_schema: { type: 'object' } },
        { type: 'web_search_20250305', name: 'web_search' },
      ],
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
      output_config: { effort: 'low' },
      thinking: { type: 'enabled', budget_tokens: 2000 },
    };
    assert.deepEqual(sent(wire, own), own);
    assert.deepEqual(sent(wire, { ...own, stop: 'y', max_completion_tokens: 1 }), own);
    assert.deepEqual(sent(wire, { output_config: { effort: 'low' }, response_format: SCHEMA_FORMAT }), {
      output_config: { format: { type: 'json_schema', schema: WEATHER_PARAMETERS }, effort: 'low' },
    });
  });

  it('limit the answer whatever limit there was', () => {
    assert.deepEqual(sent(wire, wire.limitOutput({ max_completion_tokens: 1 }, 7)), { max_tokens: 7 });
  });
});

describe('anthropic-messages: answers', () => {
  const delta = (index: number, value: object) => sse({ type: 'content_block_delta', index, delta: value });

  it('count the first piece where a gateway puts it into the start of its block', () => {
    const start = (block: object) => sse({ type: 'content_block_start', index: 0, content_block: block });
    assert.deepEqual(decode(wire, [start({ type: 'text', text: 'Hi' })]).lines, ['content Hi|']);
    assert.deepEqual(decode(wire, [start({ type: 'thinking', thinking: 'Hm' })]).lines, ['content |Hm']);
  });

  it('count the input of a tool that the server runs, but take it for no call', () => {
    const { lines, tools } = decode(wire, [
      sse({
        type: 'content_block_start',
        index: 0,
        content_block: { type: 'server_tool_use', id: 's', name: 'web_search' },
      }),
      delta(0, { type: 'input_json_delta', partial_json: '{"query":"x"}' }),
      sse({ type: 'content_block_start', index: 1, content_block: { type: 'web_search_tool_result', content: [] } }),
      delta(2, { type: 'citations_delta', citation: { cited_text: 'x' } }),
      delta(2, { type: 'text_delta', text: 'Found.' }),
    ]);
    assert.deepEqual(lines, ['content ||tool', 'content ||tool', 'content Found.|']);
    assert.deepEqual(tools, []);
  });

  it('count all of the input, whether it came from a cache or went into one', () => {
    const usage = {
      input_tokens: 3,
      cache_read_input_tokens: 100,
      cache_creation_input_tokens: 20,
      output_tokens: 1,
    };
    const { lines } = decode(wire, [
      sse({ type: 'message_start', message: { usage } }),
      sse({
        type: 'message_delta',
        delta: { stop_reason: 'refusal' },
        usage: { output_tokens: 5, input_tokens: null },
      }),
    ]);
    assert.deepEqual(lines, ['usage 123,,100,', 'usage 123,5,100,', 'finish refusal']);
  });

  it('read events that repeat each other as any other, until a block ends', () => {
    const text = (index: number, value: string) =>
      sse({ type: 'content_block_delta', index, delta: { type: 'text_delta', text: value } }, 'content_block_delta');
    const { lines } = decode(wire, [
      ...['a', 'b', 'c"', '\\', 'é', ''].map((value) => text(0, value)),
      sse({ type: 'content_block_stop', index: 0 }, 'content_block_stop'),
      text(1, 'x'),
      text(1, 'y'),
      sse({ type: 'message_stop' }, 'message_stop'),
    ]);
    assert.deepEqual(lines, [...['a', 'b', 'c"', '\\', 'é', 'x', 'y'].map((value) => `content ${value}|`), 'done']);
  });
});
