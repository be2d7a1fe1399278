import { ClockJumpDetector, describeClockJump } from '../metrics/clock-jump';
import { PhaseTracker } from '../metrics/phases';
import type { TokenCounter } from '../load/token-count';
import { monotonicMs } from '../util/clock';
import { phaseReport } from './phase-report';
import { aggregatorFor, type StageContext } from './stage-context';
import type { StageAggregator } from '../metrics/stage-aggregator';
import type { EndedRequest, StageListener, StageOutcome } from '../load/types';
import type { StageTick, TickPoint } from '../../protocol/events';
import type { RequestRecord, StageResult } from '../../protocol/run-json';

/** Most points one tick carries to the charts; beyond it they are thinned evenly and the tick says so. */
const MAX_POINTS_PER_TICK = 500;

/** How often `tick` is to be called, ms. */
export const TICK_MS = 100;

export interface StageRunHooks {
  clockOriginMs: number;
  /** The schedule's zero, ms since the run's clock origin. */
  onOrigin(originMs: number): void;
  /** Called for every ended request, with its cost filled in, before it is counted. */
  onRecords(batch: EndedRequest[]): void | Promise<void>;
  onAnswerDelta(pointer: string, repeat: number, text: string, sinceSentMs: number): void;
  /** Asked for only where a server sends no usage. */
  tokenCounter(): TokenCounter;
  onTick(tick: StageTick): void;
}

/** Collects one stage of one target while it runs: its records, its live figures and, at the end, its result. */
export class StageRun implements StageListener {
  private aggregator: StageAggregator | null = null;
  private phases: PhaseTracker | null = null;
  private readonly jumps = new ClockJumpDetector({ tickMs: TICK_MS });
  private originMs = 0;
  private seq = 0;
  private inFlight = 0;
  private scheduled = 0;
  private ended = 0;
  private points: TickPoint[] = [];
  private pointsSeen = 0;

  constructor(
    private readonly context: StageContext,
    private readonly hooks: StageRunHooks,
  ) {}

  onStart(originMs: number): void {
    this.originMs = originMs - this.hooks.clockOriginMs;
    this.aggregator = aggregatorFor(this.context, this.originMs);
    const { seed, confidence, coldFirst, pattern } = this.context;
    // Of a few quality cases nothing could be said about phases.
    if (pattern !== 'cases') this.phases = new PhaseTracker({ originMs: this.originMs, seed, confidence, coldFirst });
    this.hooks.onOrigin(this.originMs);
  }

  onEnded(batch: EndedRequest[]): void | Promise<void> {
    const price = this.context.price;
    for (const ended of batch) {
      const { record } = ended;
      const text = uncountedText(ended);
      if (text !== '') {
        record.output_tokens = this.hooks.tokenCounter().count(text);
        record.tokens_source = 'tokenizer';
      }
      record.cost = price(record);
    }
    const taken = this.hooks.onRecords(batch);
    for (const { record } of batch) {
      this.ended++;
      this.addPoint(record);
      // Answers to be judged are counted once they are: goodput needs to know whether the answer was right.
      this.phases?.add(record);
      if (!this.context.judged) this.aggregator?.add(record);
    }
    return taken;
  }

  /** Counts a judged answer, in a stage whose answers are judged. */
  addJudged(record: RequestRecord, correct: boolean | null): void {
    this.aggregator?.add(record, correct);
  }

  onAnswerDelta(pointer: string, repeat: number, text: string, sinceSentMs: number): void {
    this.hooks.onAnswerDelta(pointer, repeat, text, sinceSentMs);
  }

  onLive(live: { scheduled: number; inFlight: number }): void {
    this.scheduled = live.scheduled;
    this.inFlight = live.inFlight;
  }

  /** Sends what is new since the tick before. */
  tick(): void {
    if (this.aggregator === null) return;
    const nowMs = monotonicMs() - this.hooks.clockOriginMs;
    const jump = this.jumps.tick(monotonicMs(), Date.now());
    // What was measured across a suspend is the machine's sleep and not the server's latency.
    if (jump !== null) this.aggregator.invalidate(describeClockJump(jump));
    const elapsedMs = nowMs - this.originMs;
    const live = this.aggregator.live(nowMs, this.scheduled);
    const thinned = this.pointsSeen > this.points.length;
    this.hooks.onTick({
      type: 'tick',
      target: this.context.target,
      stage: this.context.name,
      seq: this.seq++,
      elapsedMs,
      progress: this.progress(elapsedMs),
      counts: { ...live.counts, scheduled: Math.max(live.counts.scheduled, this.scheduled) },
      inFlight: this.inFlight,
      rps: live.rps,
      offeredRps: live.offeredRps,
      outputTps: live.outputTps,
      rolling: live.rolling,
      slos: live.slos,
      points: this.points,
      thinned,
      errors: live.errors,
    });
    this.points = [];
    this.pointsSeen = 0;
  }

  /** The result; null where the stage never started. */
  finish(outcome: StageOutcome, endedEarly: string | undefined): StageResult | null {
    if (this.aggregator === null) return null;
    const result = this.aggregator.finish({
      endMs: outcome.endMs - this.hooks.clockOriginMs,
      client: outcome.client,
      concurrencyMean: outcome.concurrencyMean,
      concurrencyMax: outcome.concurrencyMax,
      scheduled: outcome.scheduled,
      ...(endedEarly === undefined ? {} : { endedEarly }),
    });
    result.origin_ms = this.originMs;
    if (this.context.partOf !== undefined) result.part_of = this.context.partOf;
    if (this.phases !== null) result.phases = phaseReport(this.phases.result());
    return result;
  }

  private progress(elapsedMs: number): number {
    const { plannedMs, plannedRequests } = this.context;
    const byTime = plannedMs === null ? 0 : elapsedMs / plannedMs;
    const byCount = plannedRequests === null || plannedRequests === 0 ? 0 : this.ended / plannedRequests;
    return Math.min(1, Math.max(byTime, byCount));
  }

  private addPoint(record: RequestRecord): void {
    this.pointsSeen++;
    const point = toPoint(record, this.originMs, this.context.loop);
    if (this.points.length < MAX_POINTS_PER_TICK) {
      this.points.push(point);
      return;
    }
    // Reservoir sampling with a hashed counter for chance: a burst is thinned evenly and not cut off at its end.
    const slot = (Math.imul(this.pointsSeen, 0x9e3779b1) >>> 0) % this.pointsSeen;
    if (slot < MAX_POINTS_PER_TICK) this.points[slot] = point;
  }
}

/** What was streamed of a request whose server did not count its tokens; empty where nothing is to be counted. */
function uncountedText({ record, answer, uncounted }: EndedRequest): string {
  if (uncounted !== undefined) return uncounted;
  return record.tokens_source === 'chunks' && answer !== undefined ? answer.text + answer.reasoning : '';
}

/** A request as the charts show it: latencies from the stage's own origin (scheduled in open loop, sent in closed loop). */
export function toPoint(record: RequestRecord, stageOriginMs: number, loop: 'open' | 'closed'): TickPoint {
  const origin = loop === 'open' ? record.scheduled : record.sent;
  let sum = 0;
  let max = 0;
  for (const gap of record.itl) {
    sum += gap;
    if (gap > max) max = gap;
  }
  const ok = record.outcome === 'completed';
  return {
    t: (record.first ?? record.end) - stageOriginMs,
    ttft: ok && record.first !== null && origin !== null ? record.first - origin : null,
    itl: ok && record.itl.length > 0 ? sum / record.itl.length : null,
    itlMax: ok && record.itl.length > 0 ? max : null,
    e2e: ok && record.last !== null && origin !== null ? record.last - origin : null,
    warmup: record.phase !== 'measured',
    ok,
    request: record.id,
  };
}
