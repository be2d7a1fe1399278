/** Reading values out of JSON that somebody else has written: nothing is where it should be until it has been looked at. */
import type { Json } from '../../protocol/plan';

export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The same for values of a plan, which are JSON already. */
export function isMap(value: Json | undefined): value is { [key: string]: Json } {
  return isObject(value);
}

/** The member `key` where it is an object; else an empty one. */
export function objectIn(value: JsonObject, key: string): JsonObject {
  const member = value[key];
  return isObject(member) ? member : {};
}

/** The members of an array that are objects; none where it is no array. */
export function objectsOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? (value as unknown[]).filter(isObject) : [];
}

/** A string as it is; of an array of parts, as some gateways send content, the texts joined; else empty. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return '';
  let text = '';
  for (const part of value as unknown[]) {
    if (isObject(part) && typeof part['text'] === 'string') text += part['text'];
  }
  return text;
}

/** A count of something; null where it is none. */
export function countOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
}

/** The sum of what is known; null where nothing is. */
export function sumOf(...counts: (number | null)[]): number | null {
  let sum: number | null = null;
  for (const count of counts) if (count !== null) sum = (sum ?? 0) + count;
  return sum;
}
