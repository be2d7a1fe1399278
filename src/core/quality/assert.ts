import type { AssertionPlan, CodePlan } from '../../protocol/plan';
import type { AssertionResult, CaseOutcome, JudgeUsage, Outcome } from '../../protocol/run-json';
import { messageOf } from '../util/errors';
import { sliceWhole } from './excerpt';
import { checkOf } from './registry';
import { codeContext } from './sandbox/code-context';
import type { AnswerUnderTest, CheckResult, Finding, QualityServices } from './types';

/** Longest text kept for a diff: an answer is stored once with its case, not once per assertion. */
const DIFF_LENGTH = 20_000;
/** Spans kept of one assertion: more cannot be looked at. */
const MOST_SPANS = 100;
/** Sets within sets: deeper is a slip, and recursion must end. */
const DEEPEST_SET = 8;

/**
 * Evaluates the assertions of one answer, in order, each exactly once. Never rejects: an assertion that cannot be evaluated
 * is `error` or `skipped` with its reason, and never passes.
 */
export async function evaluateAssertions(
  assertions: AssertionPlan[],
  answer: AnswerUnderTest,
  services: QualityServices,
  depth = 0,
): Promise<AssertionResult[]> {
  const results: AssertionResult[] = [];
  for (const assertion of assertions) results.push(await evaluate(assertion, answer, services, depth));
  return results;
}

/** The assertions of one answer with its outcome: transform, assertions, threshold. Never rejects. */
export async function evaluateAnswer(
  item: { assertions: AssertionPlan[]; transform?: CodePlan; threshold?: number },
  answer: AnswerUnderTest,
  services: QualityServices,
): Promise<{ assertions: AssertionResult[]; judgement: CaseJudgement; judged: AnswerUnderTest }> {
  const { assertions, transform, threshold } = item;
  let judged = answer;
  if (transform !== undefined && requestFailure(answer) === null) {
    const made = await applyTransform(transform, answer, services);
    if (made.kind !== 'value') {
      const outcome = made.kind === 'skipped' ? 'skipped' : 'error';
      const reason = `the transform of the case ${made.kind === 'skipped' ? 'did not run' : 'failed'}: ${made.reason}`;
      const results = assertions.map((assertion): AssertionResult => ({
        ...headOf(assertion),
        outcome,
        score: null,
        reason,
      }));
      return { assertions: results, judgement: { outcome, score: null, reason }, judged };
    }
    judged = made.answer;
  }
  const results = await evaluateAssertions(assertions, judged, services);
  const options = threshold === undefined ? {} : { threshold };
  return { assertions: results, judgement: judgeCase(assertions, results, judged, options), judged };
}

type Transformed =
  { kind: 'value'; answer: AnswerUnderTest } | { kind: 'error'; reason: string } | { kind: 'skipped'; reason: string };

async function applyTransform(
  code: CodePlan,
  answer: AnswerUnderTest,
  services: QualityServices,
): Promise<Transformed> {
  const context = codeContext(answer, undefined);
  const output = answer.output ?? answer.text;
  const reply = await services.code.run({ code, kind: 'transform', output, context }, services.signal);
  if (reply.kind !== 'value') return reply;
  const { value } = reply;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const rest = { ...answer };
  delete rest.output;
  const made = typeof value === 'string' ? {} : { output: value };
  return { kind: 'value', answer: { ...rest, text, transformed: true, ...made } };
}

function headOf(assertion: AssertionPlan): Pick<AssertionResult, 'pointer' | 'type' | 'severity' | 'name'> {
  const { pointer, name } = assertion;
  const severity = assertion.weight === 0 ? 'info' : assertion.severity;
  const type = (assertion.negate ? 'not-' : '') + assertion.type;
  return { pointer, type, severity, ...(name === undefined ? {} : { name }) };
}

async function evaluate(
  assertion: AssertionPlan,
  given: AnswerUnderTest,
  services: QualityServices,
  depth: number,
): Promise<AssertionResult> {
  const head = headOf(assertion);
  const { type } = head;
  if (assertion.skip !== undefined) return { ...head, outcome: 'skipped', score: null, reason: assertion.skip };
  const isSet = assertion.type === 'assert-set';
  const check = checkOf(assertion.type);
  if (check === undefined && !isSet) {
    const reason = `${type} is not supported by this version, so it was not evaluated`;
    return { ...head, outcome: 'skipped', score: null, reason };
  }
  const failure = requestFailure(given);
  if (failure !== null) return { ...head, outcome: 'error', score: null, reason: `not evaluated: ${failure}` };
  let answer = given;
  if (assertion.transform !== undefined) {
    const made = await applyTransform(assertion.transform, given, services);
    if (made.kind === 'skipped') return { ...head, outcome: 'skipped', score: null, reason: made.reason };
    if (made.kind === 'error') {
      return { ...head, outcome: 'error', score: null, reason: `its transform failed: ${made.reason}` };
    }
    answer = made.answer;
  }
  if (isSet) return evaluateSet(assertion, answer, services, depth);
  let result: CheckResult;
  try {
    result = await (check as NonNullable<typeof check>)(assertion, answer, services);
  } catch (error) {
    return { ...head, outcome: 'error', score: null, reason: `could not be evaluated: ${messageOf(error)}` };
  }
  if (result.kind === 'skipped') return { ...head, outcome: 'skipped', score: null, reason: result.reason };
  const judge = result.judge === undefined ? {} : { judge: result.judge };
  if (result.kind === 'error') return { ...head, outcome: 'error', score: null, reason: result.reason, ...judge };
  // Of a transformed answer they would mark the wrong words.
  const spans = answer.transformed === true ? undefined : spansOf(result);
  const passed = result.holds !== assertion.negate;
  const score = result.score ?? (result.holds ? 1 : 0);
  const expected = result.expected === undefined ? undefined : (assertion.negate ? 'not ' : '') + result.expected;
  return {
    ...head,
    outcome: passed ? 'passed' : 'failed',
    score: assertion.negate ? 1 - score : score,
    reason: result.reason,
    ...(expected === undefined ? {} : { expected: cut(expected) }),
    ...(result.actual === undefined ? {} : { actual: cut(result.actual) }),
    ...(spans === undefined ? {} : { spans }),
    ...judge,
  };
}

function spansOf({ spans = [] }: Finding): [number, number][] | undefined {
  if (spans.length === 0) return undefined;
  return spans.slice(0, MOST_SPANS).map(({ start, end }) => [start, end]);
}

/** A set is judged like a case: with a threshold its score decides, without one all of its members must pass. */
async function evaluateSet(
  assertion: AssertionPlan,
  answer: AnswerUnderTest,
  services: QualityServices,
  depth: number,
): Promise<AssertionResult> {
  const head = headOf(assertion);
  const plans = assertion.members ?? [];
  if (depth >= DEEPEST_SET) {
    return { ...head, outcome: 'error', score: null, reason: `sets are nested more than ${DEEPEST_SET} deep` };
  }
  if (plans.length === 0) return { ...head, outcome: 'error', score: null, reason: 'the set has no assertions' };
  const members = await evaluateAssertions(plans, answer, services, depth + 1);
  const { threshold } = assertion;
  const { outcome, score, reason } = judgeCase(plans, members, answer, threshold === undefined ? {} : { threshold });
  const judge = sumUsage(members.flatMap((member) => member.judge ?? []));
  const passed = members.filter((member) => member.outcome === 'passed').length;
  const first = members.find((member) => member.outcome === 'failed');
  const count = `${passed} of ${members.length} passed`;
  const needed =
    threshold === undefined || score === null ? '' : `, score ${round(score)} of the ${round(threshold)} needed`;
  const why = first === undefined ? '' : `; ${first.name ?? first.type}: ${first.reason}`;
  const inverted: Partial<Record<CaseOutcome, CaseOutcome>> = { passed: 'failed', failed: 'passed' };
  return {
    ...head,
    outcome: assertion.negate ? (inverted[outcome] ?? outcome) : outcome,
    score: score === null || !assertion.negate ? score : 1 - score,
    reason: outcome === 'error' || outcome === 'skipped' ? (reason ?? count) : `${count}${needed}${why}`,
    members,
    ...(judge === null ? {} : { judge }),
  };
}

/** Sum of what several judgements took; null for none. A cost is known only where all are. */
export function sumUsage(usages: readonly JudgeUsage[]): JudgeUsage | null {
  if (usages.length === 0) return null;
  return usages.reduce((sum, usage) => ({
    calls: sum.calls + usage.calls,
    input_tokens: sum.input_tokens + usage.input_tokens,
    output_tokens: sum.output_tokens + usage.output_tokens,
    cost: sum.cost === null || usage.cost === null ? null : sum.cost + usage.cost,
  }));
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
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
 * - An assertion of weight 0 is in no score, and fails nothing.
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
  const deciding = judged
    .filter(({ weight }) => weight !== 0)
    .flatMap(({ result }) => (result.severity === 'error' ? result : []));
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
  return text.length > DIFF_LENGTH ? `${sliceWhole(text, 0, DIFF_LENGTH)}…` : text;
}
