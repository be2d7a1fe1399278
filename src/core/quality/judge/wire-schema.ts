/** The schema of a question in the form that structured output takes on every endpoint. */
import type { Json } from '../../../protocol/plan';
import { isMap } from '../../endpoints/json-values';

type Schema = { [key: string]: Json };

/** What strict modes take. Bounds are left out, since some of them refuse a schema with one; the answer is held to them here. */
const KEPT = new Set(['type', 'enum', 'description']);

/** OpenAI's `response_format`, which the other wire APIs translate. */
export function responseFormat({ name, schema }: { name: string; schema: Schema }): Json {
  return {
    type: 'json_schema',
    json_schema: { name: name.replace(/[^\w-]/g, '_').slice(0, 64), strict: true, schema: strictSchema(schema) },
  };
}

/** Every property required and no other allowed, as strict modes demand of every object. */
export function strictSchema(schema: Schema): Schema {
  const result: Schema = {};
  for (const [key, value] of Object.entries(schema)) if (KEPT.has(key)) result[key] = value;
  if (isMap(schema['items'])) result['items'] = strictSchema(schema['items']);
  const { properties } = schema;
  if (isMap(properties)) {
    result['properties'] = Object.fromEntries(
      Object.entries(properties).map(([key, value]) => [key, isMap(value) ? strictSchema(value) : value]),
    );
    result['required'] = Object.keys(properties);
    result['additionalProperties'] = false;
  }
  return result;
}
