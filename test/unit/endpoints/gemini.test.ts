import assert from 'node:assert/strict';
import { gemini as wire } from '../../../src/core/endpoints/gemini';
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

describe('gemini: requests', () => {
  it('name model and method in the path, and have the key in a header only', () => {
    const { method, path, json, headers } = build(wire, { apiKey: 'k', model: 'gemini-2.5-flash' });
    assert.deepEqual([method, path], ['POST', '/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse']);
    assert.deepEqual(json, { contents: [{ role: 'user', parts: [{ text: 'hä' }] }] });
    assert.equal(headers['x-goog-api-key'], 'k');
    assert.equal(headers['authorization'], undefined);
  });

  it('find the method wherever the base ends', () => {
    const tail = 'models/m:streamGenerateContent?alt=sse';
    const paths = {
      'https://generativelanguage.googleapis.com': `/v1beta/${tail}`,
      'https://generativelanguage.googleapis.com/v1/': `/v1/${tail}`,
      'https://g/v1beta/models': `/v1beta/${tail}`,
      'https://g/v1beta/models/other': '/v1beta/models/other:streamGenerateContent?alt=sse',
      'https://g/v1beta/models/other:generateContent': '/v1beta/models/other:streamGenerateContent?alt=sse',
      'https://g/v1beta/models/other:streamGenerateContent?alt=sse&x=1':
        '/v1beta/models/other:streamGenerateContent?alt=sse&x=1',
      'https://g/proxy/gemini?x=1': '/proxy/gemini/v1beta/models/m:streamGenerateContent?x=1&alt=sse',
      'https://eu-aiplatform.googleapis.com/v1/projects/p/locations/eu/publishers/google': `/v1/projects/p/locations/eu/publishers/google/${tail}`,
    };
    for (const [url, path] of Object.entries(paths)) assert.equal(build(wire, { url }).path, path);
    const named = (model: string) => build(wire, { url: 'https://g/v1beta', model }).path.split(':')[0];
    assert.equal(named('models/x'), '/v1beta/models/x');
    assert.equal(named('tunedModels/x'), '/v1beta/tunedModels/x');
    assert.equal(named('a?b'), '/v1beta/models/a%3Fb');
  });

  it('take stream and model of the parameters for the path', () => {
    const { path, json } = build(wire, { params: { stream: false, model: 'x' } });
    assert.equal(path, '/v1beta/models/x:generateContent');
    assert.deepEqual(Object.keys(json), ['contents']);
    assert.equal(build(wire, {}, [], false).path, '/v1beta/models/m:generateContent');
  });

  it('gather what belongs to the system, join neighbours, and turn calls into parts', () => {
    const { json } = build(wire, {}, CONVERSATION);
    assert.deepEqual(json['systemInstruction'], { parts: [{ text: 'Be brief.\n\nIn German.' }] });
    assert.deepEqual(json['contents'], [
      { role: 'user', parts: [{ text: 'Weather and time?' }] },
      {
        role: 'model',
        parts: [
          { functionCall: { name: 'get_weather', args: { city: 'Köln' } } },
          { functionCall: { name: 'get_time', args: {} } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { name: 'get_weather', response: { result: 'rain' } } },
          { functionResponse: { name: 'get_time', response: { time: '12:00' } } },
          { text: 'Thanks.' },
        ],
      },
    ]);
  });

  it('send the signature of a thought back with its call', () => {
    const { json } = build(wire, {}, [
      {
        role: 'assistant',
        content: '',
        tool_calls: [
          {
            id: 'a',
            type: 'function',
            function: { name: 'f', arguments: '{}' },
            extra_content: { google: { thought_signature: 'sig' } },
          },
        ],
      },
    ]);
    assert.deepEqual(json['contents'], [
      { role: 'model', parts: [{ functionCall: { name: 'f', args: {} }, thoughtSignature: 'sig' }] },
    ]);
  });

  it('translate the names of chat completions', () => {
    const params = {
      temperature: 0,
      top_p: 0.9,
      top_k: 4,
      max_tokens: 100,
      stop: 'END',
      seed: 1,
      presence_penalty: 0.1,
      frequency_penalty: 0.2,
      response_format: { type: 'json_object' },
    };
    assert.deepEqual(sent(wire, params), {
      generationConfig: {
        temperature: 0,
        topP: 0.9,
        topK: 4,
        maxOutputTokens: 100,
        stopSequences: ['END'],
        seed: 1,
        presencePenalty: 0.1,
        frequencyPenalty: 0.2,
        responseMimeType: 'application/json',
      },
    });
    assert.deepEqual(sent(wire, { response_format: SCHEMA_FORMAT }), {
      generationConfig: { responseMimeType: 'application/json', responseJsonSchema: WEATHER_PARAMETERS },
    });
    assert.deepEqual(sent(wire, { response_format: { type: 'text' } }), {});
    assert.deepEqual(sent(wire, { tools: [WEATHER_TOOL, { googleSearch: {} }], tool_choice: WEATHER_CHOICE }), {
      tools: [
        {
          functionDeclarations: [{ name: 'get_weather', description: 'Now', parametersJsonSchema: WEATHER_PARAMETERS }],
        },
        { googleSearch: {} },
      ],
      toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['get_weather'] } },
    });
    for (const [asked, mode] of Object.entries({ auto: 'AUTO', none: 'NONE', required: 'ANY' })) {
      assert.deepEqual(sent(wire, { tool_choice: asked }), { toolConfig: { functionCallingConfig: { mode } } });
    }
  });

  it("send the API's own spelling where it belongs, and let it win", () => {
    const own = {
      generationConfig: { temperature: 1, topK: 9, thinkingConfig: { thinkingBudget: 0 } },
      tools: [{ functionDeclarations: [{ name: 'f' }] }],
      toolConfig: { functionCallingConfig: { mode: 'NONE' } },
      safetySettings: [],
    };
    assert.deepEqual(sent(wire, own), own);
    assert.deepEqual(sent(wire, { ...own, temperature: 0, top_k: 1, tool_choice: 'auto' }), own);
    assert.deepEqual(sent(wire, { topK: 3, top_k: 4, maxOutputTokens: 5, max_tokens: 6 }), {
      generationConfig: { topK: 3, maxOutputTokens: 5 },
    });
    assert.deepEqual(sent(wire, { generation_config: { topK: 3 }, max_tokens: 6, system_instruction: { parts: [] } }), {
      generationConfig: { maxOutputTokens: 6, topK: 3 },
      systemInstruction: { parts: [] },
    });
    const schema = { type: 'OBJECT' };
    assert.deepEqual(sent(wire, { responseSchema: schema, response_format: SCHEMA_FORMAT }), {
      generationConfig: { responseMimeType: 'application/json', responseSchema: schema },
    });
  });

  it('limit the answer whatever limit there was', () => {
    const limited = { generationConfig: { maxOutputTokens: 7 } };
    assert.deepEqual(sent(wire, wire.limitOutput({}, 7)), limited);
    assert.deepEqual(sent(wire, wire.limitOutput({ max_tokens: 1 }, 7)), limited);
    assert.deepEqual(sent(wire, wire.limitOutput({ maxOutputTokens: 1 }, 7)), limited);
    assert.deepEqual(sent(wire, wire.limitOutput({ generation_config: { topK: 1, maxOutputTokens: 1 } }, 7)), {
      generationConfig: { topK: 1, maxOutputTokens: 7 },
    });
  });
});

describe('gemini: answers', () => {
  it('count the tokens of every candidate but have the text of the first', () => {
    const candidate = (index: number, text: string) => ({ index, content: { parts: [{ text }] } });
    const { lines } = decode(wire, [
      sse({ candidates: [candidate(0, 'A'), candidate(1, 'B')] }),
      sse({ candidates: [candidate(1, 'C')] }),
    ]);
    assert.deepEqual(lines, ['content A||tool', 'content ||tool']);
  });

  it('take neither an empty event nor a signature alone for a token', () => {
    const parts = (...list: object[]) => sse({ candidates: [{ content: { parts: list } }] });
    const { lines } = decode(wire, [
      parts({ text: '' }),
      parts({ thoughtSignature: 'x' }),
      parts({ text: '', thought: true }),
      sse({ candidates: [{}] }),
      parts({ executableCode: { code: 'print(1)' } }),
      parts({ codeExecutionResult: { output: '1' } }),
    ]);
    assert.deepEqual(lines, ['content ||tool']);
  });

  it('fail with the error of a list', () => {
    const { lines } = decode(wire, [
      JSON.stringify([{ error: { code: 400, message: 'bad', status: 'INVALID_ARGUMENT' } }]),
    ]);
    assert.deepEqual(lines, ['failure server_error_event: bad (400 INVALID_ARGUMENT)']);
    assert.match(decode(wire, ['[]']).lines[0] ?? '', /^failure not_json/);
  });
});
