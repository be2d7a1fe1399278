/** OpenAI chat completions, as spoken by vLLM, SGLang, TGI, llama.cpp, Ollama, most gateways, and the simulator. */
import type { Json, Message } from '../../protocol/plan';
import type { ToolCall } from '../quality/types';
import { DeltaTemplate } from './delta-template';
import { SseEventTooLargeError, SseFramer } from './sse';
import type {
  AnswerSink,
  StreamDecoder,
  WireApi,
  WireDecoderOptions,
  WireRequest,
  WireRequestOptions,
  WireTarget,
  WireUsage,
} from './wire';

const PATH = '/chat/completions';
/** Bound of an answer that is one JSON body. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;
const DETAIL_CHARS = 300;
/** Stands for text that nobody keeps: decoding it would be in vain. */
const SOME_TEXT = '…';

export const openaiChat: WireApi = {
  kind: 'openai-chat',
  buildRequest,
  createDecoder: (options) => new OpenAiChatDecoder(options),
};

function buildRequest(target: WireTarget, messages: Message[], options: WireRequestOptions): WireRequest {
  const url = new URL(target.url);
  const base = url.pathname.replace(/\/+$/, '');
  // People paste the whole address of the method as often as its base.
  const path = (base.endsWith(PATH) ? base : base + PATH) + url.search;

  // `params` come last: what a file says is sent as it is, even where it overrides what is set here.
  const body: Record<string, Json> = {
    model: target.model,
    messages: messages as unknown as Json,
    stream: options.stream,
    ...(options.stream ? { stream_options: { include_usage: true } } : {}),
    ...target.params,
  };

  const own = new Set(Object.keys(target.headers).map((name) => name.toLowerCase()));
  const headers: string[] = [];
  const add = (name: string, value: string) => {
    if (!own.has(name)) headers.push(name, value);
  };
  add('content-type', 'application/json');
  add('accept', options.stream ? 'text/event-stream, application/json' : 'application/json');
  // A compressed stream is flushed in blocks: its events arrive late and together.
  add('accept-encoding', 'identity');
  add('user-agent', 'promptrig');
  if (target.apiKey !== undefined && target.apiKey !== '') add('authorization', `Bearer ${target.apiKey}`);
  for (const [name, value] of Object.entries(target.headers)) headers.push(name, value);

  return { method: 'POST', path, headers, body: Buffer.from(JSON.stringify(body)) };
}

type Mode = 'unknown' | 'events' | 'body' | 'failed';

class OpenAiChatDecoder implements StreamDecoder {
  private mode: Mode = 'unknown';
  private readonly framer: SseFramer;
  private readonly keepText: boolean;
  private readonly template = new DeltaTemplate();
  private readonly calls: ToolCall[] = [];
  private body: Buffer[] = [];
  private bodyBytes = 0;
  /** Set for the duration of `push` and `end`. */
  private sink: AnswerSink | undefined;

  constructor(options: WireDecoderOptions) {
    this.keepText = options.keepText;
    this.framer = new SseFramer((bytes, start, end, type, terminated) =>
      this.event(bytes, start, end, type, terminated),
    );
  }

  push(chunk: Buffer, sink: AnswerSink): void {
    this.sink = sink;
    if (this.mode === 'unknown') this.mode = modeOf(chunk);
    if (this.mode === 'events') {
      if (this.framer.betweenEvents && this.template.matchFrame(chunk) && this.repeated(chunk)) return;
      try {
        this.framer.push(chunk);
      } catch (error) {
        if (!(error instanceof SseEventTooLargeError)) throw error;
        this.fail('response_too_large', error.message);
      }
      return;
    }
    // White space before the first telling byte is kept with the body; it means nothing to events either.
    if (this.mode === 'failed') return;
    this.bodyBytes += chunk.length;
    if (this.bodyBytes > MAX_BODY_BYTES) {
      this.body = [];
      this.fail('response_too_large', `the answer is larger than ${MAX_BODY_BYTES} bytes`);
      return;
    }
    this.body.push(chunk);
  }

  end(sink: AnswerSink, cut: boolean): void {
    this.sink = sink;
    if (this.mode === 'events') this.framer.end();
    else if (this.mode === 'body') this.wholeBody(cut);
  }

  toolCalls(): ToolCall[] {
    return this.calls
      .filter((call) => call !== undefined)
      .map(({ id, name, arguments: text }) => ({ id, name, arguments: text }));
  }

  private fail(failure: Parameters<AnswerSink['onFailure']>[0], detail: string): void {
    this.mode = 'failed';
    this.sink?.onFailure(failure, detail);
  }

  private event(bytes: Buffer, start: number, end: number, type: string, terminated: boolean): void {
    if (this.mode === 'failed' || end === start) return;
    const sink = this.sink;
    if (sink === undefined) return;
    if (type === '' && this.template.match(bytes, start, end) && this.repeated(bytes)) return;
    if (isDone(bytes, start, end)) {
      sink.onDone();
      return;
    }
    let parsed: unknown;
    try {
      parsed = JSON.parse(bytes.toString('utf8', start, end));
    } catch (error) {
      // The last event of a stream that was cut is half a line: the cut is the failure, not the half line.
      if (!terminated) return;
      if (type === 'error') {
        this.fail(
          'server_error_event',
          excerpt(bytes.toString('utf8', start, Math.min(end, start + 4 * DETAIL_CHARS))),
        );
        return;
      }
      const shown = excerpt(bytes.toString('utf8', start, Math.min(end, start + 4 * DETAIL_CHARS)));
      this.fail('malformed_event', `${error instanceof Error ? error.message : String(error)}: ${shown}`);
      return;
    }
    if (!isObject(parsed)) {
      if (terminated) this.fail('malformed_event', `expected an object: ${excerpt(JSON.stringify(parsed))}`);
      return;
    }
    const plain = this.object(parsed, type, 'delta', sink);
    if (plain !== null) this.template.learn(bytes, start, end, plain);
  }

  /** Hands on the text that the template has found in `bytes`. False where it is not valid JSON, which parsing reports. */
  private repeated(bytes: Buffer): boolean {
    const text = this.keepText ? unescaped(bytes, this.template.textStart, this.template.textEnd) : SOME_TEXT;
    if (text === null) return false;
    this.sink?.onContent(text, '', false);
    return true;
  }

  private wholeBody(cut: boolean): void {
    const text = Buffer.concat(this.body).toString('utf8');
    this.body = [];
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      if (!cut) this.fail('not_json', excerpt(text));
      return;
    }
    const sink = this.sink;
    if (sink === undefined) return;
    if (!isObject(parsed)) {
      this.fail('not_json', excerpt(text));
      return;
    }
    this.object(parsed, '', 'message', sink);
    // A body that parses is whole, whether or not it names a finish reason.
    if (this.mode === 'body') sink.onDone();
  }

  /**
   * One event (`delta`) or the whole answer (`message`).
   * @returns its text, where it holds a piece of text of the first choice and nothing else
   */
  private object(
    event: Record<string, unknown>,
    type: string,
    part: 'delta' | 'message',
    sink: AnswerSink,
  ): string | null {
    const problem = errorOf(event, type);
    if (problem !== null) {
      this.fail('server_error_event', problem);
      return null;
    }
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
    if (answer !== '' || reasoning !== '' || toolCall) sink.onContent(answer, reasoning, toolCall);
    const usage = event['usage'];
    if (isObject(usage)) sink.onUsage(usageOf(usage));
    if (finish !== null) sink.onFinish(finish);
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
      const fn = isObject(call['function']) ? call['function'] : {};
      const name = textOf(fn['name']);
      const args = textOf(fn['arguments']);
      if (name !== '' || args !== '') carries = true;
      if (!this.keepText || !keep) continue;
      const index = typeof call['index'] === 'number' ? call['index'] : position;
      // An absurd index would make a sparse array of that length.
      if (!Number.isInteger(index) || index < 0 || index > 1000) continue;
      const parts = (this.calls[index] ??= { id: '', name: '', arguments: '' });
      parts.id ||= textOf(call['id']);
      parts.name += name;
      parts.arguments += args;
    }
    return carries;
  }
}

/** A JSON string's text, given what stands between its quotes; null where that is not valid. */
function unescaped(bytes: Buffer, start: number, end: number): string | null {
  const text = bytes.toString('utf8', start, end);
  if (!text.includes('\\')) return text;
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    // A bad escape: parsing the whole event reports it.
    return null;
  }
}

/** An SSE stream begins with a field name or a colon, a JSON body with a brace; a page in HTML with `<`. */
function modeOf(chunk: Buffer): Mode {
  for (const byte of chunk) {
    if (byte === 32 || byte === 9 || byte === 10 || byte === 13) continue;
    if (byte === 0xef || byte === 0xbb || byte === 0xbf) continue;
    // `{`, `[`, `<`
    return byte === 123 || byte === 91 || byte === 60 ? 'body' : 'events';
  }
  return 'unknown';
}

/** `[DONE]`, with white space around it allowed. */
function isDone(bytes: Buffer, start: number, end: number): boolean {
  if (bytes[start] !== 91 || end - start > 16) return false;
  return bytes.toString('latin1', start, end).trim() === '[DONE]';
}

function errorOf(event: Record<string, unknown>, type: string): string | null {
  const error = event['error'];
  if (isObject(error)) {
    const code = error['code'] ?? error['type'];
    const message = textOf(error['message']) || excerpt(JSON.stringify(error));
    return typeof code === 'string' || typeof code === 'number' ? `${excerpt(message)} (${code})` : excerpt(message);
  }
  if (typeof error === 'string' && error !== '') return excerpt(error);
  // `{"object":"error","message":...}` is an older form of vLLM's.
  if (event['object'] === 'error' || type === 'error') {
    return excerpt(textOf(event['message']) || JSON.stringify(event));
  }
  return null;
}

function usageOf(usage: Record<string, unknown>): WireUsage {
  const prompt = isObject(usage['prompt_tokens_details']) ? usage['prompt_tokens_details'] : {};
  const completion = isObject(usage['completion_tokens_details']) ? usage['completion_tokens_details'] : {};
  return {
    inputTokens: countOf(usage['prompt_tokens']),
    outputTokens: countOf(usage['completion_tokens']),
    cachedInputTokens: countOf(prompt['cached_tokens']),
    reasoningTokens: countOf(completion['reasoning_tokens']) ?? countOf(usage['reasoning_tokens']),
  };
}

function countOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
}

/** Text of `content`: a string, or an array of parts as some gateways send it. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return '';
  let text = '';
  for (const part of value as unknown[]) {
    if (isObject(part) && typeof part['text'] === 'string') text += part['text'];
  }
  return text;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function excerpt(text: string): string {
  const flat = text.replace(/\s+/g, ' ').trim();
  return flat.length <= DETAIL_CHARS ? flat : `${flat.slice(0, DETAIL_CHARS)}…`;
}
