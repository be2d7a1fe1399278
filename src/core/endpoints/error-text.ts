/**
 * What a server says about its own failure, in the shapes of all the APIs: OpenAI `{error: {message, type, code}}`, Anthropic
 * `{type: "error", error: {type, message}}`, Gemini `[{error: {code, message, status}}]` or the same without the array, Ollama
 * `{error: "..."}`, FastAPI (vLLM, TGI) `{detail: ...}` and `{object: "error", message}`.
 */
import { isObject, objectsOf, textOf, type JsonObject } from './json-values';

const DETAIL_CHARS = 300;

/** At most a few hundred characters on one line. */
export function excerpt(text: string): string {
  const flat = text.replace(/\s+/g, ' ').trim();
  return flat.length <= DETAIL_CHARS ? flat : `${flat.slice(0, DETAIL_CHARS)}…`;
}

/** As `excerpt`, of bytes that need not all be decoded for it. */
export function excerptOf(bytes: Buffer, start: number, end: number): string {
  return excerpt(bytes.toString('utf8', start, Math.min(end, start + 4 * DETAIL_CHARS)));
}

/**
 * The error that an event of a stream (or the whole answer) reports; null where it reports none.
 * @param type name of the SSE event, empty where it has none
 */
export function errorOf(event: JsonObject, type: string): string | null {
  const { error } = event;
  if (isObject(error)) return describe(error);
  if (typeof error === 'string' && error !== '') return excerpt(error);
  // `{"object":"error","message":...}` is an older form of vLLM's; the fields of OpenAI's responses lie at the top.
  if (type === 'error' || event['type'] === 'error' || event['object'] === 'error') return describe(event);
  return null;
}

/** Message and code of an error object, such as `Overloaded (overloaded_error)`. */
export function describe(error: JsonObject): string {
  const message = excerpt(textOf(error['message']) || JSON.stringify(error));
  const codes = [error['code'] ?? error['type'], error['status']].filter(
    (code) => (typeof code === 'string' && code !== '' && code !== 'error') || typeof code === 'number',
  );
  return codes.length === 0 ? message : `${message} (${codes.join(' ')})`;
}

/** The message inside the usual shapes of error bodies, else the text without markup. */
export function errorMessageIn(text: string): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // Not JSON: a page of a proxy, or cut at the bound.
    return text.replace(/<(script|style)[\s\S]*?<\/\1>/gi, ' ').replace(/<[^>]*>/g, ' ');
  }
  const body = bodyOf(parsed);
  if (body === null) return text;
  const { error, message, detail } = body;
  if (isObject(error) && typeof error['message'] === 'string') return error['message'];
  for (const candidate of [error, message, detail]) {
    if (typeof candidate === 'string' && candidate !== '') return candidate;
  }
  // FastAPI lists what is wrong with a request, one entry a field.
  const problems = objectsOf(detail).map(({ loc, msg }) => [Array.isArray(loc) ? loc.join('.') : '', textOf(msg)]);
  const told = problems.filter(([, msg]) => msg !== '').map(([at, msg]) => (at === '' ? msg : `${at}: ${msg}`));
  return told.length > 0 ? told.join('; ') : text;
}

/** The wait before the next attempt that an error body of Google's asks for, in ms; null where it asks for none. */
export function retryDelayIn(text: string): number | null {
  // The common error body is not parsed a second time for it.
  if (!text.includes('retryDelay')) return null;
  try {
    const body = bodyOf(JSON.parse(text));
    const error = body?.['error'];
    for (const { retryDelay } of objectsOf(isObject(error) ? error['details'] : undefined)) {
      const seconds = /^(\d+(?:\.\d+)?)s$/.exec(textOf(retryDelay))?.[1];
      if (seconds !== undefined) return Number(seconds) * 1000;
    }
    return null;
  } catch {
    // Not JSON, or cut at the bound: it asks for nothing.
    return null;
  }
}

function bodyOf(parsed: unknown): JsonObject | null {
  const first: unknown = Array.isArray(parsed) ? (parsed as unknown[])[0] : parsed;
  return isObject(first) ? first : null;
}
