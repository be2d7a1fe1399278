/** What one tiny request said of an endpoint, as data and in words. */
import { formatValue } from '../../protocol/format';
import type { CaseRecord, RequestRecord } from '../../protocol/run-json';

export type TestOutcome =
  | {
      ok: true;
      /** Null where no token was seen: a model that only thought, or an answer in one piece. */
      ttftMs: number | null;
      totalMs: number;
      inputTokens: number | null;
      outputTokens: number | null;
      costUsd: number | null;
      answer: string;
    }
  /** `message` is a sentence for the person. */
  | { ok: false; message: string };

/** A model that used up its few tokens for thoughts is there and answers: that is what was asked. */
const THOUGHT_ONLY = 'empty_answer';
const MAX_ANSWER = 200;

export function outcomeOf(request: RequestRecord | undefined, answer: CaseRecord | undefined): TestOutcome {
  if (request === undefined) return { ok: false, message: 'Nothing was sent. The log says more.' };
  const { error, sent, first, end } = request;
  if (error !== undefined && error.kind !== THOUGHT_ONLY) return { ok: false, message: error.message };
  if (sent === null) return { ok: false, message: 'The request was not sent. The log says more.' };
  const text = (answer?.answer ?? '').replace(/\s+/g, ' ').trim();
  return {
    ok: true,
    ttftMs: first === null ? null : first - sent,
    totalMs: end - sent,
    inputTokens: request.input_tokens,
    outputTokens: request.output_tokens,
    costUsd: request.cost,
    answer: text.length <= MAX_ANSWER ? text : `${text.slice(0, MAX_ANSWER)}…`,
  };
}

/** For a row: `TTFT 184 ms`; of an answer without a token, `413 ms`. */
export function latencyText(outcome: Extract<TestOutcome, { ok: true }>): string {
  return outcome.ttftMs === null ? formatValue(outcome.totalMs, 'ms') : `TTFT ${formatValue(outcome.ttftMs, 'ms')}`;
}

/** One sentence: what it took, and what it cost where that is known. */
export function outcomeSentence(outcome: TestOutcome): string {
  if (!outcome.ok) return outcome.message;
  const { ttftMs, totalMs, outputTokens, costUsd, answer } = outcome;
  const first =
    ttftMs === null ? 'It answered without a visible token' : `First token after ${formatValue(ttftMs, 'ms')}`;
  const parts = [`${first}, all after ${formatValue(totalMs, 'ms')}`];
  if (outputTokens !== null) parts.push(`${outputTokens} output token${outputTokens === 1 ? '' : 's'}`);
  if (costUsd !== null) parts.push(formatValue(costUsd, 'USD'));
  return `${parts.join(', ')}.${answer === '' ? '' : ` It said: ${answer}`}`;
}
