/** What one tiny request said of an endpoint, as data and in words. */
import { formatValue } from '../../protocol/format';
import type { CaseRecord, RequestRecord } from '../../protocol/run-json';
import { l10n } from '../l10n';

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
  if (request === undefined) return { ok: false, message: l10n.t('Nothing was sent. The log says more.') };
  const { error, sent, first, end } = request;
  if (error !== undefined && error.kind !== THOUGHT_ONLY) return { ok: false, message: error.message };
  if (sent === null) return { ok: false, message: l10n.t('The request was not sent. The log says more.') };
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
  return outcome.ttftMs === null
    ? formatValue(outcome.totalMs, 'ms')
    : l10n.t('TTFT {0}', formatValue(outcome.ttftMs, 'ms'));
}

/** One sentence: what it took, and what it cost where that is known. */
export function outcomeSentence(outcome: TestOutcome): string {
  if (!outcome.ok) return outcome.message;
  const { ttftMs, totalMs, outputTokens, costUsd, answer } = outcome;
  const all = formatValue(totalMs, 'ms');
  const parts = [
    ttftMs === null
      ? l10n.t('It answered without a visible token, all after {0}', all)
      : l10n.t('First token after {0}, all after {1}', formatValue(ttftMs, 'ms'), all),
  ];
  if (outputTokens !== null)
    parts.push(outputTokens === 1 ? l10n.t('1 output token') : l10n.t('{0} output tokens', outputTokens));
  if (costUsd !== null) parts.push(formatValue(costUsd, 'USD'));
  return `${parts.join(', ')}.${answer === '' ? '' : ` ${l10n.t('It said: {0}', answer)}`}`;
}
