/** What was pasted: a request to a model in any of the shapes that people have one in. */
import type { ApiKind, Json } from '../../../protocol/plan';

export interface PastedRequest {
  url?: string;
  headers: Record<string, string>;
  body: { [key: string]: Json };
  /** Where code says it by the client that it uses. */
  api?: ApiKind;
  /** The environment variable that holds the key, where it is named. */
  keyVariable?: string;
  /** A key stood there in plain text; it is not kept. */
  hadKey?: boolean;
  /** What was read but could not be kept, as sentences. */
  notes: string[];
  /** Texts that the code gives names, which values may have placeholders for. */
  variables: ReadonlyMap<string, string>;
}

export type Reading = { ok: true; request: PastedRequest } | { ok: false; reason: string };

/** Placeholders inside texts until these are written: braces of the text itself must not be taken for them. */
const OPEN = '\uE000';
const CLOSE = '\uE001';

export function placeholder(name: string): string {
  return `${OPEN}${name}${CLOSE}`;
}

/** A text as a template: braces of its own are kept as they are, placeholders become variables. */
export function asTemplate(text: string): string {
  return escapeTemplate(text).replace(/\uE000([^\uE001]*)\uE001/g, '{{ $1 }}');
}

/** A value with the placeholders replaced whose text is known; the others stay. */
export function filledIn(value: Json, variables: ReadonlyMap<string, string>): Json {
  if (typeof value === 'string')
    return value.replace(/\uE000([^\uE001]*)\uE001/g, (whole, name: string) => variables.get(name) ?? whole);
  if (Array.isArray(value)) return value.map((item) => filledIn(item, variables));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filledIn(item, variables)]));
}

/** The name of the placeholder that a text consists of; undefined for any other text. */
export function onlyPlaceholder(text: string): string | undefined {
  return /^\s*\uE000([^\uE001]*)\uE001\s*$/.exec(text)?.[1];
}

/** A text as it is, with the names of its placeholders in braces: for what is no template. */
export function withoutPlaceholders(text: string): string {
  return text.replace(/\uE000([^\uE001]*)\uE001/g, '{$1}');
}

export function hasPlaceholder(value: Json): boolean {
  return JSON.stringify(value).includes(OPEN);
}

/** A text that a template renders as it is. */
export function escapeTemplate(text: string): string {
  if (!/\{[{%#]/.test(text)) return text;
  if (!/\{%-?\s*(?:end)?raw/.test(text)) return `{% raw %}${text}{% endraw %}`;
  return text.replace(/\{(?=[{%#])/g, "{{ '{' }}");
}
