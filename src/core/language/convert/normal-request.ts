/** A pasted request in the terms of the format: endpoint, messages and parameters. */
import type { ApiKind, Json, Message } from '../../../protocol/plan';
import {
  asTemplate,
  filledIn,
  hasPlaceholder,
  onlyPlaceholder,
  withoutPlaceholders,
  type PastedRequest,
} from './pasted';

export interface NormalRequest {
  api: ApiKind;
  /** Undefined for a request without an address. */
  url?: string;
  model?: string;
  apiKeyEnv?: string;
  headers: Record<string, string>;
  /** Contents are templates. */
  messages: Message[];
  params: { [key: string]: Json };
  variables: Map<string, string | null>;
  notes: string[];
}

export type Normalized = { ok: true; request: NormalRequest } | { ok: false; reason: string };

/** Methods at the end of an address, by the API that has them. */
const METHODS: readonly [RegExp, ApiKind][] = [
  [/\/chat\/completions\/?$/, 'openai-chat'],
  [/\/responses\/?$/, 'openai-responses'],
  [/\/messages\/?$/, 'anthropic-messages'],
  [/\/api\/(?:chat|generate)\/?$/, 'ollama'],
  [/\/completions\/?$/, 'openai-completions'],
  [/\/models\/[^/]+:\w+\/?$/, 'gemini'],
];

export function normalize(pasted: PastedRequest): Normalized {
  const address = addressOf(pasted);
  const api = pasted.api ?? address.api ?? apiOfBody(pasted);
  if (api === undefined)
    return {
      ok: false,
      reason: 'This is no request to a language model: it has none of "messages", "input", "contents" and "prompt".',
    };
  const notes = [...pasted.notes];
  const { model, ...body } = pasted.body;
  const { messages: written, rest } = contentOf(body, api, notes);
  const messages = written.map((message) => inlined(message, pasted.variables));
  if (messages.length === 0) return { ok: false, reason: 'The request holds no message with text.' };
  const headers = headersOf(pasted, notes);
  const key = keyVariableOf(pasted, api, address.url);
  const filled = model === undefined ? undefined : filledIn(model, pasted.variables);
  const name = typeof filled === 'string' && !hasPlaceholder(filled) ? filled : address.model;
  return {
    ok: true,
    request: {
      api,
      ...(address.url === undefined ? {} : { url: address.url }),
      ...(name === undefined ? {} : { model: name }),
      ...(key === undefined ? {} : { apiKeyEnv: key }),
      headers,
      messages: messages.map((message) => ({ ...message, content: asTemplate(message.content) })),
      params: paramsOf(rest, pasted.variables, notes),
      variables: usedVariables(messages, pasted.variables),
      notes,
    },
  };
}

function addressOf({ url }: PastedRequest): { url?: string; api?: ApiKind; model?: string } {
  if (url === undefined || !URL.canParse(url)) return {};
  const parsed = new URL(url);
  const method = METHODS.find(([pattern]) => pattern.test(parsed.pathname));
  const model = /\/models\/([^/:]+):\w+\/?$/.exec(parsed.pathname)?.[1];
  parsed.username = '';
  parsed.password = '';
  // A key in the address is a secret, whatever it opens.
  for (const name of ['key', 'api_key', 'api-key', 'alt']) parsed.searchParams.delete(name);
  const isAzure = /\/deployments\//.test(parsed.pathname);
  if (method !== undefined && !isAzure)
    parsed.pathname = parsed.pathname.replace(/\/models\/[^/]+:\w+\/?$/, '').replace(method[0], '');
  const text = parsed.toString().replace(/\/$/, '');
  return {
    url: text,
    ...(method === undefined ? {} : { api: method[1] }),
    ...(model === undefined ? {} : { model }),
  };
}

function apiOfBody({ body, headers }: PastedRequest): ApiKind | undefined {
  if (Object.keys(headers).some((name) => name.toLowerCase() === 'anthropic-version')) return 'anthropic-messages';
  if (body.contents !== undefined) return 'gemini';
  if (body.input !== undefined) return 'openai-responses';
  if (Array.isArray(body.messages)) return body.system === undefined ? 'openai-chat' : 'anthropic-messages';
  return typeof body.prompt === 'string' ? 'openai-completions' : undefined;
}

/** Instructions belong to the prompt, whatever name they have in the code; what the user says is what changes. */
function inlined(message: Message, variables: PastedRequest['variables']): Message {
  const name = message.role === 'user' ? undefined : onlyPlaceholder(message.content);
  return { ...message, content: (name === undefined ? undefined : variables.get(name)) ?? message.content };
}

interface Content {
  messages: Message[];
  rest: { [key: string]: Json };
}

function contentOf(body: { [key: string]: Json }, api: ApiKind, notes: string[]): Content {
  switch (api) {
    case 'gemini': {
      const { contents, systemInstruction, system_instruction: snake, generationConfig, ...rest } = body;
      const config = isMap(generationConfig) ? generationConfig : {};
      const { systemInstruction: nested, system_instruction: nestedSnake, ...settings } = config;
      const system = systemInstruction ?? snake ?? nested ?? nestedSnake;
      const turns = Array.isArray(contents) ? contents : contents === undefined ? [] : [contents];
      return {
        messages: [...systemMessage(system, notes), ...turns.flatMap((turn) => messageOf(turn, notes))],
        rest: { ...rest, ...(Object.keys(settings).length === 0 ? {} : { generationConfig: settings }) },
      };
    }
    case 'openai-responses': {
      const { input, instructions, ...rest } = body;
      const turns = Array.isArray(input) ? input : input === undefined ? [] : [input];
      return {
        messages: [...systemMessage(instructions, notes), ...turns.flatMap((turn) => messageOf(turn, notes))],
        rest,
      };
    }
    case 'openai-completions': {
      const { prompt, ...rest } = body;
      return { messages: messageOf(prompt ?? null, notes), rest };
    }
    default: {
      const { messages, system, prompt, ...rest } = body;
      const turns = Array.isArray(messages) ? messages : prompt === undefined ? [] : [prompt];
      return {
        messages: [...systemMessage(system, notes), ...turns.flatMap((turn) => messageOf(turn, notes))],
        rest,
      };
    }
  }
}

function systemMessage(value: Json | undefined, notes: string[]): Message[] {
  const text = value === undefined ? '' : textIn(value, notes);
  return text === '' ? [] : [{ role: 'system', content: text }];
}

const ROLES: Readonly<Record<string, Message['role']>> = {
  system: 'system',
  developer: 'developer',
  user: 'user',
  human: 'user',
  assistant: 'assistant',
  model: 'assistant',
  ai: 'assistant',
  tool: 'tool',
  function: 'tool',
};

function messageOf(turn: Json, notes: string[]): Message[] {
  if (typeof turn === 'string') return turn === '' ? [] : [{ role: 'user', content: turn }];
  if (!isMap(turn)) return [];
  const role = ROLES[typeof turn.role === 'string' ? turn.role : 'user'] ?? 'user';
  if (turn.tool_calls !== undefined) note(notes, 'Calls of tools in earlier turns are left out.');
  const content = textIn(turn.content ?? turn.parts ?? turn.text ?? '', notes);
  return content === '' ? [] : [{ role, content }];
}

/** The text of a content: of its parts those that are text. */
function textIn(content: Json, notes: string[]): string {
  if (typeof content === 'string') return content;
  if (Array.isArray(content))
    return content
      .map((part) => textIn(part, notes))
      .filter((text) => text !== '')
      .join('\n');
  if (!isMap(content)) return '';
  if (typeof content.text === 'string') return content.text;
  if (content.parts !== undefined) return textIn(content.parts, notes);
  if (content.content !== undefined) return textIn(content.content, notes);
  note(notes, 'Images, audio and files in messages are left out.');
  return '';
}

function note(notes: string[], text: string): void {
  if (!notes.includes(text)) notes.push(text);
}

/** Of the request as it was sent, and not of what it asks. */
const NOT_PARAMS = new Set(['stream', 'stream_options', 'model', 'user', 'store', 'metadata', 'keep_alive']);

function paramsOf(
  rest: { [key: string]: Json },
  variables: PastedRequest['variables'],
  notes: string[],
): { [key: string]: Json } {
  const params: { [key: string]: Json } = {};
  for (const [key, written] of Object.entries(rest)) {
    const value = filledIn(written, variables);
    if (NOT_PARAMS.has(key) || value === null) continue;
    if (hasPlaceholder(value)) {
      notes.push(`"${key}" comes from a variable of the code: set it by hand.`);
      continue;
    }
    params[key] = value;
  }
  return params;
}

const KEY_HEADERS =
  /^(?:authorization|x-api-key|api-key|x-goog-api-key|proxy-authorization|ocp-apim-subscription-key)$/i;
/** What every request has, and what tells who sent it. */
const PLAIN_HEADERS =
  /^(?:content-type|content-length|accept|accept-encoding|accept-language|user-agent|host|connection|origin|referer|cookie|cache-control|pragma|priority|dnt|sec-.*|anthropic-version)$/i;
const SECRET = /^(?:bearer\s|basic\s|sk-|sk_|hf_|gsk_|xai-|ghp_|github_pat_|AIza)|[A-Za-z0-9_-]{32,}/i;

function headersOf({ headers }: PastedRequest, notes: string[]): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (KEY_HEADERS.test(name) || PLAIN_HEADERS.test(name)) continue;
    if (SECRET.test(value) || /[$%]\{?\w/.test(value)) {
      notes.push(`The header "${name}" looks like a secret and is left out.`);
      continue;
    }
    kept[name] = withoutPlaceholders(value);
  }
  return kept;
}

const VENDORS: readonly [RegExp, string][] = [
  [/(?:^|\.)openai\.com$/, 'OPENAI_API_KEY'],
  [/(?:^|\.)openai\.azure\.com$/, 'AZURE_OPENAI_API_KEY'],
  [/(?:^|\.)anthropic\.com$/, 'ANTHROPIC_API_KEY'],
  [/(?:^|\.)googleapis\.com$/, 'GEMINI_API_KEY'],
  [/(?:^|\.)openrouter\.ai$/, 'OPENROUTER_API_KEY'],
  [/(?:^|\.)mistral\.ai$/, 'MISTRAL_API_KEY'],
  [/(?:^|\.)groq\.com$/, 'GROQ_API_KEY'],
  [/(?:^|\.)together\.(?:ai|xyz)$/, 'TOGETHER_API_KEY'],
  [/(?:^|\.)deepseek\.com$/, 'DEEPSEEK_API_KEY'],
];

/** The environment variable of the key: as it is named, else as its maker calls it, else after the host. */
function keyVariableOf(pasted: PastedRequest, api: ApiKind, url: string | undefined): string | undefined {
  if (pasted.keyVariable !== undefined) return pasted.keyVariable;
  const header = Object.entries(pasted.headers).find(([name]) => KEY_HEADERS.test(name))?.[1];
  const inUrl = pasted.url !== undefined && /[?&](?:key|api[_-]key)=/.test(pasted.url);
  if (header === undefined && !inUrl && pasted.hadKey !== true) return undefined;
  const named = /\$\{?(?:env:)?([A-Za-z_]\w*)\}?|%([A-Za-z_]\w*)%/.exec(header ?? pasted.url ?? '');
  const name = named?.[1] ?? named?.[2];
  if (name !== undefined) return name;
  const host = url !== undefined && URL.canParse(url) ? new URL(url).hostname : '';
  const vendor = VENDORS.find(([pattern]) => pattern.test(host))?.[1];
  if (vendor !== undefined) return vendor;
  if (host === '')
    return api === 'anthropic-messages' ? 'ANTHROPIC_API_KEY' : api === 'gemini' ? 'GEMINI_API_KEY' : 'OPENAI_API_KEY';
  const word = host
    .replace(/^(?:api|www)\./, '')
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_');
  return /^\d/.test(word) ? 'API_KEY' : `${word}_API_KEY`;
}

function usedVariables(
  messages: readonly Message[],
  variables: PastedRequest['variables'],
): Map<string, string | null> {
  const text = messages.map(({ content }) => content).join('\n');
  const names = [...text.matchAll(/\uE000([^\uE001]*)\uE001/g)].map(([, name = '']) => name);
  return new Map([...new Set(names)].map((name) => [name, variables.get(name) ?? null]));
}

function isMap(value: Json | undefined): value is { [key: string]: Json } {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
