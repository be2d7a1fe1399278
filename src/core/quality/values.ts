/** Values of assertions as the checks need them, or why they are unusable. */
import type { AssertionPlan, Json } from '../../protocol/plan';
import { splitTexts } from '../spec/text-list';
import { unevaluated, type Unevaluated } from './types';

/** The one text that an assertion is about; numbers and booleans as they print. It is not empty. */
export function oneText(assertion: AssertionPlan): string | Unevaluated {
  const { value, type } = assertion;
  if (value === undefined || value === null || value === '') return unevaluated(`${type} needs a text to look for`);
  if (typeof value === 'object') return unevaluated(`${type} looks for one text, but its value is a list or a map`);
  return String(value);
}

/** The texts that an assertion is about, from a list or from text with commas; at least one, none of them empty. */
export function manyTexts({ type, value }: AssertionPlan): string[] | Unevaluated {
  if (value === undefined || value === null) return unevaluated(`${type} needs a list of texts to look for`);
  let texts: string[];
  if (Array.isArray(value)) {
    texts = value.flatMap((item) => (item === null || typeof item === 'object' ? [] : String(item)));
    if (texts.length < value.length) return unevaluated(`${type} looks for texts, but its list holds something else`);
  } else if (typeof value === 'object') {
    return unevaluated(`${type} needs a list of texts, but its value is a map`);
  } else {
    const list = splitTexts(String(value));
    if (!list.ok) return unevaluated(`${type} cannot read its list of texts: ${list.reason}`);
    texts = list.texts;
  }
  if (texts.length === 0) return unevaluated(`${type} needs at least one text to look for`);
  // Every answer contains the empty text: a variable that rendered to nothing would pass any answer.
  const empty = texts.indexOf('');
  return empty < 0 ? texts : unevaluated(`${type} looks for an empty text, item ${empty + 1} of its list`);
}

/** A number, also as text: a template renders to text. Undefined for anything else. */
export function numberIn(value: Json | undefined): number | undefined {
  if (typeof value === 'string' && value.trim() === '') return undefined;
  const number = typeof value === 'string' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** `"a", "b" and 3 more`: the first of several things for one line. */
export function listed(items: readonly string[], most = 3): string {
  if (items.length <= most) return joined(items);
  return `${items.slice(0, most).join(', ')} and ${items.length - most} more`;
}

function joined(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items[items.length - 1]}`;
}
