/** The values of templates, and what bounds the work that a template may cause. */

export type TemplateValue =
  undefined | null | string | number | boolean | readonly TemplateValue[] | { readonly [key: string]: TemplateValue };

/** Work units: about one per evaluated node, list item, or 16 characters. Some tens of milliseconds. */
const WORK_LIMIT = 2_000_000;
export const MAX_TEXT_LENGTH = 5_000_000;
export const MAX_RANGE = 100_000;

/** A template did more than it may, or something that it cannot do; the message is for its author. */
export class TemplateError extends Error {
  constructor(
    readonly code: 'template-limit' | 'template-type' | 'template-unsupported',
    message: string,
  ) {
    super(message);
    this.name = 'TemplateError';
  }
}

/** Counts the work of one rendering, so that a loop over a billion items ends in an error and not in a hang. */
export class Budget {
  private left = WORK_LIMIT;

  spend(units: number): void {
    this.left -= units;
    if (this.left < 0)
      throw new TemplateError('template-limit', 'The template does too much work; loop over fewer or smaller values.');
  }

  /** Charges for a text that is about to exist, before the memory is taken. */
  text(length: number): void {
    if (length > MAX_TEXT_LENGTH)
      throw new TemplateError('template-limit', `The template produces more than ${MAX_TEXT_LENGTH} characters.`);
    this.spend(length / 16);
  }

  /** Charges for a walk over a whole value. Values may share their parts, so the walk can be far longer than the data. */
  walk(value: TemplateValue): void {
    if (typeof value === 'string') this.text(value.length);
    else this.spend(1);
    if (value === null || typeof value !== 'object') return;
    for (const item of Object.values(value as Record<string, TemplateValue>)) this.walk(item);
  }
}

export function isList(value: TemplateValue): value is readonly TemplateValue[] {
  return Array.isArray(value);
}

export function isDict(value: TemplateValue): value is { readonly [key: string]: TemplateValue } {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** An own property, never one of a prototype: `constructor` and `__proto__` lead nowhere. */
export function ownValue(target: TemplateValue, key: string | number): TemplateValue {
  if (typeof target === 'string') {
    if (key === 'length') return target.length;
    return typeof key === 'number' ? target[key] : undefined;
  }
  if (isList(target)) {
    if (key === 'length') return target.length;
    const index = typeof key === 'number' ? key : /^\d+$/.test(key) ? Number(key) : -1;
    return target[index];
  }
  if (isDict(target)) return Object.hasOwn(target, String(key)) ? target[String(key)] : undefined;
  return undefined;
}

/** A value as text in a prompt. Throws for a map, which would read "[object Object]". */
export function toText(value: TemplateValue, budget: Budget): string {
  if (value === undefined || value === null) return '';
  if (isDict(value))
    throw new TemplateError(
      'template-type',
      'A map has no text of its own: name one of its keys, or use "| dump" for JSON.',
    );
  if (isList(value)) {
    const parts = value.map((item) => {
      budget.spend(1);
      return toText(item, budget);
    });
    budget.text(parts.reduce((sum, part) => sum + part.length + 1, 0));
    return parts.join(',');
  }
  return String(value);
}

/** A value as a number; NaN for a list or a map, which JavaScript would turn into text first, however long. */
export function toNumber(value: TemplateValue): number {
  return isList(value) || isDict(value) ? Number.NaN : Number(value);
}
