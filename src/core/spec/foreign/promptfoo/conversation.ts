/** Prompts that repeat the conversation so far (`_conversation`), where they do it in the usual way: such tests are the turns of one case. */
import type { Message } from '../../../../protocol/plan';
import type { Json } from '../../../../protocol/plan';
import { renderText } from '../../template';
import { setOwn } from '../../own';
import { messagesOf } from '../messages';

export interface Conversation {
  /** What comes before the first turn. */
  messages: Pick<Message, 'role' | 'content'>[];
  /** What the user says in each turn: a template. */
  user: string;
}

const LOOP = /\{%-?\s*for\s+(\w+)\s+in\s+_conversation\s*-?%\}([\s\S]*?)\{%-?\s*endfor\s*-?%\}/g;

/**
 * Reads a list of messages with one loop over `_conversation`, which repeats each turn as a message of the user and one of the
 * assistant, and with a message of the user at its end. Null for anything else.
 */
export function conversationOf(text: string): Conversation | null {
  const loops = [...text.matchAll(LOOP)];
  const [loop] = loops;
  if (loop === undefined || loops.length > 1) return null;
  const [whole, name = '', inner = ''] = loop;
  const rest = text.replace(whole, '');
  if (/\b_conversation\b/.test(rest) || !repeatsTurns(inner, name)) return null;
  const list = jsonOf(rest);
  const body = list === undefined ? undefined : messagesOf(list);
  if (body?.kind !== 'messages') return null;
  const last = body.messages.at(-1);
  return last?.role === 'user' ? { messages: body.messages.slice(0, -1), user: last.content } : null;
}

function repeatsTurns(inner: string, name: string): boolean {
  const list = jsonOf(`[${inner.trim().replace(/^,|,$/g, '')}]`);
  const body = list === undefined ? undefined : messagesOf(list);
  if (body?.kind !== 'messages' || body.messages.length !== 2) return false;
  const [first, second] = body.messages;
  const stands = (content: string | undefined, field: string) =>
    new RegExp(`^\\s*\\{\\{-?\\s*${name}\\.${field}\\s*-?\\}\\}\\s*$`).test(content ?? '');
  return (
    first?.role === 'user' &&
    second?.role === 'assistant' &&
    stands(first.content, 'input') &&
    stands(second.content, 'output')
  );
}

function jsonOf(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    // Commas may be in or beside the loop; what is left without it is then no JSON, and another way of writing it.
    return undefined;
  }
}

/** Every text inside a value rendered with variables, such that it is a template of just that text. */
export function renderedValue(value: Json, vars: Record<string, Json>): Json {
  if (typeof value === 'string') {
    const rendered = renderText(value, vars);
    return rendered.ok ? literal(rendered.text) : value;
  }
  if (Array.isArray(value)) return value.map((item) => renderedValue(item, vars));
  if (value === null || typeof value !== 'object') return value;
  const result: { [key: string]: Json } = {};
  for (const [key, item] of Object.entries(value)) setOwn(result, key, renderedValue(item, vars));
  return result;
}

function literal(text: string): string {
  return /\{[{%#]/.test(text) ? `{% raw %}${text}{% endraw %}` : text;
}
