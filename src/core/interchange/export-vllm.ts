/** Ours as a result of `vllm bench serve --save-result`. See vllm.ts for how the definitions differ. */
import { quantileOfSorted } from '../metrics/percentile';
import { populationStdev, sum, tpots, windowSeconds, type ExportRun, type ExportStage } from './export-samples';
import type { Exported } from './export-run';

const PERCENTILES = [90, 95, 99];

/** A document for each stage, one a line, as `--append-result` writes them. */
export function exportVllm(exported: ExportRun, detailed: boolean): Exported {
  const documents = exported.stages.map((stage) => documentOf(exported, stage, detailed));
  return {
    text: documents.map((document) => `${JSON.stringify(document)}\n`).join(''),
    notes: [
      'tokenizer_id, request_goodput and max_output_tokens_per_s are left out: they have no counterpart, or another definition.',
      'duration is the measured window, and the figures are those of the requests in it; vLLM has no warm-up.',
      'ttft and e2el count from the send, as in vLLM, whatever the schedule wanted.',
      ...(detailed ? ['generated_texts is left out: answers of load stages are not kept.'] : []),
    ],
  };
}

function documentOf({ run }: ExportRun, exported: ExportStage, detailed: boolean): Record<string, unknown> {
  const { target, stage, rows, failures } = exported;
  const seconds = windowSeconds(exported);
  const input = sum(rows.map(({ inputTokens }) => inputTokens));
  const output = sum(rows.map(({ outputTokens }) => outputTokens));
  const perSecond = (value: number): number => (seconds > 0 ? value / seconds : 0);
  const isOpen = stage.loop === 'open';
  return {
    date: dateOf(run.started_at),
    endpoint_type: target.api,
    backend: target.api,
    label: stage.name,
    model_id: target.model,
    num_prompts: rows.length + failures.length,
    request_rate: isOpen && stage.rate !== null ? stage.rate : 'inf',
    ...(stage.pattern === 'poisson' ? { burstiness: 1 } : {}),
    max_concurrency: isOpen ? null : stage.rates.concurrency_max,
    duration: seconds,
    completed: rows.length,
    failed: failures.length,
    total_input_tokens: input,
    total_output_tokens: output,
    request_throughput: perSecond(rows.length),
    output_throughput: perSecond(output),
    total_token_throughput: perSecond(input + output),
    ...statistics(
      'ttft',
      rows.map(({ ttftMs }) => ttftMs),
    ),
    ...statistics(
      'tpot',
      tpots(rows).map(({ value }) => value),
    ),
    ...gapStatistics(exported),
    ...statistics(
      'e2el',
      rows.map(({ lastMs }) => lastMs),
    ),
    ...(detailed ? singles(exported) : {}),
  };
}

function statistics(name: string, values: readonly number[]): Record<string, number> {
  if (values.length === 0) return {};
  const sorted = Float64Array.from(values).sort();
  return {
    [`mean_${name}_ms`]: sum(values) / values.length,
    [`median_${name}_ms`]: quantileOfSorted(sorted, 0.5),
    [`std_${name}_ms`]: populationStdev(values),
    ...Object.fromEntries(PERCENTILES.map((p) => [`p${p}_${name}_ms`, quantileOfSorted(sorted, p / 100)])),
  };
}

/** As they were summed up while the run lasted: the gaps themselves are many. */
function gapStatistics({ stage: { metrics } }: ExportStage): Record<string, number> {
  const { itl } = metrics;
  if (itl === undefined || itl.n === 0) return {};
  return {
    mean_itl_ms: itl.mean,
    median_itl_ms: itl.p50,
    std_itl_ms: itl.stdev * Math.sqrt((itl.n - 1) / itl.n),
    p90_itl_ms: itl.p90,
    p95_itl_ms: itl.p95,
    p99_itl_ms: itl.p99,
  };
}

/** Single requests in send order, s; of one that failed, zeros and its error. */
function singles({ rows, failures }: ExportStage): Record<string, unknown> {
  const all = [
    ...rows.map((row) => ({ ...row, error: '' })),
    ...failures.map(({ sentMs, inputTokens, message }) => ({
      ...{ sentMs, inputTokens, ttftMs: 0, lastMs: 0, outputTokens: 0, gapsMs: [] as number[], error: message },
    })),
  ].sort((a, b) => a.sentMs - b.sentMs);
  return {
    input_lens: all.map(({ inputTokens }) => inputTokens ?? 0),
    output_lens: all.map(({ outputTokens }) => outputTokens ?? 0),
    ttfts: all.map(({ ttftMs }) => ttftMs / 1000),
    itls: all.map(({ gapsMs = [] }) => gapsMs.map((gap) => gap / 1000)),
    latencies: all.map(({ lastMs }) => lastMs / 1000),
    start_times: all.map(({ sentMs }) => sentMs / 1000),
    errors: all.map(({ error }) => error),
  };
}

/** `20250131-235959`. */
function dateOf(iso: string): string {
  return iso.replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
}
