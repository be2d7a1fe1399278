import type { AssertionPlan } from '../../protocol/plan';
import type { AssertionResult, CaseOutcome, Outcome } from '../../protocol/run-json';
import { messageOf } from '../util/errors';
import { checkOf } from './registry';
import type { AnswerUnderTest, CheckResult } from './types';

/** Longest text kept for a diff: an answer is stored once with its case, not once per assertion. */
const DIFF_LENGTH = 20_000;

/**
 * Evaluates the assertions of one answer, in order, each exactly once. Never rejects: an assertion that cannot be evaluated
 * is `error` or `skipped` with its reason, and never passes.
 */
export async function evaluateAssertions(
  assertions: AssertionPlan[],
  answer: AnswerUnderTest,
): Promise<AssertionResult[]> {
  const results: AssertionResult[] = [];
  for (const assertion of assertions) results.push(await evaluate(assertion, answer));
  return results;
}

async function evaluate(assertion: AssertionPlan, answer: AnswerUnderTest): Promise<AssertionResult> {
  const type = (assertion.negate ? 'not-' : '') + assertion.type;
  const head = { pointer: assertion.pointer, type, severity: assertion.severity };
  const check = checkOf(assertion.type);
  if (check === undefined) {
    const reason = `${type} is not supported by this version, so it was not evaluated`;
    return { ...head, outcome: 'skipped', score: null, reason };
  }
  const failure = requestFailure(answer);
  if (failure !== null) return { ...head, outcome: 'error', score: null, reason: `not evaluated: ${failure}` };
  let result: CheckResult;
  try {
    result = await check(assertion, answer);
  } catch (error) {
    return { ...head, outcome: 'error', score: null, reason: `could not be evaluated: ${messageOf(error)}` };
  }
  if (result.kind === 'error') return { ...head, outcome: 'error', score: null, reason: result.reason };
  const passed = result.holds !== assertion.negate;
  const expected = result.expected === undefined ? undefined : (assertion.negate ? 'not ' : '') + result.expected;
  return {
    ...head,
    outcome: passed ? 'passed' : 'failed',
    score: passed ? 1 : 0,
    reason: result.reason,
    ...(expected === undefined ? {} : { expected: cut(expected) }),
    ...(result.actual === undefined ? {} : { actual: cut(result.actual) }),
  };
}

export interface CaseJudgement {
  outcome: CaseOutcome;
  /** sum(score x weight) / sum(weight) over the assertions that were evaluated; null where none was. */
  score: number | null;
  /** Why the case is in error or skipped. */
  reason?: string;
}

/**
 * The outcome of one answer, from its assertions and their results (of `evaluateAssertions`, in the same order).
 *
 * - A request that did not complete is `error`: there was no answer to judge.
 * - Without a threshold every assertion of severity `error` must pass; one of a lower severity is reported and scored only.
 *   A failure outweighs an assertion that could not be evaluated, which outweighs passes.
 * - With a threshold the score decides; where assertions could not be evaluated, it decides only if it would whatever
 *   they had been.
 * - Skipped assertions count neither way, but where all of them are skipped, the case is: it never passes unexamined.
 * - A case without assertions passes with the score 1, as in promptfoo: that it was answered is all it asks.
 */
export function judgeCase(
  assertions: AssertionPlan[],
  results: AssertionResult[],
  answer: AnswerUnderTest,
  options: { threshold?: number } = {},
): CaseJudgement {
  const failure = requestFailure(answer);
  if (failure !== null) return { outcome: 'error', score: null, reason: failure };
  if (results.length === 0) return { outcome: 'passed', score: 1 };
  if (results.every((result) => result.outcome === 'skipped')) {
    return { outcome: 'skipped', score: null, reason: results[0]?.reason ?? 'nothing could be evaluated' };
  }
  const judged = results.map((result, index) => ({ result, weight: assertions[index]?.weight ?? 1 }));
  const score = weightedScore(judged);
  if (options.threshold !== undefined) return { ...byThreshold(judged, options.threshold), score };
  const deciding = results.filter((result) => result.severity === 'error');
  if (deciding.some((result) => result.outcome === 'failed')) return { outcome: 'failed', score };
  const broken = deciding.find((result) => result.outcome === 'error');
  if (broken !== undefined) return { outcome: 'error', score, reason: `${broken.type}: ${broken.reason}` };
  return { outcome: 'passed', score };
}

interface Judged {
  result: AssertionResult;
  weight: number;
}

function weightedScore(judged: Judged[], ofErrors?: number): number | null {
  let sum = 0;
  let weights = 0;
  for (const { result, weight } of judged) {
    const score = result.score ?? (result.outcome === 'error' ? ofErrors : undefined);
    if (score === undefined) continue;
    sum += score * weight;
    weights += weight;
  }
  return weights > 0 ? sum / weights : null;
}

function byThreshold(judged: Judged[], threshold: number): { outcome: CaseOutcome; reason?: string } {
  // The same sum in another order differs in its last bits: 0.1 + 0.2 must meet a threshold of 0.3.
  const meets = (score: number | null) => (score ?? 0) >= threshold - 1e-9;
  if (meets(weightedScore(judged, 0))) return { outcome: 'passed' };
  if (!meets(weightedScore(judged, 1))) return { outcome: 'failed' };
  const broken = judged.find(({ result }) => result.outcome === 'error')?.result;
  return { outcome: 'error', reason: `${broken?.type}: ${broken?.reason}` };
}

const NO_ANSWER: Record<Exclude<Outcome, 'completed'>, string> = {
  failed: 'the request failed',
  timed_out: 'the request timed out',
  cancelled: 'the request was cancelled',
  truncated: 'the answer was cut off',
};

/** Why there is no answer to judge; null where there is one. */
function requestFailure({ outcome, error }: AnswerUnderTest): string | null {
  if (outcome === 'completed') return null;
  if (error === undefined) return NO_ANSWER[outcome];
  const kind = error.kind === outcome ? '' : ` (${error.kind})`;
  return `${NO_ANSWER[outcome]}: ${error.message.replace(/\.$/, '')}${kind}`;
}

function cut(text: string): string {
  return text.length > DIFF_LENGTH ? `${text.slice(0, DIFF_LENGTH)}…` : text;
}
