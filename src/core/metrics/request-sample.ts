/** One measured request, reduced to the numbers that statistics need. */
import type { SloPlan } from '../../protocol/plan';
import type { RequestRecord } from '../../protocol/run-json';
import { quantileOfSorted } from './percentile';
import { shareOfPercentile } from './stat';

export interface RequestSample {
  /** The instant that orders requests and places them in the window, ms: scheduled in an open loop, sent in a closed one. */
  at: number;
  endMs: number;
  completed: boolean;
  /** Latencies and sizes by metric, see `latenciesOf`; only those that are defined for it. */
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
 * failure would otherwise be the fastest request of the run. The client's own figures (`dispatch_lag`, `connect`) do not
 * depend on what became of the request.
 */
export function latenciesOf(record: RequestRecord, loop: 'open' | 'closed'): Record<string, number | undefined> {
  const { sent, first, last, scheduled } = record;
  const completed = record.outcome === 'completed';
  const origin = loop === 'open' ? scheduled : (sent ?? scheduled);
  const tokens = completed ? record.output_tokens : null;
  const streamed = completed && first !== null && last !== null;
  // One literal with all keys: this runs for every request, and objects of one shape are several times as fast.
  return {
    ttft: completed ? since(first, origin) : undefined,
    ttft_sent: completed ? since(first, sent) : undefined,
    ttfat: completed ? since(record.first_answer, origin) : undefined,
    e2e: completed ? since(last, origin) : undefined,
    e2e_sent: completed ? since(last, sent) : undefined,
    tpot: streamed && tokens !== null && tokens >= 2 ? (last - first) / (tokens - 1) : undefined,
    dispatch_lag: since(sent, scheduled),
    connect: record.connect_ms ?? undefined,
    output_tokens: tokens ?? undefined,
    input_tokens: completed ? (record.input_tokens ?? undefined) : undefined,
    tokens_per_event: tokens !== null && record.events > 0 ? tokens / record.events : undefined,
    cost: completed ? (record.cost ?? undefined) : undefined,
  };
}

function since(instant: number | null, from: number | null): number | undefined {
  return instant === null || from === null ? undefined : instant - from;
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
  // No statistic exceeds the largest gap: only a request with a gap over the limit needs the trouble of sorting.
  if (slo.metric === 'itl' && gaps.every((gap) => gap < slo.limit)) return true;
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
