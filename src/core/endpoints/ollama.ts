/**
 * Ollama's own chat API, `/api/chat`: a stream of JSON lines.
 *
 * The developer's role becomes `system`; arguments of calls are objects; the result of a call names its function. The `sampling`
 * parameters have their place in `options`.
 *
 * | parameter of chat completions | sent as |
 * | --- | --- |
 * | `max_tokens`, `max_completion_tokens` | `options.num_predict` |
 * | `temperature`, `top_p`, `top_k`, `min_p`, `seed`, `stop`, `presence_penalty`, `frequency_penalty` | the same in `options` |
 * | names of `options` themselves, such as `num_ctx` or `repeat_penalty` | in it, where they belong |
 * | `response_format` | `format`: `json`, or the schema |
 * | `tools` | as they are: the form is OpenAI's |
 * | any other (`tool_choice` has no counterpart) | as it is |
 *
 * What a token event is: a line with text, thinking or a call. The last line has the counts and the reason.
 */
import type { Json, Message } from '../../protocol/plan';
import { AnswerDecoder, type AnswerForm } from './answer-decoder';
import { countOf, isMap, isObject, objectIn, objectsOf, textOf, type JsonObject } from './json-values';
import { LineTooLargeError, NdjsonFramer } from './ndjson';
import { argumentsObject, callNames, callsOf } from './openai-messages';
import { defined, responseFormat, split, stopList, withOutputLimit, type Params } from './openai-params';
import { bearer, jsonRequest, splitUrl } from './request-parts';
import { ToolCallParts } from './tool-calls';
import type { WireApi, WireDecoderOptions, WireRequest, WireRequestOptions, WireTarget } from './wire';

const METHOD = '/api/chat';
const NEWLINE = Buffer.from('\n');

export const ollama: WireApi = {
  kind: 'ollama',
  exampleUrl: 'http://127.0.0.1:11434',
  buildRequest,
  limitOutput: (params, maxTokens) => ({
    ...params,
    options: { ...(isMap(params['options']) ? params['options'] : {}), num_predict: maxTokens },
  }),
  createDecoder: (options) => new OllamaDecoder(options),
  sample: (texts) => {
    const line = (content: string, rest: object) =>
      `${JSON.stringify({ model: 'sample', created_at: '', message: { role: 'assistant', content }, ...rest })}\n`;
    const end = { done: true, done_reason: 'stop', prompt_eval_count: 1, eval_count: texts.length };
    return [...texts.map((text) => line(text, { done: false })), line('', end)];
  },
};

function buildRequest(target: WireTarget, messages: Message[], options: WireRequestOptions): WireRequest {
  const names = callNames(messages);
  const body: Record<string, Json> = {
    model: target.model,
    messages: messages.map((message) => messageOf(message, names)),
    stream: options.stream,
    ...translated(target.params),
  };
  const accept = options.stream ? 'application/x-ndjson, application/json' : 'application/json';
  return jsonRequest(target, pathOf(target.url), body, accept, bearer(target));
}

/** The base may be the server, its `/api`, or the method. */
function pathOf(address: string): string {
  const { path, query } = splitUrl(address);
  if (path.endsWith(METHOD)) return path + query;
  return `${path.endsWith('/api') ? path.slice(0, -'/api'.length) : path}${METHOD}${query}`;
}

function messageOf(message: Message, names: ReadonlyMap<string, string>): Json {
  const { role, content, tool_call_id: call } = message;
  if (role === 'tool') {
    return defined({ role, content, tool_name: call === undefined ? undefined : names.get(call), tool_call_id: call });
  }
  const calls = callsOf(message).map(({ id, name, arguments: args }) => ({
    ...(id === '' ? {} : { id }),
    function: { name, arguments: argumentsObject(args) },
  }));
  return defined({
    role: role === 'developer' ? 'system' : role,
    content,
    tool_calls: calls.length === 0 ? undefined : calls,
  });
}

/** Names that stand in `options` by the API's own definition, OpenAI's names for sampling among them. */
const OPTION_NAMES = [
  ...['temperature', 'top_p', 'top_k', 'min_p', 'typical_p', 'tfs_z', 'seed', 'presence_penalty', 'frequency_penalty'],
  ...['repeat_penalty', 'repeat_last_n', 'mirostat', 'mirostat_tau', 'mirostat_eta', 'penalize_newline'],
  ...['num_predict', 'num_ctx', 'num_keep', 'num_batch', 'num_gpu', 'main_gpu', 'num_thread', 'numa'],
  ...['low_vram', 'use_mmap', 'use_mlock'],
];

function translated(params: Params): Params {
  const { taken, rest } = split(withOutputLimit(params, 'num_predict'), [
    ...['options', 'stop', 'response_format', 'format'],
    ...OPTION_NAMES,
  ]);
  const options: Params = {};
  for (const name of OPTION_NAMES) if (taken[name] !== undefined) options[name] = taken[name];
  const stop = stopList(taken['stop']);
  if (stop !== null) options['stop'] = stop;
  const own = taken['options'];
  if (isMap(own)) Object.assign(options, own);
  const format = responseFormat(taken['response_format']);
  return defined({
    ...rest,
    options: own !== undefined && !isMap(own) ? own : Object.keys(options).length === 0 ? undefined : options,
    format:
      taken['format'] ?? (format?.kind === 'schema' ? format.schema : format?.kind === 'json' ? 'json' : undefined),
    response_format: format === null ? taken['response_format'] : undefined,
  });
}

class OllamaDecoder extends AnswerDecoder {
  private readonly keepText: boolean;
  private readonly calls = new ToolCallParts();
  private readonly framer = new NdjsonFramer((bytes, start, end, terminated) =>
    this.line(bytes, start, end, terminated),
  );
  private firstLine = true;
  private laidOut = false;

  constructor(options: WireDecoderOptions) {
    super();
    this.keepText = options.keepText;
  }

  toolCalls() {
    return this.calls.list();
  }

  /** A line begins with `{`, as a body does; that is told by its first line. Pages begin with `<`, lists with `[`. */
  protected formOf(byte: number): AnswerForm {
    return byte === 60 || byte === 91 ? 'body' : 'events';
  }

  protected pushEvents(chunk: Buffer): void {
    try {
      this.framer.push(chunk);
    } catch (error) {
      if (!(error instanceof LineTooLargeError)) throw error;
      this.fail('response_too_large', error.message);
    }
  }

  protected endEvents(): void {
    this.framer.end();
    if (this.laidOut) this.becomeBody();
  }

  protected whole(body: JsonObject): void {
    this.event(body);
  }

  private line(bytes: Buffer, start: number, end: number, terminated: boolean): void {
    if (this.failed) return;
    if (this.firstLine) {
      this.firstLine = false;
      if (bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf) start += 3;
      // One JSON body laid out over many lines begins with a brace alone.
      this.laidOut = end - start < 16 && bytes.toString('latin1', start, end).trim() === '{';
    }
    if (this.laidOut) {
      this.keep(Buffer.concat([bytes.subarray(start, end), NEWLINE]));
      return;
    }
    const parsed = this.parseEvent(bytes, start, end, '', terminated);
    if (parsed === null) return;
    this.event(parsed);
    if (parsed['done'] === true) this.sink.onDone();
  }

  private event(event: JsonObject): void {
    const message = objectIn(event, 'message');
    const answer = textOf(message['content']);
    const reasoning = textOf(message['thinking']);
    const calls = objectsOf(message['tool_calls']);
    if (this.keepText) for (const call of calls) this.called(call);
    if (answer !== '' || reasoning !== '' || calls.length > 0) this.sink.onContent(answer, reasoning, calls.length > 0);
    if (event['done'] !== true) return;
    this.sink.onUsage({
      inputTokens: countOf(event['prompt_eval_count']),
      outputTokens: countOf(event['eval_count']),
      cachedInputTokens: null,
      reasoningTokens: null,
    });
    const reason = textOf(event['done_reason']);
    if (reason !== '') this.sink.onFinish(reason);
  }

  /** Calls come whole. */
  private called(call: JsonObject): void {
    const fn = objectIn(call, 'function');
    const args = fn['arguments'];
    this.calls.add({
      id: textOf(call['id']),
      name: textOf(fn['name']),
      arguments: isObject(args) ? JSON.stringify(args) : textOf(args),
    });
  }
}
