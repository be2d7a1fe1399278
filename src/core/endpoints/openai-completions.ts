/**
 * OpenAI text completions, the older API of base models: vLLM, SGLang, TGI, llama.cpp and others still speak it.
 *
 * It knows a prompt instead of messages. One message is sent as it is, and so are several of system and user, joined by blank
 * lines. Where turns of the assistant are among them, each turn is headed by its role and the prompt ends with `Assistant:`,
 * since nothing else would tell the turns apart. A `prompt` in `params` is sent instead of all this.
 *
 * | parameter of chat completions | sent as |
 * | --- | --- |
 * | `max_completion_tokens` | `max_tokens` |
 * | any other | as it is |
 */
import type { Json, Message } from '../../protocol/plan';
import { isObject, textOf, type JsonObject } from './json-values';
import { openAiUsage } from './openai-chat';
import { withOutputLimit } from './openai-params';
import { acceptEvents, jsonRequest, methodPath, openAiKey, sseEvent } from './request-parts';
import { SseDecoder } from './sse-decoder';
import type { WireApi, WireDecoderOptions, WireRequest, WireRequestOptions, WireTarget } from './wire';

const TEXT = Buffer.from('"text":');

export const openaiCompletions: WireApi = {
  kind: 'openai-completions',
  exampleUrl: 'http://127.0.0.1:8000/v1',
  buildRequest,
  limitOutput: (params, maxTokens) => ({ ...params, max_tokens: maxTokens }),
  createDecoder: (options) => new OpenAiCompletionsDecoder(options),
  sample: (texts) => {
    const event = (text: string, finish: string | null) =>
      sseEvent({ id: 'cmpl-0', object: 'text_completion', choices: [{ index: 0, text, finish_reason: finish }] });
    const usage = { prompt_tokens: 1, completion_tokens: texts.length };
    return [
      ...texts.map((text) => event(text, null)),
      `${event('', 'stop')}${sseEvent({ id: 'cmpl-0', choices: [], usage })}data: [DONE]\n\n`,
    ];
  },
};

function buildRequest(target: WireTarget, messages: Message[], options: WireRequestOptions): WireRequest {
  const body: Record<string, Json> = {
    model: target.model,
    prompt: promptOf(messages),
    stream: options.stream,
    ...(options.stream ? { stream_options: { include_usage: true } } : {}),
    ...withOutputLimit(target.params, 'max_tokens'),
  };
  return jsonRequest(target, methodPath(target.url, '/completions'), body, acceptEvents(options), openAiKey(target));
}

const HEADINGS: Record<Message['role'], string> = {
  system: 'System',
  developer: 'System',
  user: 'User',
  assistant: 'Assistant',
  tool: 'Tool',
};

function promptOf(messages: Message[]): string {
  const conversation = messages.some(({ role }) => role === 'assistant' || role === 'tool');
  if (!conversation) return messages.map(({ content }) => content).join('\n\n');
  const turns = messages.map(({ role, content }) => `${HEADINGS[role]}: ${content}`);
  return [...turns, `${HEADINGS.assistant}:`].join('\n\n');
}

class OpenAiCompletionsDecoder extends SseDecoder {
  constructor(options: WireDecoderOptions) {
    super(options, TEXT);
  }

  toolCalls() {
    return [];
  }

  protected whole(body: JsonObject): void {
    this.event(body);
  }

  protected event(event: JsonObject): string | null {
    let answer = '';
    let other = false;
    let finish: string | null = null;
    const choices = Array.isArray(event['choices']) ? (event['choices'] as unknown[]) : [];
    for (const choice of choices) {
      if (!isObject(choice)) continue;
      const text = textOf(choice['text']);
      // With `n` above 1 every choice's tokens are tokens, but the text is that of the first choice.
      if (choice['index'] === undefined || choice['index'] === 0) answer += text;
      else if (text !== '') other = true;
      const reason = choice['finish_reason'];
      if (typeof reason === 'string' && reason !== '') finish = reason;
    }
    if (answer !== '' || other) this.sink.onContent(answer, '', other);
    const usage = event['usage'];
    if (isObject(usage)) this.sink.onUsage(openAiUsage(usage));
    if (finish !== null) this.sink.onFinish(finish);
    return answer !== '' && choices.length === 1 && finish === null && !isObject(usage) ? answer : null;
  }
}
