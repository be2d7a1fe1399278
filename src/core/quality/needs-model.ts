import type { AssertionPlan } from '../../protocol/plan';

/** Types that ask a model, for a grade or for embeddings. */
const MODEL_TYPES = new Set([
  'similar',
  'llm-rubric',
  'factuality',
  'model-graded-closedqa',
  'g-eval',
  'answer-relevance',
  'context-faithfulness',
  'context-recall',
  'context-relevance',
]);

/** Whether an assertion, or a member of a set, asks a model: it costs money and time beyond those of the answer. */
export function needsModel({ type, members = [], skip }: Pick<AssertionPlan, 'type' | 'members' | 'skip'>): boolean {
  return skip === undefined && (MODEL_TYPES.has(type) || members.some(needsModel));
}
