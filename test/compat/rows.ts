/** What promptfoo and Promptrig are asked to judge: one assertion on one scripted answer each. */
import type { Json, SimScriptAnswer } from '../../src/protocol/plan';

export interface CompatRow {
  type: string;
  /** What the model answers. */
  answer: string | SimScriptAnswer;
  value?: Json;
  threshold?: number;
  transform?: string;
  /** Members of an `assert-set`. */
  assert?: CompatAssertion[];
  /** Variables besides the question. */
  vars?: Record<string, Json>;
  /** What the judge says, in the form that each of the two asks it for. */
  judge?: { promptfoo: JudgeReply; ours: JudgeReply };
}

/** A reply to whatever is asked, or one for each of several questions, told apart by a word that only theirs holds. */
export type JudgeReply = string | { has: string; answer: string }[];

export interface CompatAssertion {
  type: string;
  value?: Json;
  threshold?: number;
  weight?: number;
}

/** What every row asks, behind its mark. */
export const QUESTION = 'May I return the shoes that I bought?';
const REFUND = 'You can return any item within 30 days of delivery for a full refund.';
const JSON_ANSWER = '{"color": "yellow", "countries": ["Ecuador", "Brazil"]}';
const COUNTRIES = {
  type: 'object',
  required: ['color', 'countries'],
  properties: { color: { type: 'string' }, countries: { type: 'array', items: { type: 'string' } } },
};
const FENCED = `Here it is:\n\`\`\`json\n${JSON_ANSWER}\n\`\`\`\nAnything else?`;
const PARIS = 'The capital of France is Paris.';

const text: CompatRow[] = [
  { type: 'equals', answer: 'Paris', value: 'Paris' },
  { type: 'equals', answer: 'paris', value: 'Paris' },
  { type: 'equals', answer: '42', value: 42 },
  { type: 'equals', answer: JSON_ANSWER, value: { countries: ['Ecuador', 'Brazil'], color: 'yellow' } },
  { type: 'equals', answer: JSON_ANSWER, value: { color: 'green', countries: [] } },
  { type: 'not-equals', answer: 'Lyon', value: 'Paris' },
  { type: 'contains', answer: REFUND, value: '30 days' },
  { type: 'contains', answer: REFUND, value: '30 DAYS' },
  { type: 'not-contains', answer: REFUND, value: 'voucher' },
  { type: 'icontains', answer: REFUND, value: 'FULL REFUND' },
  { type: 'icontains', answer: REFUND, value: 'store credit' },
  { type: 'contains-all', answer: REFUND, value: ['return', '30 days', 'refund'] },
  { type: 'contains-all', answer: REFUND, value: ['return', 'exchange'] },
  { type: 'contains-all', answer: REFUND, value: 'return, refund' },
  { type: 'contains-any', answer: REFUND, value: ['exchange', 'refund'] },
  { type: 'contains-any', answer: REFUND, value: ['exchange', 'voucher'] },
  { type: 'contains-any', answer: REFUND, value: 'exchange, refund' },
  { type: 'icontains-all', answer: REFUND, value: ['RETURN', 'Refund'] },
  { type: 'icontains-all', answer: REFUND, value: ['RETURN', 'Exchange'] },
  { type: 'icontains-any', answer: REFUND, value: ['EXCHANGE', 'REFUND'] },
  { type: 'icontains-any', answer: REFUND, value: ['EXCHANGE', 'VOUCHER'] },
  { type: 'not-icontains-any', answer: REFUND, value: ['EXCHANGE', 'VOUCHER'] },
  { type: 'starts-with', answer: REFUND, value: 'You can' },
  { type: 'starts-with', answer: REFUND, value: 'you can' },
  { type: 'not-starts-with', answer: REFUND, value: 'Sorry' },
  { type: 'regex', answer: REFUND, value: '\\b\\d+ days\\b' },
  { type: 'regex', answer: REFUND, value: '^\\d+' },
  { type: 'not-regex', answer: REFUND, value: 'refund\\?$' },
  { type: 'word-count', answer: REFUND, value: 13 },
  { type: 'word-count', answer: REFUND, value: 5 },
  { type: 'word-count', answer: REFUND, value: { min: 5, max: 20 } },
  { type: 'word-count', answer: REFUND, value: { min: 20 } },
  { type: 'word-count', answer: REFUND, value: { max: 3 } },
  { type: 'is-refusal', answer: "I'm sorry, but I can't assist with that request." },
  { type: 'is-refusal', answer: REFUND },
  { type: 'not-is-refusal', answer: REFUND },
];

const structure: CompatRow[] = [
  { type: 'is-json', answer: JSON_ANSWER },
  { type: 'is-json', answer: FENCED },
  { type: 'is-json', answer: REFUND },
  { type: 'is-json', answer: JSON_ANSWER, value: COUNTRIES },
  { type: 'is-json', answer: '{"color": 3}', value: COUNTRIES },
  { type: 'not-is-json', answer: REFUND },
  { type: 'contains-json', answer: FENCED },
  { type: 'contains-json', answer: FENCED, value: COUNTRIES },
  { type: 'contains-json', answer: 'It is {"color": 3}, I think.', value: COUNTRIES },
  { type: 'contains-json', answer: REFUND },
  { type: 'is-xml', answer: '<order><id>7</id></order>' },
  { type: 'is-xml', answer: '<order><id>7</order>' },
  { type: 'is-xml', answer: '<order><id>7</id></order>', value: 'order.id' },
  { type: 'is-xml', answer: '<order><id>7</id></order>', value: 'order.total' },
  { type: 'contains-xml', answer: 'See <order><id>7</id></order>.' },
  { type: 'contains-xml', answer: REFUND },
  { type: 'is-html', answer: '<!DOCTYPE html><html><body><p>Hello</p></body></html>' },
  { type: 'is-html', answer: REFUND },
  { type: 'is-sql', answer: 'SELECT id, name FROM users WHERE id = 7' },
  { type: 'is-sql', answer: 'SELEC id FROM WHERE' },
  { type: 'is-sql', answer: REFUND },
  { type: 'finish-reason', answer: { text: 'Done.', finishReason: 'stop' }, value: 'stop' },
  { type: 'finish-reason', answer: { text: 'Cut', finishReason: 'length' }, value: 'stop' },
];

const WEATHER = { name: 'get_weather', arguments: '{"location": "Boston, MA"}' };
const toolCalls: CompatRow[] = [
  { type: 'is-valid-openai-tools-call', answer: { toolCalls: [WEATHER] } },
  { type: 'is-valid-openai-tools-call', answer: { toolCalls: [{ ...WEATHER, arguments: '{"place": 3}' }] } },
  { type: 'is-valid-openai-tools-call', answer: REFUND },
];

const similarity: CompatRow[] = [
  { type: 'levenshtein', answer: 'Paris', value: 'Pariss', threshold: 1 },
  { type: 'levenshtein', answer: 'Paris', value: 'London', threshold: 3 },
  { type: 'levenshtein', answer: 'kitten', value: 'sitting' },
  { type: 'not-levenshtein', answer: 'Paris', value: 'London', threshold: 3 },
  { type: 'rouge-n', answer: 'The capital is Paris', value: 'The capital of France is Paris', threshold: 0.5 },
  { type: 'rouge-n', answer: 'Bananas are yellow', value: 'The capital of France is Paris', threshold: 0.5 },
  { type: 'rouge-n', answer: 'The capital is Paris', value: 'The capital of France is Paris' },
  { type: 'bleu', answer: PARIS, value: 'The capital of France is Paris.', threshold: 0.5 },
  { type: 'bleu', answer: 'It is Paris, which lies on the Seine.', value: PARIS, threshold: 0.5 },
  { type: 'similar', answer: PARIS, value: PARIS, threshold: 0.9 },
  { type: 'similar', answer: 'Bananas grow in Ecuador', value: PARIS, threshold: 0.8 },
  { type: 'not-similar', answer: 'Bananas grow in Ecuador', value: PARIS, threshold: 0.8 },
];

const limits: CompatRow[] = [
  { type: 'latency', answer: REFUND, threshold: 30_000 },
  { type: 'latency', answer: REFUND, threshold: 1 },
];

const code: CompatRow[] = [
  { type: 'javascript', answer: REFUND, value: 'output.length < 200' },
  { type: 'javascript', answer: REFUND, value: 'output.length > 200' },
  { type: 'javascript', answer: REFUND, value: 'Math.min(1, output.length / 100)', threshold: 0.5 },
  { type: 'javascript', answer: REFUND, value: 'Math.min(1, output.length / 1000)', threshold: 0.5 },
  { type: 'javascript', answer: JSON_ANSWER, value: "JSON.parse(output).color === 'yellow'" },
  {
    type: 'javascript',
    answer: JSON_ANSWER,
    value: "const o = JSON.parse(output);\nreturn o.countries.includes('Peru');",
  },
  {
    type: 'javascript',
    answer: REFUND,
    value: "({ pass: output.includes('refund'), score: 0.7, reason: 'says so' })",
  },
  { type: 'javascript', answer: REFUND, value: "context.vars.topic === 'returns'", vars: { topic: 'returns' } },
  { type: 'not-javascript', answer: REFUND, value: "output.includes('voucher')" },
  { type: 'contains', answer: JSON_ANSWER, value: 'yellow', transform: 'JSON.parse(output).color' },
  { type: 'equals', answer: JSON_ANSWER, value: 'YELLOW', transform: 'JSON.parse(output).color.toUpperCase()' },
  { type: 'contains-any', answer: JSON_ANSWER, value: ['Peru', 'Chile'], transform: 'JSON.parse(output).countries' },
];

const groups: CompatRow[] = [
  {
    type: 'assert-set',
    answer: REFUND,
    assert: [
      { type: 'contains', value: 'refund' },
      { type: 'contains', value: '30 days' },
    ],
  },
  {
    type: 'assert-set',
    answer: REFUND,
    assert: [
      { type: 'contains', value: 'refund' },
      { type: 'contains', value: 'voucher' },
    ],
  },
  {
    type: 'assert-set',
    answer: REFUND,
    threshold: 0.5,
    assert: [
      { type: 'contains', value: 'refund' },
      { type: 'contains', value: 'voucher' },
    ],
  },
  {
    type: 'assert-set',
    answer: REFUND,
    threshold: 0.5,
    assert: [
      { type: 'contains', value: 'refund', weight: 1 },
      { type: 'contains', value: 'voucher', weight: 3 },
    ],
  },
];

const both = (reply: object): NonNullable<CompatRow['judge']> => {
  const text = JSON.stringify(reply);
  return { promptfoo: text, ours: text };
};

const verdict = (pass: boolean, score: number) => both({ reason: 'as scripted', pass, score });

const CONTEXT = 'Returns are accepted for 30 days. The shop is closed on Sundays.';
const closed = (letter: 'Y' | 'N') => ({
  promptfoo: `As scripted.\n${letter}`,
  ours: JSON.stringify({ reason: 'as scripted', verdict: letter }),
});
const questions = (question: string) => ({
  promptfoo: question,
  ours: JSON.stringify({ questions: [question, question, question] }),
});
/** One of two sentences is in the context. */
const recall = {
  promptfoo: 'Returns take 30 days. [Attributed]\nShipping is free. [Not Attributed]',
  ours: JSON.stringify({
    sentences: [
      { sentence: 'Returns take 30 days.', attributed: true },
      { sentence: 'Shipping is free.', attributed: false },
    ],
  }),
};
/** One of the two sentences of the context is needed. */
const relevance = {
  promptfoo: 'Returns are accepted for 30 days.',
  ours: JSON.stringify({ reason: 'as scripted', relevant: [1] }),
};
/** One of two statements is supported. */
const faithfulness = {
  promptfoo: [
    { has: 'inal verdict', answer: 'Final verdict for each statement in order: Yes. No.' },
    { has: '', answer: 'Returns take 30 days.\nRefunds are full.' },
  ],
  ours: JSON.stringify({
    statements: ['Returns take 30 days.', 'Refunds are full.'],
    verdicts: [
      { number: 1, supported: true },
      { number: 2, supported: false },
    ],
  }),
};

const graded: CompatRow[] = [
  { type: 'llm-rubric', answer: REFUND, value: 'Is polite', judge: verdict(true, 1) },
  { type: 'llm-rubric', answer: REFUND, value: 'Is rude', judge: verdict(false, 0) },
  { type: 'llm-rubric', answer: REFUND, value: 'Is short', threshold: 0.8, judge: verdict(true, 0.6) },
  { type: 'not-llm-rubric', answer: REFUND, value: 'Is angry', judge: verdict(false, 0) },
  { type: 'factuality', answer: REFUND, value: 'Returns: 30 days', judge: both({ category: 'A', reason: 'scripted' }) },
  { type: 'factuality', answer: REFUND, value: 'Returns: 14 days', judge: both({ category: 'D', reason: 'scripted' }) },
  { type: 'model-graded-closedqa', answer: REFUND, value: 'Names the deadline', judge: closed('Y') },
  { type: 'model-graded-closedqa', answer: REFUND, value: 'Names the price', judge: closed('N') },
  { type: 'g-eval', answer: REFUND, value: 'Is coherent', judge: both({ steps: ['Read it'], score: 8, reason: 's' }) },
  { type: 'g-eval', answer: REFUND, value: 'Is funny', judge: both({ steps: ['Read it'], score: 3, reason: 's' }) },
  { type: 'answer-relevance', answer: REFUND, threshold: 0.9, judge: questions(QUESTION) },
  { type: 'answer-relevance', answer: REFUND, threshold: 0.9, judge: questions('Why is the sky blue at noon?') },
  { type: 'context-recall', answer: REFUND, value: REFUND, threshold: 0.4, vars: { context: CONTEXT }, judge: recall },
  { type: 'context-recall', answer: REFUND, value: REFUND, threshold: 0.6, vars: { context: CONTEXT }, judge: recall },
  {
    type: 'context-relevance',
    answer: REFUND,
    threshold: 0.4,
    vars: { context: CONTEXT, query: QUESTION },
    judge: relevance,
  },
  {
    type: 'context-relevance',
    answer: REFUND,
    threshold: 0.6,
    vars: { context: CONTEXT, query: QUESTION },
    judge: relevance,
  },
  {
    type: 'context-faithfulness',
    answer: REFUND,
    threshold: 0.4,
    vars: { context: CONTEXT, query: QUESTION },
    judge: faithfulness,
  },
  {
    type: 'context-faithfulness',
    answer: REFUND,
    threshold: 0.6,
    vars: { context: CONTEXT, query: QUESTION },
    judge: faithfulness,
  },
];

export const ROWS: readonly CompatRow[] = [
  ...text,
  ...structure,
  ...toolCalls,
  ...similarity,
  ...limits,
  ...code,
  ...groups,
  ...graded,
];
