/** What the tests of the wire APIs share: a sink that writes down what it is told, and requests taken apart. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AnswerSink, WireApi, WireTarget, WireUsage } from '../../../src/core/endpoints/wire';
import type { ToolCall } from '../../../src/core/quality/types';
import type { Json, Message } from '../../../src/protocol/plan';

const streams = resolve(__dirname, '../../fixtures/streams');

export function fixture(name: string): Buffer {
  return readFileSync(join(streams, name));
}

/** What a sink was told, one line each. */
export class Log implements AnswerSink {
  readonly lines: string[] = [];
  onContent(answer: string, reasoning: string, toolCall: boolean): void {
    this.lines.push(`content ${answer}|${reasoning}${toolCall ? '|tool' : ''}`);
  }
  onUsage(usage: WireUsage): void {
    const { inputTokens, outputTokens, cachedInputTokens, reasoningTokens } = usage;
    this.lines.push(`usage ${[inputTokens, outputTokens, cachedInputTokens, reasoningTokens].join(',')}`);
  }
  onFinish(reason: string): void {
    this.lines.push(`finish ${reason}`);
  }
  onDone(): void {
    this.lines.push('done');
  }
  onFailure(failure: string, detail: string): void {
    this.lines.push(`failure ${failure}: ${detail}`);
  }
}

export interface Decoded {
  lines: string[];
  tools: ToolCall[];
}

export function decode(
  wire: WireApi,
  chunks: readonly (string | Buffer)[],
  { keepText = true, cut = false }: { keepText?: boolean; cut?: boolean } = {},
): Decoded {
  const decoder = wire.createDecoder({ keepText });
  const log = new Log();
  for (const chunk of chunks) decoder.push(Buffer.from(chunk), log);
  decoder.end(log, cut);
  return { lines: log.lines, tools: decoder.toolCalls() };
}

export const sse = (event: object, type?: string): string =>
  `${type === undefined ? '' : `event: ${type}\n`}data: ${JSON.stringify(event)}\n\n`;

export interface Built {
  path: string;
  method: string;
  /** By name, as it was written. */
  headers: Record<string, string>;
  json: Record<string, unknown>;
}

const USER: Message[] = [{ role: 'user', content: 'hä' }];

export function build(
  wire: WireApi,
  changes: Partial<WireTarget> = {},
  messages: Message[] = USER,
  stream = true,
): Built {
  const target: WireTarget = { url: wire.exampleUrl, model: 'm', headers: {}, params: {}, apiKey: undefined };
  const { path, method, headers: list, body } = wire.buildRequest({ ...target, ...changes }, messages, { stream });
  const headers: Record<string, string> = {};
  for (let i = 0; i < list.length; i += 2) headers[list[i] ?? ''] = list[i + 1] ?? '';
  return { path, method, headers, json: JSON.parse(body.toString()) as Record<string, unknown> };
}

/** Only what `params` become in the body. */
export function sent(wire: WireApi, params: Record<string, Json>): Record<string, unknown> {
  const { json } = build(wire, { params });
  const { json: plain } = build(wire);
  return Object.fromEntries(
    Object.entries(json).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(plain[key])),
  );
}

/** In the form of chat completions, as a file that compares several endpoints has it. */
export const WEATHER_PARAMETERS: Json = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
export const WEATHER_TOOL: Json = {
  type: 'function',
  function: { name: 'get_weather', description: 'Now', parameters: WEATHER_PARAMETERS },
};
export const WEATHER_CHOICE: Json = { type: 'function', function: { name: 'get_weather' } };
export const SCHEMA_FORMAT: Json = {
  type: 'json_schema',
  json_schema: { name: 'city', strict: true, schema: WEATHER_PARAMETERS },
};

/** A conversation with two calls in one turn, in the form of chat completions. */
export const CONVERSATION: Message[] = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'Weather and time?' },
  {
    role: 'assistant',
    content: '',
    tool_calls: [
      { id: 'call_a', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Köln"}' } },
      { id: 'call_b', type: 'function', function: { name: 'get_time', arguments: '' } },
    ],
  },
  { role: 'tool', tool_call_id: 'call_a', content: 'rain' },
  { role: 'tool', tool_call_id: 'call_b', content: '{"time":"12:00"}' },
  { role: 'user', content: 'Thanks.' },
  { role: 'developer', content: 'In German.' },
];
