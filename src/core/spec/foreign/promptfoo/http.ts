/** The generic HTTP provider, where what it sends is a chat completion: only then is its answer read the same way. */
import type { Json } from '../../../../protocol/plan';
import type { Cursor } from '../cursor';
import { loneVariable, type Filled } from '../env-templates';

export type CompatibleHttp =
  | { ok: true; url: string; model: string; params: Record<string, Json>; headers: Record<string, string> }
  | { ok: false; reason: string };

const PROMPT = /^\s*\{\{\s*prompt\s*(?:\|\s*(?:dump|safe)\s*)?\}\}\s*$/;
const OWN_PROTOCOL = 'its requests are no chat completions of OpenAI, and other protocols have no counterpart';

export function compatibleHttp(id: string, config: Cursor | undefined, fill: (text: string) => Filled): CompatibleHttp {
  const written = config?.get('url')?.text ?? (/^https?:\/\//.test(id) ? id : undefined);
  if (written === undefined)
    return { ok: false, reason: config?.get('request') === undefined ? 'it has no "url"' : OWN_PROTOCOL };
  const url = fill(written);
  if (!url.ok)
    return { ok: false, reason: `its address reads the environment variable ${url.variable}, which is not set` };
  if (!URL.canParse(url.text)) return { ok: false, reason: `"${url.text}" is no address` };
  if (!/\/chat\/completions\/?$/.test(new URL(url.text).pathname)) return { ok: false, reason: OWN_PROTOCOL };
  const method = config?.get('method')?.text ?? 'POST';
  if (method.toUpperCase() !== 'POST') return { ok: false, reason: OWN_PROTOCOL };
  const body = bodyOf(config?.get('body'));
  const model = body?.['model'];
  if (body === undefined || typeof model !== 'string' || !asksThePrompt(body['messages']))
    return { ok: false, reason: OWN_PROTOCOL };
  const reader = config?.get('transformResponse') ?? config?.get('responseParser');
  if (reader === undefined || !/choices\s*(?:\?\.)?\[0\]\s*\??\.\s*message\s*\??\.\s*content/.test(reader.text ?? ''))
    return { ok: false, reason: 'its answers are read in a way of their own, not as the content of a chat completion' };
  const filledModel = fill(model);
  if (!filledModel.ok || /\{\{/.test(filledModel.text)) return { ok: false, reason: 'its model is a template' };
  const params: Record<string, Json> = {};
  for (const [key, value] of Object.entries(body)) {
    if (['model', 'messages', 'stream'].includes(key)) continue;
    if (/\{\{|\{%/.test(JSON.stringify(value))) return { ok: false, reason: `"${key}" of its body is a template` };
    params[key] = value;
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of config?.get('headers')?.entries ?? []) {
    const { word } = value;
    if (word === undefined || /^(?:content-type|accept)$/i.test(name)) continue;
    if (/\{\{|\{%/.test(word) && loneVariable(word.replace(/^Bearer\s+/i, '')) === undefined)
      return { ok: false, reason: `the header "${name}" is a template` };
    headers[name] = word;
  }
  return { ok: true, url: url.text, model: filledModel.text, params, headers };
}

function bodyOf(body: Cursor | undefined): { [key: string]: Json } | undefined {
  let data: Json | undefined = body?.plain;
  if (typeof data === 'string') {
    try {
      data = JSON.parse(data) as Json;
    } catch {
      // A body with template code that is no JSON on its own cannot be compared with ours.
      return undefined;
    }
  }
  return data === undefined || data === null || typeof data !== 'object' || Array.isArray(data) ? undefined : data;
}

/** Either the prompt as the whole conversation, or as its one user message. */
function asksThePrompt(messages: Json | undefined): boolean {
  if (typeof messages === 'string') return PROMPT.test(messages);
  if (!Array.isArray(messages) || messages.length !== 1) return false;
  const [message] = messages;
  if (message === null || message === undefined || typeof message !== 'object' || Array.isArray(message)) return false;
  return message['role'] === 'user' && typeof message['content'] === 'string' && PROMPT.test(message['content']);
}
