/** From the requests of one case to its line in cases.ndjson. */
import type { AssertionPlan, CasePlan, Json, Message } from '../../protocol/plan';
import type { AssertionResult, CaseRecord } from '../../protocol/run-json';
import { assistantMessage } from '../load/conversation';
import { answerUnderTest } from '../quality/answer';
import { evaluateAnswer, evaluateAssertions, judgeCase, sumUsage } from '../quality/assert';
import { needsModel } from '../quality/needs-model';
import type { AnswerUnderTest, QualityServices } from '../quality/types';
import type { Conversation } from './conversations';

export interface Judged {
  record: CaseRecord;
  /** For each request, in order: whether its answer is right; null where nothing judges it. */
  correct: (boolean | null)[];
}

/**
 * Judges one answer, or the answers of a conversation: each turn by its own assertions, the last by those of the case as well.
 * A turn without an answer makes the case an error.
 */
export async function judgeConversation(
  target: { id: string; params: Record<string, Json> },
  conversation: Conversation,
  services: QualityServices,
): Promise<Judged> {
  const { item, repeat, turns } = conversation;
  const messages: Message[] = [...item.messages];
  const results: AssertionResult[] = [];
  const plans: AssertionPlan[] = [];
  const correct: (boolean | null)[] = [];
  for (const [index, ended] of turns.entries()) {
    const turn = item.turns?.[index];
    if (turn !== undefined) messages.push({ role: 'user', content: turn.user });
    if (turn !== undefined && turn.assertions.length > 0) {
      const answer = answerUnderTest(ended, [...messages], item, target.params);
      const own = await evaluateAssertions(turn.assertions, answer, services);
      plans.push(...turn.assertions);
      results.push(...own);
      correct.push(judgeCase(turn.assertions, own, answer).outcome === 'passed');
    } else correct.push(null);
    if (index < turns.length - 1) messages.push(assistantMessage(ended.answer));
  }

  const last = turns[turns.length - 1];
  if (last === undefined) throw new Error(`The case ${item.pointer} has no request.`);
  const answer = answerUnderTest(last, messages, item, target.params);
  const own = await evaluateAnswer(item, answer, services);
  const assertions = [...results, ...own.assertions];
  const isConversation = item.turns !== undefined;
  const threshold = item.threshold === undefined ? {} : { threshold: item.threshold };
  // A transform that could not run speaks for the whole case; else all assertions count together.
  const judgement =
    !isConversation || (own.judgement.outcome !== 'passed' && own.assertions.length === 0)
      ? own.judgement
      : judgeCase([...plans, ...item.assertions], assertions, answer, threshold);
  if (own.assertions.length > 0 || (!isConversation && own.judgement.outcome !== 'passed'))
    correct[correct.length - 1] = judgement.outcome === 'passed';

  // Once a case: enough to see whether the judge agrees with itself, at a fraction of what grading everything twice costs.
  if (item.repeat > 1 && repeat === 0) await gradeAgain(item.assertions, own.assertions, own.judged, services);

  const { record } = last;
  return {
    correct,
    record: {
      request: record.id,
      target: target.id,
      case: item.pointer,
      case_id: item.id,
      name: item.name,
      repeat,
      answer: record.first === null ? null : answer.text,
      reasoning: answer.reasoning === '' ? null : answer.reasoning,
      ...judgement,
      ...reasonOf(judgement.reason, conversation),
      assertions,
      ...(answer.toolCalls.length === 0 ? {} : { tool_calls: answer.toolCalls }),
      finish_reason: record.finish_reason,
      ...(isConversation ? { turns: turnsOf(conversation) } : {}),
    },
  };
}

/** Asks the judge once more about the same answer, and notes what it says now. */
async function gradeAgain(
  plans: AssertionPlan[],
  results: AssertionResult[],
  answer: AnswerUnderTest,
  services: QualityServices,
): Promise<void> {
  for (const [index, plan] of plans.entries()) {
    const result = results[index];
    if (result === undefined || !needsModel(plan)) continue;
    if (plan.members !== undefined) {
      await gradeAgain(plan.members, result.members ?? [], answer, services);
      continue;
    }
    if (result.outcome !== 'passed' && result.outcome !== 'failed') continue;
    const [second] = await evaluateAssertions([plan], answer, services);
    if (second === undefined) continue;
    result.again = second.outcome;
    const judge = sumUsage([result.judge, second.judge].filter((usage) => usage !== undefined));
    if (judge !== null) result.judge = judge;
  }
}

/** In a conversation a failed request is that of one turn, which the reason names. */
function reasonOf(reason: string | undefined, { item, turns }: Conversation): { reason?: string } {
  if (reason === undefined || item.turns === undefined) return {};
  return { reason: `turn ${turns.length} of ${item.turns.length}: ${reason}` };
}

function turnsOf({ item, turns }: Conversation): NonNullable<CaseRecord['turns']> {
  return turns.map(({ record, answer }, index) => ({
    request: record.id,
    user: item.turns?.[index]?.user ?? '',
    answer: record.first === null ? null : (answer?.text ?? ''),
  }));
}

/** A case of which nothing was asked. */
export function skippedCase(target: string, item: CasePlan, reason: string): CaseRecord {
  return {
    request: null,
    target,
    case: item.pointer,
    case_id: item.id,
    name: item.name,
    repeat: 0,
    outcome: 'skipped',
    score: null,
    answer: null,
    reasoning: null,
    assertions: [],
    reason,
  };
}
