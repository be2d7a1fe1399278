import { messageOf } from '../util/errors';
import { ApiError } from './api-error';
import { countTokens } from './tokenizer';

/** What the simulator uses of a request to `/v1/chat/completions`, `/v1/completions` or `/v1/embeddings`. */
export interface GenerationRequest {
  kind: 'chat' | 'completions' | 'embeddings';
  model: string;
  stream: boolean;
  includeUsage: boolean;
  /** null where the request sets none. */
  maxTokens: number | null;
  stop: string[];
  /** Tokens of the texts alone: no overhead per message, so that a prompt of a known size stays one. */
  inputTokens: number;
  /** What the answer modes `echo` and `script` look at; of `/v1/completions`, the prompt. */
  lastUserText: string;
  /** The messages in order, for script entries that look further. */
  conversation: readonly SpokenText[];
}

export interface SpokenText {
  role: string;
  text: string;
}

type Body = Record<string, unknown>;

export function bad(message: string, param: string): ApiError {
  return new ApiError(400, message, { type: 'invalid_request_error', param });
}

export function isObject(value: unknown): value is Body {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function booleanOf(body: Body, key: string): boolean {
  const value = body[key];
  if (value === undefined || value === null) return false;
  if (typeof value !== 'boolean') throw bad(`'${key}' must be a boolean.`, key);
  return value;
}

function maxTokensOf(body: Body): number | null {
  for (const key of ['max_completion_tokens', 'max_tokens']) {
    const value = body[key];
    if (value === undefined || value === null) continue;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) {
      throw bad(`'${key}' must be an integer of at least 1.`, key);
    }
    return value;
  }
  return null;
}

function stopOf(body: Body): string[] {
  const value = body['stop'];
  if (value === undefined || value === null) return [];
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list
    .map((item) => {
      if (typeof item !== 'string') throw bad("'stop' must be a string or a list of strings.", 'stop');
      return item;
    })
    .filter((item) => item !== '');
}

/** Text of a message's `content`: a string, or a list of parts of which those of type `text` count. */
function textOf(content: unknown, param: string): string {
  if (content === undefined || content === null) return '';
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) throw bad(`'${param}' must be a string or a list of parts.`, param);
  return content
    .map((part: unknown) => (isObject(part) && typeof part['text'] === 'string' ? part['text'] : ''))
    .join('');
}

function chatTexts(body: Body): { texts: SpokenText[]; lastUserText: string } {
  const messages = body['messages'];
  if (!Array.isArray(messages) || messages.length === 0) {
    throw bad("'messages' must be a list with at least one message.", 'messages');
  }
  const texts: SpokenText[] = [];
  let lastUserText = '';
  messages.forEach((message: unknown, index) => {
    const param = `messages[${index}]`;
    if (!isObject(message) || typeof message['role'] !== 'string') {
      throw bad(`'${param}' must be an object with a 'role'.`, param);
    }
    const text = textOf(message['content'], `${param}.content`);
    texts.push({ role: message['role'], text });
    if (message['role'] === 'user') lastUserText = text;
  });
  return { texts, lastUserText };
}

function promptTexts(body: Body): { texts: SpokenText[]; lastUserText: string } {
  const prompt = body['prompt'];
  const text: unknown = Array.isArray(prompt) && prompt.length === 1 ? prompt[0] : prompt;
  if (typeof text !== 'string') throw bad("'prompt' must be a string, or a list with one string.", 'prompt');
  return { texts: [{ role: 'user', text }], lastUserText: text };
}

/** @throws ApiError 400 for anything that is not a JSON object. */
export function parseBody(json: string): Body {
  let body: unknown;
  try {
    body = JSON.parse(json);
  } catch (error) {
    throw new ApiError(400, `The body is not valid JSON: ${messageOf(error)}`, { type: 'invalid_request_error' });
  }
  if (!isObject(body)) throw new ApiError(400, 'The body must be a JSON object.', { type: 'invalid_request_error' });
  return body;
}

export function modelOf(body: Body, defaultModel: string): string {
  const model = body['model'] ?? defaultModel;
  if (typeof model !== 'string') throw bad("'model' must be a string.", 'model');
  return model;
}

/**
 * Reads a request's body. What the simulator does not act upon, such as `response_format` or `tools`, may be there.
 * @throws ApiError 400 that names the parameter; 400 for anything that is not a JSON object; 400 for `n` other than 1.
 */
export function parseGenerationRequest(
  kind: 'chat' | 'completions',
  json: string,
  defaultModel: string,
): GenerationRequest {
  const body = parseBody(json);
  const model = modelOf(body, defaultModel);
  const n = body['n'] ?? 1;
  if (n !== 1) throw bad("'n' must be 1: the simulator gives one answer per request.", 'n');
  const stream = booleanOf(body, 'stream');
  const options = body['stream_options'];
  if (options !== undefined && options !== null && !isObject(options)) {
    throw bad("'stream_options' must be an object.", 'stream_options');
  }
  const { texts, lastUserText } = kind === 'chat' ? chatTexts(body) : promptTexts(body);
  let inputTokens = 0;
  for (const { text } of texts) inputTokens += countTokens(text);
  return {
    kind,
    model,
    stream,
    includeUsage: isObject(options) && booleanOf(options, 'include_usage'),
    maxTokens: maxTokensOf(body),
    stop: stopOf(body),
    inputTokens,
    lastUserText,
    conversation: texts,
  };
}
