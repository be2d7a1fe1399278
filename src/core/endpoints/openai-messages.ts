/** Messages in OpenAI's form (which is the plan's), taken apart for the APIs that have another. */
import type { Json, Message } from '../../protocol/plan';
import type { ToolCall } from '../quality/types';
import { isMap } from './json-values';

/** A call as a message has it, with what a vendor has put beside it. */
export interface SentCall extends ToolCall {
  extra: Json | undefined;
}

/** The calls of an assistant's turn. */
export function callsOf(message: Message): SentCall[] {
  if (!Array.isArray(message.tool_calls)) return [];
  return message.tool_calls.flatMap((call): SentCall[] => {
    const fn = isMap(call) ? call['function'] : undefined;
    if (!isMap(call) || !isMap(fn) || typeof fn['name'] !== 'string') return [];
    const args = fn['arguments'] ?? '';
    return [
      {
        id: typeof call['id'] === 'string' ? call['id'] : '',
        name: fn['name'],
        arguments: typeof args === 'string' ? args : JSON.stringify(args),
        extra: call['extra_content'],
      },
    ];
  });
}

/** Arguments as the object that most APIs want. What is not one, which a model may well write, is kept as a member of one. */
export function argumentsObject(text: string): { [key: string]: Json } {
  if (text.trim() === '') return {};
  let parsed: Json;
  try {
    parsed = JSON.parse(text) as Json;
  } catch {
    return { arguments: text };
  }
  return isMap(parsed) ? parsed : { arguments: parsed };
}

/** Names of the functions by the id of the call: the result of a call names its id alone. */
export function callNames(messages: readonly Message[]): ReadonlyMap<string, string> {
  return new Map(messages.flatMap((message) => callsOf(message).map(({ id, name }) => [id, name] as const)));
}

/** The texts of system and developer messages, wherever they stand, and the other messages. */
export function systemApart(messages: readonly Message[]): { system: string; turns: Message[] } {
  const isSystem = ({ role }: Message) => role === 'system' || role === 'developer';
  return {
    system: messages
      .filter(isSystem)
      .map(({ content }) => content)
      .join('\n\n'),
    turns: messages.filter((message) => !isSystem(message)),
  };
}

/** Turns with neighbours of one role made one turn, for APIs in which the roles alternate. */
export function merged<Part>(turns: Iterable<{ role: string; parts: Part[] }>): { role: string; parts: Part[] }[] {
  const out: { role: string; parts: Part[] }[] = [];
  for (const { role, parts } of turns) {
    const last = out.at(-1);
    if (last?.role === role) last.parts.push(...parts);
    else out.push({ role, parts: [...parts] });
  }
  return out;
}
