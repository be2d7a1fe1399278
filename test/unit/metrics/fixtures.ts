import { parseSloExpression } from '../../../src/core/metrics/slo';
import {
  StageAggregator,
  type StageAggregatorOptions,
  type StageEnd,
} from '../../../src/core/metrics/stage-aggregator';
import { seededRandom } from '../../../src/core/metrics/random';
import type { Severity, SloPlan } from '../../../src/protocol/plan';
import type { CaseRecord, RequestRecord, StageResult } from '../../../src/protocol/run-json';

/** An SLO as the planner would make it. */
export function slo(text: string, severity: Severity = 'error'): SloPlan {
  const parsed = parseSloExpression(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.message}`);
  const { expr, metric, stat, op, limit, unit } = parsed;
  return { pointer: `/slo/${text}`, expr, metric, stat, op, limit, unit, severity };
}

export interface RequestShape {
  at: number;
  ttft?: number;
  gaps?: number[];
  lag?: number;
  more?: Partial<RequestRecord>;
}

/** A completed request: scheduled at `at`, sent `lag` later, first token `ttft` after the send. */
export function request({ at, ttft = 100, gaps = [20, 20, 20], lag = 0, more = {} }: RequestShape): RequestRecord {
  const sent = at + lag;
  const first = sent + ttft;
  const last = first + gaps.reduce((sum, gap) => sum + gap, 0);
  return {
    id: `target/stage/${at}`,
    target: 'target',
    stage: 'stage',
    index: at,
    phase: 'measured',
    outcome: 'completed',
    scheduled: at,
    sent,
    headers: first - 1,
    first,
    first_answer: first,
    last,
    end: last + 1,
    connect_ms: null,
    itl: gaps,
    input_tokens: 50,
    output_tokens: gaps.length + 1,
    cached_input_tokens: null,
    reasoning_tokens: null,
    tokens_source: 'usage',
    events: gaps.length + 1,
    finish_reason: 'stop',
    status: 200,
    cost: null,
    ...more,
  };
}

/** A request that failed at once: no instants but its send and end. */
export function failure(at: number, kind = 'http_500', outcome: RequestRecord['outcome'] = 'failed'): RequestRecord {
  return request({
    at,
    gaps: [],
    more: {
      outcome,
      headers: null,
      first: null,
      first_answer: null,
      last: null,
      end: at + 1,
      output_tokens: null,
      input_tokens: null,
      tokens_source: null,
      events: 0,
      error: { kind, message: `${kind} at ${at}` },
    },
  });
}

export const ORIGIN_MS = 5000;

export function aggregator(options: Partial<StageAggregatorOptions> = {}): StageAggregator {
  return new StageAggregator({
    name: 'stage',
    pointer: '/load/0',
    pattern: 'constant',
    loop: 'open',
    rate: 10,
    warmupMs: 0,
    cooldownMs: 0,
    originMs: ORIGIN_MS,
    slos: [],
    policy: 'point',
    confidence: 0.95,
    ...options,
  });
}

export function end(options: Partial<StageEnd> = {}): StageEnd {
  return {
    endMs: ORIGIN_MS + 100_000,
    client: { limited: false, event_loop_delay_p99_ms: 1, dispatch_lag_p99_ms: 0, cpu: 0.1, workers: 1 },
    concurrencyMean: 2,
    concurrencyMax: 4,
    scheduled: 0,
    ...options,
  };
}

export function resultOf(
  records: readonly RequestRecord[],
  options: Partial<StageAggregatorOptions> = {},
  finish: Partial<StageEnd> = {},
): StageResult {
  const stage = aggregator(options);
  for (const record of records) stage.add(record);
  return stage.finish(end(finish));
}

export function caseRecord(id: string, outcome: CaseRecord['outcome'], more: Partial<CaseRecord> = {}): CaseRecord {
  return {
    request: null,
    target: 'target',
    case: `/cases/${id}`,
    case_id: id,
    name: id,
    repeat: 0,
    outcome,
    score: outcome === 'passed' ? 1 : outcome === 'failed' ? 0 : null,
    answer: null,
    reasoning: null,
    assertions: [],
    ...more,
  };
}

/** A queue with Poisson arrivals and exponential service (rate 1), first come first served; Lindley's recursion. */
export class Mm1Queue {
  private readonly random: () => number;

  constructor(
    readonly utilisation: number,
    seed: number,
  ) {
    this.random = seededRandom(seed);
  }

  /** Sojourn times of `n` customers and their arrivals, from the steady state (empty where there is none). */
  run(n: number): { instants: Float64Array; sojourns: Float64Array } {
    const rho = this.utilisation;
    const instants = new Float64Array(n);
    const sojourns = new Float64Array(n);
    let wait = rho < 1 && this.random() < rho ? this.exponential(1 - rho) : 0;
    let now = 0;
    for (let i = 0; i < n; i++) {
      const sojourn = wait + this.exponential(1);
      const gap = this.exponential(rho);
      instants[i] = now;
      sojourns[i] = sojourn;
      now += gap;
      wait = Math.max(0, sojourn - gap);
    }
    return { instants, sojourns };
  }

  /** The true quantile: sojourn times are exponential with rate 1 - utilisation. */
  quantile(share: number): number {
    return -Math.log(1 - share) / (1 - this.utilisation);
  }

  private exponential(rate: number): number {
    return -Math.log(1 - this.random()) / rate;
  }
}
