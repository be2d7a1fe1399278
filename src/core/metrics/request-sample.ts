/** One measured request, reduced to the numbers that statistics need. */
import type { SloPlan } from '../../protocol/plan';
import type { RequestRecord } from '../../protocol/run-json';
import { quantileOfSorted } from './percentile';
import { shareOfPercentile } from './stat';

export interface RequestSample {
  /** The instant that orders requests and places them in the window, ms: scheduled in an open loop, sent in a closed one. */
  at: number;
  completed: boolean;
  /** Latencies and sizes by metric; only of a completed request, and only those that are defined for it. */
  values: Readonly<Record<string, number | undefined>>;
  /** Gaps between content events of a completed request. */
  gaps: readonly number[];
  outputTokens: number;
  inputTokens: number;
  cost: number | null;
  /** Met every per-request limit and, where known, was answered correctly; null where nothing says what good is. */
  good: boolean | null;
}

/**
 * Latencies of a completed request as `metrics.md` defines them. Anything but a complete answer has none: an early
 * failure would otherwise be the fastest request of the run.
 */
export function latenciesOf(record: RequestRecord, loop: 'open' | 'closed'): Record<string, number | undefined> {
  const { sent, first, last, scheduled } = record;
  if (record.outcome !== 'completed') return {};
  const origin = loop === 'open' ? scheduled : (sent ?? scheduled);
  const since = (instant: number | null, from: number | null): number | undefined =>
    instant === null || from === null ? undefined : instant - from;
  const tokens = record.output_tokens;
  return {
    ttft: since(first, origin),
    ttft_sent: since(first, sent),
    ttfat: since(record.first_answer, origin),
    e2e: since(last, origin),
    e2e_sent: since(last, sent),
    tpot: first !== null && last !== null && tokens !== null && tokens >= 2 ? (last - first) / (tokens - 1) : undefined,
    output_tokens: tokens ?? undefined,
    input_tokens: record.input_tokens ?? undefined,
    tokens_per_event: tokens !== null && record.events > 0 ? tokens / record.events : undefined,
    cost: record.cost ?? undefined,
  };
}

/** Latency metrics that limit a single request; the client's own (`dispatch_lag`, `connect`) say nothing about the service. */
const PER_REQUEST = ['ttft', 'ttft_sent', 'ttfat', 'itl', 'tpot', 'e2e', 'e2e_sent'];

/**
 * The limits that a request must meet to be good: of each latency metric the SLO on its highest statistic (`p50 <= 100ms`
 * beside `p99 <= 300ms` does not ask every request to take 100 ms).
 */
export function perRequestLimits(slos: readonly SloPlan[]): SloPlan[] {
  const strictest = new Map<string, SloPlan>();
  for (const slo of slos) {
    if (!PER_REQUEST.includes(slo.metric) || (slo.op !== '<=' && slo.op !== '<') || heightOf(slo.stat) === 0) continue;
    const known = strictest.get(slo.metric);
    if (known === undefined || heightOf(slo.stat) > heightOf(known.stat)) strictest.set(slo.metric, slo);
  }
  return [...strictest.values()];
}

function heightOf(stat: string | null): number {
  if (stat === 'max') return 1;
  if (stat === 'mean') return 0.5;
  return shareOfPercentile(stat ?? '') ?? 0;
}

/**
 * Whether a completed request meets one limit. For `itl` it is the request's own statistic over its gaps; a value that is
 * undefined for it (TPOT of a one-token answer) cannot miss.
 */
export function meetsLimit(
  slo: SloPlan,
  values: Readonly<Record<string, number | undefined>>,
  gaps: readonly number[],
): boolean {
  const value = slo.metric === 'itl' ? gapStatistic(gaps, slo.stat) : values[slo.metric];
  if (value === undefined) return true;
  return slo.op === '<' ? value < slo.limit : value <= slo.limit;
}

function gapStatistic(gaps: readonly number[], stat: string | null): number | undefined {
  if (gaps.length === 0) return undefined;
  if (stat === 'mean') return gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const share = stat === 'max' ? 1 : shareOfPercentile(stat ?? '');
  return share === null ? undefined : quantileOfSorted(Float64Array.from(gaps).sort(), share);
}
