import type { CasePlan, Json, Message } from '../../protocol/plan';
import type { EndedRequest } from '../load/types';
import type { AnswerUnderTest } from './types';

/** One ended request as its assertions see it; times count from the send. */
export function answerUnderTest(
  { record, answer }: EndedRequest,
  messages: Message[],
  item: Pick<CasePlan, 'vars' | 'expected'>,
  params: Record<string, Json>,
): AnswerUnderTest {
  const since = (instant: number | null): number | null =>
    instant === null || record.sent === null ? null : instant - record.sent;
  const gaps = record.itl.length;
  const tools = params['tools'];
  return {
    text: answer?.text ?? '',
    reasoning: answer?.reasoning ?? '',
    toolCalls: answer?.toolCalls ?? [],
    finishReason: record.finish_reason,
    ttftMs: since(record.first),
    itlMs: gaps === 0 ? null : record.itl.reduce((sum, gap) => sum + gap, 0) / gaps,
    latencyMs: since(record.last),
    costUsd: record.cost,
    outputTokens: record.output_tokens,
    outcome: record.outcome,
    ...(record.error === undefined ? {} : { error: record.error }),
    messages,
    vars: item.vars,
    ...(item.expected === undefined ? {} : { expected: item.expected }),
    ...(tools === undefined ? {} : { tools }),
  };
}
