/** `finish-reason`: why the model stopped, whatever the API calls it. */
import type { AssertionPlan } from '../../protocol/plan';
import { listed } from './values';
import { unevaluated, type AnswerUnderTest, type Check, type CheckResult } from './types';

/**
 * The words of each API for the four reasons that OpenAI's API has. `pause_turn` and the like, which have no counterpart,
 * stay as they are.
 */
const MEANINGS: Readonly<Record<string, readonly string[]>> = {
  stop: [
    'stop',
    'end_turn', // Anthropic, as are stop_sequence, tool_use, refusal and model_context_window_exceeded
    'stop_sequence',
    'completed', // OpenAI Responses, as are max_output_tokens and incomplete
    'complete', // Cohere
    'eos', // llama.cpp and TGI
    'eos_token',
    'finish_reason_stop', // Gemini's enum in full, as SDKs print it
  ],
  length: [
    'length',
    'max_tokens', // Anthropic, Gemini
    'max_output_tokens',
    'model_length', // Mistral
    'model_context_window_exceeded',
    'context_length_exceeded',
    'finish_reason_max_tokens',
  ],
  tool_calls: ['tool_calls', 'tool_call', 'tool_use', 'function_call', 'finish_reason_tool_call'],
  content_filter: [
    'content_filter',
    'content_filtered',
    'refusal',
    'safety', // Gemini, as are the next ones
    'recitation',
    'blocklist',
    'prohibited_content',
    'spii',
    'image_safety',
    'guardrail_intervened', // Bedrock
    'finish_reason_safety',
  ],
};

const NORMAL: ReadonlyMap<string, string> = new Map(
  Object.entries(MEANINGS).flatMap(([normal, words]) => words.map((word) => [word, normal] as const)),
);

/** `end_turn`, `STOP` and `completed` as `stop`, and so on; other words in lower case. */
export function normalizeFinishReason(reason: string): string {
  const word = reason.trim().toLowerCase();
  return NORMAL.get(word) ?? word;
}

/** Its value is one word or a list of them, in the words of any API. An answer whose server gave no reason has none of them. */
function finishReason({ value }: AssertionPlan, answer: AnswerUnderTest): CheckResult {
  const wanted = (Array.isArray(value) ? value : [value]).map((item) => (typeof item === 'string' ? item.trim() : ''));
  if (wanted.length === 0 || wanted.includes('')) {
    return unevaluated('finish-reason needs a word such as stop, length, tool_calls or content_filter');
  }
  const asked = listed(wanted.map((word) => `"${word}"`));
  const expected = wanted.join('\n');
  const given = answer.finishReason;
  if (given === null || given.trim() === '') {
    return { kind: 'found', holds: false, reason: `has no finish reason: the server gave none`, expected, actual: '' };
  }
  const normal = normalizeFinishReason(given);
  const holds = wanted.some((word) => normalizeFinishReason(word) === normal);
  const shown = normal === given ? `"${given}"` : `"${given}" (${normal})`;
  const hint = !holds && normal === 'length' ? ': the answer was cut off by its token limit' : '';
  const reason = `has the finish reason ${shown}${holds ? '' : `, not ${asked}${hint}`}`;
  return { kind: 'found', holds, reason, expected, actual: given };
}

export const FINISH_CHECKS: Readonly<Record<string, Check>> = { 'finish-reason': finishReason };
