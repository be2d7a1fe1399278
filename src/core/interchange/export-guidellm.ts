/** Ours as a report of GuideLLM: a benchmark for each stage of one target. See guidellm.ts for how the definitions differ. */
import { sum, tpots, windowSeconds, type ExportRun, type ExportStage } from './export-samples';
import type { Exported } from './export-run';

const PERCENTILES: readonly (readonly [key: string, share: number])[] = [
  ['p001', 0.001],
  ['p01', 0.01],
  ['p05', 0.05],
  ['p10', 0.1],
  ['p25', 0.25],
  ['p50', 0.5],
  ['p75', 0.75],
  ['p90', 0.9],
  ['p95', 0.95],
  ['p99', 0.99],
  ['p999', 0.999],
];

export function exportGuidellm(exported: ExportRun): Exported {
  const { run, stages } = exported;
  const report = {
    metadata: { version: 2 },
    config: { spec: { backend: { model: stages[0]?.target.model ?? '' } } },
    benchmarks: stages.map((stage) => benchmarkOf(run.started_at, stage)),
  };
  return {
    text: `${JSON.stringify(report, null, 2)}\n`,
    notes: [
      'inter_token_latency_ms is our TPOT, weighted by tokens as GuideLLM does; our ITL (gaps between events) has no counterpart there.',
      'Percentiles are values that occurred, as in GuideLLM, so that they differ a little from those of run.json.',
      'Rates and concurrency are single numbers: their distributions over time, pdf, mode, words, images, audio and single requests are left out.',
      'request_latency is to the end of the stream, as in GuideLLM.',
    ],
  };
}

function benchmarkOf(startedAt: string, exported: ExportStage): Record<string, unknown> {
  const { target, stage, rows, failures } = exported;
  const { counts, rates } = stage;
  const seconds = windowSeconds(exported);
  const start = (Date.parse(startedAt) + (stage.origin_ms ?? 0) + stage.window.start_ms) / 1000;
  const perSecond = (value: number): number => (seconds > 0 ? value / seconds : 0);
  const incomplete = counts.cancelled + counts.truncated;
  const lone = (mean: number, more: Record<string, number> = {}): Record<string, unknown> => ({
    successful: { mean, ...more },
  });
  return {
    type_: 'generative_benchmark',
    config: { strategy: strategyOf(exported) },
    start_time: start,
    end_time: start + seconds,
    duration: seconds,
    metrics: {
      request_totals: {
        successful: rows.length,
        incomplete,
        errored: failures.length - incomplete,
        total: rows.length + failures.length,
      },
      requests_per_second: lone(perSecond(rows.length)),
      request_concurrency: lone(rates.concurrency_mean, { max: rates.concurrency_max }),
      request_latency: distribution(rows.map(({ endMs }) => [endMs / 1000, 1])),
      ...(stage.loop === 'open'
        ? { request_dispatch_delay: distribution(rows.map(({ dispatchLagMs }) => [dispatchLagMs / 1000, 1])) }
        : {}),
      prompt_token_count: distribution(
        rows.flatMap(({ inputTokens }) => (inputTokens === null ? [] : [[inputTokens, 1]])),
      ),
      output_token_count: distribution(
        rows.flatMap(({ outputTokens }) => (outputTokens === null ? [] : [[outputTokens, 1]])),
      ),
      time_to_first_token_ms: distribution(rows.map(({ ttftMs }) => [ttftMs, 1])),
      time_to_first_output_token_ms: distribution(
        rows.flatMap(({ ttfatMs }) => (ttfatMs === null ? [] : [[ttfatMs, 1]])),
      ),
      time_per_output_token_ms: distribution(
        rows.flatMap(({ lastMs, outputTokens }) =>
          outputTokens === null || outputTokens === 0 ? [] : [[lastMs / outputTokens, outputTokens]],
        ),
      ),
      inter_token_latency_ms: distribution(tpots(rows).map(({ value, tokens }) => [value, tokens - 1])),
      output_tokens_per_second: lone(perSecond(sum(rows.map(({ outputTokens }) => outputTokens)))),
      tokens_per_second: lone(
        perSecond(sum(rows.map(({ inputTokens, outputTokens }) => (inputTokens ?? 0) + (outputTokens ?? 0)))),
      ),
    },
    requests: { successful: [], incomplete: [], errored: [], total: null },
    extras: { tool: 'promptrig', target: target.id, stage: stage.name },
  };
}

function strategyOf({ stage }: ExportStage): Record<string, unknown> {
  const { loop, pattern, rate, rates } = stage;
  if (loop === 'open' && rate !== null) return { type_: pattern === 'constant' ? 'constant' : 'poisson', rate };
  if (pattern === 'sync') return { type_: 'synchronous' };
  if (pattern === 'throughput') return { type_: 'throughput', max_concurrency: rates.concurrency_max };
  return { type_: 'concurrent', streams: Math.max(1, Math.round(rates.concurrency_max)) };
}

/** By GuideLLM's own definitions: weighted, and a percentile is the smallest value that so many lie at or below. */
function distribution(values: readonly (readonly number[])[]): Record<string, unknown> {
  const sorted = values
    .map(([value = 0, weight = 1]) => ({ value, weight }))
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => a.value - b.value);
  const total = sum(sorted.map(({ weight }) => weight));
  if (total === 0) return { successful: { count: 0 } };
  const mean = sum(sorted.map(({ value, weight }) => value * weight)) / total;
  const variance = sum(sorted.map(({ value, weight }) => weight * (value - mean) ** 2)) / total;
  const at = (share: number): number => {
    let below = 0;
    for (const { value, weight } of sorted) {
      below += weight;
      if (below >= share * total - 1e-9 * total) return value;
    }
    return sorted[sorted.length - 1]?.value ?? 0;
  };
  return {
    successful: {
      mean,
      median: at(0.5),
      variance,
      std_dev: Math.sqrt(variance),
      min: sorted[0]?.value,
      max: sorted[sorted.length - 1]?.value,
      count: Math.round(total),
      total_sum: mean * total,
      percentiles: Object.fromEntries(PERCENTILES.map(([key, share]) => [key, at(share)])),
    },
  };
}
