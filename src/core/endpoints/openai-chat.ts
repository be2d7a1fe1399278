/** OpenAI chat completions, as spoken by vLLM, SGLang, TGI, llama.cpp, Ollama, most gateways, and the simulator. */
import type { Json, Message } from '../../protocol/plan';
import { countOf, isObject, objectIn, textOf, type JsonObject } from './json-values';
import { acceptEvents, jsonRequest, methodPath, openAiKey, sseEvent } from './request-parts';
import { SseDecoder } from './sse-decoder';
import { ToolCallParts } from './tool-calls';
import type { WireApi, WireDecoderOptions, WireRequest, WireRequestOptions, WireTarget, WireUsage } from './wire';

const TEXT = Buffer.from('"content":');

export const openaiChat: WireApi = {
  kind: 'openai-chat',
  exampleUrl: 'http://127.0.0.1:8000/v1',
  buildRequest,
  limitOutput: (params, maxTokens) => {
    // Under the name that the file's own limit has: endpoints refuse a request that has both.
    const key = Object.hasOwn(params, 'max_completion_tokens') ? 'max_completion_tokens' : 'max_tokens';
    return { ...params, [key]: maxTokens };
  },
  createDecoder: (options) => new OpenAiChatDecoder(options),
  sample,
};

function sample(texts: readonly string[]): string[] {
  const head = { id: 'chatcmpl-0', object: 'chat.completion.chunk', created: 0, model: 'sample' };
  const event = (delta: object, finish: string | null) =>
    sseEvent({ ...head, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] });
  const usage = { prompt_tokens: 1, completion_tokens: texts.length, total_tokens: texts.length + 1 };
  return [
    event({ role: 'assistant', content: '' }, null),
    ...texts.map((content) => event({ content }, null)),
    `${event({}, 'stop')}${sseEvent({ ...head, choices: [], usage })}data: [DONE]\n\n`,
  ];
}

function buildRequest(target: WireTarget, messages: Message[], options: WireRequestOptions): WireRequest {
  // `params` come last: what a file says is sent as it is, even where it overrides what is set here.
  const body: Record<string, Json> = {
    model: target.model,
    messages: messages as unknown as Json,
    stream: options.stream,
    ...(options.stream ? { stream_options: { include_usage: true } } : {}),
    ...target.params,
  };
  const path = methodPath(target.url, '/chat/completions');
  return jsonRequest(target, path, body, acceptEvents(options), openAiKey(target));
}

class OpenAiChatDecoder extends SseDecoder {
  private readonly calls = new ToolCallParts();

  constructor(options: WireDecoderOptions) {
    super(options, TEXT);
  }

  toolCalls() {
    return this.calls.list();
  }

  protected event(event: JsonObject): string | null {
    return this.answer(event, 'delta');
  }

  protected whole(body: JsonObject): void {
    this.answer(body, 'message');
  }

  /**
   * One event (`delta`) or the whole answer (`message`).
   * @returns its text, where it holds a piece of text of the first choice and nothing else
   */
  private answer(event: JsonObject, part: 'delta' | 'message'): string | null {
    let answer = '';
    let reasoning = '';
    let toolCall = false;
    let finish: string | null = null;
    const choices = event['choices'];
    if (Array.isArray(choices)) {
      for (const choice of choices as unknown[]) {
        if (!isObject(choice)) continue;
        const delta = choice[part];
        if (isObject(delta)) {
          const content = textOf(delta['content']);
          const thought = textOf(delta['reasoning_content']) || textOf(delta['reasoning']);
          const refusal = textOf(delta['refusal']);
          // With `n` above 1 every choice's tokens are tokens, but the text is that of the first choice.
          const first = choice['index'] === undefined || choice['index'] === 0;
          if (first) {
            answer += content + refusal;
            reasoning += thought;
          } else if (content !== '' || thought !== '' || refusal !== '') {
            toolCall = true;
          }
          if (this.tools(delta['tool_calls'], first)) toolCall = true;
        }
        const reason = choice['finish_reason'];
        if (typeof reason === 'string' && reason !== '') finish = reason;
      }
    }
    if (answer !== '' || reasoning !== '' || toolCall) this.sink.onContent(answer, reasoning, toolCall);
    const usage = event['usage'];
    if (isObject(usage)) this.sink.onUsage(openAiUsage(usage));
    if (finish !== null) this.sink.onFinish(finish);
    const plain =
      reasoning === '' &&
      !toolCall &&
      finish === null &&
      !isObject(usage) &&
      Array.isArray(choices) &&
      choices.length === 1;
    return plain && answer !== '' ? answer : null;
  }

  /** Whether the delta carries a part of a tool call: a name or arguments; an id alone is not a token. */
  private tools(calls: unknown, keep: boolean): boolean {
    if (!Array.isArray(calls)) return false;
    let carries = false;
    for (const [position, call] of (calls as unknown[]).entries()) {
      if (!isObject(call)) continue;
      const fn = objectIn(call, 'function');
      const name = textOf(fn['name']);
      const args = textOf(fn['arguments']);
      if (name !== '' || args !== '') carries = true;
      if (!this.keepText || !keep) continue;
      const parts = this.calls.at(typeof call['index'] === 'number' ? call['index'] : position);
      if (parts === undefined) continue;
      parts.id ||= textOf(call['id']);
      parts.name += name;
      parts.arguments += args;
    }
    return carries;
  }
}

/** Token counts as chat and text completions have them. */
export function openAiUsage(usage: JsonObject): WireUsage {
  const prompt = objectIn(usage, 'prompt_tokens_details');
  const completion = objectIn(usage, 'completion_tokens_details');
  return {
    inputTokens: countOf(usage['prompt_tokens']),
    outputTokens: countOf(usage['completion_tokens']),
    cachedInputTokens: countOf(prompt['cached_tokens']),
    reasoningTokens: countOf(completion['reasoning_tokens']) ?? countOf(usage['reasoning_tokens']),
  };
}
