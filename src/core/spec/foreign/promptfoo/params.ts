/** Request parameters of a provider: what its `config` sends, with the defaults that promptfoo adds. */
import type { Json } from '../../../../protocol/plan';
import { setOwn } from '../../own';
import type { Cursor } from '../cursor';
import { isFileUrl, parseReference, readData } from '../references';
import type { Vendor } from './vendors';

/** Keys of `config` that are no parameters of a request: where it goes, who asks, and what happens around it. */
const NOT_SENT: ReadonlySet<string> = new Set([
  ...[
    'apiKey',
    'apiKeyEnvar',
    'apiKeyRequired',
    'apiHost',
    'apiBaseUrl',
    'apiVersion',
    'apiEndpoint',
    'baseUrl',
    'baseURL',
  ],
  ...['organization', 'headers', 'cost', 'inputCost', 'outputCost', 'cacheReadCost', 'basePath', 'linkedTargetId'],
  ...['omitDefaults', 'passthrough', 'extra_body', 'showThinking', 'maxRetries', 'isReasoningModel', 'o1', 'timeoutMs'],
  ...['deploymentName', 'deployment', 'region', 'model', 'inferenceProvider'],
]);
/** Keys that change what promptfoo does with the answer, or that need a program of its own. */
const WITHOUT_COUNTERPART: Readonly<Record<string, string>> = {
  functionToolCallbacks: 'tools are not called from here',
  mcp: 'MCP servers are not called from here',
  systemPrompt: 'a system message belongs to the prompt',
  dataSources: "Azure's own data sources have no counterpart",
  data_sources: "Azure's own data sources have no counterpart",
  beta: 'it is a header; write it as "headers: {anthropic-beta: …}"',
};

/** Parameters of Ollama and Gemini under the names that their own APIs have are understood by the endpoints themselves. */
export function paramsOf(config: Cursor | undefined, vendor: Vendor): Record<string, Json> {
  const given = new Map<string, Cursor>(config?.entries ?? []);
  const params: Record<string, Json> = {};
  for (const [key, value] of given) {
    if (NOT_SENT.has(key) || value.isEmpty) continue;
    const reason = Object.hasOwn(WITHOUT_COUNTERPART, key) ? WITHOUT_COUNTERPART[key] : undefined;
    if (reason !== undefined) {
      value.context.problems.skipped(`"${key}" of a provider is not sent: ${reason}.`, value.keyPlace);
      continue;
    }
    const loaded = loadedValue(value);
    if (loaded !== undefined) setOwn(params, key, loaded);
  }
  for (const key of ['passthrough', 'extra_body']) {
    for (const [name, value] of given.get(key)?.entries ?? []) setOwn(params, name, value.plain);
  }
  return withDefaults(params, vendor, given.get('omitDefaults')?.boolean === true, config);
}

/** A value with the files in it that it names, such as tools and schemas. */
function loadedValue(value: Cursor): Json | undefined {
  const data = resolveFiles(value.plain, value, 0);
  if (data !== undefined && /\{\{|\{%/.test(JSON.stringify(data))) {
    value.context.problems.skipped(
      'Templates in the parameters of a provider are not rendered: parameters are the same for every case.',
      value.keyPlace,
    );
  }
  return data;
}

/** Plain data, on purpose: a `$ref` inside the schema of a tool is the schema's own. */
function resolveFiles(data: Json, at: Cursor, depth: number): Json | undefined {
  if (typeof data === 'string' && isFileUrl(data) && depth < 10) {
    const { path, kind } = parseReference(data, at.context);
    if (kind !== 'json' && kind !== 'yaml') {
      at.context.problems.skipped(`${data} is not read: parameters come from JSON or YAML.`, at.place);
      return undefined;
    }
    const read = readData(at, path);
    return read.state === 'read' ? resolveFiles(read.value.plain, at, depth + 1) : undefined;
  }
  if (Array.isArray(data)) {
    return data.flatMap((item) => {
      const resolved = resolveFiles(item, at, depth);
      // A file of tools in a list of tools stands for all of them.
      return resolved === undefined ? [] : typeof item === 'string' && Array.isArray(resolved) ? resolved : [resolved];
    });
  }
  if (data === null || typeof data !== 'object') return data;
  const result: { [key: string]: Json } = {};
  for (const [key, item] of Object.entries(data)) {
    const resolved = resolveFiles(item, at, depth);
    if (resolved !== undefined) setOwn(result, key, resolved);
  }
  return result;
}

const REASONING = /(?:^|\/)(?:ft:)?(?:o1|o3|o4|gpt-5)/;
/** Claude models that refuse sampling parameters. */
const WITHOUT_SAMPLING = /claude-(?:opus-(?:4-[7-9]|[5-9])|sonnet-[5-9]|fable|mythos)/;

function withDefaults(
  given: Record<string, Json>,
  { defaults, model }: Vendor,
  omit: boolean,
  config: Cursor | undefined,
): Record<string, Json> {
  const params = { ...given };
  const add = (key: string, value: Json) => {
    if (!Object.hasOwn(params, key)) setOwn(params, key, value);
  };
  switch (defaults) {
    case 'openai': {
      const isReasoning = REASONING.test(model) || config?.get('isReasoningModel')?.boolean === true;
      if (isReasoning) {
        // These models refuse both; promptfoo leaves them out as well.
        delete params['max_tokens'];
        delete params['temperature'];
      } else if (!omit) {
        if (!Object.hasOwn(params, 'max_completion_tokens')) add('max_tokens', 1024);
        add('temperature', 0);
      }
      break;
    }
    case 'responses': {
      delete params['max_tokens'];
      if (REASONING.test(model)) delete params['temperature'];
      else if (!omit) {
        add('max_output_tokens', 1024);
        add('temperature', 0);
      }
      break;
    }
    case 'completions':
      add('max_tokens', 1024);
      add('temperature', 0);
      add('stop', ['<|im_end|>', '<|endoftext|>']);
      break;
    case 'anthropic': {
      const thinking = params['thinking'];
      const thinks = thinking !== undefined && !isDisabled(thinking);
      add('max_tokens', thinks ? 2048 : 1024);
      if (WITHOUT_SAMPLING.test(model)) {
        for (const key of ['temperature', 'top_p', 'top_k']) delete params[key];
      } else if (thinks || Object.hasOwn(params, 'top_p')) delete params['temperature'];
      else add('temperature', 0);
      const { effort, output_format: format, ...rest } = params;
      if (effort === undefined && format === undefined) break;
      const output = { ...(format === undefined ? {} : { format }), ...(effort === undefined ? {} : { effort }) };
      return { ...rest, output_config: output };
    }
    case 'mistral':
      add('max_tokens', 1024);
      add('top_p', 1);
      break;
    case 'localai':
      add('temperature', 0.7);
      break;
    case 'none':
      break;
  }
  return params;
}

function isDisabled(thinking: Json): boolean {
  return (
    thinking !== null && typeof thinking === 'object' && !Array.isArray(thinking) && thinking['type'] === 'disabled'
  );
}
