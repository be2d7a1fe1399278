/** Names of cases and stages that their author gave none, and ids that stay the same while the file is edited elsewhere. */
import { createHash } from 'node:crypto';

const LONGEST_NAME = 60;

/** Short, stable digest of plain data; the order of keys does not matter. */
export function digest(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 16);
}

/** JSON with sorted keys; what JSON cannot say becomes null. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
  }
  return JSON.stringify(value ?? null);
}

/** A value in a few words, on one line. */
export function shortText(value: unknown): string {
  const text = typeof value === 'string' ? value : canonicalJson(value);
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > LONGEST_NAME ? `${line.slice(0, LONGEST_NAME - 1)}…` : line;
}

interface Named {
  /** As shown. */
  name: string;
  /** As referred to by results. */
  id: string;
}

/** A case by its author's name, else by its variables, else by what it expects or says. */
export function nameCase(data: unknown): Named {
  const item = isRecord(data) ? data : {};
  if (typeof item.name === 'string' && item.name.trim() !== '') return { name: item.name, id: item.name };
  const source =
    isRecord(item.vars) && Object.keys(item.vars).length > 0 ? item.vars : (item.messages ?? item.expected);
  if (source === undefined || source === null) return { name: 'case', id: 'case' };
  const full = isRecord(source)
    ? Object.entries(source)
        .map(([key, value]) => `${key}: ${typeof value === 'string' ? value : canonicalJson(value)}`)
        .join(', ')
    : typeof source === 'string'
      ? source
      : canonicalJson(source);
  const name = shortText(full);
  // Two long texts may agree in what is shown of them, and must not share their results.
  return { name, id: name.endsWith('…') ? `${name}~${digest(source).slice(0, 6)}` : name };
}

/** A stage by its author's name, else by its pattern and load. */
export function nameStage(data: unknown): Named {
  const item = isRecord(data) ? data : {};
  if (typeof item.name === 'string' && item.name.trim() !== '') return { name: item.name, id: item.name };
  const pattern = typeof item.pattern === 'string' ? item.pattern : 'load';
  const load = typeof item.rate === 'string' ? item.rate.replaceAll(' ', '') : item.concurrency;
  const name = typeof load === 'string' || typeof load === 'number' ? `${pattern} ${load}` : pattern;
  return { name, id: name };
}

/** Makes ids unique by counting repetitions: `a`, `a#2`, `a#3`. */
export class UniqueIds {
  private readonly seen = new Set<string>();
  /** The last number that an id was given: a dataset may repeat one row a hundred thousand times. */
  private readonly last = new Map<string, number>();

  take(id: string): string {
    let unique = id;
    let number = this.last.get(id) ?? 1;
    while (this.seen.has(unique)) unique = `${id}#${++number}`;
    if (number > 1) this.last.set(id, number);
    this.seen.add(unique);
    return unique;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
