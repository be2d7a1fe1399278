import type {
  CaseRecord,
  Distribution,
  QualityResult,
  RunJson,
  SloResult,
  StageResult,
  TargetResult,
} from '../../../src/protocol/run-json';

export function distribution(p50: number, p99: number, n = 478): Distribution {
  return {
    unit: 'ms',
    n,
    mean: p50,
    stdev: 1,
    min: p50,
    p50,
    p75: p50,
    p90: p99,
    p95: p99,
    p99,
    'p99.9': p99,
    max: p99,
  };
}

export function slo(more: Partial<SloResult> = {}): SloResult {
  return {
    expr: 'ttft.p99 <= 200ms',
    pointer: '/slo/0',
    severity: 'error',
    value: 184.2,
    limit: 200,
    verdict: 'pass',
    confidence: 'high',
    ci: [176, 195.1],
    n: 478,
    n_effective: 390,
    reason: '15.8 ms under',
    ...more,
  };
}

export function stage(more: Partial<StageResult> = {}): StageResult {
  return {
    name: 'steady chat',
    pointer: '/load/0',
    pattern: 'poisson',
    loop: 'open',
    rate: 8,
    window: { start_ms: 10_000, end_ms: 60_000 },
    counts: { scheduled: 480, completed: 478, failed: 1, timed_out: 1, cancelled: 0, truncated: 0 },
    metrics: { ttft: distribution(121, 184.2), itl: distribution(15.1, 22) },
    rates: {
      rps: 7.98,
      offered_rps: 8,
      goodput: 7.9,
      goodput_ratio: 0.98,
      output_tps: 100,
      input_tps: 10,
      total_tps: 110,
      error_rate: 0.004,
      concurrency_mean: 3,
      concurrency_max: 7,
    },
    slo: [slo()],
    client: { limited: false, event_loop_delay_p99_ms: 1, dispatch_lag_p99_ms: 0.4, cpu: 0.1, workers: 1 },
    errors: [],
    flags: [],
    tokens_source: ['usage'],
    ...more,
  };
}

export function quality(more: Partial<QualityResult> = {}): QualityResult {
  return {
    cases: 12,
    passed: 11,
    failed: 1,
    errors: 0,
    skipped: 0,
    pass_rate: 11 / 12,
    ci: [0.646, 0.985],
    score: 0.95,
    flake_rate: 0,
    slo: [],
    ...more,
  };
}

export function target(more: Partial<TargetResult> = {}): TargetResult {
  return {
    id: 'sim',
    endpoint: 'sim',
    api: 'sim',
    model: 'sim',
    prompt: 'default',
    params: {},
    hardware: {},
    quality: quality(),
    stages: [stage()],
    cost: { total: null, per_request: null, per_1m_output: null, per_good: null },
    verdict: 'fail',
    ...more,
  };
}

export function run(more: Partial<RunJson> = {}): RunJson {
  return {
    schema: 'promptrig.run/1',
    id: '20250101-000000-abc',
    name: 'Support chat',
    purpose: 'regression',
    tags: [],
    started_at: '2025-01-01T00:00:00.000Z',
    finished_at: '2025-01-01T00:01:10.000Z',
    clock_origin_ms: 0,
    source: { path: 'evals/chat.eval.yaml', sha256: '' },
    seed: 1,
    policy: 'point',
    confidence: 0.95,
    status: 'completed',
    environment: { promptrig: '0.1.0', node: 'v20', os: 'linux', cpu: 'cpu', cores: 2, git: null },
    targets: [target()],
    verdict: 'fail',
    ...more,
  };
}

export function caseRecord(more: Partial<CaseRecord> = {}): CaseRecord {
  return {
    request: 'sim/cases/0',
    target: 'sim',
    case: '/cases/0',
    case_id: 'refund',
    name: 'Refund',
    repeat: 0,
    outcome: 'failed',
    score: 0,
    answer: 'Refunds take a while.',
    reasoning: null,
    assertions: [
      {
        pointer: '/cases/0/assert/0',
        type: 'contains',
        outcome: 'failed',
        score: 0,
        severity: 'error',
        reason: 'does not contain "30 days"; the answer starts "Refunds take a while."',
        expected: '30 days',
        actual: 'Refunds take a while.',
      },
    ],
    ...more,
  };
}
