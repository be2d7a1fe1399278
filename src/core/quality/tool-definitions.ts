/** Tools that a request offers, whatever API its parameters are written for. */
import type { Json } from '../../protocol/plan';

export interface ToolDefinition {
  name: string;
  /** JSON Schema of its arguments; null where the request has none, so that any will do. */
  parameters: object | boolean | null;
}

/**
 * The functions among `tools` of a request: OpenAI's chat (`{type: function, function: {name, parameters}}`) and responses
 * form (`{type: function, name, parameters}`), Anthropic's (`{name, input_schema}`), Gemini's (`{functionDeclarations: […]}`).
 */
export function toolDefinitions(tools: Json | undefined): ToolDefinition[] {
  return listOf(tools).flatMap((tool): ToolDefinition[] => {
    const declarations = tool['functionDeclarations'] ?? tool['function_declarations'];
    if (declarations !== undefined) return listOf(declarations).flatMap(definition);
    const inner = tool['function'];
    return definition(isMap(inner) ? inner : tool);
  });
}

function definition(tool: { [key: string]: Json }): ToolDefinition[] {
  const { name } = tool;
  if (typeof name !== 'string') return [];
  const parameters = tool['parameters'] ?? tool['input_schema'] ?? tool['parametersJsonSchema'] ?? null;
  const usable = isMap(parameters) || typeof parameters === 'boolean';
  return [{ name, parameters: usable ? lowerTypes(parameters) : null }];
}

/** Gemini writes `STRING` and `OBJECT` where JSON Schema has `string` and `object`. */
function lowerTypes<T extends Json>(schema: T): T {
  if (Array.isArray(schema)) return schema.map(lowerTypes) as T;
  if (!isMap(schema)) return schema;
  const entries = Object.entries(schema).map(([key, value]) => [
    key,
    key === 'type' && typeof value === 'string' && /^[A-Z]+$/.test(value) ? value.toLowerCase() : lowerTypes(value),
  ]);
  return Object.fromEntries(entries) as T;
}

function listOf(value: Json | undefined): { [key: string]: Json }[] {
  return Array.isArray(value) ? value.filter(isMap) : [];
}

function isMap(value: Json | undefined): value is { [key: string]: Json } {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
