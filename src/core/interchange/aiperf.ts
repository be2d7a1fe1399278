/**
 * Results of AIPerf (`profile_export_aiperf.json`, and its records `profile_export.jsonl`) and of GenAI-Perf, whose export AIPerf's
 * resembles (`*_genai_perf.json`, and Perf Analyzer's `profile_export.json`).
 * Keys and definitions as in aiperf/metrics/types, aiperf/common/models and genai_perf/profile_data_parser.
 */
import type { ComparedMetric, ComparedRun, ComparedStage } from '../compare/compared-run';
import type { MetricNote } from '../../protocol/run-comparison';
import { at, firstOf, isFields, listAt, numberAt, textAt, type Fields } from './fields';
import {
  foreignMetric,
  foreignRun,
  foreignStage,
  foreignTarget,
  measured,
  metricsOf,
  type ForeignFile,
} from './foreign-run';

/** Their names of our metrics. */
const METRICS: readonly (readonly [ours: string, theirs: string])[] = [
  ['ttft', 'time_to_first_token'],
  ['ttfat', 'time_to_first_output_token'],
  ['tpot', 'inter_token_latency'],
  ['itl', 'inter_chunk_latency'],
  ['e2e', 'request_latency'],
  ['output_tokens', 'output_sequence_length'],
  ['input_tokens', 'input_sequence_length'],
];

function notesOf(tool: string): MetricNote[] {
  return [
    {
      metric: 'ttft',
      text: `${tool}'s TTFT counts from its own send, connecting included, to the first response with content; ours in an open loop counts from the scheduled instant.`,
    },
    {
      metric: 'tpot',
      text: `What ${tool} calls ITL is our TPOT: (request latency - TTFT) / (output tokens - 1)${tool === 'AIPerf' ? ', less the tokens of the first chunk where the server counts them' : ''}.`,
    },
    {
      metric: 'itl',
      text:
        tool === 'AIPerf'
          ? 'What AIPerf calls inter chunk latency is our ITL, the gaps between responses with content.'
          : 'GenAI-Perf reports no gaps between responses; those of a profile export are computed here.',
    },
    { metric: 'e2e', text: `${tool}'s request latency counts from the send to the last response with content.` },
    {
      metric: 'output_tokens',
      text: `${tool} counts output tokens with its own tokenizer unless it is told to use the server's usage.`,
    },
    {
      metric: 'rps',
      text: `${tool} divides by the time from the first send to the last response, ours by the measured window.`,
    },
    {
      metric: 'goodput',
      text: `${tool}'s goodput counts requests within the limits given to it; ours uses the SLOs of the file and asks that the answer be right.`,
    },
  ];
}

function isStat(value: unknown): value is Fields {
  return isFields(value) && typeof value.unit === 'string' && numberAt(value, 'avg') !== null;
}

/** The summary of either tool. */
export function isAiperf(document: unknown): boolean {
  return isFields(document) && isStat(document.request_latency) && isStat(document.request_throughput);
}

/** The records of AIPerf, one a line. */
export function isAiperfRecords(document: unknown): boolean {
  return (
    isFields(at(document, 'metadata')) &&
    isFields(at(document, 'metrics')) &&
    numberAt(document, 'metadata', 'request_start_ns') !== null
  );
}

/** Perf Analyzer's profile export, which GenAI-Perf reads. */
export function isProfileExport(document: unknown): boolean {
  return listAt(document, 'experiments').some((experiment) => listAt(experiment, 'requests').length > 0);
}

export function readAiperf(file: ForeignFile): ComparedRun {
  const [document] = file.documents;
  const isAi = textAt(document, 'aiperf_version') !== null || textAt(document, 'schema_version') !== null;
  const tool = isAi ? 'AIPerf' : 'GenAI-Perf';
  const config = at(document, 'input_config');
  const model = modelOf(config) ?? 'model';
  const count = numberAt(document, 'request_count', 'avg');
  const failed = numberAt(document, 'error_request_count', 'avg') ?? (isAi ? 0 : null);
  const metrics: Record<string, ComparedMetric | null> = {};
  for (const [ours, theirs] of METRICS) metrics[ours] = metricOf(ours, at(document, theirs), count);
  const caveats: string[] = [];
  if (at(document, 'was_cancelled') === true) caveats.push(`${tool} was cancelled: the result covers what had run.`);
  if (at(document, 'is_complete') === false) {
    caveats.push(
      `${tool} says that the run is not complete: ${textAt(document, 'incomplete_reason') ?? 'without a reason'}.`,
    );
  }
  return foreignRun(isAi ? 'aiperf' : 'genai-perf', file, {
    name: `${tool} ${textAt(document, 'aiperf_version') ?? ''}, ${model}`.replace(' ,', ','),
    startedAt: textAt(document, 'start_time'),
    targets: [
      foreignTarget(model, [
        stageOf(config, metrics, {
          rps: numberAt(document, 'request_throughput', 'avg'),
          output_tps: numberAt(document, 'output_token_throughput', 'avg'),
          total_tps: numberAt(document, 'total_token_throughput', 'avg'),
          goodput: firstOf(numberAt(document, 'goodput', 'avg'), numberAt(document, 'request_goodput', 'avg')),
          goodput_ratio: goodShare(document, count, failed),
          error_rate: count === null || failed === null || count + failed === 0 ? null : failed / (count + failed),
        }),
      ]),
    ],
    notes: notesOf(tool),
    caveats,
  });
}

function goodShare(document: unknown, count: number | null, failed: number | null): number | null {
  const good = numberAt(document, 'good_request_count', 'avg');
  return good === null || count === null || failed === null || count + failed === 0 ? null : good / (count + failed);
}

/** The records: every measured request, in send order; statistics over them are ours. */
export function readAiperfRecords(file: ForeignFile): ComparedRun {
  const records = file.documents
    .filter((record) => textAt(record, 'metadata', 'benchmark_phase') !== 'warmup')
    .sort((a, b) => startNs(a) - startNs(b));
  const answered = records.filter(
    (record) => !isFields(at(record, 'error')) && at(record, 'metadata', 'was_cancelled') !== true,
  );
  const metrics: Record<string, ComparedMetric | null> = {};
  for (const [ours, theirs] of METRICS) {
    metrics[ours] = measured(
      ours,
      answered.flatMap((record) => valuesOf(at(record, 'metrics', theirs))),
    );
  }
  const ends = answered.map((record) => numberAt(record, 'metadata', 'request_end_ns') ?? 0);
  const seconds = answered.length === 0 ? 0 : (Math.max(...ends) - startNs(answered[0])) / 1e9;
  const tokens = metrics.output_tokens;
  return foreignRun('aiperf', file, {
    name: 'AIPerf, records',
    startedAt: answered.length === 0 ? null : new Date(startNs(answered[0]) / 1e6).toISOString(),
    targets: [
      foreignTarget('model', [
        stageOf(undefined, metrics, {
          rps: seconds > 0 ? answered.length / seconds : null,
          output_tps: seconds > 0 && tokens != null ? ((tokens.stats.mean ?? 0) * (tokens.n ?? 0)) / seconds : null,
          error_rate: records.length === 0 ? null : (records.length - answered.length) / records.length,
        }),
      ]),
    ],
    notes: notesOf('AIPerf'),
  });
}

function startNs(record: unknown): number {
  return numberAt(record, 'metadata', 'request_start_ns') ?? 0;
}

/** A value, or a list of them, in our unit. */
function valuesOf(metric: unknown): number[] {
  const scale = scaleOf(textAt(metric, 'unit'));
  const value = at(metric, 'value');
  const list = Array.isArray(value) ? (value as unknown[]) : [value];
  return list
    .filter((item): item is number => typeof item === 'number' && Number.isFinite(item))
    .map((item) => item * scale);
}

/** A profile export: an experiment is a stage; times are of the responses with content. */
export function readProfileExport(file: ForeignFile): ComparedRun {
  const [document] = file.documents;
  const stages = listAt(document, 'experiments').map((experiment): ComparedStage => {
    const requests = listAt(experiment, 'requests')
      .map(timesOf)
      .filter((times) => times !== null)
      .sort((a, b) => a.sent - b.sent);
    const ms = (from: number, until: number): number => (until - from) / 1e6;
    const metrics = {
      ttft: measured(
        'ttft',
        requests.map(({ sent, first }) => ms(sent, first)),
      ),
      e2e: measured(
        'e2e',
        requests.map(({ sent, last }) => ms(sent, last)),
      ),
      itl: measured(
        'itl',
        requests.flatMap(({ gaps }) => gaps.map((gap) => gap / 1e6)),
      ),
    };
    const seconds =
      requests.length === 0
        ? 0
        : (requests.reduce((most, { last }) => Math.max(most, last), 0) - (requests[0]?.sent ?? 0)) / 1e9;
    const mode = textAt(experiment, 'experiment', 'mode') ?? 'load';
    const value = numberAt(experiment, 'experiment', 'value');
    const isOpen = mode === 'request_rate';
    return foreignStage({
      name: value === null ? mode : `${mode} ${value}`,
      loop: isOpen ? 'open' : 'closed',
      rate: isOpen ? value : null,
      concurrency: isOpen ? null : value,
      metrics: metricsOf(metrics),
      rates: { rps: seconds > 0 ? requests.length / seconds : null },
    });
  });
  return foreignRun('genai-perf', file, {
    name: 'GenAI-Perf, profile export',
    startedAt: null,
    targets: [foreignTarget(textAt(document, 'model') ?? 'model', stages)],
    notes: notesOf('GenAI-Perf'),
    caveats: ['A profile export holds no token counts: TPOT and token rates are left out.'],
  });
}

interface Times {
  sent: number;
  first: number;
  last: number;
  gaps: number[];
}

/** Of a request's responses those that hold content; null where none does. Nanoseconds. */
function timesOf(request: unknown): Times | null {
  const sent = numberAt(request, 'timestamp');
  const outputs = listAt(request, 'response_outputs');
  const stamps = listAt(request, 'response_timestamps').filter(
    (stamp, index): stamp is number => typeof stamp === 'number' && hasContent(outputs[index]),
  );
  const [first] = stamps;
  const last = stamps[stamps.length - 1];
  if (sent === null || first === undefined || last === undefined) return null;
  return { sent, first, last, gaps: stamps.slice(1).map((stamp, index) => stamp - (stamps[index] ?? stamp)) };
}

function hasContent(output: unknown): boolean {
  const text = textAt(output, 'response') ?? textAt(output, 'message') ?? textAt(output, 'text_output');
  if (text === null) return false;
  const events = text.split('\n').filter((line) => line.startsWith('data:'));
  if (events.length === 0) return text.trim() !== '';
  return events.some((line) => {
    const data = line.slice('data:'.length).trim();
    if (data === '' || data === '[DONE]') return false;
    try {
      const event: unknown = JSON.parse(data);
      const choice = at(event, 'choices', 0);
      return [at(choice, 'delta', 'content'), at(choice, 'text'), at(choice, 'message', 'content')].some(
        (content) => typeof content === 'string' && content !== '',
      );
    } catch {
      // A response that was cut in two by the network: its text came at this instant.
      return true;
    }
  });
}

function metricOf(ours: string, stat: unknown, requests: number | null): ComparedMetric | null {
  if (!isStat(stat)) return null;
  const scale = scaleOf(textAt(stat, 'unit'));
  const scaled = (key: string): number | null => {
    const value = numberAt(stat, key);
    return value === null ? null : value * scale;
  };
  const stats: Record<string, number | null> = {
    mean: scaled('avg'),
    stdev: scaled('std'),
    min: scaled('min'),
    max: scaled('max'),
  };
  for (const percent of [50, 75, 90, 95, 99]) stats[`p${percent}`] = scaled(`p${percent}`);
  return foreignMetric(ours, stats, numberAt(stat, 'count') ?? (ours === 'itl' ? null : requests));
}

/** To ms; anything else than a time stays as it is. */
function scaleOf(unit: string | null): number {
  switch (unit) {
    case 'ns':
    case 'nanoseconds':
      return 1e-6;
    case 'us':
    case 'microseconds':
      return 1e-3;
    case 's':
    case 'sec':
    case 'seconds':
      return 1e3;
    default:
      return 1;
  }
}

function modelOf(config: unknown): string | null {
  return firstOf(
    textAt(config, 'models', 'items', 0, 'name'),
    textAt(config, 'models', 0, 'name'),
    textAt(config, 'models', 0),
    textAt(config, 'endpoint', 'model_names', 0),
    textAt(config, 'model_names', 0),
    textAt(config, 'model'),
    textAt(config, 'model', 0),
  );
}

function stageOf(
  config: unknown,
  metrics: Readonly<Record<string, ComparedMetric | null>>,
  rates: Record<string, number | null>,
): ComparedStage {
  const phase = listAt(config, 'phases').find(
    (item) => textAt(item, 'kind') !== 'warmup' && textAt(item, 'name') !== 'warmup',
  );
  const stimulus = at(config, 'perf_analyzer', 'stimulus');
  const rate = firstOf(
    numberAt(phase, 'rate'),
    numberAt(phase, 'request_rate'),
    numberAt(config, 'loadgen', 'request_rate'),
    numberAt(stimulus, 'request_rate'),
    numberAt(config, 'request_rate'),
  );
  const concurrency = firstOf(
    numberAt(phase, 'concurrency'),
    numberAt(config, 'loadgen', 'concurrency'),
    numberAt(stimulus, 'concurrency'),
    numberAt(config, 'concurrency'),
  );
  return foreignStage({
    name: rate !== null ? `${rate}/s` : concurrency !== null ? `concurrency ${concurrency}` : 'profile',
    loop: rate !== null ? 'open' : concurrency !== null ? 'closed' : null,
    rate,
    concurrency: rate !== null ? null : concurrency,
    metrics: metricsOf(metrics),
    rates,
  });
}
