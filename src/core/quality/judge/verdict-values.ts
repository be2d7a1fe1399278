/** Values of a verdict as their schema wants them: `"true"` for true, `"85%"` or `"8/10"` for a number, `(a)` for A. */
import type { Json } from '../../../protocol/plan';
import { isMap } from '../../endpoints/json-values';

type Schema = { [key: string]: Json };

const TRUE = /^(?:true|yes|y|pass|passed|1)$/i;
const FALSE = /^(?:false|no|n|fail|failed|0)$/i;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)$/;

/**
 * `value` with what plainly means the same put into the form of `schema`; anything else is left for the schema to refuse.
 * Keys match in any case, keys that the schema does not know are dropped, and a missing `reason` is an empty one.
 */
export function coerced(value: Json, schema: Schema): Json {
  switch (schema['type']) {
    case 'object':
      return objectOf(value, schema);
    case 'array': {
      const items = isMap(schema['items']) ? schema['items'] : {};
      return Array.isArray(value) ? value.map((item) => coerced(item, items)) : value;
    }
    case 'boolean':
      return booleanOf(value);
    case 'number':
    case 'integer':
      return numberOf(value, schema);
    case 'string':
      return textOf(value, schema);
    default:
      return value;
  }
}

function objectOf(given: Json, schema: Schema): Json {
  const properties = isMap(schema['properties']) ? schema['properties'] : {};
  const names = Object.keys(properties);
  const value = unwrapped(given, names);
  if (!isMap(value)) return value;
  const byName = new Map(Object.keys(value).map((key) => [key.toLowerCase(), key]));
  const result: Schema = {};
  for (const name of names) {
    const key = Object.hasOwn(value, name) ? name : byName.get(name.toLowerCase());
    const own = properties[name];
    const found = key === undefined ? undefined : value[key];
    if (found !== undefined && isMap(own)) result[name] = coerced(found, own);
    else if (name === 'reason') result[name] = '';
  }
  return result;
}

/** `[{...}]` and `{"result": {...}}` hold the object that was asked for, and nothing else. */
function unwrapped(value: Json, names: string[]): Json {
  const known = new Set(names.map((name) => name.toLowerCase()));
  if (Array.isArray(value)) return value.length === 1 && isMap(value[0]) ? value[0] : value;
  if (!isMap(value)) return value;
  const [first, second] = Object.entries(value);
  const alone = first !== undefined && second === undefined && !known.has(first[0].toLowerCase());
  return alone && isMap(first[1]) ? first[1] : value;
}

function booleanOf(value: Json): Json {
  const text =
    typeof value === 'string' ? value.trim().replace(/[.!]$/, '') : typeof value === 'number' ? `${value}` : '';
  if (TRUE.test(text)) return true;
  return FALSE.test(text) ? false : value;
}

/** Percent and fractions are shares of the schema's `maximum`. */
function numberOf(value: Json, schema: Schema): Json {
  if (typeof value !== 'string') return value;
  const text = value.trim();
  const maximum = typeof schema['maximum'] === 'number' ? schema['maximum'] : 1;
  if (NUMBER.test(text)) return Number(text);
  const percent = /^([\d.]+)\s*%$/.exec(text)?.[1];
  if (percent !== undefined && NUMBER.test(percent)) return (Number(percent) / 100) * maximum;
  const [, part, of] = /^([\d.]+)\s*(?:\/|out of)\s*([\d.]+)$/i.exec(text) ?? [];
  if (part === undefined || of === undefined || !NUMBER.test(part) || !NUMBER.test(of) || Number(of) === 0)
    return value;
  return (Number(part) / Number(of)) * maximum;
}

function textOf(value: Json, schema: Schema): Json {
  const allowed = schema['enum'];
  if (Array.isArray(allowed)) return choiceOf(value, allowed);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === null) return '';
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(' ');
  return value;
}

/** `a`, `(A)`, `A.` and `A: is a subset` all choose A. */
function choiceOf(value: Json, allowed: Json[]): Json {
  if (typeof value !== 'string') return value;
  const text = value.trim().toLowerCase();
  const bare = text.replace(/^[("'*]+|[)"'*.:]+$/g, '');
  const first = /^[("'*]*(\w+)[)"'*]*[.:)]\s/.exec(text)?.[1];
  const wanted = [text, bare, first];
  return allowed.find((choice) => typeof choice === 'string' && wanted.includes(choice.toLowerCase())) ?? value;
}
