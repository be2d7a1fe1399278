import type { AssertionPlan } from '../../../src/protocol/plan';
import type { AnswerUnderTest, QualityServices } from '../../../src/core/quality/types';

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
  return {
    text,
    reasoning: '',
    toolCalls: [],
    finishReason: 'stop',
    ttftMs: 120,
    itlMs: 20,
    latencyMs: 900,
    costUsd: null,
    outputTokens: 10,
    outcome: 'completed',
    messages: [{ role: 'user', content: 'A question' }],
    vars: {},
    ...more,
  };
}

/** Services of which a test names those that it needs; the others fail it when they are asked. */
export function services(more: Partial<QualityServices> = {}): QualityServices {
  return {
    judge: () => null,
    embedder: () => null,
    code: { run: () => Promise.reject(new Error('no user code was expected to run')) },
    parsers: () => Promise.reject(new Error('no parser was expected to be loaded')),
    signal: new AbortController().signal,
    ...more,
  };
}
