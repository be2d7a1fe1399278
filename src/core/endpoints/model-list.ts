/** Which models an endpoint offers, by the one request that every API answers for nothing: it tells whether the endpoint is there. */
import type { ApiKind } from '../../protocol/plan';
import { isObject, objectsOf, textOf } from './json-values';
import { bearer, hasVersion, keyHeader, openAiKey, splitUrl } from './request-parts';
import type { WireTarget } from './wire';

export interface ModelListRequest {
  /** Path with query, from the root of the origin. */
  path: string;
  headers: Record<string, string>;
}

export type ModelListTarget = Pick<WireTarget, 'url' | 'headers' | 'apiKey'>;

/** Addresses of methods that stand in place of a base. */
const METHODS = /\/(?:chat\/completions|completions|responses|embeddings|messages)$/;
/** One page of this many is all that a person would read. */
const PAGE = 1000;

/** Null for APIs that list no models over HTTP: the simulator's port is not known before it runs, the editor's models are no endpoint. */
export function modelListRequest(api: ApiKind, target: ModelListTarget): ModelListRequest | null {
  if (api === 'sim' || api === 'vscode-lm') return null;
  const { path, query } = splitUrl(target.url);
  const wire: WireTarget = { ...target, model: '', params: {} };
  const request = (listed: string, own: Record<string, string>): ModelListRequest => ({
    path: listed,
    // Headers of the endpoint win over ours.
    headers: { ...withoutThose(own, target.headers), ...target.headers },
  });
  switch (api) {
    case 'openai-chat':
    case 'openai-completions':
    case 'openai-responses':
      return request(`${path.replace(METHODS, '')}/models${query}`, openAiKey(wire));
    case 'anthropic-messages': {
      const base = path.replace(METHODS, '');
      return request(withPage(`${base}${hasVersion(base) ? '' : '/v1'}/models${query}`, 'limit'), {
        'anthropic-version': '2023-06-01',
        ...keyHeader(wire, 'x-api-key'),
      });
    }
    case 'gemini': {
      const base = path.replace(/\/(?:models|tunedModels)(?:\/.*)?$/, '');
      const listed = `${base}${hasVersion(base) ? '' : '/v1beta'}/models${query}`;
      return request(withPage(listed, 'pageSize'), keyHeader(wire, 'x-goog-api-key'));
    }
    case 'ollama':
      return request(`${path.replace(/\/api(?:\/.*)?$/, '')}/api/tags${query}`, bearer(wire));
  }
}

/** Names as they are written into `model`, in the server's order; null where the answer is no list of models. */
export function modelNames(api: ApiKind, body: unknown): string[] | null {
  if (!isObject(body) && !Array.isArray(body)) return null;
  const list = Array.isArray(body) ? (body as unknown) : (body['data'] ?? body['models']);
  if (!Array.isArray(list)) return null;
  const names = objectsOf(list)
    .filter((model) => api !== 'gemini' || answersText(model['supportedGenerationMethods']))
    .map((model) =>
      textOf(api === 'ollama' || api === 'gemini' ? (model['name'] ?? model['id']) : (model['id'] ?? model['name'])),
    )
    .map((name) => (api === 'gemini' ? name.replace(/^models\//, '') : name));
  return [...new Set(names.filter((name) => name !== ''))];
}

/** Gemini lists models for embeddings and pictures, too. */
function answersText(methods: unknown): boolean {
  return !Array.isArray(methods) || (methods as unknown[]).includes('generateContent');
}

function withPage(path: string, parameter: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}${parameter}=${PAGE}`;
}

function withoutThose(own: Record<string, string>, theirs: Record<string, string>): Record<string, string> {
  const names = new Set(Object.keys(theirs).map((name) => name.toLowerCase()));
  return Object.fromEntries(Object.entries(own).filter(([name]) => !names.has(name)));
}
