/**
 * Text of models and servers made safe for a terminal. An answer may hold escape sequences that move the cursor, rewrite what was
 * printed (a failed verdict above it, say), change the window's title or, by bidirectional marks, show text in another order.
 */

/** C0 and C1 controls (tabs and line breaks too), DEL, line separators, and the marks that reorder or hide text. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

function unicodeEscape(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}

/** One line of printable text: line breaks become `⏎`, tabs a space, other controls their escape, such as `\u001b`. */
export function plain(text: string): string {
  return text
    .replace(/\r\n|\r|\n/g, '⏎')
    .replace(UNSAFE, (unit) => (unit === '\t' ? ' ' : unicodeEscape(unit.charCodeAt(0))));
}

/** JSON text that a terminal shows as it is: what `JSON.stringify` leaves raw is escaped as JSON escapes it; the value stays the same. */
export function plainJson(json: string): string {
  return json.replace(UNSAFE, (unit) => (unit === '\n' ? unit : unicodeEscape(unit.charCodeAt(0))));
}

/** A deep copy of plain data whose every string, keys included, is one line of printable text. */
export function plainData<T>(value: T): T {
  return walk(value) as T;
}

function walk(value: unknown): unknown {
  if (typeof value === 'string') return plain(value);
  if (Array.isArray(value)) return value.map(walk);
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [plain(key), walk(item)]));
  }
  return value;
}
