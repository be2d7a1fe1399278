/** What promptfoo and Promptrig are asked to judge: one assertion on one scripted answer each. */
import type { Json } from '../../src/protocol/plan';

export interface CompatRow {
  type: string;
  /** What the model answers. */
  answer: string | ScriptedAnswer;
  value?: Json;
  threshold?: number;
  transform?: string;
  /** Members of an `assert-set`. */
  assert?: CompatAssertion[];
  /** Variables besides the question. */
  vars?: Record<string, Json>;
  /** What the judge says, in the form that each of the two asks it for. */
  judge?: { promptfoo: string; ours: string };
}

export interface ScriptedAnswer {
  text?: string;
  tool_calls?: { name: string; arguments: string }[];
  finish_reason?: string;
}

export interface CompatAssertion {
  type: string;
  value?: Json;
  threshold?: number;
  weight?: number;
}

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
  { type: 'finish-reason', answer: { text: 'Done.', finish_reason: 'stop' }, value: 'stop' },
  { type: 'finish-reason', answer: { text: 'Cut', finish_reason: 'length' }, value: 'stop' },
];

const WEATHER = { name: 'get_weather', arguments: '{"location": "Boston, MA"}' };
const toolCalls: CompatRow[] = [
  { type: 'is-valid-openai-tools-call', answer: { tool_calls: [WEATHER] } },
  { type: 'is-valid-openai-tools-call', answer: { tool_calls: [{ ...WEATHER, arguments: '{"place": 3}' }] } },
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

const verdict = (pass: boolean, score: number): NonNullable<CompatRow['judge']> => {
  const reply = JSON.stringify({ reason: 'as scripted', pass, score });
  return { promptfoo: reply, ours: reply };
};

const graded: CompatRow[] = [
  { type: 'llm-rubric', answer: REFUND, value: 'Is polite', judge: verdict(true, 1) },
  { type: 'llm-rubric', answer: REFUND, value: 'Is rude', judge: verdict(false, 0) },
  { type: 'llm-rubric', answer: REFUND, value: 'Is short', threshold: 0.8, judge: verdict(true, 0.6) },
  { type: 'not-llm-rubric', answer: REFUND, value: 'Is angry', judge: verdict(false, 0) },
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
