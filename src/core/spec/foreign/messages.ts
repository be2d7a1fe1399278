/** Prompts that are conversations: messages as JSON or YAML in one text. */
import { parse } from 'yaml';
import type { Json, Message } from '../../../protocol/plan';

export const ROLES: readonly string[] = ['system', 'developer', 'user', 'assistant', 'tool'];

export type PromptBody =
  | { kind: 'text' }
  | { kind: 'messages'; messages: Pick<Message, 'role' | 'content'>[] }
  | { kind: 'unusable'; reason: string };

/** What a prompt's text stands for: itself, or the messages that it lists. */
export function bodyOf(text: string): PromptBody {
  const trimmed = text.trim();
  if (trimmed.startsWith('- role:')) {
    try {
      return messagesOf(parse(text, { logLevel: 'silent' }) as Json);
    } catch {
      return { kind: 'unusable', reason: 'its messages are not valid YAML' };
    }
  }
  if (!trimmed.startsWith('[') || !/"role"\s*:|'role'\s*:/.test(trimmed)) return { kind: 'text' };
  try {
    return messagesOf(JSON.parse(text) as Json);
  } catch {
    return {
      kind: 'unusable',
      reason: /\{%/.test(trimmed)
        ? 'template code makes its list of messages, which has no counterpart'
        : 'it looks like a list of messages and is not valid JSON',
    };
  }
}

/** A list of messages with texts; anything else says why it cannot be sent. */
export function messagesOf(data: Json): PromptBody {
  if (!Array.isArray(data)) return { kind: 'text' };
  const messages: Pick<Message, 'role' | 'content'>[] = [];
  for (const item of data) {
    if (item === null || typeof item !== 'object' || Array.isArray(item) || typeof item['role'] !== 'string')
      return { kind: 'unusable', reason: 'one of its messages has no role' };
    const role = item['role'].toLowerCase();
    if (!ROLES.includes(role)) return { kind: 'unusable', reason: `the role "${role}" is not known here` };
    if (item['tool_calls'] !== undefined || item['function_call'] !== undefined)
      return { kind: 'unusable', reason: 'one of its messages calls tools, which a prompt here cannot' };
    const content = contentOf(item['content']);
    if (content === undefined)
      return { kind: 'unusable', reason: 'one of its messages is not text alone, such as one with an image' };
    messages.push({ role: role as Message['role'], content });
  }
  return messages.length === 0
    ? { kind: 'unusable', reason: 'its list of messages is empty' }
    : { kind: 'messages', messages };
}

/** The text of a message, which may be written as a list with one part. */
function contentOf(content: Json | undefined): string | undefined {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return undefined;
  const texts = content.map((part) =>
    part !== null && typeof part === 'object' && !Array.isArray(part) && part['type'] === 'text'
      ? part['text']
      : undefined,
  );
  return texts.every((text) => typeof text === 'string') ? texts.join('\n') : undefined;
}
