import type { AssertionPlan } from '../../../src/protocol/plan';
import type { AnswerUnderTest } from '../../../src/core/quality/types';

export function assertion(
  type: string,
  value?: AssertionPlan['value'],
  more: Partial<AssertionPlan> = {},
): AssertionPlan {
  const negate = type.startsWith('not-');
  return {
    pointer: '/cases/0/assert/0',
    type: negate ? type.slice(4) : type,
    negate,
    weight: 1,
    severity: 'error',
    ...(value === undefined ? {} : { value }),
    ...more,
  };
}

export function answer(text: string, more: Partial<AnswerUnderTest> = {}): AnswerUnderTest {
  return { text, ttftMs: 120, latencyMs: 900, costUsd: null, outputTokens: 10, outcome: 'completed', ...more };
}
