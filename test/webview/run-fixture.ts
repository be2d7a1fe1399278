/** States of a run for the panel's tests: the same numbers each time, shaped like those of a real run. */
import type { TickPoint } from '../../src/protocol/events';
import type { SloPlan } from '../../src/protocol/plan';
import type {
  CaseRecord,
  CurveResult,
  PhaseReport,
  QualityResult,
  RequestRecord,
  RunVerdict,
  SloResult,
  StageResult,
} from '../../src/protocol/run-json';
import type {
  RequestDetail,
  RequestRow,
  RunPanelSample,
  RunPanelStage,
  RunPanelState,
  RunPanelTarget,
} from '../../src/protocol/run-panel';

/** A small deterministic generator (mulberry32): tests must not depend on chance. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** `count` requests spread over `lengthMs`, one in `failEvery` failed, the first `warmupMs` marked as warm-up. */
export function points(
  count: number,
  options: { lengthMs?: number; warmupMs?: number; failEvery?: number; seed?: number; from?: number } = {},
): TickPoint[] {
  const { lengthMs = 60_000, warmupMs = 5000, failEvery = 0, seed = 1, from = 0 } = options;
  const next = random(seed);
  return Array.from({ length: count }, (_, i) => {
    const t = ((from + i + next()) / (from + count)) * lengthMs;
    const ok = failEvery === 0 || (i + 1) % failEvery !== 0;
    const slow = next() > 0.985 ? 2.1 : 1;
    const ttft = (118 + 40 * next() + 22 * -Math.log(1 - next())) * slow;
    const itl = 22 + 6 * next();
    return {
      t,
      ttft: ok ? ttft : null,
      itl: ok ? itl : null,
      itlMax: ok ? itl * (1.3 + next()) * slow : null,
      e2e: ok ? ttft + itl * 120 : null,
      warmup: t < warmupMs,
      ok,
      request: `sim/steady chat/${from + i}`,
    };
  });
}

export function history(lengthMs: number, stepMs = 250): RunPanelSample[] {
  const next = random(7);
  return Array.from({ length: Math.floor(lengthMs / stepMs) }, (_, i) => {
    const wave = Math.sin(i / 18);
    return {
      t: (i + 1) * stepMs,
      ttftP50: 152 + 5 * wave + 3 * next(),
      ttftP99: 246 + 26 * wave + 12 * next(),
      itlP50: 24.8 + 0.4 * wave,
      itlP99: 45 + 3 * wave + 2 * next(),
      rps: 7.6 + 0.6 * wave + 0.3 * next(),
      offeredRps: 8,
      inFlight: Math.round(24 + 6 * wave),
      outputTps: 960 + 60 * wave,
    };
  });
}

export function plan(expr: string, pointer: string, extra: Partial<SloPlan> = {}): SloPlan {
  const [, metric = '', stat, op = '<=', limit = '0'] = /^([\w]+)(?:\.(\S+))? (<=|>=|<|>) (\S+)$/.exec(expr) ?? [];
  const share = limit.endsWith('%');
  return {
    pointer,
    expr,
    metric,
    stat: stat ?? null,
    op: op as SloPlan['op'],
    limit: share ? Number.parseFloat(limit) / 100 : Number.parseFloat(limit) * (/\ds$/.test(limit) ? 1000 : 1),
    unit: share ? 'ratio' : limit.endsWith('/s') ? '1/s' : 'ms',
    severity: 'error',
    ...extra,
  };
}

export function result(expr: string, pointer: string, values: Partial<SloResult>): SloResult {
  return {
    expr,
    pointer,
    severity: 'error',
    value: null,
    limit: plan(expr, pointer).limit,
    verdict: 'pass',
    confidence: 'high',
    ci: null,
    n: 478,
    n_effective: 390,
    reason: '',
    ...values,
  };
}

const SLOS = ['ttft.p99 <= 200ms', 'itl.p99 <= 50ms', 'error_rate <= 1%', 'rps >= 7.5/s'];

export function stage(values: Partial<RunPanelStage> = {}): RunPanelStage {
  return {
    name: 'steady chat',
    pattern: 'poisson',
    status: 'done',
    elapsedMs: 60_000,
    progress: 1,
    warmupMs: 5000,
    cooldownMs: 5000,
    plannedMs: 60_000,
    slos: SLOS.map((expr, i) => plan(expr, `/load/stages/0/slo/${i}`)),
    results: [
      result('ttft.p99 <= 200ms', '/load/stages/0/slo/0', {
        value: 231.4,
        verdict: 'fail',
        ci: [219.6, 244.1],
        reason: '31.4 ms over',
      }),
      result('itl.p99 <= 50ms', '/load/stages/0/slo/1', {
        value: 46.2,
        confidence: 'low',
        ci: [43.9, 50.8],
        n: 57_120,
      }),
      result('error_rate <= 1%', '/load/stages/0/slo/2', {
        value: 0.0042,
        verdict: 'inconclusive',
        confidence: 'low',
        reason: '478 requests are too few to tell 0.42% from 1% (960 needed, 60 s more)',
      }),
      result('rps >= 7.5/s', '/load/stages/0/slo/3', { value: 7.93, ci: [7.61, 8.2] }),
    ],
    counts: { scheduled: 480, completed: 478, failed: 1, timed_out: 1, cancelled: 0, truncated: 0 },
    inFlight: 0,
    rps: 7.93,
    offeredRps: 8,
    outputTps: 982,
    rolling: { ttftP50: 152, ttftP99: 231, itlP50: 24.8, itlP99: 46.2 },
    points: points(480, { failEvery: 240 }),
    history: history(60_000),
    errors: [
      {
        kind: 'http_429',
        count: 1,
        example: 'The server refused the request: 32 requests were waiting already (429).',
      },
      { kind: 'first_token_timeout', count: 1, example: 'No token came within 30 s of the request.' },
    ],
    result: null,
    ...values,
  };
}

export function caseRecord(values: Partial<CaseRecord> = {}): CaseRecord {
  const id = values.case_id ?? 'returns-window';
  return {
    request: `sim/cases/${id}`,
    target: 'sim',
    case: '/cases/0',
    case_id: id,
    name: 'Names the return window',
    repeat: 0,
    outcome: 'passed',
    score: 1,
    answer: 'You can return any unused item within 30 days of delivery, free of charge.',
    reasoning: null,
    assertions: [
      {
        pointer: '/cases/0/assert/0',
        type: 'contains',
        outcome: 'passed',
        score: 1,
        severity: 'error',
        reason: 'The answer contains "30 days".',
      },
    ],
    ...values,
  };
}

export function target(values: Partial<RunPanelTarget> = {}): RunPanelTarget {
  const cases = values.cases ?? [
    caseRecord(),
    caseRecord({
      case_id: 'refund-time',
      case: '/cases/1',
      name: 'Says how long a refund takes',
      outcome: 'failed',
      score: 0.5,
      answer: 'Refunds are made soon after we receive your parcel.\n\nIs there anything else?',
      assertions: [
        {
          pointer: '/cases/1/assert/0',
          type: 'icontains',
          outcome: 'passed',
          score: 1,
          severity: 'error',
          reason: 'The answer contains "refund".',
        },
        {
          pointer: '/cases/1/assert/1',
          type: 'regex',
          outcome: 'failed',
          score: 0,
          severity: 'error',
          reason: 'Nothing in the answer matches /\\d+ (business )?days/.',
        },
      ],
    }),
    caseRecord({
      case_id: 'order-json',
      case: '/cases/2',
      name: 'Returns the order as JSON',
      outcome: 'error',
      score: null,
      answer: null,
      assertions: [],
      reason: 'The stream ended after 14 tokens, before the answer was complete.',
    }),
    caseRecord({
      case_id: 'vat',
      case: '/cases/3',
      name: 'Splits out the VAT',
      outcome: 'skipped',
      score: null,
      request: null,
      answer: null,
      assertions: [],
      reason: 'Skipped in the file: prices are not final.',
    }),
  ];
  return {
    id: 'sim',
    endpoint: 'sim',
    model: 'sim-8b',
    stages: [stage()],
    quality: {
      passed: cases.filter(({ outcome }) => outcome === 'passed').length,
      failed: cases.filter(({ outcome }) => outcome === 'failed').length,
      errors: cases.filter(({ outcome }) => outcome === 'error').length,
      skipped: cases.filter(({ outcome }) => outcome === 'skipped').length,
      total: cases.length,
      slo: [],
    },
    cases,
    ...values,
  };
}

export function runState(values: Partial<RunPanelState> = {}): RunPanelState {
  return {
    title: 'Shop assistant',
    source: 'evals/shop.eval.yaml',
    status: 'completed',
    statusText: '',
    verdict: 'fail',
    startedAt: '2026-01-05T10:00:00.000Z',
    can: { pin: true, rerunFailed: true, files: true },
    targets: [target()],
    metrics: {
      ttft: {
        label: 'TTFT',
        unit: 'ms',
        formula: 'first - origin',
        meaning: 'Time to first token.',
      },
      itl: { label: 'ITL', unit: 'ms', formula: 'chunk[i] - chunk[i-1]', meaning: 'Gap between two content events.' },
      error_rate: { label: 'Error rate', unit: 'ratio', formula: 'failed / requests', meaning: 'Share that failed.' },
      rps: { label: 'Requests per second', unit: '1/s', formula: 'completed / window', meaning: 'Achieved rate.' },
    },
    ...values,
  };
}

/** The same run, 18 s in: nothing is decided yet. */
export function runningState(): RunPanelState {
  const running = stage({
    status: 'running',
    elapsedMs: 18_000,
    progress: 0.3,
    inFlight: 25,
    counts: { scheduled: 144, completed: 118, failed: 1, timed_out: 0, cancelled: 0, truncated: 0 },
    points: points(119, { lengthMs: 18_000, failEvery: 90 }),
    history: history(18_000),
    errors: [],
  });
  return runState({
    status: 'running',
    verdict: null,
    can: { pin: false, rerunFailed: false, files: true },
    targets: [
      target({
        stages: [
          stage({ name: 'cases', pattern: 'cases', slos: [], results: [], points: [], history: [], errors: [] }),
          running,
          stage({
            name: 'burst',
            status: 'waiting',
            elapsedMs: 0,
            progress: 0,
            results: [],
            points: [],
            history: [],
            errors: [],
            counts: { scheduled: 0, completed: 0, failed: 0, timed_out: 0, cancelled: 0, truncated: 0 },
          }),
        ],
      }),
    ],
  });
}

/** Rates of a capacity search in the order in which they were tried, with what came of them. */
export const PROBES: { rate: number; ttft: number; verdict: RunVerdict }[] = [
  { rate: 8, ttft: 121, verdict: 'pass' },
  { rate: 16, ttft: 128, verdict: 'pass' },
  { rate: 32, ttft: 163, verdict: 'pass' },
  { rate: 64, ttft: 2140, verdict: 'fail' },
  { rate: 45.25, ttft: 262, verdict: 'fail' },
  { rate: 38.05, ttft: 192, verdict: 'inconclusive' },
];

const CURVE_SLOS = ['ttft.p99 <= 200ms', 'itl.p99 <= 50ms'];

export function curve(values: Partial<CurveResult> = {}): CurveResult {
  return {
    stage: 'knee',
    pointer: '/load/1',
    kind: 'capacity',
    status: 'found',
    points: PROBES.map(({ rate, ttft, verdict }) => ({
      stage: `knee ${rate}/s`,
      rate,
      rps: rate * 0.98,
      goodput: verdict === 'pass' ? rate * 0.98 : rate * 0.4,
      verdict,
      values: { 'ttft.p99 <= 200ms': ttft, 'itl.p99 <= 50ms': 20 + rate / 4 },
    })),
    rate: 32,
    bracket: [32, 45.25],
    confidence: 'high',
    cost_per_good: 0.0021,
    conclusion: 'The SLOs are met up to 32/s; at 45.3/s they are not (ttft.p99 <= 200ms: 62 ms over).',
    verdict: 'pass',
    ...values,
  };
}

export function phases(values: Partial<PhaseReport> = {}): PhaseReport {
  return {
    bound: 'decode-bound',
    sentence:
      'Decode-bound: 81% of a request is spent on decoding, and each request beside it makes a token 0.21 ms slower.',
    prefill: {
      kind: 'fit',
      slope: 118,
      slope_ci: [95.2, 141],
      base: 42,
      base_ci: [38.1, 46],
      r2: 0.93,
      n: 412,
      n_effective: 300,
      x_range: [0.12, 2.4],
    },
    decode: { kind: 'none', reason: 'All requests ran at one concurrency, so there is no line to fit.' },
    prefill_share: { value: 0.19, ci: [1e-17, 0.21], prefill_ms: 120, decode_ms: 510, n: 412 },
    cold: {
      n: 1,
      ttft_p50: 340,
      ttft_max: 340,
      warm_ttft_p50: 121,
      connect_p50: 2,
      extra: 219,
      extra_ci: [200, 240],
    },
    ...values,
  };
}

/** A step of the search; `done` has its result. */
export function probe(index: number, values: Partial<RunPanelStage> = {}): RunPanelStage {
  const { rate, ttft, verdict } = PROBES[index] ?? { rate: 1, ttft: 100, verdict: 'pass' };
  const results = CURVE_SLOS.map((expr, i) =>
    result(expr, `/load/1/slo/${i}`, {
      value: i === 0 ? ttft : 20 + rate / 4,
      verdict: verdict === 'error' || i === 1 ? 'pass' : verdict,
    }),
  );
  const name = `knee ${rate}/s`;
  const counts = { scheduled: 480, completed: 480, failed: 0, timed_out: 0, cancelled: 0, truncated: 0 };
  return stage({
    name,
    partOf: 'knee',
    rate,
    results,
    slos: CURVE_SLOS.map((expr, i) => plan(expr, `/load/1/slo/${i}`)),
    points: points(60 + index),
    errors: [],
    counts,
    result: {
      name,
      part_of: 'knee',
      loop: 'open',
      rate,
      counts,
      slo: results,
      rates: { rps: rate * 0.98, goodput: rate * 0.9 },
      phases: phases({ sentence: `Nothing certain at ${rate}/s.` }),
    } as unknown as StageResult,
    ...values,
  });
}

export function wholeStage(values: Partial<RunPanelStage> = {}): RunPanelStage {
  return stage({
    name: 'knee',
    pattern: 'capacity',
    slos: CURVE_SLOS.map((expr, i) => plan(expr, `/load/1/slo/${i}`)),
    results: [],
    points: [],
    history: [],
    errors: [],
    elapsedMs: 0,
    ...values,
  });
}

const LIMITED = 'The load generator itself was the bottleneck, so this stage cannot pass: lower the rate.';

/** A run with a plain stage and a capacity search. */
export function capacityState(values: Partial<RunPanelState> = {}): RunPanelState {
  const steps = PROBES.map((_, i) => probe(i, i === 3 || i === 4 ? { caveats: [LIMITED] } : {}));
  const plain = stage({ results: stage().results.filter(({ verdict }) => verdict === 'pass') });
  return runState({
    verdict: 'pass',
    targets: [target({ stages: [plain, wholeStage(), ...steps], curves: [curve()], phases: phases(), cases: [] })],
    ...values,
  });
}

/** Start of the fixture's stage on the clock of its run. */
export const ORIGIN_MS = 4000;

/** The record of a point, as requests.ndjson would have it. */
export function recordOf(point: TickPoint, values: Partial<RequestRecord> = {}): RequestRecord {
  const [targetId = '', stageName = '', index = '0'] = point.request.split('/');
  const first = point.t + ORIGIN_MS;
  const scheduled = first - (point.ttft ?? 40);
  const gaps = point.ok
    ? Array.from({ length: 119 }, (_, i) => (i === 70 ? (point.itlMax ?? 30) : (point.itl ?? 25)))
    : [];
  const last = first + gaps.reduce((sum, gap) => sum + gap, 0);
  return {
    id: point.request,
    target: targetId,
    stage: stageName,
    index: Number(index),
    case: '/cases/0',
    phase: point.warmup ? 'warmup' : 'measured',
    outcome: point.ok ? 'completed' : 'failed',
    scheduled,
    sent: scheduled + 9,
    headers: point.ok ? scheduled + 20 : null,
    first: point.ok ? first : null,
    first_answer: point.ok ? first : null,
    last: point.ok ? last : null,
    end: point.ok ? last + 1 : first,
    connect_ms: 6,
    itl: gaps,
    input_tokens: 412,
    output_tokens: point.ok ? 120 : null,
    cached_input_tokens: 256,
    reasoning_tokens: 0,
    tokens_source: 'usage',
    events: gaps.length + 1,
    finish_reason: point.ok ? 'stop' : null,
    status: point.ok ? 200 : 429,
    cost: 0.00021,
    ...(point.ok ? {} : { error: { kind: 'http_429', message: 'The server refused the request: it is busy (429).' } }),
    ...values,
  };
}

export function rowOf(point: TickPoint, values: Partial<RequestRow> = {}): RequestRow {
  const {
    id,
    outcome,
    scheduled,
    sent,
    connect_ms: connectMs,
    first,
    last,
    end,
    output_tokens,
    error,
  } = recordOf(point);
  const instants = { scheduled, sent, connectMs, first, last, end };
  return {
    ...{ id, outcome, ...instants, outputTokens: output_tokens, errorKind: error?.kind ?? null },
    caseName: 'Names the return window',
    ...values,
  };
}

export function detailOf(point: TickPoint, values: Partial<RequestDetail> = {}): RequestDetail {
  return {
    record: recordOf(point),
    prompt: {
      messages: [
        { role: 'system', content: 'You answer questions about the shop Acme in one or two sentences.' },
        { role: 'user', content: 'Until when can I return my shoes?' },
      ],
      cutCharacters: 0,
    },
    caseName: 'Names the return window',
    answer: caseRecord({
      outcome: 'failed',
      answer: 'You can return it within two weeks, if I remember correctly.',
      score: 0.5,
      assertions: [
        {
          ...{ pointer: '/cases/0/assert/0', type: 'contains', outcome: 'failed', score: 0, severity: 'error' },
          reason: 'does not contain "30 days"; the answer starts "You can return it within two weeks, if I…"',
          expected: '30 days',
        },
        {
          ...{ pointer: '/cases/0/assert/1', type: 'icontains', outcome: 'passed', score: 1, severity: 'error' },
          reason: 'contains "return" at character 9',
          spans: [[8, 14]],
        },
      ],
    }),
    answerReason: '',
    ...values,
  };
}

export function quality(values: Partial<QualityResult> = {}): QualityResult {
  const counts = { cases: 6, passed: 4, failed: 2, errors: 0, skipped: 0 };
  return {
    ...{ ...counts, pass_rate: 0.667, ci: [0.3, 0.903], score: 0.833, flake_rate: 0.5, slo: [] },
    pass_at: { 1: 0.667, 3: 1 },
    pass_all: { 1: 0.667, 3: 0.5 },
    repeated: [
      { case: '/cases/1', case_id: 'refund-time', name: 'Says how long a refund takes', n: 3, passed: 2, distinct: 3 },
      { case: '/cases/0', case_id: 'returns-window', name: 'Names the return window', n: 3, passed: 3, distinct: 1 },
    ],
    judge: { calls: 9, input_tokens: 4100, output_tokens: 320, cost: 0.0031, graded_twice: 3, disagreed: 1 },
    ...values,
  };
}
