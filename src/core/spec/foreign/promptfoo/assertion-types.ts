/** Every assertion type of promptfoo, and what becomes of it. */
import { assertionType } from '../../schema-assertion';

/** Types that are called the same here and mean the same. */
const SAME = [
  'answer-relevance',
  'assert-set',
  'bleu',
  'contains',
  'contains-all',
  'contains-any',
  'contains-html',
  'contains-json',
  'contains-sql',
  'contains-xml',
  'context-faithfulness',
  'context-recall',
  'context-relevance',
  'cost',
  'equals',
  'factuality',
  'finish-reason',
  'g-eval',
  'icontains',
  'icontains-all',
  'icontains-any',
  'is-html',
  'is-json',
  'is-refusal',
  'is-sql',
  'is-valid-openai-tools-call',
  'is-xml',
  'javascript',
  'latency',
  'levenshtein',
  'llm-rubric',
  'model-graded-closedqa',
  'regex',
  'rouge-n',
  'similar',
  'starts-with',
  'word-count',
] as const;

/** Other names of types. */
const RENAMED: Readonly<Record<string, string>> = {
  'model-graded-factuality': 'factuality',
  'similar:cosine': 'similar',
};

/** Why a type is not run. */
const SKIPPED: Readonly<Record<string, string>> = {
  'agent-rubric': 'an agent would grade it, and agents are not run here',
  classifier: 'a classification model has no counterpart here',
  'conversation-relevance': 'it judges a whole conversation, which has no counterpart here',
  gleu: 'the metric GLEU is not computed here; "bleu" is close to it',
  guardrails: 'guardrails of a provider have no counterpart here',
  human: 'a person would grade it',
  'is-valid-function-call':
    'functions of the old API have no counterpart; "is-valid-openai-tools-call" judges calls of tools',
  'is-valid-openai-function-call':
    'functions of the old API have no counterpart; "is-valid-openai-tools-call" judges calls of tools',
  'max-score': 'it compares the answers of several targets, and an assertion here judges one answer',
  meteor: 'the metric METEOR is not computed here; "rouge-n" and "bleu" are close to it',
  moderation: 'a moderation service has no counterpart here',
  perplexity: 'it needs log probabilities, which are not asked for here',
  'perplexity-score': 'it needs log probabilities, which are not asked for here',
  pi: 'the Pi scoring service has no counterpart here',
  python: 'Python code is not run here',
  ruby: 'Ruby code is not run here',
  'search-rubric': 'a judge that searches the web has no counterpart here',
  'select-best': 'it compares the answers of several targets, and an assertion here judges one answer',
  'similar:dot': 'only cosine similarity is computed here',
  'similar:euclidean': 'only cosine similarity is computed here',
  'skill-used': 'traces of agents have no counterpart here',
  'tool-call-f1': 'the score over several calls has no counterpart; "tool-call" judges one call',
  'trace-error-spans': 'traces have no counterpart here',
  'trace-span-count': 'traces have no counterpart here',
  'trace-span-duration': 'traces have no counterpart here',
  'trajectory:goal-success': 'traces of agents have no counterpart here',
  'trajectory:step-count': 'traces of agents have no counterpart here',
  'trajectory:tool-args-match': 'traces of agents have no counterpart here',
  'trajectory:tool-sequence': 'traces of agents have no counterpart here',
  'trajectory:tool-used': 'traces of agents have no counterpart here',
  webhook: 'the answer is sent to no third party for its verdict',
};

/** Names of every type, without `not-`. */
export const KNOWN_TYPES: ReadonlySet<string> = new Set([...SAME, ...Object.keys(RENAMED), ...Object.keys(SKIPPED)]);

export type Mapped = { type: string } | { skip: string };

/** The native type of a promptfoo one (without `not-`), or why there is none. */
export function mapType(type: string): Mapped {
  const renamed = Object.hasOwn(RENAMED, type) ? RENAMED[type] : undefined;
  if (renamed !== undefined) return { type: renamed };
  // Whatever is known here is run, whether or not promptfoo has it too.
  if (assertionType(type) !== undefined) return { type };
  const reason = Object.hasOwn(SKIPPED, type) ? SKIPPED[type] : undefined;
  if (reason !== undefined) return { skip: reason };
  if (type.startsWith('promptfoo:redteam:')) return { skip: 'red teaming has no counterpart here' };
  return { skip: 'it is no assertion that is known here' };
}

/** Assertions that a model grades. */
export const GRADED: ReadonlySet<string> = new Set([
  'answer-relevance',
  'context-faithfulness',
  'context-recall',
  'context-relevance',
  'factuality',
  'g-eval',
  'llm-rubric',
  'model-graded-closedqa',
]);

/** Thresholds that promptfoo has where the file has none, where another default here would change the verdict. */
export const DEFAULT_THRESHOLDS: Readonly<Record<string, number>> = {
  similar: 0.75,
  'rouge-n': 0.75,
  bleu: 0.5,
  'g-eval': 0.7,
  levenshtein: 5,
  'answer-relevance': 0,
  'context-faithfulness': 0,
  'context-recall': 0,
  'context-relevance': 0,
};
