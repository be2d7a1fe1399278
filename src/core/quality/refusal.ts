/** `is-refusal`: the model refused to do what it was asked. */
import type { AssertionPlan } from '../../protocol/plan';
import { place, quote } from './excerpt';
import { normalizeFinishReason } from './finish-reason';
import { REFUSAL_KEYS, REFUSAL_PHRASES, REFUSAL_STATES } from './refusal-phrases';
import type { AnswerUnderTest, Check, CheckResult, TextSpan } from './types';

/**
 * A refusal comes first: what stands further down, after an answer, is a caveat ("I can't give legal advice"). It also bounds
 * the work.
 */
const HEAD_LENGTH = 1000;
/** Texts of a JSON answer that are looked at, and how deep. */
const MOST_TEXTS = 50;
const DEEPEST = 4;

/**
 * An empty answer counts, as in promptfoo, and so does one that a content filter stopped. One that calls tools does the task,
 * unless it says otherwise. What says that a text refuses is in refusal-phrases.ts.
 */
function isRefusal(_assertion: AssertionPlan, answer: AnswerUnderTest): CheckResult {
  const { text, toolCalls, finishReason } = answer;
  const result = (holds: boolean, reason: string, spans: TextSpan[] = []): CheckResult => ({
    kind: 'found',
    holds,
    reason,
    spans,
    expected: 'a refusal',
    actual: text,
  });
  if (finishReason !== null && normalizeFinishReason(finishReason) === 'content_filter') {
    return result(true, `was stopped by a content filter (finish reason "${finishReason}")`);
  }
  if (toolCalls.length > 0) {
    const span = looksLikeJson(text) ? null : refusalIn(text);
    if (span === null) return result(false, `is no refusal: it calls ${toolCalls[0]?.name ?? 'a tool'}`);
    return result(true, refuses(text, span), [span]);
  }
  if (text.trim() === '') return result(true, 'is empty, which counts as a refusal');
  if (looksLikeJson(text)) {
    const why = structuredRefusal(text);
    if (why !== null) return result(true, why);
  }
  const span = looksLikeJson(text) ? null : refusalIn(text);
  if (span !== null) return result(true, refuses(text, span), [span]);
  return result(false, `is no refusal; the answer starts ${quote(text, 48)}`);
}

function refuses(text: string, { start, end }: TextSpan): string {
  const where = start === 0 ? '' : ` at ${place(text, start)}`;
  return `refuses: ${quote(text.slice(start, end), 80)}${where}`;
}

interface Compiled {
  pattern: RegExp;
  opening: boolean;
}

let compiled: readonly Compiled[] | undefined;

/** Where a text refuses; null where it does not. */
export function refusalIn(text: string): TextSpan | null {
  compiled ??= REFUSAL_PHRASES.map(({ pattern, opening = false }) => ({
    pattern: new RegExp((opening ? '^' : '') + pattern.replaceAll(' ', '\\s+'), 'iu'),
    opening,
  }));
  // Quotes, emphasis and the like before the first word.
  const lead = /^[\s*_#>"'“”‘’`(\[-]*/u.exec(text)?.[0].length ?? 0;
  const head = text.slice(lead, lead + HEAD_LENGTH).replace(/[’‘ʼ′`´]/g, "'");
  let first: TextSpan | null = null;
  for (const { pattern } of compiled) {
    const match = pattern.exec(head);
    if (match === null || match[0] === '') continue;
    const start = lead + match.index;
    if (first === null || start < first.start) first = { start, end: start + match[0].length };
  }
  if (first === null) return null;
  // What is refused stands in the rest of the sentence.
  const rest = /^[^.!?。！？\r\n]*/u.exec(text.slice(first.end, first.end + 100))?.[0] ?? '';
  return { start: first.start, end: first.end + rest.trimEnd().length };
}

/** A refusal is short, and reading a long answer takes time. */
const LONGEST_JSON = 20_000;

function looksLikeJson(text: string): boolean {
  return text.length <= LONGEST_JSON && /^\s*[{[]/.test(text);
}

/** Why an answer in JSON refuses; null where it does not, or is no JSON. */
function structuredRefusal(text: string): string | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Prose that starts with a bracket.
    const span = refusalIn(text);
    return span === null ? null : refuses(text, span);
  }
  let left = MOST_TEXTS;
  const visit = (item: unknown, pointer: string, depth: number): string | null => {
    if (left <= 0 || depth > DEEPEST) return null;
    if (typeof item === 'string') {
      left--;
      const span = refusalIn(item);
      return span === null ? null : `refuses at ${pointer}: ${quote(item.slice(span.start, span.end), 80)}`;
    }
    if (item === null || typeof item !== 'object') return null;
    for (const [key, child] of Object.entries(item)) {
      const at = `${pointer}/${key}`;
      if (REFUSAL_KEYS.includes(key) && (child === true || (typeof child === 'string' && child.trim() !== ''))) {
        return `refuses by its property ${at}${child === true ? '' : `: ${quote(String(child), 80)}`}`;
      }
      const isState = ['status', 'error', 'code', 'type', 'finish_reason', 'stop_reason'].includes(key);
      if (isState && typeof child === 'string' && REFUSAL_STATES.includes(child.toLowerCase())) {
        return `refuses by its property ${at}: ${quote(child)}`;
      }
      const found = visit(child, at, depth + 1);
      if (found !== null) return found;
      if (left <= 0) return null;
    }
    return null;
  };
  return visit(value, '', 0);
}

export const REFUSAL_CHECKS: Readonly<Record<string, Check>> = { 'is-refusal': isRefusal };
