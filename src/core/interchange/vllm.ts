/**
 * Results of `vllm bench serve --save-result`, with `--save-detailed` too, and of the scripts that came before it.
 * Keys and definitions as in vllm/benchmarks/serve.py and lib/endpoint_request_func.py.
 */
import type { ComparedMetric, ComparedRun, ComparedStage } from '../compare/compared-run';
import type { MetricNote } from '../../protocol/run-comparison';
import { at, firstOf, isFields, listAt, numberAt, textAt } from './fields';
import { foreignMetric, foreignRun, foreignStage, foreignTarget, metricsOf, type ForeignFile } from './foreign-run';

const NOTES: readonly MetricNote[] = [
  {
    metric: '*',
    text: 'vLLM has no warm-up window: the first requests, on new connections, are in every figure, and rates are over the time from the first send to the last answer.',
  },
  {
    metric: 'ttft',
    text: "vLLM's TTFT counts from its own send, connecting included, to the first event with a choice, which in a chat may hold a role and no text; ours in an open loop counts from the scheduled instant.",
  },
  {
    metric: 'itl',
    text: "vLLM's ITL is every gap between events with a choice, those without text (role, finish reason) included; ours is between events with content.",
  },
  {
    metric: 'tpot',
    text: "vLLM's TPOT is (E2E - TTFT) / (output tokens - 1), as ours is, up to the last event with a choice and not with content; without usage from the server it counts tokens again with its own tokenizer.",
  },
  {
    metric: 'e2e',
    text: "vLLM's E2EL ends at the last event with a choice (in older versions at the usage event), ours at the last event with content; it counts from the send.",
  },
  {
    metric: 'goodput',
    text: "vLLM's goodput counts requests within the limits given to it for TTFT, TPOT and E2EL; ours uses the SLOs of the file, ITL included, and asks that the answer be right.",
  },
  { metric: 'rps', text: 'vLLM divides by the whole duration, ours by the measured window.' },
  { metric: 'output_tps', text: 'vLLM divides by the whole duration, ours by the measured window.' },
];

/** Their names of our metrics. */
const METRICS: readonly (readonly [ours: string, theirs: string])[] = [
  ['ttft', 'ttft'],
  ['tpot', 'tpot'],
  ['itl', 'itl'],
  ['e2e', 'e2el'],
];

export function isVllm(document: unknown): boolean {
  return (
    isFields(document) &&
    numberAt(document, 'request_throughput') !== null &&
    numberAt(document, 'completed') !== null &&
    numberAt(document, 'duration') !== null
  );
}

/** One target a model, one stage a document: `--append-result` writes one below the other. */
export function readVllm(file: ForeignFile): ComparedRun {
  const byModel = new Map<string, ComparedStage[]>();
  for (const document of file.documents) {
    const model = textAt(document, 'model_id') ?? 'model';
    byModel.set(model, [...(byModel.get(model) ?? []), stageOf(document)]);
  }
  const [first] = file.documents;
  return foreignRun('vllm', file, {
    name: textAt(first, 'label') ?? `vllm bench serve, ${[...byModel.keys()].join(', ')}`,
    startedAt: startOf(textAt(first, 'date')),
    targets: [...byModel].map(([model, stages]) => foreignTarget(model, stages)),
    notes: NOTES,
  });
}

/** `20250131-235959`, in the machine's own time zone, which the file does not name. */
function startOf(date: string | null): string | null {
  const [, y, m, d, h, min, s] = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)$/.exec(date ?? '') ?? [];
  return y === undefined ? null : `${y}-${m}-${d}T${h}:${min}:${s}`;
}

function stageOf(document: unknown): ComparedStage {
  const rate = numberAt(document, 'request_rate');
  const concurrency = numberAt(document, 'max_concurrency');
  const completed = numberAt(document, 'completed') ?? 0;
  const failed = firstOf(numberAt(document, 'failed'), missing(document, completed));
  const requests = failed === null ? null : completed + failed;
  const rps = numberAt(document, 'request_throughput');
  // One version wrote this key with a colon at its end.
  const goodput = firstOf(numberAt(document, 'request_goodput'), numberAt(document, 'request_goodput:'));
  const duration = numberAt(document, 'duration');
  return foreignStage({
    name: textAt(document, 'label') ?? (rate === null ? `concurrency ${concurrency ?? 'unlimited'}` : `${rate}/s`),
    loop: rate === null ? 'closed' : 'open',
    rate,
    concurrency: rate === null ? concurrency : null,
    metrics: metricsOf(metricsOfDocument(document, completed)),
    rates: {
      rps,
      output_tps: numberAt(document, 'output_throughput'),
      total_tps: numberAt(document, 'total_token_throughput'),
      goodput,
      goodput_ratio:
        goodput === null || duration === null || requests === null || requests === 0
          ? null
          : (goodput * duration) / requests,
      error_rate: failed === null || requests === null || requests === 0 ? null : failed / requests,
    },
  });
}

function missing(document: unknown, completed: number): number | null {
  const prompts = numberAt(document, 'num_prompts');
  return prompts === null ? null : Math.max(0, prompts - completed);
}

function metricsOfDocument(document: unknown, completed: number): Record<string, ComparedMetric | null> {
  const single = singleValues(document);
  const found: Record<string, ComparedMetric | null> = {};
  for (const [ours, theirs] of METRICS) {
    const stats: Record<string, number | null> = {
      mean: numberAt(document, `mean_${theirs}_ms`),
      p50: numberAt(document, `median_${theirs}_ms`),
      stdev: numberAt(document, `std_${theirs}_ms`),
    };
    for (const key of Object.keys(isFields(document) ? document : {})) {
      const [, percent, name] = /^p(\d+(?:\.\d+)?)_(\w+)_ms$/.exec(key) ?? [];
      if (name === theirs && percent !== undefined) stats[`p${percent}`] = numberAt(document, key);
    }
    const series = single?.[ours] ?? null;
    found[ours] = foreignMetric(ours, stats, theirs === 'itl' ? (series?.length ?? null) : completed, series);
  }
  const output = numberAt(document, 'total_output_tokens');
  const input = numberAt(document, 'total_input_tokens');
  const mean = (total: number | null): number | null => (total === null || completed === 0 ? null : total / completed);
  found.output_tokens = foreignMetric('output_tokens', { mean: mean(output) }, completed);
  found.input_tokens = foreignMetric('input_tokens', { mean: mean(input) }, completed);
  return found;
}

/** Of `--save-detailed`: values of the requests that were answered, in send order, ms. */
function singleValues(document: unknown): Record<string, Float64Array> | null {
  const ttfts = listAt(document, 'ttfts');
  if (ttfts.length === 0) return null;
  const order = ttfts.map((_, index) => index);
  const starts = listAt(document, 'start_times');
  if (starts.length === ttfts.length) order.sort((a, b) => Number(starts[a]) - Number(starts[b]));
  const values: Record<string, number[]> = { ttft: [], itl: [], e2e: [], tpot: [] };
  for (const index of order) {
    const ttft = numberAt(ttfts, index);
    const tokens = numberAt(document, 'output_lens', index);
    const error = at(document, 'errors', index);
    // A request that failed has zeros for its times.
    if (ttft === null || (typeof error === 'string' && error !== '') || tokens === 0) continue;
    const gaps = listAt(document, 'itls', index).filter((gap): gap is number => typeof gap === 'number');
    const e2e = numberAt(document, 'latencies', index) ?? gaps.reduce((sum, gap) => sum + gap, ttft);
    values.ttft?.push(ttft * 1000);
    values.itl?.push(...gaps.map((gap) => gap * 1000));
    values.e2e?.push(e2e * 1000);
    if (tokens !== null && tokens > 1) values.tpot?.push(((e2e - ttft) * 1000) / (tokens - 1));
  }
  return Object.fromEntries(Object.entries(values).map(([name, list]) => [name, Float64Array.from(list)]));
}
