/** Ours as the summary of AIPerf (`profile_export_aiperf.json`), one stage a file. See aiperf.ts for how the definitions differ. */
import { quantileOfSorted } from '../metrics/percentile';
import { populationStdev, sum, tpots, windowSeconds, type ExportRun, type ExportStage } from './export-samples';
import type { Exported } from './export-run';

const PERCENTILES = [1, 5, 10, 25, 50, 75, 90, 95, 99];
/** Of the keys that are written. */
const SCHEMA_VERSION = '1.4';

/** @param exported with exactly one stage */
export function exportAiperf(exported: ExportRun): Exported {
  const [stage] = exported.stages;
  if (stage === undefined) throw new RangeError('There is no stage to export.');
  return {
    text: `${JSON.stringify(summaryOf(exported, stage), null, 2)}\n`,
    notes: [
      'inter_token_latency is our TPOT and inter_chunk_latency our ITL, as AIPerf names them.',
      'time_to_first_token and request_latency count from the send, as in AIPerf, whatever the schedule wanted.',
      'benchmark_duration is the measured window; AIPerf counts from the first send to the last response.',
      'aiperf_version, goodput, telemetry, the time to the second token and throughput per user are left out: they have no counterpart, or another definition.',
    ],
  };
}

function summaryOf({ run }: ExportRun, exported: ExportStage): Record<string, unknown> {
  const { target, stage, rows, failures } = exported;
  const seconds = windowSeconds(exported);
  const tokens = (read: (row: ExportStage['rows'][number]) => number | null): number[] =>
    rows.flatMap((row) => read(row) ?? []);
  const output = tokens(({ outputTokens }) => outputTokens);
  const input = tokens(({ inputTokens }) => inputTokens);
  const perSecond = (value: number): number => (seconds > 0 ? value / seconds : 0);
  const isOpen = stage.loop === 'open' && stage.rate !== null;
  return {
    schema_version: SCHEMA_VERSION,
    request_throughput: { unit: 'requests/sec', avg: perSecond(rows.length) },
    request_latency: result(
      'ms',
      rows.map(({ lastMs }) => lastMs),
    ),
    request_count: { unit: 'requests', avg: rows.length },
    time_to_first_token: result(
      'ms',
      rows.map(({ ttftMs }) => ttftMs),
    ),
    time_to_first_output_token: result(
      'ms',
      rows.flatMap(({ ttfatMs }) => ttfatMs ?? []),
    ),
    inter_token_latency: result(
      'ms',
      tpots(rows).map(({ value }) => value),
    ),
    inter_chunk_latency: gaps(exported),
    output_token_throughput: { unit: 'tokens/sec', avg: perSecond(sum(output)) },
    total_token_throughput: { unit: 'tokens/sec', avg: perSecond(sum(output) + sum(input)) },
    output_sequence_length: result('tokens', output),
    input_sequence_length: result('tokens', input),
    total_osl: { unit: 'tokens', avg: sum(output) },
    total_isl: { unit: 'tokens', avg: sum(input) },
    benchmark_duration: { unit: 'sec', avg: seconds },
    error_request_count: { unit: 'requests', avg: failures.length },
    input_config: {
      models: { items: [{ name: target.model }] },
      phases: [
        {
          name: stage.name,
          kind: 'profiling',
          type: isOpen ? (stage.pattern === 'constant' ? 'constant' : 'poisson') : 'concurrency',
          ...(isOpen ? { rate: stage.rate } : { concurrency: stage.rates.concurrency_max }),
        },
      ],
    },
    was_cancelled: run.status === 'stopped',
    is_complete: run.status === 'completed',
    start_time: run.started_at,
    ...(run.finished_at === null ? {} : { end_time: run.finished_at }),
  };
}

/** Undefined, and so left out, without values. */
function result(unit: string, values: readonly number[]): Record<string, unknown> | undefined {
  if (values.length === 0) return undefined;
  const sorted = Float64Array.from(values).sort();
  return {
    unit,
    avg: sum(values) / values.length,
    ...Object.fromEntries(PERCENTILES.map((p) => [`p${p}`, quantileOfSorted(sorted, p / 100)])),
    min: sorted[0],
    max: sorted[sorted.length - 1],
    std: populationStdev(values),
    count: values.length,
    sum: sum(values),
  };
}

/** As they were summed up while the run lasted: the gaps themselves are many, and percentiles below the median were not kept. */
function gaps({ stage: { metrics } }: ExportStage): Record<string, unknown> | undefined {
  const { itl } = metrics;
  if (itl === undefined || itl.n === 0) return undefined;
  const { mean, p50, p75, p90, p95, p99, min, max, stdev, n } = itl;
  return { unit: 'ms', avg: mean, p50, p75, p90, p95, p99, min, max, std: stdev * Math.sqrt((n - 1) / n), count: n };
}
