/** A call of an SDK, in Python or JavaScript, as a request. */
import type { ApiKind, Json } from '../../../protocol/plan';
import { CodeReader, environmentOf, nameOf, type CodeCall, type Language } from './code-value';
import { filledIn, type PastedRequest, type Reading } from './pasted';

interface Client {
  /** Of what is called, up to the parenthesis. */
  call: RegExp;
  api: ApiKind;
  url?: string;
  keyVariable?: string;
}

const CLIENTS: readonly Client[] = [
  {
    call: /chat\.completions\.(?:create|parse|stream)$/,
    api: 'openai-chat',
    url: 'https://api.openai.com/v1',
    keyVariable: 'OPENAI_API_KEY',
  },
  { call: /\bresponses\.(?:create|parse|stream)$/, api: 'openai-responses', keyVariable: 'OPENAI_API_KEY' },
  { call: /\bmessages\.(?:create|stream)$/, api: 'anthropic-messages', keyVariable: 'ANTHROPIC_API_KEY' },
  { call: /\bgenerate_?content(?:_?stream)?$/i, api: 'gemini', keyVariable: 'GEMINI_API_KEY' },
  { call: /\bollama\.chat$/, api: 'ollama' },
  {
    call: /\bcompletions\.create$/,
    api: 'openai-completions',
    url: 'https://api.openai.com/v1',
    keyVariable: 'OPENAI_API_KEY',
  },
];

const CALL = /([A-Za-z_$][\w$]*(?:\s*(?:\?\.|\.)\s*[A-Za-z_$][\w$]*)*)\s*\(/g;

export function isCode(text: string): boolean {
  return clientCall(text) !== undefined;
}

export function readCode(text: string): Reading {
  const found = clientCall(text);
  if (found === undefined)
    return { ok: false, reason: 'No call such as client.chat.completions.create(…) was found in the code.' };
  const { client, at, callee } = found;
  const language = languageOf(text);
  const known = assignments(text.slice(0, at), language);
  const reader = new CodeReader(text, language, known);
  const call = reader.call(callee, at);
  const request: PastedRequest = {
    headers: {},
    body: bodyOf(call, client.api),
    api: client.api,
    notes: [],
    variables: textsOf(known),
    ...(client.url === undefined ? {} : { url: client.url }),
  };
  const constructor = constructorCall(text, language, known);
  if (constructor !== undefined) configure(request, constructor);
  if (request.keyVariable === undefined && client.keyVariable !== undefined && isPublic(request.url))
    request.keyVariable = client.keyVariable;
  return { ok: true, request };
}

function clientCall(text: string): { client: Client; at: number; callee: string } | undefined {
  for (const match of text.matchAll(CALL)) {
    const callee = (match[1] ?? '').replace(/\s+/g, '').replaceAll('?.', '.');
    const client = CLIENTS.find(({ call }) => call.test(callee));
    if (client !== undefined) return { client, at: match.index + match[0].length - 1, callee };
  }
  return undefined;
}

function languageOf(text: string): Language {
  const isJavaScript =
    /\b(?:const|let|var)\s+[\w${]|\bnew\s+\w+\s*\(|=>|\brequire\(|^\s*import\s.+\sfrom\s|\bcreate\(\s*\{/m.test(text);
  return isJavaScript ? 'javascript' : 'python';
}

/** Texts, lists and maps that names stand for. */
function assignments(text: string, language: Language): Map<string, Json> {
  const known = new Map<string, Json>();
  const pattern =
    language === 'python'
      ? /^[ \t]*([A-Za-z_]\w*)\s*(?::[^=\n]+)?=(?!=)\s*(?=["'[{(\d]|[rbuf]{1,2}["']|os\.)/gim
      : /\b(?:const|let|var)\s+([A-Za-z_$][\w$]*)\s*(?::[^=\n]+)?=\s*(?=["'`[{\d]|process\.)/g;
  for (const match of text.matchAll(pattern)) {
    const reader = new CodeReader(text, language, known);
    reader.at = match.index + match[0].length;
    known.set(match[1] ?? '', reader.value());
  }
  return known;
}

/** Names that stand for texts, as variables. */
function textsOf(known: ReadonlyMap<string, Json>): Map<string, string> {
  return new Map(
    [...known].flatMap(([name, value]): [string, string][] =>
      typeof value === 'string' ? [[nameOf(name), value]] : [],
    ),
  );
}

const CONSTRUCTOR =
  /\b((?:Async|Sync)?(?:Azure)?OpenAI|(?:Async)?Anthropic|GoogleGenAI|(?:genai\.)?Client|Ollama)\s*(?=\()/g;

function constructorCall(text: string, language: Language, known: ReadonlyMap<string, Json>): CodeCall | undefined {
  for (const match of text.matchAll(CONSTRUCTOR)) {
    const at = match.index + match[0].length;
    return new CodeReader(text, language, known).call(match[1] ?? '', at);
  }
  return undefined;
}

function configure(request: PastedRequest, { callee, named: written }: CodeCall): void {
  const named = filledIn(written, request.variables) as typeof written;
  const url = named.base_url ?? named.baseURL ?? named.azure_endpoint ?? named.endpoint ?? named.host;
  const variable = environmentOf(url);
  if (typeof url === 'string' && variable === undefined && /^https?:\/\//.test(url)) request.url = url;
  else if (url !== undefined && url !== null)
    request.notes.push(`The address comes from ${variable ?? 'the code'}: set "url" by hand.`);
  const key = named.api_key ?? named.apiKey;
  const keyVariable = environmentOf(key);
  if (keyVariable !== undefined) request.keyVariable = keyVariable;
  else if (typeof key === 'string') request.hadKey = true;
  const headers = named.default_headers ?? named.defaultHeaders;
  if (headers !== null && typeof headers === 'object' && !Array.isArray(headers)) {
    for (const [name, value] of Object.entries(headers)) if (typeof value === 'string') request.headers[name] = value;
  }
  if (callee.includes('Azure'))
    request.notes.push('Azure has the deployment and the API version in its address: check "url".');
}

function bodyOf({ named, positional }: CodeCall, api: ApiKind): { [key: string]: Json } {
  const body: { [key: string]: Json } = { ...named };
  if (api === 'gemini') {
    const config = body.config ?? body.generation_config ?? body.generationConfig;
    delete body.config;
    delete body.generation_config;
    if (config !== undefined) body.generationConfig = config;
    if (body.contents === undefined && positional[0] !== undefined) body.contents = positional[0];
  }
  const extra = body.extra_body;
  delete body.extra_body;
  if (extra !== null && typeof extra === 'object' && !Array.isArray(extra)) Object.assign(body, extra);
  // What concerns the call and not the request.
  for (const key of ['timeout', 'extra_headers', 'extra_query', 'signal']) delete body[key];
  return body;
}

/** Whether the address is that of the service which the variable is made for. */
function isPublic(url: string | undefined): boolean {
  return (
    url === undefined ||
    /^https:\/\/(?:api\.openai\.com|api\.anthropic\.com|generativelanguage\.googleapis\.com)/.test(url)
  );
}
