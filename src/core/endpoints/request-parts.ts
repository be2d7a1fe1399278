/** What the requests of all APIs have in common: the address of a method, and the headers. */
import type { Json } from '../../protocol/plan';
import type { WireRequest, WireRequestOptions, WireTarget } from './wire';

/** Azure serves the OpenAI APIs under names of its own and takes the key in a header of its own. */
const AZURE_HOST = /(?:^|\.)(?:openai|cognitiveservices|services\.ai)\.azure\.com$/i;

/**
 * Path and query of a method. People paste the whole address of a method as often as its base, so a path that ends in the
 * method already is left as it is; the query is kept.
 * @param method such as `/chat/completions`
 */
export function methodPath(base: string, method: string): string {
  const { path, query } = splitUrl(base);
  return (path.endsWith(method) ? path : path + method) + query;
}

/** Path without trailing slash, and query with its question mark, of an address. */
export function splitUrl(address: string): { path: string; query: string } {
  const url = new URL(address);
  return { path: url.pathname.replace(/\/+$/, ''), query: url.search };
}

/** Whether a path names a version of an API, such as `/v1` or `/v1beta/...`. */
export function hasVersion(path: string): boolean {
  return /\/v\d[\w.]*(?:\/|$)/.test(path);
}

/** A request with a JSON body. Headers of the endpoint win over `own` and over what every request has. */
export function jsonRequest(
  target: WireTarget,
  path: string,
  body: Record<string, Json>,
  accept: string,
  own: Record<string, string>,
): WireRequest {
  const theirs = new Set(Object.keys(target.headers).map((name) => name.toLowerCase()));
  const headers: string[] = [];
  const defaults: Record<string, string> = {
    'content-type': 'application/json',
    accept,
    // A compressed stream is flushed in blocks: its events arrive late and together.
    'accept-encoding': 'identity',
    'user-agent': 'promptrig',
    ...own,
  };
  for (const [name, value] of Object.entries(defaults)) if (!theirs.has(name)) headers.push(name, value);
  for (const [name, value] of Object.entries(target.headers)) headers.push(name, value);
  return { method: 'POST', path, headers, body: Buffer.from(JSON.stringify(body)) };
}

/** A server-sent event with JSON for its data, as the samples have them. */
export function sseEvent(data: object, type?: string): string {
  return `${type === undefined ? '' : `event: ${type}\n`}data: ${JSON.stringify(data)}\n\n`;
}

export function acceptEvents({ stream }: WireRequestOptions): string {
  return stream ? 'text/event-stream, application/json' : 'application/json';
}

/** The key under the header `name`; nothing without a key. */
export function keyHeader(target: WireTarget, name: string): Record<string, string> {
  const { apiKey } = target;
  return apiKey === undefined || apiKey === '' ? {} : { [name]: apiKey };
}

export function bearer(target: WireTarget): Record<string, string> {
  const { apiKey } = target;
  return apiKey === undefined || apiKey === '' ? {} : { authorization: `Bearer ${apiKey}` };
}

/** How the OpenAI APIs take the key: as a bearer token, on Azure as `api-key`. A token that the file sets itself is enough. */
export function openAiKey(target: WireTarget): Record<string, string> {
  if (!AZURE_HOST.test(new URL(target.url).hostname)) return bearer(target);
  const ownToken = Object.keys(target.headers).some((name) => name.toLowerCase() === 'authorization');
  return ownToken ? {} : keyHeader(target, 'api-key');
}
