import type { Json } from '../../../protocol/plan';
import type { AnswerUnderTest } from '../types';

/** The prompt as user code sees it: the text of a lone user message, else the messages as JSON. */
export function promptText({ messages }: Pick<AnswerUnderTest, 'messages'>): string {
  const [first, second] = messages;
  return second === undefined && first?.role === 'user' ? first.content : JSON.stringify(messages);
}

/**
 * `context` of an assertion's code. The names that promptfoo has (`prompt`, `vars`, `config`, `test`, `providerResponse`) mean the
 * same here; `expected`, `messages` and what the answer took are there besides.
 */
export function codeContext(answer: AnswerUnderTest, config: Json | undefined): { [key: string]: Json } {
  const expected: { [key: string]: Json } = answer.expected === undefined ? {} : { expected: answer.expected };
  const toolCalls = answer.toolCalls.map(({ id, name, arguments: given }) => ({ id, name, arguments: given }));
  return {
    vars: answer.vars,
    prompt: promptText(answer),
    ...(config === undefined ? {} : { config }),
    ...expected,
    test: { vars: answer.vars, ...expected },
    messages: answer.messages.map((message) => ({ ...message })),
    reasoning: answer.reasoning,
    toolCalls,
    finishReason: answer.finishReason,
    ttftMs: answer.ttftMs,
    latencyMs: answer.latencyMs,
    costUsd: answer.costUsd,
    outputTokens: answer.outputTokens,
    providerResponse: {
      output: answer.output ?? answer.text,
      finishReason: answer.finishReason,
      ...(answer.costUsd === null ? {} : { cost: answer.costUsd }),
      ...(answer.latencyMs === null ? {} : { latencyMs: answer.latencyMs }),
      ...(answer.outputTokens === null ? {} : { tokenUsage: { completion: answer.outputTokens } }),
    },
  };
}
