import { sliceWhole } from './excerpt';

/**
 * JSON of a value, cut after `length` characters. It stops working there, too: a reason shows fifty characters of a value
 * that may be megabytes, or nested so deeply that `JSON.stringify` overflows the stack.
 */
export function briefJson(value: unknown, length = 50): string {
  if (value === undefined) return 'nothing';
  const parts: string[] = [];
  let left = length + 1;
  const put = (text: string): void => {
    parts.push(text);
    left -= text.length;
  };
  const write = (item: unknown): void => {
    if (left <= 0) return;
    if (typeof item === 'string') return put(JSON.stringify(item.length > left ? item.slice(0, left) : item));
    if (item === null || typeof item !== 'object') return put(JSON.stringify(item) ?? 'null');
    if (Array.isArray(item)) {
      put('[');
      for (let index = 0; index < item.length && left > 0; index++) {
        if (index > 0) put(',');
        write(item[index]);
      }
      return put(']');
    }
    put('{');
    let first = true;
    for (const key in item) {
      if (left <= 0) break;
      if (!first) put(',');
      first = false;
      put(`${JSON.stringify(key.length > left ? key.slice(0, left) : key)}:`);
      write((item as Record<string, unknown>)[key]);
    }
    put('}');
  };
  write(value);
  const text = parts.join('');
  return text.length > length ? `${sliceWhole(text, 0, length - 1)}…` : text;
}

/** Deeper nesting is not indented: the indentation alone would be megabytes. */
const DEEPEST_PRETTY = 100;
/** Longer answers are shown as they are. */
const LONGEST_PRETTY = 100_000;

/** JSON with line breaks for a diff; `text`, which it was read from, where that would be too large. */
export function prettyJson(value: unknown, text: string): string {
  if (text.length > LONGEST_PRETTY || nesting(text) > DEEPEST_PRETTY) return text;
  return JSON.stringify(value, null, 2);
}

/** An upper bound of how deep a JSON text is nested; brackets in its strings count, too. */
function nesting(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index) | 0x20;
    // `[` and `{` differ in the bit of upper and lower case, and so do their closing ones.
    if (unit === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (unit === 0x7d) depth--;
  }
  return deepest;
}
