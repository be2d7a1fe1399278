/** The author's own prompt for the judge, of an imported file: a text, or messages as JSON, with variables. */
import type { Json, Message } from '../../../protocol/plan';
import { isMap } from '../../endpoints/json-values';
import { renderText } from '../../spec/template';
import { Ungradable } from './ungradable';

export type Variables = { readonly [name: string]: Json };

const ROLES = new Set<string>(['system', 'developer', 'user', 'assistant', 'tool']);

/**
 * The messages of a prompt with its variables filled in.
 * @throws Ungradable with what is wrong with its template
 */
export function customMessages(prompt: string, variables: Variables): Message[] {
  const messages = messagesIn(prompt);
  // Filled in text by text: a quotation mark in an answer must not break the JSON around it.
  if (messages !== null) return messages.map(({ role, content }) => ({ role, content: filled(content, variables) }));
  return [{ role: 'user', content: filled(prompt, variables) }];
}

function filled(template: string, variables: Variables): string {
  const rendered = renderText(template, variables);
  if (rendered.ok) return rendered.text;
  throw new Ungradable(`the rubricPrompt cannot be used: ${rendered.problems[0]?.message ?? 'its template is broken'}`);
}

function messagesIn(prompt: string): Message[] | null {
  const parsed = jsonIn(prompt);
  if (!Array.isArray(parsed) || parsed.length === 0) return null;
  const messages = parsed.map((item): Message | null => {
    if (!isMap(item)) return null;
    const { role, content } = item;
    return isRole(role) && typeof content === 'string' ? { role, content } : null;
  });
  return messages.every((message) => message !== null) ? messages : null;
}

function isRole(role: Json | undefined): role is Message['role'] {
  return typeof role === 'string' && ROLES.has(role);
}

/** `{steps, evaluate}`, which is what g-eval takes; each may be missing. Null where the prompt is something else. */
export function customParts(prompt: string): { steps?: string; evaluate?: string } | null {
  const parsed = jsonIn(prompt);
  if (!isMap(parsed)) return null;
  const text = (value: Json | undefined) =>
    value === undefined ? undefined : typeof value === 'string' ? value : JSON.stringify(value);
  return { steps: text(parsed['steps']), evaluate: text(parsed['evaluate']) };
}

/** A list of two prompts, or of two messages, which is what context-faithfulness takes. Null where it is something else. */
export function customPair(prompt: string): [string, string] | null {
  const parsed = jsonIn(prompt);
  if (!Array.isArray(parsed) || parsed.length !== 2) return null;
  const texts = parsed.map((item) => (isMap(item) ? item['content'] : item));
  const [first, second] = texts;
  return typeof first === 'string' && typeof second === 'string' ? [first, second] : null;
}

function jsonIn(text: string): Json {
  if (!/^\s*[[{]/.test(text)) return null;
  try {
    return JSON.parse(text) as Json;
  } catch {
    // A text that begins with a bracket.
    return null;
  }
}

/**
 * An answer as the variable of a prompt. promptfoo hands over the parsed JSON; here a map has no text of its own, so that is done
 * only for a prompt that looks into it.
 */
export function answerVariable(name: string, text: string, prompt: string): Json {
  const looksInside = new RegExp(`\\b${name}\\s*(?:\\.|\\[)|\\bin\\s+${name}\\b|\\b${name}\\s*\\|\\s*dump\\b`).test(
    prompt,
  );
  if (!looksInside) return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    // Not JSON: then it is the text.
    return text;
  }
}
