/**
 * Google Gemini, on generativelanguage.googleapis.com and on Vertex AI (whose url goes up to `/publishers/google`).
 *
 * The model and the method are part of the path: `/models/MODEL:streamGenerateContent?alt=sse`. The key travels as the header
 * `x-goog-api-key`, never in the url, which ends up in logs. System and developer messages become `systemInstruction`; the
 * assistant is the role `model`; neighbours of one role become one turn; calls become `functionCall` parts and their results
 * `functionResponse` parts.
 *
 * | parameter of chat completions | sent as |
 * | --- | --- |
 * | `temperature`, `seed` | the same in `generationConfig` |
 * | `top_p`, `top_k` | `generationConfig.topP`, `.topK` |
 * | `max_tokens`, `max_completion_tokens` | `generationConfig.maxOutputTokens` |
 * | `stop` | `generationConfig.stopSequences` |
 * | `presence_penalty`, `frequency_penalty` | `generationConfig.presencePenalty`, `.frequencyPenalty` |
 * | `response_format` | `generationConfig.responseMimeType` and `.responseJsonSchema` |
 * | `tools` with `function` | one tool with `functionDeclarations` |
 * | `tool_choice` | `toolConfig.functionCallingConfig` |
 * | names of `generationConfig` themselves, such as `topK` or `thinkingConfig` | in it, where they belong |
 * | any other | as it is |
 *
 * What a token event is: an event with text, a thought or a call. Each carries its own counts, and the last one the reason.
 */
import type { Json, Message } from '../../protocol/plan';
import { countOf, isMap, isObject, objectIn, objectsOf, sumOf, textOf, type JsonObject } from './json-values';
import { argumentsObject, callNames, callsOf, merged, systemApart } from './openai-messages';
import {
  defined,
  functionOf,
  renamed,
  responseFormat,
  split,
  stopList,
  toolChoice,
  withOutputLimit,
  type Params,
  type ToolChoice,
} from './openai-params';
import { acceptEvents, hasVersion, jsonRequest, keyHeader, splitUrl, sseEvent } from './request-parts';
import { SseDecoder } from './sse-decoder';
import { ToolCallParts } from './tool-calls';
import type { WireApi, WireRequest, WireRequestOptions, WireTarget } from './wire';

export const gemini: WireApi = {
  kind: 'gemini',
  exampleUrl: 'https://generativelanguage.googleapis.com/v1beta',
  buildRequest,
  limitOutput: (params, maxTokens) => ({
    ...params,
    generationConfig: { ...configIn(params), maxOutputTokens: maxTokens },
  }),
  createDecoder: (options) => new GeminiDecoder(options),
  sample: (texts) => {
    const event = (text: string, candidatesTokenCount: number, rest: object) =>
      sseEvent({
        candidates: [{ content: { parts: [{ text }], role: 'model' }, index: 0, ...rest }],
        usageMetadata: { promptTokenCount: 1, candidatesTokenCount },
      });
    return [...texts.map((text, i) => event(text, i + 1, {})), event('', texts.length, { finishReason: 'STOP' })];
  },
};

function buildRequest(target: WireTarget, messages: Message[], options: WireRequestOptions): WireRequest {
  // Both are part of the path here, whatever the other APIs of a file do with them.
  const { stream: asked, model: named, ...params } = target.params;
  const stream = options.stream && asked !== false;
  const model = typeof named === 'string' ? named : target.model;
  const { system, turns } = systemApart(messages);
  const names = callNames(messages);
  const body: Record<string, Json> = {
    ...(system === '' ? {} : { systemInstruction: { parts: [{ text: system }] } }),
    contents: merged(turns.map((turn) => turnOf(turn, names))).map(({ role, parts }) => ({ role, parts })),
    ...translated(params),
  };
  const path = pathOf(target.url, model, stream);
  return jsonRequest(target, path, body, acceptEvents({ stream }), keyHeader(target, 'x-goog-api-key'));
}

function pathOf(address: string, model: string, stream: boolean): string {
  const { path, query } = splitUrl(address);
  const method = stream ? 'streamGenerateContent' : 'generateContent';
  const search = new URLSearchParams(query);
  if (stream) search.set('alt', 'sse');
  const tail = search.size === 0 ? '' : `?${search.toString()}`;
  const base = path.replace(/:\w*$/, '').replace(/\/models$/, '');
  // The address of a model, with or without a method.
  if (/\/(?:models|tunedModels|endpoints)\/[^/]+$/.test(base)) return `${base}:${method}${tail}`;
  const version = hasVersion(base) ? '' : '/v1beta';
  const name = /^(?:models|tunedModels|endpoints)\//.test(model) ? model : `models/${model}`;
  return `${base}${version}/${name.split('/').map(encodeURIComponent).join('/')}:${method}${tail}`;
}

function turnOf(message: Message, names: ReadonlyMap<string, string>): { role: string; parts: Json[] } {
  const { role, content, tool_call_id: call = '' } = message;
  if (role === 'tool') {
    const response = { name: names.get(call) ?? call, response: resultOf(content) };
    return { role: 'user', parts: [{ functionResponse: response }] };
  }
  const calls = callsOf(message);
  return {
    role: role === 'assistant' ? 'model' : 'user',
    parts: [
      ...(content === '' && calls.length > 0 ? [] : [{ text: content }]),
      ...calls.map(({ name, arguments: args, extra }) => ({
        functionCall: { name, args: argumentsObject(args) },
        // Newer models refuse a call of theirs without the signature that came with it; Google hands it out in this place.
        ...signatureOf(extra),
      })),
    ],
  };
}

/** The result of a call is an object here. */
function resultOf(content: string): Json {
  try {
    const parsed = JSON.parse(content) as Json;
    if (isMap(parsed)) return parsed;
  } catch {
    // Plain text, as most results are.
    return { result: content };
  }
  return { result: content };
}

function signatureOf(extra: Json | undefined): Params {
  const google = isMap(extra) ? extra['google'] : undefined;
  const signature = isMap(google) ? google['thought_signature'] : undefined;
  return signature === undefined ? {} : { thoughtSignature: signature };
}

const CONFIG_NAMES: Readonly<Record<string, string>> = {
  temperature: 'temperature',
  seed: 'seed',
  top_p: 'topP',
  top_k: 'topK',
  presence_penalty: 'presencePenalty',
  frequency_penalty: 'frequencyPenalty',
};

/** What stands in `generationConfig` by the API's own definition, and nowhere else. */
const CONFIG_KEYS = new Set([
  ...['stopSequences', 'responseMimeType', 'responseSchema', 'responseJsonSchema', 'responseModalities'],
  ...['candidateCount', 'maxOutputTokens', 'topP', 'topK', 'presencePenalty', 'frequencyPenalty', 'responseLogprobs'],
  ...['logprobs', 'enableEnhancedCivicAnswers', 'speechConfig', 'thinkingConfig', 'imageConfig', 'mediaResolution'],
]);

/** The API takes two spellings of these; sending both would be an error. */
const SNAKE_NAMES: Readonly<Record<string, string>> = {
  generation_config: 'generationConfig',
  system_instruction: 'systemInstruction',
  tool_config: 'toolConfig',
  safety_settings: 'safetySettings',
};

function configIn(params: Params): Params {
  const config = renamed(params, SNAKE_NAMES)['generationConfig'];
  return isMap(config) ? config : {};
}

function translated(params: Params): Params {
  const { taken, rest } = split(renamed(withOutputLimit(params, 'maxOutputTokens'), SNAKE_NAMES), [
    ...['generationConfig', 'stop', 'response_format', 'tools', 'tool_choice', 'toolConfig'],
    ...Object.keys(CONFIG_NAMES),
    ...CONFIG_KEYS,
  ]);
  const own: Params = {};
  for (const key of CONFIG_KEYS) if (taken[key] !== undefined) own[key] = taken[key];
  Object.assign(own, configIn(params));

  const { format, config } = formatOf(taken['response_format']);
  // One schema or the other.
  if (own['responseSchema'] !== undefined) delete config['responseJsonSchema'];
  for (const [name, key] of Object.entries(CONFIG_NAMES)) if (taken[name] !== undefined) config[key] = taken[name];
  const stop = stopList(taken['stop']);
  if (stop !== null) config['stopSequences'] = stop;
  Object.assign(config, own);
  const choice = toolChoice(taken['tool_choice']);
  return defined({
    ...rest,
    generationConfig: Object.keys(config).length === 0 ? undefined : config,
    response_format: format,
    tools: toolsOf(taken['tools']),
    toolConfig: taken['toolConfig'] ?? (choice === null ? undefined : toolConfigOf(choice)),
    tool_choice: choice === null ? taken['tool_choice'] : undefined,
  });
}

/** `format` is what could not be translated. */
function formatOf(asked: Json | undefined): { format: Json | undefined; config: Params } {
  const format = responseFormat(asked);
  switch (format?.kind) {
    case undefined:
      return { format: asked, config: {} };
    case 'text':
      return { format: undefined, config: {} };
    case 'json':
      return { format: undefined, config: { responseMimeType: 'application/json' } };
    case 'schema':
      return {
        format: undefined,
        config: { responseMimeType: 'application/json', responseJsonSchema: format.schema },
      };
  }
}

/** All functions are declared in one tool; tools in the API's own form stand beside it. */
function toolsOf(tools: Json | undefined): Json | undefined {
  if (!Array.isArray(tools)) return tools;
  const functions = tools.flatMap((tool) => functionOf(tool) ?? []);
  const others = tools.filter((tool) => functionOf(tool) === null);
  if (functions.length === 0) return others;
  const functionDeclarations = functions.map(({ name, description, parameters }) =>
    // Unlike `parameters`, it takes all of JSON Schema.
    defined({ name, description, parametersJsonSchema: parameters }),
  );
  return [{ functionDeclarations }, ...others];
}

function toolConfigOf(choice: ToolChoice): Json {
  if (choice.kind === 'function') {
    return { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: [choice.name] } };
  }
  return { functionCallingConfig: { mode: choice.kind === 'required' ? 'ANY' : choice.kind.toUpperCase() } };
}

class GeminiDecoder extends SseDecoder {
  private readonly calls = new ToolCallParts();

  toolCalls() {
    return this.calls.list();
  }

  protected whole(body: JsonObject): void {
    this.event(body);
  }

  /** Without `alt=sse`, which a proxy may drop, the answer is an array of what would have been its events. */
  protected override bodyIn(parsed: unknown): JsonObject | null {
    if (!Array.isArray(parsed)) return super.bodyIn(parsed);
    const events = objectsOf(parsed);
    if (events.length === 0) return null;
    const failed = events.find(({ error }) => error !== undefined);
    if (failed !== undefined) return failed;
    const last: JsonObject = {};
    for (const event of events) Object.assign(last, event);
    return { ...last, candidates: events.flatMap(({ candidates }) => objectsOf(candidates)) };
  }

  protected event(event: JsonObject): null {
    let answer = '';
    let reasoning = '';
    let other = false;
    let finish = textOf(objectIn(event, 'promptFeedback')['blockReason']);
    for (const candidate of objectsOf(event['candidates'])) {
      // Of several candidates every token is a token, but the text is that of the first.
      const first = candidate['index'] === undefined || candidate['index'] === 0;
      for (const part of objectsOf(objectIn(candidate, 'content')['parts'])) {
        const text = textOf(part['text']);
        if (isObject(part['functionCall'])) {
          other = true;
          if (first) this.called(part['functionCall']);
        } else if (isObject(part['executableCode'])) {
          // The model writes it, though it is not said to anybody.
          other = true;
        } else if (!first) other ||= text !== '';
        else if (part['thought'] === true) reasoning += text;
        else answer += text;
      }
      finish = textOf(candidate['finishReason']) || finish;
    }
    if (answer !== '' || reasoning !== '' || other) this.sink.onContent(answer, reasoning, other);
    const usage = event['usageMetadata'];
    if (isObject(usage)) this.used(usage);
    if (finish !== '') this.sink.onFinish(finish);
    return null;
  }

  private called(call: JsonObject): void {
    if (!this.keepText) return;
    this.calls.add({
      id: textOf(call['id']),
      name: textOf(call['name']),
      arguments: JSON.stringify(call['args'] ?? {}),
    });
  }

  /** Thoughts are billed as output, but counted apart from it. */
  private used(usage: JsonObject): void {
    const thoughts = countOf(usage['thoughtsTokenCount']);
    this.sink.onUsage({
      inputTokens: sumOf(countOf(usage['promptTokenCount']), countOf(usage['toolUsePromptTokenCount'])),
      outputTokens: sumOf(countOf(usage['candidatesTokenCount']), thoughts),
      cachedInputTokens: countOf(usage['cachedContentTokenCount']),
      reasoningTokens: thoughts,
    });
  }
}
