/** What was asked for the answer, and what it was given to answer from. */
import type { Message } from '../../../protocol/plan';
import type { AnswerUnderTest } from '../types';
import { Ungradable } from './ungradable';

/** The question for a judge to read: the variable `query`, as in promptfoo, else the prompt. */
export function questionOf(answer: AnswerUnderTest): string {
  const { query } = answer.vars;
  return typeof query === 'string' && query.trim() !== '' ? query : conversation(answer.messages);
}

/** The prompt for prompts of imported files: the text of a lone user message, else the messages as JSON, as in promptfoo. */
export function promptOf({ messages }: AnswerUnderTest): string {
  const [first, second] = messages;
  return second === undefined && first?.role === 'user' ? first.content : JSON.stringify(messages);
}

function conversation(messages: readonly Message[]): string {
  const [first, second] = messages;
  if (first !== undefined && second === undefined) return first.content;
  return messages.map(({ role, content }) => `${role}:\n${content}`).join('\n\n');
}

/**
 * The variable `context`: a text, or the chunks that were retrieved. Null where there is none.
 * @throws Ungradable where it is neither
 */
export function contextOf({ vars }: AnswerUnderTest): string | string[] | null {
  const { context } = vars;
  if (context === undefined || context === null || context === '') return null;
  if (typeof context === 'string') return context;
  const chunks = Array.isArray(context) ? context : [];
  const texts = chunks.filter((chunk): chunk is string => typeof chunk === 'string' && chunk.trim() !== '');
  if (texts.length > 0 && texts.length === chunks.length) return texts;
  throw new Ungradable('the variable "context" must be a text, or a list of texts none of which is empty');
}

/** Chunks as one text. */
export function joined(context: string | string[]): string {
  return Array.isArray(context) ? context.join('\n\n') : context;
}

/** `1.` or `(a)` alone, left by a split behind the number of a list. */
const ENUMERATION_ALONE = /^[([]?(?:\d{1,3}|[a-z]|[ivx]{1,5})[.)\]:]+$/i;

/** The parts of a context that are counted: its chunks, else its lines where it has several, else its sentences. */
export function partsOf(context: string | string[]): string[] {
  if (Array.isArray(context)) return context.map((chunk) => chunk.trim());
  const lines = linesOf(context);
  const parts = lines.length > 1 ? lines : context.split(/(?<=[.!?])\s+|(?<=[。！？])/);
  return parts.map((part) => part.trim()).filter((part) => part !== '' && !ENUMERATION_ALONE.test(part));
}

export function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}
