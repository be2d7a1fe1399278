/** An eval file made of a request that was pasted: a curl command, a call of an SDK, or the JSON of its body. */
import { Document, isScalar, Scalar, visit, type YAMLMap } from 'yaml';
import type { Json } from '../../../protocol/plan';
import { readCode, isCode } from './code-call';
import { isCurl, parseJson, readCurl } from './curl';
import { normalize, type NormalRequest } from './normal-request';
import type { Reading } from './pasted';

export type EvalFromRequest =
  { ok: true; text: string; fileName: string; notes: string[] } | { ok: false; reason: string };

/** Never throws; what cannot be read is said in a sentence. A key is never part of the result. */
export function requestToEval(pasted: string): EvalFromRequest {
  const text = unfenced(pasted).trim();
  if (text === '')
    return { ok: false, reason: 'There is nothing to read: copy a curl command, a call or a JSON body first.' };
  const reading = read(text);
  if (!reading.ok) return reading;
  const normalized = normalize(reading.request);
  if (!normalized.ok) return normalized;
  const { request } = normalized;
  return {
    ok: true,
    text: fileOf(request),
    fileName: `${slug(request.model ?? 'request')}.eval.yaml`,
    notes: request.notes,
  };
}

/** Chats and READMEs give code in fences. */
function unfenced(text: string): string {
  return /^\s*```[^\n]*\n([\s\S]*?)\n?\s*```/.exec(text)?.[1] ?? text;
}

function read(text: string): Reading {
  if (isCurl(text)) return readCurl(text);
  const body = text.startsWith('{') ? parseJson(text) : undefined;
  if (body !== undefined) return { ok: true, request: { headers: {}, body, notes: [], variables: new Map() } };
  if (isCode(text)) return readCode(text);
  return {
    ok: false,
    reason:
      'This is neither a curl command, a call such as client.chat.completions.create(…), nor the JSON body of a request.',
  };
}

function fileOf(request: NormalRequest): string {
  const { model, messages, params } = request;
  const [only] = messages;
  const isPrompt = messages.length === 1 && only?.role === 'user';
  const document = new Document({
    name: model === undefined ? 'Pasted request' : `Request to ${model}`,
    endpoints: [endpointOf(request)],
    ...(isPrompt ? { prompt: only.content } : { messages: messages.map(({ role, content }) => ({ role, content })) }),
    ...(Object.keys(params).length === 0 ? {} : { params }),
    cases: [caseOf(request)],
  });
  document.commentBefore = comment(request);
  const map = document.contents as YAMLMap;
  for (const pair of map.items.slice(1)) {
    if (isScalar(pair.key) && ['endpoints', 'prompt', 'messages', 'params', 'cases'].includes(String(pair.key.value)))
      pair.key.spaceBefore = true;
  }
  visit(document, {
    Scalar: (_, node) => {
      // A text of several lines is read as it was written.
      if (typeof node.value === 'string' && node.value.includes('\n')) node.type = Scalar.BLOCK_LITERAL;
    },
  });
  // An assertion without a value is written without one.
  return document.toString({ lineWidth: 0, nullStr: '' });
}

function comment({ notes, apiKeyEnv, url, model }: NormalRequest): string {
  const lines = [
    ' Made of a request that was pasted. Say below what its answer must contain, then press "Run eval".',
    ...(apiKeyEnv === undefined
      ? []
      : [` The key is read from the environment variable ${apiKeyEnv}, or from the editor's secret store.`]),
    ...(url === undefined ? [' The request names no address: set "url".'] : []),
    ...(model === undefined ? [' The request names no model: set "model".'] : []),
    ...notes.map((note) => ` ${note}`),
  ];
  return lines.join('\n');
}

/** APIs that need no address, since they have one home. */
const AT_HOME = new Set(['openai-responses', 'anthropic-messages', 'gemini', 'ollama']);

function endpointOf({ api, url, model, apiKeyEnv, headers }: NormalRequest): { [key: string]: Json } {
  const address = url ?? (AT_HOME.has(api) ? undefined : 'http://127.0.0.1:8000/v1');
  return {
    name: endpointName(url, api),
    ...(api === 'openai-chat' ? {} : { api }),
    ...(address === undefined ? {} : { url: address }),
    model: model ?? 'MODEL',
    ...(apiKeyEnv === undefined ? {} : { apiKeyEnv }),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
  };
}

function endpointName(url: string | undefined, api: string): string {
  if (url === undefined || !URL.canParse(url)) return api;
  const { hostname } = new URL(url);
  if (/^(?:localhost|127\.|\[|0\.0\.0\.0)/.test(hostname)) return 'local';
  const labels = hostname.split('.').filter((label) => !/^(?:api|www|com|ai|org|net|io|dev)$/.test(label));
  return labels.at(-1) ?? hostname;
}

function caseOf(request: NormalRequest): { [key: string]: Json } {
  const vars = Object.fromEntries([...request.variables].map(([name, value]) => [name, value ?? '']));
  return {
    name: 'as pasted',
    ...(Object.keys(vars).length === 0 ? {} : { vars }),
    assert: [assertionOf(request.params)],
  };
}

/** What can be asked of the answer without knowing what is right. */
function assertionOf(params: { [key: string]: Json }): { [key: string]: Json } {
  const format = params.response_format;
  if (isMap(format) && format.type === 'json_schema' && isMap(format.json_schema) && isMap(format.json_schema.schema))
    return { 'is-json': format.json_schema.schema };
  if (isMap(format) && format.type === 'json_object') return { 'is-json': null };
  if (params.tool_choice === 'required') return { 'is-valid-openai-tools-call': null };
  return { 'not-is-refusal': null };
}

function isMap(value: Json | undefined): value is { [key: string]: Json } {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function slug(text: string): string {
  return (
    text
      .toLowerCase()
      .replace(/^.*\//, '')
      .replace(/[^a-z0-9.]+/g, '-')
      .replace(/^[-.]+|[-.]+$/g, '') || 'request'
  );
}
