/** How each API is asked for embeddings, and where its answer has them. */
import type { Json } from '../../../protocol/plan';
import type { WireRequest, WireTarget, WireUsage } from '../../endpoints/wire';
import { countOf, isObject, objectIn, objectsOf } from '../../endpoints/json-values';
import { hasVersion, jsonRequest, keyHeader, methodPath, openAiKey, splitUrl } from '../../endpoints/request-parts';
import type { ApiKind } from '../../../protocol/plan';

export interface EmbeddingApi {
  buildRequest(target: WireTarget, texts: string[]): WireRequest;
  /** What may be vectors, in the order of the texts. */
  vectorsIn(body: Record<string, unknown>): unknown[];
  usageIn(body: Record<string, unknown>): WireUsage | null;
}

const ACCEPT = 'application/json';

/** Null for an API without embeddings. */
export function embeddingApiOf(api: ApiKind): EmbeddingApi | null {
  switch (api) {
    case 'openai-chat':
    case 'openai-completions':
    case 'openai-responses':
    case 'sim':
      return openAi;
    case 'ollama':
      return ollama;
    case 'gemini':
      return gemini;
    case 'anthropic-messages':
    case 'vscode-lm':
      return null;
  }
}

/** Parameters of generation: with one judge for grades and embeddings they would come along, and be refused. */
const GENERATION_PARAMS = new Set([
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'seed',
  'stop',
  'n',
  'stream',
  'stream_options',
  'max_tokens',
  'max_completion_tokens',
  'max_output_tokens',
  'frequency_penalty',
  'presence_penalty',
  'repetition_penalty',
  'logit_bias',
  'logprobs',
  'top_logprobs',
  'response_format',
  'reasoning',
  'reasoning_effort',
  'thinking',
  'tools',
  'tool_choice',
  'chat_template_kwargs',
]);

function paramsOf({ params }: WireTarget): Record<string, Json> {
  return Object.fromEntries(Object.entries(params).filter(([name]) => !GENERATION_PARAMS.has(name)));
}

/** `POST /v1/embeddings`: OpenAI, vLLM, SGLang, TEI, llama.cpp, Ollama's compatible API, most gateways, the simulator. */
const openAi: EmbeddingApi = {
  buildRequest(target, texts) {
    const body = { model: target.model, input: texts, encoding_format: 'float', ...paramsOf(target) };
    const url = withoutMethod(target.url, /\/(?:chat\/completions|completions|responses)$/);
    return jsonRequest(target, methodPath(url, '/embeddings'), body, ACCEPT, openAiKey(target));
  },
  vectorsIn(body) {
    const entries = objectsOf(body['data']);
    const indexed = entries.every(({ index }) => typeof index === 'number');
    const ordered = indexed ? [...entries].sort((a, b) => Number(a['index']) - Number(b['index'])) : entries;
    return ordered.map(({ embedding }) => embedding);
  },
  usageIn(body) {
    const usage = objectIn(body, 'usage');
    return usageOf(countOf(usage['prompt_tokens']) ?? countOf(usage['total_tokens']));
  },
};

/** Ollama's own `POST /api/embed`. */
const ollama: EmbeddingApi = {
  buildRequest(target, texts) {
    const body = { model: target.model, input: texts, ...paramsOf(target) };
    const url = withoutMethod(target.url, /\/api(?:\/(?:chat|generate))?$/);
    return jsonRequest(target, methodPath(url, '/api/embed'), body, ACCEPT, openAiKey(target));
  },
  vectorsIn: (body) => listOf(body['embeddings']),
  usageIn: (body) => usageOf(countOf(body['prompt_eval_count'])),
};

/** `POST /v1beta/models/MODEL:batchEmbedContents`. */
const gemini: EmbeddingApi = {
  buildRequest(target, texts) {
    const { path, query } = splitUrl(target.url);
    const base = path.replace(/\/models(?:\/.*)?$/, '');
    const model = `models/${target.model.replace(/^models\//, '')}`;
    const requests = texts.map((text) => ({ model, content: { parts: [{ text }] }, ...paramsOf(target) }));
    const method = `${hasVersion(base) ? base : `${base}/v1beta`}/${model}:batchEmbedContents${query}`;
    return jsonRequest(target, method, { requests }, ACCEPT, keyHeader(target, 'x-goog-api-key'));
  },
  vectorsIn: (body) => objectsOf(body['embeddings']).map(({ values }) => values),
  usageIn: (body) => usageOf(countOf(objectIn(body, 'usageMetadata')['promptTokenCount'])),
};

function usageOf(inputTokens: number | null): WireUsage | null {
  if (inputTokens === null) return null;
  return { inputTokens, outputTokens: null, cachedInputTokens: null, reasoningTokens: null };
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** An address without the path of another method, which people paste as often as the base. */
function withoutMethod(address: string, method: RegExp): string {
  const url = new URL(address);
  url.pathname = url.pathname.replace(/\/+$/, '').replace(method, '');
  return url.href;
}

/** The vectors of an answer; throws RangeError with what is wrong with them. */
export function checkedVectors(found: unknown[], count: number): number[][] {
  if (found.length !== count) throw new RangeError(`it sent ${found.length} vectors for ${count} texts`);
  let length: number | undefined;
  return found.map((vector) => {
    if (!Array.isArray(vector) || vector.length === 0) throw new RangeError('it sent something other than a vector');
    const numbers = vector as unknown[];
    length ??= numbers.length;
    if (numbers.length !== length) {
      throw new RangeError(`its vectors have ${length} numbers and ${numbers.length}`);
    }
    if (!numbers.every((each): each is number => typeof each === 'number' && Number.isFinite(each))) {
      throw new RangeError('its vectors hold something other than numbers');
    }
    return numbers;
  });
}

/** The object that a body holds; null where it holds none. */
export function objectOfBody(text: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : null;
  } catch {
    // A page of a proxy, or cut off: the caller says that it is no answer.
    return null;
  }
}
