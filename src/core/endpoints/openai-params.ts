/**
 * Request parameters in OpenAI's spelling, taken apart for the APIs that have other names or places for them: one file compares
 * several endpoints with one `params`. What an author writes in an API's own spelling is sent as it is and wins.
 */
import type { Json } from '../../protocol/plan';
import { isMap } from './json-values';

export type Params = Record<string, Json>;

/** `params` in two parts: what is called one of `names`, and the rest. */
export function split(params: Params, names: Iterable<string>): { taken: Params; rest: Params } {
  const wanted = new Set(names);
  const taken: Params = {};
  const rest: Params = {};
  for (const [name, value] of Object.entries(params)) (wanted.has(name) ? taken : rest)[name] = value;
  return { taken, rest };
}

/** `params` with keys renamed; one that is there under its new name already wins, the other is left out. */
export function renamed(params: Params, names: Readonly<Record<string, string>>): Params {
  const out: Params = {};
  for (const [name, value] of Object.entries(params)) {
    const target = Object.hasOwn(names, name) ? names[name] : undefined;
    if (target === undefined) out[name] = value;
    else if (!Object.hasOwn(params, target)) out[target] = value;
  }
  return out;
}

/**
 * `params` with the limit on output tokens under an API's one name for it. What stands under that name already wins; of OpenAI's
 * two names the newer one, `max_completion_tokens`, does.
 */
export function withOutputLimit(params: Params, name: string): Params {
  const { max_tokens: older, max_completion_tokens: newer, ...rest } = params;
  const limit = params[name] ?? newer ?? older ?? null;
  return limit === null ? rest : { ...rest, [name]: limit };
}

/** `stop` as a list; null where it asks for nothing. */
export function stopList(stop: Json | undefined): Json | null {
  if (stop === undefined || stop === null) return null;
  return typeof stop === 'string' ? [stop] : stop;
}

export type ResponseFormat =
  { kind: 'text' } | { kind: 'json' } | { kind: 'schema'; schema: Json; rest: { [key: string]: Json } };

/** What `response_format` asks for; null where it is not in OpenAI's form. `rest` has `name`, `strict`, ... */
export function responseFormat(format: Json | undefined): ResponseFormat | null {
  if (!isMap(format)) return null;
  if (format['type'] === 'text') return { kind: 'text' };
  if (format['type'] === 'json_object') return { kind: 'json' };
  const inner = format['json_schema'];
  if (format['type'] !== 'json_schema' || !isMap(inner) || inner['schema'] === undefined) return null;
  const { schema, ...rest } = inner;
  return { kind: 'schema', schema, rest };
}

export interface FunctionTool {
  name: string;
  description: Json | undefined;
  parameters: Json | undefined;
  strict: Json | undefined;
}

/** A tool in the form of chat completions, `{type: "function", function: {...}}`; null for any other. */
export function functionOf(tool: Json): FunctionTool | null {
  if (!isMap(tool) || tool['type'] !== 'function' || !isMap(tool['function'])) return null;
  const { name, description, parameters, strict } = tool['function'];
  return typeof name === 'string' ? { name, description, parameters, strict } : null;
}

/**
 * `tools` with every one in OpenAI's form written anew; the others, such as a search tool of the API itself, as they are.
 * Undefined where there are none.
 */
export function mapTools(tools: Json | undefined, write: (tool: FunctionTool) => Json): Json | undefined {
  if (!Array.isArray(tools)) return tools;
  return tools.map((tool) => {
    const fn = functionOf(tool);
    return fn === null ? tool : write(fn);
  });
}

export type ToolChoice = { kind: 'auto' | 'none' | 'required' } | { kind: 'function'; name: string };

/** What `tool_choice` asks for; null where it is not in OpenAI's form. */
export function toolChoice(choice: Json | undefined): ToolChoice | null {
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { kind: choice };
  if (!isMap(choice) || choice['type'] !== 'function' || !isMap(choice['function'])) return null;
  const { name } = choice['function'];
  return typeof name === 'string' ? { kind: 'function', name } : null;
}

/** Without the keys that are undefined. */
export function defined(values: Record<string, Json | undefined>): Params {
  const out: Params = {};
  for (const [key, value] of Object.entries(values)) if (value !== undefined) out[key] = value;
  return out;
}
