/**
 * OpenAI responses. Also spoken by Azure, vLLM and several gateways.
 *
 * Messages become input items in their order; system and developer messages keep their role there, so `instructions` is free for
 * `params`. Calls of an assistant's turn become `function_call` items, their results `function_call_output` items.
 *
 * | parameter of chat completions | sent as |
 * | --- | --- |
 * | `max_tokens`, `max_completion_tokens` | `max_output_tokens` |
 * | `response_format` | `text.format` |
 * | `reasoning_effort` | `reasoning.effort` |
 * | `tools` with `function` | tools without it; not strict where the file does not say so, as in chat completions |
 * | `tool_choice` of a function | without `function` |
 * | any other (`stop`, `seed` and penalties have no counterpart) | as it is |
 *
 * What a token event is: a delta of text, refusal, reasoning (its text or its summary) or a call's arguments, and the event that
 * names the function of a call, since the name is part of what the model wrote. The `done` events repeat what the deltas said;
 * they count only from a server that sent no deltas.
 */
import type { Json, Message } from '../../protocol/plan';
import { describe } from './error-text';
import { countOf, isMap, isObject, objectIn, objectsOf, textOf, type JsonObject } from './json-values';
import { callsOf } from './openai-messages';
import { defined, mapTools, responseFormat, split, toolChoice, withOutputLimit, type Params } from './openai-params';
import { acceptEvents, jsonRequest, methodPath, openAiKey, sseEvent } from './request-parts';
import { SseDecoder } from './sse-decoder';
import { ToolCallParts } from './tool-calls';
import type { WireApi, WireRequest, WireRequestOptions, WireTarget } from './wire';

export const openaiResponses: WireApi = {
  kind: 'openai-responses',
  exampleUrl: 'https://api.openai.com/v1',
  buildRequest,
  limitOutput: (params, maxTokens) => ({ ...params, max_output_tokens: maxTokens }),
  createDecoder: (options) => new OpenAiResponsesDecoder(options),
  sample,
};

function sample(texts: readonly string[]): string[] {
  let number = 0;
  const event = (type: string, rest: object) => sseEvent({ type, sequence_number: number++, ...rest }, type);
  const place = { item_id: 'msg_0', output_index: 0, content_index: 0 };
  const item = { id: 'msg_0', type: 'message', role: 'assistant' };
  const done = { ...item, content: [{ type: 'output_text', text: texts.join('') }] };
  const usage = { input_tokens: 1, output_tokens: texts.length };
  return [
    event('response.created', { response: { id: 'resp_0', status: 'in_progress', error: null, output: [] } }),
    event('response.output_item.added', { output_index: 0, item: { ...item, content: [] } }),
    ...texts.map((delta) => event('response.output_text.delta', { ...place, delta })),
    event('response.output_text.done', { ...place, text: texts.join('') }) +
      event('response.output_item.done', { output_index: 0, item: done }) +
      event('response.completed', { response: { status: 'completed', error: null, output: [done], usage } }),
  ];
}

function buildRequest(target: WireTarget, messages: Message[], options: WireRequestOptions): WireRequest {
  const body: Record<string, Json> = {
    model: target.model,
    input: messages.flatMap(itemsOf),
    stream: options.stream,
    ...translated(target.params),
  };
  return jsonRequest(target, methodPath(target.url, '/responses'), body, acceptEvents(options), openAiKey(target));
}

function itemsOf(message: Message): Json[] {
  const { role, content, tool_call_id: call } = message;
  if (role === 'tool') return [{ type: 'function_call_output', call_id: call ?? '', output: content }];
  const calls = callsOf(message);
  // A turn that only calls has no text, and an empty one is refused.
  const said: Json[] = content === '' && calls.length > 0 ? [] : [{ role, content }];
  return [
    ...said,
    ...calls.map((each) => ({ type: 'function_call', call_id: each.id, name: each.name, arguments: each.arguments })),
  ];
}

function translated(params: Params): Params {
  const { taken, rest } = split(withOutputLimit(params, 'max_output_tokens'), [
    'response_format',
    'reasoning_effort',
    'text',
    'reasoning',
    'tools',
    'tool_choice',
  ]);
  const format = formatOf(taken['response_format']);
  const choice = toolChoice(taken['tool_choice']);
  return defined({
    ...rest,
    text: format === undefined ? taken['text'] : under('format', format, taken['text']),
    reasoning:
      taken['reasoning_effort'] === undefined
        ? taken['reasoning']
        : under('effort', taken['reasoning_effort'], taken['reasoning']),
    tools: mapTools(taken['tools'], ({ name, description, parameters, strict }) =>
      defined({ type: 'function', name, description, parameters, strict: strict ?? false }),
    ),
    tool_choice: choice?.kind === 'function' ? { type: 'function', name: choice.name } : taken['tool_choice'],
  });
}

/** `{[key]: value}` with what the author wrote in its place. */
function under(key: string, value: Json, own: Json | undefined): Json {
  return own === undefined ? { [key]: value } : isMap(own) ? { [key]: value, ...own } : own;
}

function formatOf(asked: Json | undefined): Json | undefined {
  const format = responseFormat(asked);
  switch (format?.kind) {
    case undefined:
      return asked;
    case 'text':
      return { type: 'text' };
    case 'json':
      return { type: 'json_object' };
    case 'schema':
      return { type: 'json_schema', name: 'answer', ...format.rest, schema: format.schema };
  }
}

type TextKind = 'answer' | 'reasoning' | 'call' | 'other';

/** Deltas whose text is told, and what it is. `other` is the input of a tool that the server itself runs. */
const DELTAS: Readonly<Record<string, TextKind>> = {
  'response.output_text.delta': 'answer',
  'response.refusal.delta': 'answer',
  'response.reasoning_text.delta': 'reasoning',
  'response.reasoning.delta': 'reasoning',
  'response.reasoning_summary_text.delta': 'reasoning',
  'response.function_call_arguments.delta': 'call',
  'response.custom_tool_call_input.delta': 'call',
  'response.mcp_call_arguments.delta': 'other',
  'response.code_interpreter_call_code.delta': 'other',
};

/** What of an answer has been streamed, by output index: what a `done` event would repeat. */
const NAME = 1;
const TEXT = 2;

class OpenAiResponsesDecoder extends SseDecoder {
  private readonly calls = new ToolCallParts();
  private readonly streamed = new Map<number, number>();
  /** Of which kinds there were deltas at all: some gateways number their events wrongly, and nothing must be told twice. */
  private answerDeltas = false;
  private reasoningDeltas = false;
  private lastSummary = '';

  toolCalls() {
    return this.calls.list();
  }

  protected event(event: JsonObject, sseType: string): null {
    const type = textOf(event['type']) || sseType;
    const kind = Object.hasOwn(DELTAS, type) ? DELTAS[type] : undefined;
    if (kind !== undefined) {
      this.delta(event, kind);
      return null;
    }
    switch (type) {
      case 'response.output_item.added':
        this.named(indexOf(event), objectIn(event, 'item'));
        break;
      case 'response.output_item.done':
        this.item(indexOf(event), objectIn(event, 'item'));
        break;
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
        this.whole(objectIn(event, 'response'));
        if (!this.failed) this.sink.onDone();
        break;
    }
    return null;
  }

  /** The response as a whole: the last event of a stream, or the body. */
  protected whole(response: JsonObject): void {
    const status = textOf(response['status']);
    // Of a failure its last words matter more than the little that came before.
    const { error } = response;
    if (isObject(error) || status === 'failed') {
      this.fail('server_error_event', isObject(error) ? describe(error) : 'the response failed');
      return;
    }
    this.unstreamed(objectsOf(response['output']));
    const { usage } = response;
    if (isObject(usage)) {
      this.sink.onUsage({
        inputTokens: countOf(usage['input_tokens']),
        outputTokens: countOf(usage['output_tokens']),
        cachedInputTokens: countOf(objectIn(usage, 'input_tokens_details')['cached_tokens']),
        reasoningTokens: countOf(objectIn(usage, 'output_tokens_details')['reasoning_tokens']),
      });
    }
    // `incomplete` says nothing without its reason, such as `max_output_tokens`.
    const reason = textOf(objectIn(response, 'incomplete_details')['reason']) || status;
    if (reason !== '') this.sink.onFinish(reason);
  }

  private delta(event: JsonObject, kind: TextKind): void {
    const text = textOf(event['delta']) || textOf(objectIn(event, 'delta')['text']);
    if (text === '') return;
    const index = indexOf(event);
    this.streamed.set(index, (this.streamed.get(index) ?? 0) | TEXT);
    switch (kind) {
      case 'answer':
        this.answerDeltas = true;
        this.sink.onContent(text, '', false);
        break;
      case 'reasoning':
        this.reasoningDeltas = true;
        this.sink.onContent('', this.separated(event, index) + text, false);
        break;
      case 'call': {
        const call = this.keepText ? this.calls.at(index) : undefined;
        if (call !== undefined) call.arguments += text;
        this.sink.onContent('', '', true);
        break;
      }
      case 'other':
        this.sink.onContent('', '', true);
        break;
    }
  }

  /** A blank line before each part of a reasoning summary but the first: they are paragraphs of their own. */
  private separated(event: JsonObject, index: number): string {
    const part = event['summary_index'] ?? event['content_index'] ?? 0;
    const key = `${index}/${typeof part === 'number' ? part : 0}`;
    const lead = this.lastSummary === '' || this.lastSummary === key ? '' : '\n\n';
    this.lastSummary = key;
    return lead;
  }

  /** An item has begun: that of a call names its function. */
  private named(index: number, item: JsonObject): void {
    if (this.name(index, item)) this.sink.onContent('', '', true);
  }

  /** An item is complete. */
  private item(index: number, item: JsonObject): void {
    const texts = this.rest(index, item);
    if (texts !== null) this.sink.onContent(texts.answer, texts.reasoning, texts.call);
  }

  /** What of the whole output has not been streamed, as one content event. */
  private unstreamed(output: JsonObject[]): void {
    let answer = '';
    let reasoning = '';
    let call = false;
    for (const [index, item] of output.entries()) {
      const texts = this.rest(index, item);
      if (texts === null) continue;
      answer += texts.answer;
      if (texts.reasoning !== '') reasoning += reasoning === '' ? texts.reasoning : `\n\n${texts.reasoning}`;
      call ||= texts.call;
    }
    if (answer !== '' || reasoning !== '' || call) this.sink.onContent(answer, reasoning, call);
  }

  /** What an item has to say beyond what was streamed of it; null where that is nothing. */
  private rest(index: number, item: JsonObject): { answer: string; reasoning: string; call: boolean } | null {
    let call = this.name(index, item);
    let answer = '';
    let reasoning = '';
    if (((this.streamed.get(index) ?? 0) & TEXT) === 0) {
      switch (item['type']) {
        case 'message':
          if (this.answerDeltas) break;
          for (const part of objectsOf(item['content'])) answer += textOf(part['text']) + textOf(part['refusal']);
          break;
        case 'reasoning': {
          if (this.reasoningDeltas) break;
          const parts = [...objectsOf(item['summary']), ...objectsOf(item['content'])];
          reasoning = parts
            .map((part) => textOf(part['text']))
            .filter((text) => text !== '')
            .join('\n\n');
          break;
        }
        case 'function_call':
        case 'custom_tool_call': {
          const input = textOf(item['arguments']) || textOf(item['input']);
          const parts = this.keepText ? this.calls.at(index) : undefined;
          if (parts !== undefined) parts.arguments = input;
          call ||= input !== '';
          break;
        }
      }
    }
    if (answer === '' && reasoning === '' && !call) return null;
    this.streamed.set(index, (this.streamed.get(index) ?? 0) | TEXT);
    return { answer, reasoning, call };
  }

  /** Whether the item is a call whose function had not been named before. */
  private name(index: number, item: JsonObject): boolean {
    if (item['type'] !== 'function_call' && item['type'] !== 'custom_tool_call') return false;
    const known = this.streamed.get(index) ?? 0;
    const name = textOf(item['name']);
    if (name === '' || (known & NAME) !== 0) return false;
    this.streamed.set(index, known | NAME);
    const call = this.keepText ? this.calls.at(index) : undefined;
    if (call !== undefined) {
      call.id = textOf(item['call_id']) || textOf(item['id']);
      call.name = name;
    }
    return true;
  }
}

function indexOf(event: JsonObject): number {
  const index = event['output_index'];
  return typeof index === 'number' ? index : 0;
}
