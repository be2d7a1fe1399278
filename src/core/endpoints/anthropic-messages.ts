/**
 * Anthropic messages. Also spoken by gateways and by servers such as vLLM and llama.cpp.
 *
 * System and developer messages, wherever they stand, become `system`; neighbours of one role become one turn, since the roles
 * alternate; calls become `tool_use` blocks and their results `tool_result` blocks of a user's turn. The API insists on a limit:
 * without one, `max_tokens: 4096` is sent.
 *
 * | parameter of chat completions | sent as |
 * | --- | --- |
 * | `max_completion_tokens` | `max_tokens` |
 * | `stop` | `stop_sequences` |
 * | `response_format` with a schema | `output_config.format` |
 * | `tools` with `function` | `name`, `description`, `input_schema` |
 * | `tool_choice` | `{type: auto, any, none or tool}` |
 * | any other (`seed` and penalties have no counterpart) | as it is |
 *
 * What a token event is: a delta of text, thinking or a tool's input, and the start of a tool's block, since it carries the name
 * that the model wrote. Starts of other blocks, signatures, stops and pings are none.
 */
import type { Json, Message } from '../../protocol/plan';
import { countOf, isMap, isObject, objectIn, objectsOf, sumOf, textOf, type JsonObject } from './json-values';
import { argumentsObject, callsOf, merged, systemApart } from './openai-messages';
import {
  defined,
  mapTools,
  responseFormat,
  split,
  stopList,
  toolChoice,
  withOutputLimit,
  type Params,
} from './openai-params';
import { acceptEvents, hasVersion, jsonRequest, keyHeader, splitUrl, sseEvent } from './request-parts';
import { SseDecoder } from './sse-decoder';
import { ToolCallParts } from './tool-calls';
import type { WireApi, WireDecoderOptions, WireRequest, WireRequestOptions, WireTarget } from './wire';

const VERSION = '2023-06-01';
const DEFAULT_MAX_TOKENS = 4096;

const TEXT = Buffer.from('"text":');

export const anthropicMessages: WireApi = {
  kind: 'anthropic-messages',
  exampleUrl: 'https://api.anthropic.com/v1',
  buildRequest,
  limitOutput: (params, maxTokens) => ({ ...params, max_tokens: maxTokens }),
  createDecoder: (options) => new AnthropicDecoder(options),
  sample,
};

function sample(texts: readonly string[]): string[] {
  const event = (type: string, rest: object = {}) => sseEvent({ type, ...rest }, type);
  return [
    event('message_start', { message: { id: 'msg_0', content: [], usage: { input_tokens: 1, output_tokens: 1 } } }),
    event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }) + event('ping'),
    ...texts.map((text) => event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })),
    event('content_block_stop', { index: 0 }) +
      event('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: texts.length } }) +
      event('message_stop'),
  ];
}

function buildRequest(target: WireTarget, messages: Message[], options: WireRequestOptions): WireRequest {
  const { system, turns } = systemApart(messages);
  const body: Record<string, Json> = {
    model: target.model,
    max_tokens: DEFAULT_MAX_TOKENS,
    ...(system === '' ? {} : { system }),
    messages: merged(turns.map(turnOf)).map(({ role, parts }) => ({ role, content: contentOf(parts) })),
    stream: options.stream,
    ...translated(target.params),
  };
  return jsonRequest(target, pathOf(target.url), body, acceptEvents(options), {
    'anthropic-version': VERSION,
    ...keyHeader(target, 'x-api-key'),
  });
}

/** The base may end before the version, as Anthropic's own SDKs have it, or with it, or name the method. */
function pathOf(address: string): string {
  const { path, query } = splitUrl(address);
  if (path.endsWith('/messages')) return path + query;
  return `${path}${hasVersion(path) ? '' : '/v1'}/messages${query}`;
}

function turnOf(message: Message): { role: string; parts: Json[] } {
  const { role, content, tool_call_id: call } = message;
  if (role === 'tool') {
    return { role: 'user', parts: [{ type: 'tool_result', tool_use_id: call ?? '', content }] };
  }
  const calls = callsOf(message);
  return {
    role,
    parts: [
      // An empty text is refused, and a turn that only calls has no other.
      ...(content === '' && calls.length > 0 ? [] : [{ type: 'text', text: content }]),
      ...calls.map(({ id, name, arguments: args }) => ({ type: 'tool_use', id, name, input: argumentsObject(args) })),
    ],
  };
}

/** A lone text needs no block. */
function contentOf(parts: Json[]): Json {
  const [only] = parts;
  return parts.length === 1 && isMap(only) && only['type'] === 'text' ? (only['text'] ?? '') : parts;
}

function translated(params: Params): Params {
  const { taken, rest } = split(withOutputLimit(params, 'max_tokens'), [
    'stop',
    'stop_sequences',
    'response_format',
    'output_config',
    'tools',
    'tool_choice',
  ]);
  const format = responseFormat(taken['response_format']);
  const schema: Params = format?.kind === 'schema' ? { format: { type: 'json_schema', schema: format.schema } } : {};
  const config = taken['output_config'];
  return defined({
    ...rest,
    stop_sequences: taken['stop_sequences'] ?? stopList(taken['stop']) ?? undefined,
    output_config:
      format?.kind === 'schema' && (config === undefined || isMap(config)) ? { ...schema, ...config } : config,
    // JSON without a schema has no counterpart: the server says so. Plain text is what it sends anyway.
    response_format: format?.kind === 'schema' || format?.kind === 'text' ? undefined : taken['response_format'],
    tools: mapTools(taken['tools'], ({ name, description, parameters }) =>
      defined({ name, description, input_schema: parameters ?? { type: 'object', properties: {} } }),
    ),
    tool_choice: choiceOf(taken['tool_choice']),
  });
}

function choiceOf(asked: Json | undefined): Json | undefined {
  const choice = toolChoice(asked);
  if (choice === null) return asked;
  if (choice.kind === 'function') return { type: 'tool', name: choice.name };
  return { type: choice.kind === 'required' ? 'any' : choice.kind };
}

class AnthropicDecoder extends SseDecoder {
  private readonly calls = new ToolCallParts();
  /** Calls of tools that the server itself runs: their input is what the model writes, but no call for the client. */
  private readonly serverCalls = new Set<number>();
  private usage: JsonObject = {};

  constructor(options: WireDecoderOptions) {
    super(options, TEXT);
  }

  toolCalls() {
    return this.calls.list();
  }

  protected event(event: JsonObject, sseType: string): string | null {
    switch (textOf(event['type']) || sseType) {
      case 'message_start': {
        // Its count of output tokens is that of the first event, not of the answer.
        this.used({ ...objectIn(objectIn(event, 'message'), 'usage'), output_tokens: null });
        return null;
      }
      case 'content_block_start':
        this.started(indexOf(event), objectIn(event, 'content_block'));
        return null;
      case 'content_block_delta':
        return this.delta(indexOf(event), objectIn(event, 'delta'));
      case 'message_delta': {
        this.used(objectIn(event, 'usage'));
        const reason = textOf(objectIn(event, 'delta')['stop_reason']);
        if (reason !== '') this.sink.onFinish(reason);
        return null;
      }
      case 'message_stop':
        this.sink.onDone();
        return null;
      // Pings, ends of blocks, and what may be added to the API.
      default:
        return null;
    }
  }

  protected whole(message: JsonObject): void {
    let answer = '';
    let reasoning = '';
    let called = false;
    for (const [index, block] of objectsOf(message['content']).entries()) {
      answer += block['type'] === 'text' ? textOf(block['text']) : '';
      reasoning += block['type'] === 'thinking' ? textOf(block['thinking']) : '';
      if (!isCall(block)) continue;
      called = true;
      this.begin(index, block);
    }
    if (answer !== '' || reasoning !== '' || called) this.sink.onContent(answer, reasoning, called);
    this.used(objectIn(message, 'usage'));
    const reason = textOf(message['stop_reason']);
    if (reason !== '') this.sink.onFinish(reason);
  }

  private started(index: number, block: JsonObject): void {
    if (isCall(block)) {
      this.begin(index, block);
      if (textOf(block['name']) !== '') this.sink.onContent('', '', true);
      return;
    }
    // Empty in Anthropic's own streams; some gateways put the first piece here.
    const answer = block['type'] === 'text' ? textOf(block['text']) : '';
    const reasoning = block['type'] === 'thinking' ? textOf(block['thinking']) : '';
    if (answer !== '' || reasoning !== '') this.sink.onContent(answer, reasoning, false);
  }

  private begin(index: number, block: JsonObject): void {
    if (block['type'] !== 'tool_use') {
      this.serverCalls.add(index);
      return;
    }
    const call = this.keepText ? this.calls.at(index) : undefined;
    if (call === undefined) return;
    call.id = textOf(block['id']);
    call.name = textOf(block['name']);
    // The input of a streamed call begins as `{}` and comes in deltas.
    const { input } = block;
    if (isObject(input) && Object.keys(input).length > 0) call.arguments = JSON.stringify(input);
  }

  private delta(index: number, delta: JsonObject): string | null {
    switch (delta['type']) {
      case 'text_delta': {
        const text = textOf(delta['text']);
        if (text === '') return null;
        this.sink.onContent(text, '', false);
        return text;
      }
      case 'thinking_delta': {
        const text = textOf(delta['thinking']);
        if (text !== '') this.sink.onContent('', text, false);
        return null;
      }
      case 'input_json_delta': {
        const text = textOf(delta['partial_json']);
        if (text === '') return null;
        const call = this.keepText && !this.serverCalls.has(index) ? this.calls.at(index) : undefined;
        if (call !== undefined) call.arguments += text;
        this.sink.onContent('', '', true);
        return null;
      }
      // Signatures and citations are no tokens of the answer.
      default:
        return null;
    }
  }

  /** Counts are cumulative; what an event leaves out stands as it was. Input that comes from or goes into a cache is input too. */
  private used(usage: JsonObject): void {
    for (const [key, value] of Object.entries(usage)) if (value !== null) this.usage[key] = value;
    const count = (key: string) => countOf(this.usage[key]);
    this.sink.onUsage({
      inputTokens: sumOf(count('input_tokens'), count('cache_read_input_tokens'), count('cache_creation_input_tokens')),
      outputTokens: count('output_tokens'),
      cachedInputTokens: count('cache_read_input_tokens'),
      reasoningTokens: countOf(objectIn(this.usage, 'output_tokens_details')['thinking_tokens']),
    });
  }
}

function isCall(block: JsonObject): boolean {
  return block['type'] === 'tool_use' || block['type'] === 'server_tool_use' || block['type'] === 'mcp_tool_use';
}

function indexOf(event: JsonObject): number {
  return typeof event['index'] === 'number' ? event['index'] : 0;
}
