/**
 * Reports of GuideLLM (`benchmarks.json`): one stage for each of its benchmarks.
 * Keys and definitions as in guidellm/benchmark/schemas and guidellm/schemas/base (0.3 to 0.8).
 */
import type { ComparedMetric, ComparedRun, ComparedStage } from '../compare/compared-run';
import type { MetricNote } from '../../protocol/run-comparison';
import { at, firstOf, isFields, listAt, numberAt, textAt } from './fields';
import { foreignMetric, foreignRun, foreignStage, foreignTarget, metricsOf, type ForeignFile } from './foreign-run';

const NOTES: readonly MetricNote[] = [
  {
    metric: '*',
    text: "GuideLLM's percentiles are values that occurred (no interpolation), and its times are of the wall clock.",
  },
  {
    metric: 'ttft',
    text: "GuideLLM's TTFT counts from the dispatch of a request, connecting included, whatever its schedule wanted; ours in an open loop counts from the scheduled instant.",
  },
  {
    metric: 'tpot',
    text: 'What GuideLLM calls ITL is our TPOT, (last - first token) / (output tokens - 1); its percentiles weigh a request by its tokens, ours count each request once.',
  },
  {
    metric: 'itl',
    text: 'GuideLLM keeps no gaps between events, so it has no counterpart of our ITL; its "time per output token" includes the TTFT and has no counterpart here.',
  },
  {
    metric: 'e2e',
    text: "GuideLLM's request latency ends when the stream is closed, ours at the last event with content; it counts from the dispatch.",
  },
  {
    metric: 'output_tokens',
    text: 'Without usage from the server GuideLLM takes each event for one token.',
  },
  {
    metric: 'goodput',
    text: "GuideLLM's goodput counts requests within the limits given to it; ours uses the SLOs of the file and asks that the answer be right.",
  },
  { metric: 'rps', text: "GuideLLM's rate is the mean over the measured time of completions per second." },
];

const PERCENTILES: Readonly<Record<string, string>> = {
  p50: 'p50',
  p75: 'p75',
  p90: 'p90',
  p95: 'p95',
  p99: 'p99',
  p999: 'p99.9',
};

export function isGuidellm(document: unknown): boolean {
  return listAt(document, 'benchmarks').some((benchmark) =>
    isFields(at(benchmark, 'metrics', 'time_to_first_token_ms')),
  );
}

export function readGuidellm(file: ForeignFile): ComparedRun {
  const [report] = file.documents;
  const benchmarks = listAt(report, 'benchmarks').filter((benchmark) => isFields(at(benchmark, 'metrics')));
  const model = modelOf(report) ?? 'model';
  const start = numberAt(benchmarks[0], 'start_time');
  return foreignRun('guidellm', file, {
    name: `GuideLLM ${textAt(report, 'metadata', 'guidellm_version') ?? ''}, ${model}`.replace('  ', ' '),
    startedAt: start === null ? null : new Date(start * 1000).toISOString(),
    targets: [foreignTarget(model, benchmarks.map(stageOf))],
    notes: NOTES,
    caveats: benchmarks.flatMap((benchmark, index) =>
      listAt(benchmark, 'warnings').map(
        (warning) =>
          `${stageName(benchmark, index)}: ${textAt(warning, 'message') ?? textAt(warning, 'rule') ?? 'a warning of GuideLLM'}`,
      ),
    ),
  });
}

/** Versions keep it in different places. */
function modelOf(report: unknown): string | null {
  return firstOf(
    textAt(report, 'config', 'spec', 'backend', 'model'),
    textAt(report, 'config', 'backend', 'model'),
    textAt(report, 'args', 'model'),
    textAt(report, 'args', 'backend_kwargs', 'model'),
    textAt(report, 'benchmarks', 0, 'config', 'backend', 'model'),
    textAt(report, 'benchmarks', 0, 'worker', 'backend_model'),
    textAt(report, 'benchmarks', 0, 'benchmarker', 'backend', 'model'),
  );
}

function strategyOf(benchmark: unknown): unknown {
  return (
    at(benchmark, 'config', 'strategy') ?? at(benchmark, 'args', 'strategy') ?? at(benchmark, 'scheduler', 'strategy')
  );
}

/** As GuideLLM names it itself: `constant@4.00`. */
function stageName(benchmark: unknown, index: number): string {
  const strategy = strategyOf(benchmark);
  const type = textAt(strategy, 'type_') ?? `benchmark ${index + 1}`;
  const rate = numberAt(strategy, 'rate');
  const streams = numberAt(strategy, 'streams');
  return rate !== null ? `${type}@${rate.toFixed(2)}` : streams !== null ? `${type}@${streams}` : type;
}

function stageOf(benchmark: unknown, index: number): ComparedStage {
  const strategy = strategyOf(benchmark);
  const rate = numberAt(strategy, 'rate');
  const metrics = at(benchmark, 'metrics');
  const mean = (name: string): number | null => numberAt(metrics, name, 'successful', 'mean');
  const totals = (key: string): number | null =>
    firstOf(
      numberAt(metrics, 'request_totals', key),
      numberAt(benchmark, 'scheduler_metrics', 'requests_made', key),
      numberAt(benchmark, 'run_stats', 'requests_made', key),
    );
  const requests = totals('total');
  const completed = totals('successful');
  const goodput = mean('request_goodput');
  const ratio = firstOf(numberAt(metrics, 'slo_attainment'));
  return foreignStage({
    name: stageName(benchmark, index),
    loop: rate !== null ? 'open' : 'closed',
    rate,
    concurrency:
      rate !== null
        ? null
        : firstOf(numberAt(strategy, 'streams'), textAt(strategy, 'type_') === 'synchronous' ? 1 : null),
    metrics: metricsOf(metricsOfBenchmark(benchmark)),
    rates: {
      rps: mean('requests_per_second'),
      output_tps: mean('output_tokens_per_second'),
      total_tps: mean('tokens_per_second'),
      goodput,
      goodput_ratio: ratio,
      error_rate: requests === null || completed === null || requests === 0 ? null : (requests - completed) / requests,
      concurrency: mean('request_concurrency'),
    },
  });
}

function metricsOfBenchmark(benchmark: unknown): Record<string, ComparedMetric | null> {
  const single = singleValues(benchmark);
  const of = (metric: string, theirs: string, scale = 1): ComparedMetric | null => {
    const summary = at(benchmark, 'metrics', theirs, 'successful');
    const count = numberAt(summary, 'count');
    // A summary of nothing is all zeros.
    if (count === null || count === 0) return null;
    const scaled = (value: number | null): number | null => (value === null ? null : value * scale);
    const stats: Record<string, number | null> = {
      mean: scaled(numberAt(summary, 'mean')),
      stdev: scaled(numberAt(summary, 'std_dev')),
      min: scaled(numberAt(summary, 'min')),
      max: scaled(numberAt(summary, 'max')),
    };
    for (const [key, ours] of Object.entries(PERCENTILES)) stats[ours] = scaled(numberAt(summary, 'percentiles', key));
    return foreignMetric(metric, stats, count, single?.[metric] ?? null);
  };
  return {
    ttft: of('ttft', 'time_to_first_token_ms'),
    ttfat: of('ttfat', 'time_to_first_output_token_ms'),
    tpot: of('tpot', 'inter_token_latency_ms'),
    e2e: of('e2e', 'request_latency', 1000),
    dispatch_lag: of('dispatch_lag', 'request_dispatch_delay', 1000),
    output_tokens: of('output_tokens', 'output_token_count'),
    input_tokens: of('input_tokens', 'prompt_token_count'),
  };
}

/** Values of single requests, where the report keeps them, in the order in which they were dispatched. */
function singleValues(benchmark: unknown): Record<string, Float64Array> | null {
  const requests = [...listAt(benchmark, 'requests', 'successful')].filter(isFields);
  if (requests.length === 0) return null;
  const startOf = (request: unknown): number =>
    firstOf(numberAt(request, 'request_start_time'), numberAt(request, 'start_time')) ?? 0;
  requests.sort((a, b) => startOf(a) - startOf(b));
  const values = (key: string, scale = 1): Float64Array =>
    Float64Array.from(
      requests.flatMap((request) => {
        const value = numberAt(request, key);
        return value === null ? [] : [value * scale];
      }),
    );
  return {
    ttft: values('time_to_first_token_ms'),
    ttfat: values('time_to_first_output_token_ms'),
    tpot: values('inter_token_latency_ms'),
    e2e: values('request_latency', 1000),
  };
}
