/**
 * Every metric by the one name it has here: its unit, its formula, and which statistics it takes. The parser's
 * "did you mean", the hovers of the editor and `promptrig metrics` all read this table, so that they cannot disagree.
 */
import type { Unit } from '../../protocol/plan';

export interface MetricDefinition {
  name: string;
  /** As a column head or a tile says it. */
  label: string;
  unit: Unit;
  kind: 'latency' | 'rate' | 'quality' | 'cost' | 'tokens';
  better: 'lower' | 'higher';
  formula: string;
  /** One or two sentences for a hover. */
  meaning: string;
  scope: 'request' | 'stage' | 'quality' | 'cost';
  /** Whether `.p99`, `.mean`, ... may follow the name. */
  stats: boolean;
  /** The statistic of an expression that names none; null where none applies. */
  defaultStat: string | null;
  /** The statistics that apply, where they are fewer than all. */
  allowedStats?: readonly string[];
}

type Row = Omit<MetricDefinition, 'name' | 'stats' | 'defaultStat'> & { defaultStat?: string };

const latency = (
  label: string,
  formula: string,
  meaning: string,
): Row & { unit: 'ms'; kind: 'latency'; defaultStat: string } => ({
  label,
  unit: 'ms',
  kind: 'latency',
  better: 'lower',
  formula,
  meaning,
  scope: 'request',
  defaultStat: 'p99',
});

const rows: Record<string, Row> = {
  ttft: latency(
    'TTFT',
    'first - origin',
    'Time to first token: until the first event with visible or reasoning text or a tool call. Counted from the scheduled instant in an open loop (so that a late send is not hidden) and from the send in a closed loop.',
  ),
  ttft_sent: latency(
    'TTFT from send',
    'first - sent',
    'Time to first token counted from the true send, whatever the schedule wanted: what the server alone took.',
  ),
  ttfat: latency(
    'TTFAT',
    'first_answer - origin',
    'Time to first answer token: until the first content that is not reasoning. Equals TTFT for models that do not reason aloud.',
  ),
  itl: latency(
    'ITL',
    'chunk[i] - chunk[i-1], pooled over requests',
    'Inter-token latency: every gap between two content events of a stream. Pooled, so that one stall is visible at p99.',
  ),
  tpot: latency(
    'TPOT',
    '(last - first) / (output_tokens - 1)',
    'Time per output token after the first, one value a request. Undefined below two tokens; per token even where one event carries several.',
  ),
  e2e: latency(
    'E2E latency',
    'last - origin',
    'Until the last content event of the answer, from the same origin as TTFT.',
  ),
  e2e_sent: latency(
    'E2E latency from send',
    'last - sent',
    'Until the last content event, counted from the true send.',
  ),
  dispatch_lag: latency(
    'Dispatch lag',
    'sent - scheduled',
    'How late the client itself was. Where its p99 exceeds 5% of the tightest latency limit (10 ms without one), the client is the bottleneck and the stage cannot pass.',
  ),
  connect: latency(
    'Connect',
    'DNS + TCP + TLS time of a new connection',
    'Kept apart from every latency; only requests that opened a connection have it.',
  ),
  output_tokens: {
    label: 'Output tokens',
    unit: 'tokens',
    kind: 'tokens',
    better: 'lower',
    formula: 'server usage, else a client tokenizer, else chunks',
    meaning: 'Tokens of one answer, reasoning included. The result says which of the three sources counted them.',
    scope: 'request',
    defaultStat: 'mean',
  },
  input_tokens: {
    label: 'Input tokens',
    unit: 'tokens',
    kind: 'tokens',
    better: 'lower',
    formula: 'server usage, else a client tokenizer',
    meaning: 'Tokens of one prompt as the server billed them.',
    scope: 'request',
    defaultStat: 'mean',
  },
  tokens_per_event: {
    label: 'Tokens per event',
    unit: 'ratio',
    kind: 'tokens',
    better: 'lower',
    formula: 'output_tokens / content events',
    meaning:
      'Above 1 where an event carries several tokens (speculative decoding, batching proxies): ITL is then per event, TPOT per token.',
    scope: 'request',
    defaultStat: 'mean',
  },
  rps: {
    label: 'Requests per second',
    unit: '1/s',
    kind: 'rate',
    better: 'higher',
    formula: 'completed / window',
    meaning: 'Completed requests per second of the measured window.',
    scope: 'stage',
  },
  offered_rps: {
    label: 'Offered rate',
    unit: '1/s',
    kind: 'rate',
    better: 'higher',
    formula: 'scheduled / window',
    meaning: 'Requests per second that the load pattern wanted sent. An achieved rate below it means a growing queue.',
    scope: 'stage',
  },
  output_tps: {
    label: 'Output tokens per second',
    unit: 'tokens/s',
    kind: 'rate',
    better: 'higher',
    formula: 'sum(output_tokens) / window',
    meaning: 'Output tokens of completed requests per second of the measured window, over all streams.',
    scope: 'stage',
  },
  input_tps: {
    label: 'Input tokens per second',
    unit: 'tokens/s',
    kind: 'rate',
    better: 'higher',
    formula: 'sum(input_tokens) / window',
    meaning: 'Input tokens of completed requests per second of the measured window.',
    scope: 'stage',
  },
  total_tps: {
    label: 'Total tokens per second',
    unit: 'tokens/s',
    kind: 'rate',
    better: 'higher',
    formula: 'input_tps + output_tps',
    meaning: 'Input and output tokens of completed requests per second of the measured window.',
    scope: 'stage',
  },
  concurrency: {
    label: 'Concurrency',
    unit: 'count',
    kind: 'rate',
    better: 'higher',
    formula: 'requests in flight, time-weighted',
    meaning: 'Requests in flight over the measured window: time-weighted mean, and the most at once.',
    scope: 'stage',
    defaultStat: 'mean',
    allowedStats: ['mean', 'max'],
  },
  error_rate: {
    label: 'Error rate',
    unit: 'ratio',
    kind: 'rate',
    better: 'lower',
    formula: '(failed + timed out + cancelled + truncated) / requests of the window',
    meaning: 'Share of requests without a complete answer. They are never a latency of zero.',
    scope: 'stage',
  },
  goodput: {
    label: 'Goodput',
    unit: '1/s',
    kind: 'rate',
    better: 'higher',
    formula: 'good requests / window',
    meaning:
      'Requests per second that met every per-request latency limit of the SLO list and, where the case has assertions, were answered correctly.',
    scope: 'stage',
  },
  goodput_ratio: {
    label: 'Goodput ratio',
    unit: 'ratio',
    kind: 'rate',
    better: 'higher',
    formula: 'good requests / requests of the window',
    meaning: 'Share of all requests, errors included, that were good.',
    scope: 'stage',
  },
  'quality.pass_rate': {
    label: 'Pass rate',
    unit: 'ratio',
    kind: 'quality',
    better: 'higher',
    formula: 'passed / (cases - skipped)',
    meaning:
      'Share of answers that passed their assertions. An error counts as not passed; a skipped case does not count.',
    scope: 'quality',
  },
  'quality.score': {
    label: 'Score',
    unit: 'ratio',
    kind: 'quality',
    better: 'higher',
    formula: 'sum(score x weight) / sum(weight)',
    meaning: 'Weighted mean score of the answers, an error counting as 0.',
    scope: 'quality',
  },
  'quality.flake_rate': {
    label: 'Flake rate',
    unit: 'ratio',
    kind: 'quality',
    better: 'lower',
    formula: 'cases whose repeats disagree / cases asked at least twice',
    meaning: 'Share of repeated cases that passed at one time and did not at another.',
    scope: 'quality',
  },
  cost: {
    label: 'Cost of a request',
    unit: 'USD',
    kind: 'cost',
    better: 'lower',
    formula: 'tokens x price; with hardware, its share of machine time',
    meaning: 'What one request cost, as a distribution over requests.',
    scope: 'request',
    defaultStat: 'mean',
  },
  'cost.per_request': {
    label: 'Cost per request',
    unit: 'USD',
    kind: 'cost',
    better: 'lower',
    formula: 'cost.total / requests',
    meaning: 'USD per request of the measured window.',
    scope: 'cost',
  },
  'cost.per_1m_output': {
    label: 'Cost per 1M output tokens',
    unit: 'USD',
    kind: 'cost',
    better: 'lower',
    formula: 'cost.total / output tokens x 1,000,000',
    meaning: 'USD per million output tokens actually delivered, at the measured load.',
    scope: 'cost',
  },
  'cost.per_good': {
    label: 'Cost per good request',
    unit: 'USD',
    kind: 'cost',
    better: 'lower',
    formula: 'cost.total / good requests',
    meaning: 'USD per request that met every latency limit and was answered correctly: a fast wrong answer costs, too.',
    scope: 'cost',
  },
  'cost.total': {
    label: 'Total cost',
    unit: 'USD',
    kind: 'cost',
    better: 'lower',
    formula: 'sum(cost)',
    meaning: 'USD of everything that was sent, failures and warm-up included.',
    scope: 'cost',
  },
};

/** Every metric, keyed by its name, in the order in which a list shows them. */
export const METRICS: Readonly<Record<string, MetricDefinition>> = Object.fromEntries(
  Object.entries(rows).map(([name, row]) => {
    const defaultStat = row.defaultStat ?? null;
    return [name, { ...row, name, defaultStat, stats: defaultStat !== null }];
  }),
);

/** The definition of `name`; undefined for an unknown name (and for names such as `constructor`). */
export function metricOf(name: string): MetricDefinition | undefined {
  return Object.hasOwn(METRICS, name) ? METRICS[name] : undefined;
}
