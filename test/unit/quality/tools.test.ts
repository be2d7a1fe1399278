import assert from 'node:assert/strict';
import type { Json } from '../../../src/protocol/plan';
import { toolDefinitions } from '../../../src/core/quality/tool-definitions';
import type { ToolCall } from '../../../src/core/quality/types';
import { answer, assertion } from './helpers';
import { evaluateOne, testRows } from './rows';

const call = (name: string, given: unknown): ToolCall => ({
  id: '',
  name,
  arguments: typeof given === 'string' ? given : JSON.stringify(given),
});
const paris = { toolCalls: [call('get_weather', { city: 'Paris' })] };
const both = {
  toolCalls: [call('get_time', {}), call('get_weather', { city: 'Rome' }), call('get_weather', { city: 'Paris' })],
};
const city = (name: string) => ({ required: ['city'], properties: { city: { const: name } } });

describe('tool-call', () => {
  testRows([
    {
      type: 'tool-call',
      value: 'get_weather',
      text: '',
      answer: paris,
      outcome: 'passed',
      says: /calls get_weather with "\{"city":"Paris"\}"/,
    },
    { type: 'tool-call', value: { name: 'get_weather' }, text: '', answer: both, outcome: 'passed' },
    {
      type: 'tool-call',
      value: { name: 'get_weather', arguments: city('Paris') },
      text: '',
      answer: both,
      outcome: 'passed',
    },
    {
      type: 'tool-call',
      value: { name: 'get_weather', arguments: city('Oslo') },
      text: '',
      answer: both,
      outcome: 'failed',
      says: /\/city must be "Oslo", got "Rome"; none of its 2 calls/,
    },
    { type: 'tool-call', value: { name: 'get_weather', arguments: true }, text: '', answer: paris, outcome: 'passed' },
    {
      type: 'tool-call',
      value: { name: 'get_time', arguments: { type: 'object' } },
      text: '',
      answer: { toolCalls: [call('get_time', '')] },
      outcome: 'passed',
    },
    {
      type: 'tool-call',
      value: { name: 'get_weather', arguments: {} },
      text: '',
      answer: { toolCalls: [call('get_weather', '{"city":')] },
      outcome: 'failed',
      says: /arguments are not JSON: "\{"city":"/,
    },
    {
      type: 'tool-call',
      value: 'search',
      text: '',
      answer: both,
      outcome: 'failed',
      says: /does not call search; it calls get_time and get_weather/,
    },
    { type: 'tool-call', value: 'Get_Weather', text: '', answer: paris, outcome: 'failed', says: /case counts/ },
    {
      type: 'tool-call',
      value: 'search',
      text: 'It is sunny.',
      outcome: 'failed',
      says: /calls no tool; the answer starts "It is sunny\."/,
    },
    { type: 'tool-call', text: '', answer: paris, outcome: 'error', says: /needs the name of a tool/ },
    { type: 'tool-call', value: { arguments: {} }, text: '', answer: paris, outcome: 'error', says: /needs the name/ },
    {
      type: 'tool-call',
      value: { name: 'get_weather', arguments: 'Paris' },
      text: '',
      answer: paris,
      outcome: 'error',
      says: /must be a JSON Schema, not "Paris"/,
    },
    {
      type: 'tool-call',
      value: { name: 'get_weather', arguments: { city: 'Paris' } },
      text: '',
      answer: paris,
      outcome: 'error',
      says: /\{properties: \{city: \{const: Paris\}\}\}.*"city"/,
    },
  ]);
});

const tools: Json[] = [
  {
    type: 'function',
    function: { name: 'get_weather', parameters: { type: 'object', required: ['city'], example: 'x' } },
  },
  { type: 'function', function: { name: 'get_time' } },
];

describe('is-valid-openai-tools-call', () => {
  const type = 'is-valid-openai-tools-call';
  testRows([
    {
      type,
      text: '',
      answer: { ...paris, tools },
      outcome: 'passed',
      says: /calls get_weather with .*as the request allows/,
    },
    { type, text: '', answer: { ...both, tools }, outcome: 'passed' },
    {
      type,
      text: '',
      answer: { toolCalls: [call('get_weather', {})], tools },
      outcome: 'failed',
      says: /calls get_weather, but its arguments do not conform: the value lacks the property "city"/,
    },
    {
      type,
      text: '',
      answer: { toolCalls: [...paris.toolCalls, call('search', {})], tools },
      outcome: 'failed',
      says: /calls search, which the request does not offer: it has get_weather and get_time/,
    },
    {
      type,
      text: '',
      answer: { toolCalls: [call('get_weather', 'Paris')], tools },
      outcome: 'failed',
      says: /not JSON/,
    },
    { type, text: 'It is sunny.', answer: { tools }, outcome: 'failed', says: /calls no tool/ },
    { type, text: '', answer: paris, outcome: 'error', says: /offers no tools.*params/ },
    {
      type,
      text: '',
      answer: {
        ...paris,
        tools: [{ type: 'function', function: { name: 'get_weather', parameters: { type: 'objekt' } } }],
      },
      outcome: 'error',
      says: /parameters of the tool get_weather/,
    },
  ]);

  it('judges the calls that a transform made', async () => {
    const made = { function: { name: 'get_weather', arguments: '{"city":"Paris"}' } };
    for (const output of [[made], { tool_calls: [made] }]) {
      const result = await evaluateOne(assertion(type), answer('', { output, tools }));
      assert.equal(result.outcome, 'passed', result.reason);
    }
    assert.equal(
      (await evaluateOne(assertion(type), answer('', { output: [{ name: 'x' }], tools }))).outcome,
      'failed',
    );
  });

  it('reads the tools of every API', () => {
    const schema = { type: 'object', properties: { n: { type: 'integer' } } };
    const forms = [
      [{ type: 'function', function: { name: 't', parameters: schema } }],
      [{ type: 'function', name: 't', parameters: schema }],
      [{ name: 't', input_schema: schema }],
      [
        {
          functionDeclarations: [{ name: 't', parameters: { type: 'OBJECT', properties: { n: { type: 'INTEGER' } } } }],
        },
      ],
      [{ function_declarations: [{ name: 't', parametersJsonSchema: schema }] }],
    ];
    for (const form of forms) assert.deepEqual(toolDefinitions(form), [{ name: 't', parameters: schema }]);
    assert.deepEqual(toolDefinitions([{ type: 'web_search' }, 'x', null]), []);
    assert.deepEqual(toolDefinitions([{ name: 't' }]), [{ name: 't', parameters: null }]);
    assert.deepEqual(toolDefinitions(undefined), []);
  });
});

describe('finish-reason', () => {
  const type = 'finish-reason';
  testRows([
    { type, value: 'stop', text: 'x', outcome: 'passed', says: /has the finish reason "stop"$/ },
    {
      type,
      value: 'stop',
      text: 'x',
      answer: { finishReason: 'end_turn' },
      outcome: 'passed',
      says: /"end_turn" \(stop\)/,
    },
    { type, value: 'end_turn', text: 'x', answer: { finishReason: 'STOP' }, outcome: 'passed' },
    { type, value: 'length', text: 'x', answer: { finishReason: 'MAX_TOKENS' }, outcome: 'passed' },
    { type, value: 'length', text: 'x', answer: { finishReason: 'max_output_tokens' }, outcome: 'passed' },
    { type, value: 'tool_calls', text: 'x', answer: { finishReason: 'tool_use' }, outcome: 'passed' },
    { type, value: 'tool_calls', text: 'x', answer: { finishReason: 'function_call' }, outcome: 'passed' },
    { type, value: 'content_filter', text: 'x', answer: { finishReason: 'SAFETY' }, outcome: 'passed' },
    { type, value: 'content_filter', text: 'x', answer: { finishReason: 'refusal' }, outcome: 'passed' },
    { type, value: 'pause_turn', text: 'x', answer: { finishReason: 'pause_turn' }, outcome: 'passed' },
    { type, value: ['stop', 'length'], text: 'x', answer: { finishReason: 'max_tokens' }, outcome: 'passed' },
    {
      type,
      value: 'stop',
      text: 'x',
      answer: { finishReason: 'length' },
      outcome: 'failed',
      says: /not "stop": the answer was cut off by its token limit/,
    },
    {
      type,
      value: ['stop', 'tool_calls'],
      text: 'x',
      answer: { finishReason: 'odd' },
      outcome: 'failed',
      says: /"odd", not "stop" and "tool_calls"/,
    },
    { type, value: 'stop', text: 'x', answer: { finishReason: null }, outcome: 'failed', says: /the server gave none/ },
    { type, text: 'x', outcome: 'error', says: /such as stop, length/ },
    { type, value: [], text: 'x', outcome: 'error' },
    { type, value: ['stop', 3], text: 'x', outcome: 'error' },
  ]);
});
