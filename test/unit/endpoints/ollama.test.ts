import assert from 'node:assert/strict';
import { ollama as wire } from '../../../src/core/endpoints/ollama';
import { build, CONVERSATION, decode, SCHEMA_FORMAT, sent, WEATHER_PARAMETERS, WEATHER_TOOL } from './support';

describe('ollama: requests', () => {
  it('ask for a stream', () => {
    const { method, path, json, headers } = build(wire, { apiKey: 'k' });
    assert.deepEqual([method, path], ['POST', '/api/chat']);
    assert.deepEqual(json, { model: 'm', messages: [{ role: 'user', content: 'hä' }], stream: true });
    assert.equal(headers['accept'], 'application/x-ndjson, application/json');
    assert.equal(headers['authorization'], 'Bearer k');
  });

  it('find the method wherever the base ends', () => {
    for (const url of ['http://h:11434', 'http://h:11434/', 'http://h/api', 'http://h/api/chat']) {
      assert.equal(build(wire, { url }).path, '/api/chat');
    }
    assert.equal(build(wire, { url: 'https://g/ollama?x=1' }).path, '/ollama/api/chat?x=1');
  });

  it('write calls with their arguments as an object, and name the function of a result', () => {
    assert.deepEqual(build(wire, {}, CONVERSATION).json['messages'], [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Weather and time?' },
      {
        role: 'assistant',
        content: '',
        tool_calls: [
          { id: 'call_a', function: { name: 'get_weather', arguments: { city: 'Köln' } } },
          { id: 'call_b', function: { name: 'get_time', arguments: {} } },
        ],
      },
      { role: 'tool', content: 'rain', tool_name: 'get_weather', tool_call_id: 'call_a' },
      { role: 'tool', content: '{"time":"12:00"}', tool_name: 'get_time', tool_call_id: 'call_b' },
      { role: 'user', content: 'Thanks.' },
      { role: 'system', content: 'In German.' },
    ]);
  });

  it('translate the names of chat completions', () => {
    const options = { temperature: 0, top_p: 0.9, top_k: 4, seed: 1, presence_penalty: 0.1, frequency_penalty: 0.2 };
    assert.deepEqual(sent(wire, { ...options, max_completion_tokens: 100, stop: 'END' }), {
      options: { ...options, num_predict: 100, stop: ['END'] },
    });
    assert.deepEqual(sent(wire, { response_format: { type: 'json_object' } }), { format: 'json' });
    assert.deepEqual(sent(wire, { response_format: SCHEMA_FORMAT }), { format: WEATHER_PARAMETERS });
    assert.deepEqual(sent(wire, { response_format: { type: 'text' } }), {});
    assert.deepEqual(sent(wire, { tools: [WEATHER_TOOL], tool_choice: 'auto' }), {
      tools: [WEATHER_TOOL],
      tool_choice: 'auto',
    });
  });

  it("send the API's own spelling where it belongs, and let it win", () => {
    const own = { options: { num_predict: 9, num_ctx: 4096 }, format: 'json', think: 'low', keep_alive: '5m' };
    assert.deepEqual(sent(wire, own), own);
    assert.deepEqual(sent(wire, { ...own, max_tokens: 1, response_format: SCHEMA_FORMAT }), own);
    assert.deepEqual(sent(wire, { num_ctx: 1, num_predict: 2, max_tokens: 3, repeat_penalty: 1.1 }), {
      options: { num_ctx: 1, num_predict: 2, repeat_penalty: 1.1 },
    });
  });

  it('limit the answer whatever limit there was', () => {
    assert.deepEqual(sent(wire, wire.limitOutput({ max_tokens: 1, num_predict: 2 }, 7)), {
      options: { num_predict: 7 },
    });
    assert.deepEqual(sent(wire, wire.limitOutput({ options: { num_ctx: 1, num_predict: 2 } }, 7)), {
      options: { num_ctx: 1, num_predict: 7 },
    });
  });
});

describe('ollama: answers', () => {
  const line = (value: object) => `${JSON.stringify(value)}\n`;

  it('take a last line without an end, and no half line for anything', () => {
    const last = JSON.stringify({ message: { content: '' }, done: true, done_reason: 'length', eval_count: 1 });
    const first = line({ message: { content: 'a' } });
    assert.deepEqual(decode(wire, [first, last]).lines, ['content a|', 'usage ,1,,', 'finish length', 'done']);
    assert.deepEqual(decode(wire, [first, last.slice(0, 20)]).lines, ['content a|']);
  });

  it('are complete without a reason, as older servers end them', () => {
    assert.deepEqual(decode(wire, [line({ message: { content: 'a' }, done: true })]).lines, [
      'content a|',
      'usage ,,,',
      'done',
    ]);
  });

  it('fail with an error that is laid out over several lines', () => {
    assert.deepEqual(decode(wire, ['{\n  "error": "no such model"\n}\n']).lines, [
      'failure server_error_event: no such model',
    ]);
  });
});
