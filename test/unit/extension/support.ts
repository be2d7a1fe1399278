import { createHash } from 'node:crypto';
import type { EvalOutline, OutlineItem, TextRange } from '../../../src/core/spec/document';
import type { AssertionResult, CaseRecord, SloResult, StageResult } from '../../../src/protocol/run-json';
import type { StageTick, TickPoint } from '../../../src/protocol/events';
import { surveyOf, type Survey } from '../../../src/extension/language/survey';

/** A file as nested data, from which outline, pointers and hashes follow; what the parser does, without YAML. */
export interface FileSketch {
  prompt?: unknown;
  endpoints?: unknown;
  cases?: { name: string; vars?: unknown; assert?: unknown[] }[];
  dataset?: string;
  assert?: unknown[];
  load?: { name: string; rate?: number; slo?: unknown[] }[];
  slo?: unknown[];
}

export function survey(file: FileSketch): Survey {
  let line = 1;
  const nextRange = (): TextRange => {
    const range = { start: { line, character: 2 }, end: { line, character: 20 } };
    line++;
    return range;
  };
  const item = (pointer: string, id: string): OutlineItem => {
    const range = nextRange();
    return { pointer, id, name: id, range, anchor: range, tags: [] };
  };
  const list = (values: unknown[] | undefined, pointer: string): OutlineItem[] =>
    (values ?? []).map((_, index) => item(`${pointer}/${index}`, String(index)));
  const outline: EvalOutline = {
    name: 'sketch',
    nameRange: { start: { line: 0, character: 0 }, end: { line: 0, character: 5 } },
    cases: (file.cases ?? []).map((one, index) => ({
      ...item(`/cases/${index}`, one.name),
      assertions: list(one.assert, `/cases/${index}/assert`),
    })),
    ...(file.dataset === undefined ? {} : { dataset: item('/dataset', file.dataset) }),
    assertions: list(file.assert, '/assert'),
    stages: (file.load ?? []).map((one, index) => ({
      ...item(`/load/${index}`, one.name),
      slos: list(one.slo, `/load/${index}/slo`),
    })),
    slos: list(file.slo, '/slo'),
    endpoints: [],
  };
  const nodeHash = (pointer: string): string | undefined => {
    let value: unknown = file;
    for (const key of pointer.split('/').slice(1)) {
      if (typeof value !== 'object' || value === null) return undefined;
      value = (value as Record<string, unknown>)[key];
    }
    return value === undefined ? undefined : createHash('sha1').update(JSON.stringify(value)).digest('hex');
  };
  return surveyOf({ outline, nodeHash });
}

export function assertion(pointer: string, part: Partial<AssertionResult> = {}): AssertionResult {
  return { pointer, type: 'contains', outcome: 'passed', score: 1, severity: 'error', reason: '', ...part };
}

export function record(
  pointer: string,
  name: string,
  assertions: AssertionResult[],
  part: Partial<CaseRecord> = {},
): CaseRecord {
  return {
    request: 'sim/cases/0',
    target: 'sim',
    case: pointer,
    case_id: name,
    name,
    repeat: 0,
    outcome: assertions.some((one) => one.outcome === 'failed') ? 'failed' : 'passed',
    score: 1,
    answer: 'an answer',
    reasoning: null,
    assertions,
    ...part,
  };
}

export function slo(pointer: string, part: Partial<SloResult> = {}): SloResult {
  return {
    expr: 'ttft.p99 <= 200ms',
    pointer,
    severity: 'error',
    value: 184.2,
    limit: 200,
    verdict: 'pass',
    confidence: 'high',
    ci: [176, 195.1],
    n: 478,
    n_effective: 390,
    reason: '15.8 ms under',
    ...part,
  };
}

export function stage(
  name: string,
  pointer: string | null,
  slos: SloResult[],
  part: Partial<StageResult> = {},
): StageResult {
  return {
    name,
    pointer,
    pattern: pointer === null ? 'cases' : 'poisson',
    loop: pointer === null ? 'closed' : 'open',
    rate: pointer === null ? null : 8,
    window: { start_ms: 1000, end_ms: 9000 },
    counts: { scheduled: 80, completed: 80, failed: 0, timed_out: 0, cancelled: 0, truncated: 0 },
    metrics: {},
    rates: {
      rps: 8,
      offered_rps: 8,
      goodput: 8,
      goodput_ratio: 1,
      output_tps: 100,
      input_tps: 10,
      total_tps: 110,
      error_rate: 0,
      concurrency_mean: 2,
      concurrency_max: 4,
    },
    slo: slos,
    client: { limited: false, event_loop_delay_p99_ms: 1, dispatch_lag_p99_ms: 1, cpu: 0.1, workers: 1 },
    errors: [],
    flags: [],
    tokens_source: ['usage'],
    ...part,
  };
}

export function point(t: number, part: Partial<TickPoint> = {}): TickPoint {
  return { t, ttft: 100, itl: 10, itlMax: 20, e2e: 300, warmup: false, ok: true, request: `sim/load/${t}`, ...part };
}

export function tick(seq: number, elapsedMs: number, points: TickPoint[], part: Partial<StageTick> = {}): StageTick {
  return {
    type: 'tick',
    target: 'sim',
    stage: 'load',
    seq,
    elapsedMs,
    progress: elapsedMs / 10_000,
    counts: { scheduled: seq, completed: seq, failed: 0, timed_out: 0, cancelled: 0, truncated: 0 },
    inFlight: 1,
    rps: 8,
    offeredRps: 8,
    outputTps: 100,
    rolling: { ttftP50: 100, ttftP99: 120, itlP50: 10, itlP99: 12 },
    slos: [],
    points,
    thinned: false,
    errors: [],
    ...part,
  };
}
