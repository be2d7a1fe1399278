import type { EndpointPlan, LoadPattern, SloPlan } from '../../protocol/plan';
import type {
  ClientHealth,
  RequestRecord,
  SloResult,
  StageCounts,
  StageRates,
  StageResult,
} from '../../protocol/run-json';
import { samplesForPercentile } from './binomial';
import { judgeClient } from './client-health';
import { machineCost } from './cost';
import { ErrorTally } from './error-tally';
import { latenciesOf, meetsLimit, perRequestLimits, type RequestSample } from './request-sample';
import { RollingWindow } from './rolling-window';
import { trackerFor, watchedMetrics, type SloTracker } from './slo-tracker';
import { StageMemory, type StageBounds } from './stage-memory';
import type { StageTotals } from './stage-totals';
import { shareOfPercentile } from './stat';
import { SteadyWatch } from './steady-watch';
import { judgeSlo, type JudgePolicy } from './verdict';

export interface StageAggregatorOptions {
  name: string;
  /** JSON pointer of the stage; null for the stage `cases`. */
  pointer: string | null;
  pattern: LoadPattern | 'cases';
  loop: 'open' | 'closed';
  /** Requests per second of an open loop. */
  rate: number | null;
  warmupMs: number;
  cooldownMs: number;
  /** Planned length, warm-up and cool-down included; without it the window ends with the last measured request. */
  durationMs?: number | null;
  /** Planned number of requests, warm-up and cool-down included. */
  requests?: number | null;
  /** The schedule's zero on the clock of the records, ms. */
  originMs: number;
  slos: readonly SloPlan[];
  policy: 'point' | 'strict';
  confidence: number;
  /** For the cost of machine time, where requests have no price of their own. */
  hardware?: EndpointPlan['hardware'];
  /** Why no SLO on times or rates gets a verdict (something between adds delays of its own), as a sentence. */
  notForLatency?: string;
  /** How much is held one by one before histograms and batches take over; the defaults suit every stage. */
  bounds?: StageBounds;
}

export interface StageEnd {
  /** When the stage was over, on the clock of the records, ms. */
  endMs: number;
  /** `limited` is decided here. */
  client: ClientHealth;
  /** Time-weighted over the measured window. */
  concurrencyMean: number;
  concurrencyMax: number;
  /** Arrivals of the whole stage, as the load workers count them. */
  scheduled: number;
  /** Why the stage ended before its plan did: `cancelled`, `budget`, `crashed`. */
  endedEarly?: string;
}

/** The state of a stage while it runs, for a tick. */
export interface StageLive {
  /** Ended so far, warm-up included. */
  counts: StageCounts;
  rps: number;
  offeredRps: number;
  outputTps: number;
  rolling: { ttftP50: number | null; ttftP99: number | null; itlP50: number | null; itlP99: number | null };
  /** Over the measured window so far; provisional. */
  slos: SloResult[];
  errors: { kind: string; count: number; example: string }[];
}

/** A floor under one of these says little where requests arrive faster than they are answered. */
const THROUGHPUT = new Set(['rps', 'output_tps', 'input_tps', 'total_tps', 'goodput']);

/** What depends on how fast a request was; the cost of a good answer does through the SLOs that make it good. */
function isTimed({ unit, metric }: SloPlan): boolean {
  return (
    unit === 'ms' || unit === '1/s' || unit === 'tokens/s' || metric === 'goodput_ratio' || metric === 'cost.per_good'
  );
}

/**
 * Collects the requests of one stage as they end and turns them into its result. Memory is bounded whatever the length of the
 * stage: samples and series as `StageMemory` holds them, and counters.
 */
export class StageAggregator {
  private readonly memory: StageMemory;
  private readonly trackers: SloTracker[];
  private readonly limits: SloPlan[];
  private readonly rolling: RollingWindow;
  private readonly steady: SteadyWatch;
  private readonly measured = emptyCounts();
  private readonly ended = emptyCounts();
  private readonly errors = new ErrorTally();
  private readonly allErrors = new ErrorTally();
  private readonly tokenSources = new Map<NonNullable<RequestRecord['tokens_source']>, number>();
  private outputTokens = 0;
  private inputTokens = 0;
  private cost = 0;
  private costOfAll = 0;
  private priced = 0;
  private good = 0;
  /** Requests of which it is known whether they are good. */
  private judgedGood = 0;
  private hiddenTokens = false;
  /** Why nothing of the stage can be judged. */
  private invalid: string | null = null;
  private lastAtMs = Number.NEGATIVE_INFINITY;
  private lastEndMs = Number.NEGATIVE_INFINITY;
  private cooldownAtMs = Number.POSITIVE_INFINITY;
  /** Arrivals by the time of each tick, for the offered rate of the last ten seconds. */
  private arrivals: { atMs: number; scheduled: number }[] = [];

  constructor(private readonly options: StageAggregatorOptions) {
    const { slos, pattern, loop, originMs, bounds } = options;
    this.memory = new StageMemory(loop, watchedMetrics(slos), bounds);
    this.trackers = slos.map((slo) => trackerFor(slo, this.memory)).filter((tracker) => tracker !== null);
    this.limits = perRequestLimits(slos);
    this.rolling = new RollingWindow(originMs);
    this.steady = new SteadyWatch(pattern, loop, this.memory.series);
  }

  /**
   * Counts one ended request of this stage, of any phase.
   * @param correct whether its answer passed the assertions of its case; null or absent where that is not known
   */
  add(record: RequestRecord, correct?: boolean | null): void {
    count(this.ended, record);
    this.allErrors.add(record);
    this.costOfAll += record.cost ?? 0;
    const values = latenciesOf(record, this.options.loop);
    const completed = record.outcome === 'completed';
    if (completed) this.rolling.add(record.end, values.ttft, record.itl, record.output_tokens ?? 0);
    const at = this.options.loop === 'open' ? record.scheduled : (record.sent ?? record.scheduled);
    if (record.phase === 'cooldown') this.cooldownAtMs = Math.min(this.cooldownAtMs, at);
    if (record.phase !== 'measured') return;

    count(this.measured, record);
    this.errors.add(record);
    this.lastAtMs = Math.max(this.lastAtMs, at);
    this.lastEndMs = Math.max(this.lastEndMs, record.end);
    const sample = this.sampleOf(record, values, at, correct ?? null);
    this.sum(record, sample);
    this.memory.add(sample);
    this.steady.add(sample);
    for (const tracker of this.trackers) tracker.add(sample);
  }

  /**
   * The rolling view at `nowMs` (clock of the records); cheap however many requests there were.
   * @param scheduled arrivals so far; without it the offered rate is the planned one, else that of requests that ended
   */
  live(nowMs: number, scheduled?: number): StageLive {
    const { rps, outputTps, ...rolling } = this.rolling.view(nowMs);
    const { originMs, warmupMs } = this.options;
    const totals = this.totals(
      { startMs: originMs + warmupMs, endMs: Math.min(nowMs, this.plannedEndMs() ?? nowMs) },
      { concurrencyMean: 0, concurrencyMax: 0 },
    );
    return {
      counts: { ...this.ended },
      rps,
      offeredRps: this.offeredRps(nowMs, scheduled) ?? this.options.rate ?? rps,
      outputTps,
      rolling,
      slos: this.trackers.map((tracker) =>
        judgeSlo(
          tracker.slo,
          nowMs < originMs + warmupMs ? { kind: 'none', reason: 'warming up' } : tracker.provisional(totals),
          this.policy(tracker.slo),
        ),
      ),
      errors: this.allErrors.result(),
    };
  }

  /**
   * Says that what the stage measures is no measure of the server, since the machine slept meanwhile: it gets the flag
   * `clock_jump`, and none of its SLOs a verdict. The first reason counts.
   * @param reason as a sentence, see `describeClockJump`
   */
  invalidate(reason: string): void {
    this.invalid ??= reason;
  }

  /** The result of the stage. */
  finish(end: StageEnd): StageResult {
    const { options, measured } = this;
    const window = this.window(end);
    const { concurrencyMean, concurrencyMax } = end;
    const totals = this.totals(window, { concurrencyMean, concurrencyMax });
    const client = judgeClient(end.client, this.memory.samplesOf('dispatch_lag'), options.slos);
    const notSteady = this.steady.isTrending();
    const slo = this.trackers.map((tracker) => {
      const outrun = notSteady && options.loop === 'open' && THROUGHPUT.has(tracker.slo.metric);
      return judgeSlo(tracker.slo, tracker.evidence(totals, options.confidence), {
        ...this.policy(tracker.slo),
        ...(client.cannotPass === null ? {} : { cannotPass: client.cannotPass }),
        ...(outrun ? { doubt: 'the stage was not steady: requests arrived faster than they were answered' } : {}),
      });
    });
    return {
      name: options.name,
      pointer: options.pointer,
      pattern: options.pattern,
      loop: options.loop,
      rate: options.rate,
      // Relative to the stage's own start, as its warm-up and duration are.
      window: { start_ms: window.startMs - options.originMs, end_ms: window.endMs - options.originMs },
      counts: { ...measured },
      metrics: this.memory.distributions(),
      rates: ratesOf(totals, measured),
      slo,
      client: client.health,
      errors: this.errors.result(),
      flags: this.flags(slo, client.health.limited, notSteady, end.endedEarly),
      tokens_source: [...this.tokenSources].sort((a, b) => b[1] - a[1]).map(([source]) => source),
    };
  }

  private policy(slo: SloPlan): JudgePolicy {
    const { policy, confidence, notForLatency } = this.options;
    const invalid = this.invalid ?? (isTimed(slo) ? notForLatency : undefined);
    return { policy, confidence, ...(invalid === undefined ? {} : { invalid }) };
  }

  private sampleOf(
    record: RequestRecord,
    values: Record<string, number | undefined>,
    at: number,
    correct: boolean | null,
  ): RequestSample {
    const completed = record.outcome === 'completed';
    const gaps = completed ? record.itl : [];
    const decided = this.limits.length > 0 || correct !== null;
    return {
      at,
      endMs: record.end,
      completed,
      values,
      gaps,
      outputTokens: completed ? (record.output_tokens ?? 0) : 0,
      inputTokens: completed ? (record.input_tokens ?? 0) : 0,
      cost: record.cost,
      good: decided
        ? completed && correct !== false && this.limits.every((slo) => meetsLimit(slo, values, gaps))
        : null,
    };
  }

  private sum(record: RequestRecord, sample: RequestSample): void {
    this.outputTokens += sample.outputTokens;
    this.inputTokens += sample.inputTokens;
    if (sample.cost !== null) {
      this.cost += sample.cost;
      this.priced++;
    }
    if (sample.good !== null) this.judgedGood++;
    if (sample.good === true) this.good++;
    if (!sample.completed) return;
    const source = record.tokens_source;
    if (source !== null) this.tokenSources.set(source, (this.tokenSources.get(source) ?? 0) + 1);
    // Reasoning that was billed, while the first thing streamed was already the answer.
    if ((record.reasoning_tokens ?? 0) > 0 && record.first !== null && record.first === record.first_answer)
      this.hiddenTokens = true;
  }

  private totals(
    window: { startMs: number; endMs: number },
    concurrency: { concurrencyMean: number; concurrencyMax: number },
  ): StageTotals {
    const { hardware, originMs } = this.options;
    // The window of a single arrival has no length, but its request took the machine's time.
    const untilMs = window.endMs > window.startMs ? window.endMs : Math.max(window.endMs, this.lastEndMs);
    const machine = (fromMs: number): number | null =>
      machineCost(untilMs - fromMs, hardware === undefined ? {} : { hardware });
    return {
      window,
      requests: this.measured.scheduled,
      completed: this.measured.completed,
      good: this.judgedGood === 0 ? null : this.good,
      outputTokens: this.outputTokens,
      inputTokens: this.inputTokens,
      cost: this.priced > 0 ? this.cost : machine(window.startMs),
      costOfAll: this.priced > 0 ? this.costOfAll : machine(originMs),
      ...concurrency,
    };
  }

  private plannedEndMs(): number | null {
    const { durationMs, originMs, cooldownMs } = this.options;
    return durationMs == null ? null : originMs + durationMs - cooldownMs;
  }

  /** From the end of warm-up to the start of cool-down, or to where the requests ran out or the stage was stopped. */
  private window(end: StageEnd): { startMs: number; endMs: number } {
    const { originMs, warmupMs, loop, requests } = this.options;
    const startMs = originMs + warmupMs;
    const ranOut = loop === 'open' ? this.lastAtMs : this.lastEndMs;
    let endMs = this.plannedEndMs() ?? Math.min(this.cooldownAtMs, ranOut);
    if (requests != null && this.ended.scheduled >= requests) endMs = Math.min(endMs, ranOut);
    if (end.endedEarly !== undefined) endMs = Math.min(endMs, end.endMs);
    return { startMs, endMs: Number.isFinite(endMs) ? Math.max(startMs, endMs) : startMs };
  }

  private offeredRps(nowMs: number, scheduled: number | undefined): number | null {
    if (scheduled === undefined) return null;
    this.arrivals.push({ atMs: nowMs, scheduled });
    while (this.arrivals.length > 2 && (this.arrivals[1]?.atMs ?? nowMs) <= nowMs - 10_000) this.arrivals.shift();
    const first =
      nowMs - this.options.originMs <= 10_000 ? { atMs: this.options.originMs, scheduled: 0 } : this.arrivals[0];
    if (first === undefined || nowMs <= first.atMs) return null;
    return ((scheduled - first.scheduled) * 1000) / (nowMs - first.atMs);
  }

  private flags(slos: readonly SloResult[], limited: boolean, notSteady: boolean, endedEarly?: string): string[] {
    const flags: string[] = [];
    if (endedEarly !== undefined) flags.push('stopped');
    if (this.measured.scheduled === 0) flags.push('no_samples');
    if (this.invalid !== null) flags.push('clock_jump');
    if (limited) flags.push('client_limited');
    if (this.options.notForLatency !== undefined) flags.push('not_for_latency');
    if (notSteady) flags.push('not_steady');
    if (this.trackers.some((tracker) => isSmall(tracker.slo, slos, this.options.confidence))) flags.push('low_samples');
    if (this.tokenSources.size > 1) flags.push('tokens_mixed');
    if (this.hiddenTokens) flags.push('hidden_tokens');
    return flags;
  }
}

/** Whether the effective sample is too small for any verdict of high confidence on this percentile. */
function isSmall(slo: SloPlan, results: readonly SloResult[], confidence: number): boolean {
  const share = shareOfPercentile(slo.stat ?? '');
  const result = results.find((item) => item.pointer === slo.pointer && item.expr === slo.expr);
  if (share === null || result === undefined || result.n_effective === null) return false;
  const tail = slo.op === '<=' || slo.op === '<' ? share : 1 - share;
  return result.n_effective < samplesForPercentile(tail, confidence);
}

function ratesOf(totals: StageTotals, counts: StageCounts): StageRates {
  const seconds = (totals.window.endMs - totals.window.startMs) / 1000;
  const perSecond = (sum: number): number => (seconds > 0 ? sum / seconds : 0);
  const { requests, completed, good } = totals;
  return {
    rps: perSecond(completed),
    offered_rps: perSecond(counts.scheduled),
    goodput: good === null ? null : perSecond(good),
    goodput_ratio: good === null || requests === 0 ? null : good / requests,
    output_tps: perSecond(totals.outputTokens),
    input_tps: perSecond(totals.inputTokens),
    total_tps: perSecond(totals.inputTokens + totals.outputTokens),
    error_rate: requests === 0 ? 0 : (requests - completed) / requests,
    concurrency_mean: totals.concurrencyMean,
    concurrency_max: totals.concurrencyMax,
  };
}

function emptyCounts(): StageCounts {
  return { scheduled: 0, completed: 0, failed: 0, timed_out: 0, cancelled: 0, truncated: 0 };
}

function count(counts: StageCounts, record: RequestRecord): void {
  counts.scheduled++;
  counts[record.outcome]++;
}
