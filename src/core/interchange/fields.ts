/** Reading of results whose shape is another tool's: a key that is missing or of another type is undefined, never an exception. */

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** What lies behind a path of keys; undefined where the path ends before. */
export function at(value: unknown, ...keys: (string | number)[]): unknown {
  let here: unknown = value;
  for (const key of keys) {
    if (Array.isArray(here) && typeof key === 'number') here = (here as unknown[])[key];
    else if (isFields(here) && Object.hasOwn(here, key)) here = here[key];
    else return undefined;
  }
  return here;
}

/** A finite number behind a path; null without one. */
export function numberAt(value: unknown, ...keys: (string | number)[]): number | null {
  const found = at(value, ...keys);
  return typeof found === 'number' && Number.isFinite(found) ? found : null;
}

/** A text behind a path that is not empty; null without one. */
export function textAt(value: unknown, ...keys: (string | number)[]): string | null {
  const found = at(value, ...keys);
  return typeof found === 'string' && found !== '' ? found : null;
}

export function listAt(value: unknown, ...keys: (string | number)[]): readonly unknown[] {
  const found = at(value, ...keys);
  return Array.isArray(found) ? (found as unknown[]) : [];
}

/** The first that is not null. */
export function firstOf<T>(...values: (T | null)[]): T | null {
  return values.find((value) => value !== null) ?? null;
}
