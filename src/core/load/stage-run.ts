/** One worker's part of a load stage. */
import type { StagePlan } from '../../protocol/plan';
import type { RequestRecord } from '../../protocol/run-json';
import type { WireApi, WireTarget } from '../endpoints/wire';
import type { Clock } from '../util/clock';
import { PromptrigError } from '../util/errors';
import { ConcurrencyGauge, SharedCounters } from './concurrency';
import {
  ClosedLoop,
  OpenLoop,
  type Dispatcher,
  type DispatchOrder,
  type DispatchResult,
  type UnsentArrival,
} from './dispatcher';
import { Pacer } from './pacer';
import { withRequestId, type RequestEnd, type RequestListener, type RequestSpec } from './request';
import { cancelledFailure, slotFailure, type RequestFailure } from './request-errors';
import { ArrivalCursor, arrivalsOf } from './schedule';
import { LookAhead } from './look-ahead';
import type { TraceRows } from './prompt-source';
import { RequestSource } from './request-source';
import { Sessions, type TurnOrder } from './sessions';
import type { EndedRequest } from './types';
import { measuredWindow, phaseAt, type MeasuredWindow } from './windows';
import { userSpans } from './users';
import type { StageShare } from './worker-protocol';

/** Sends a request; returns what cancels it. */
export type SendRequest = (spec: RequestSpec, listener: RequestListener) => () => void;

export interface StageRunOptions {
  targetId: string;
  stageName: string;
  stage: StagePlan;
  seed: number;
  share: StageShare;
  wire: WireApi;
  wireTarget: WireTarget;
  clockOriginMs: number;
  /** Of a stage with the pattern `trace`. */
  trace?: TraceRows;
  /** Whether the answers of the measured window are handed over, to be judged. */
  keepAnswers?: boolean;
  /** Longest time that a request may take, waiting for a slot apart. */
  totalTimeoutMs: number;
  clock: Clock;
  soon: (callback: () => void) => void;
  send: SendRequest;
  onEnded(ended: EndedRequest): void;
}

export interface RunSummary {
  endMs: number;
  scheduled: number;
  spinMs: number;
  concurrencyIntegral: number;
  concurrencyMax: number;
}

/** What the worker can ask of a run in progress, whatever its job. */
export interface JobRun {
  run(): Promise<RunSummary>;
  cancel(): void;
  readonly live: { scheduled: number; inFlight: number };
}

/** This long before the start nothing is prepared any more. */
const READY_BEFORE_MS = 5;

/** A request that is due now: a single one, or a turn of a session. */
type SendOrder = Pick<TurnOrder, 'index' | 'scheduledMs' | 'socketWaitMs' | 'sourced' | 'keepText'> &
  Partial<Pick<TurnOrder, 'session' | 'turn'>>;

export class StageRun implements JobRun {
  private readonly dispatcher: Dispatcher;
  private readonly pacer: Pacer;
  /** Of turns after the first. */
  private readonly sessionPacer: Pacer;
  private readonly source: RequestSource;
  private readonly lookAhead: LookAhead | undefined;
  private readonly sessions: Sessions | undefined;
  private readonly gauge: ConcurrencyGauge;
  private readonly window: MeasuredWindow;
  private readonly active = new Map<number, () => void>();
  private unended = 0;
  private usageSeen = false;
  private dispatched: DispatchResult | undefined;
  private endMs: number;
  private resolve: ((summary: RunSummary) => void) | undefined;

  /** @throws PromptrigError for a stage that cannot be run as it is */
  constructor(private readonly options: StageRunOptions) {
    const { targetId, stage, seed, share, trace, wire, wireTarget, clock, soon } = options;
    checkRunnable(stage, trace);
    const counters = new SharedCounters(share.counters);
    this.endMs = share.originMs;
    this.window = measuredWindow(stage, seed);
    this.gauge = new ConcurrencyGauge(
      counters,
      share.originMs + this.window.startMs,
      share.originMs + this.window.endMs,
    );
    this.pacer = new Pacer(clock, soon);
    this.sessionPacer = new Pacer(clock, soon);
    this.source = new RequestSource({ wire, target: wireTarget, stage, seed, targetId, trace });
    const requests = Math.min(stage.requests ?? Number.POSITIVE_INFINITY, trace?.length ?? Number.POSITIVE_INFINITY);
    this.dispatcher = this.dispatcherOf(Math.ceil(requests / (stage.sessions?.turns ?? 1)), counters);
    if (stage.sessions !== undefined) this.sessions = this.sessionsOf(stage.sessions, requests, counters);
    if (!this.source.prompts.isFixed) {
      const { source, dispatcher } = this;
      const requestOf = (arrival: number) => this.sessions?.firstRequest(arrival) ?? arrival;
      this.lookAhead = new LookAhead({ source, dispatcher, requestOf, clock, soon });
    }
  }

  private dispatcherOf(arrivals: number, counters: SharedCounters): Dispatcher {
    const { stage, seed, share, trace, clock, soon, totalTimeoutMs } = this.options;
    const durationMs = stage.durationMs ?? Number.POSITIVE_INFINITY;
    const { originMs, worker, workers } = share;
    const send = (order: DispatchOrder) => {
      if (this.sessions === undefined) this.sendSingle(order);
      else this.sessions.start(order);
      this.lookAhead?.wake();
    };
    const onDone = (result: DispatchResult) => this.onDispatched(result);
    if (stage.loop === 'closed') {
      const users = userSpans(stage, worker, workers);
      return new ClosedLoop({ users, originMs, durationMs, requests: arrivals, counters, clock, soon, send, onDone });
    }
    const bounds = { durationMs, requests: arrivals };
    return new OpenLoop({
      cursor: new ArrivalCursor(arrivalsOf(stage, seed, trace), bounds, worker, workers),
      originMs,
      maxConcurrency: stage.maxConcurrency,
      counters,
      shared: workers > 1,
      giveUpAfterMs: totalTimeoutMs,
      onGivenUp: (arrival) => this.recordUnsent(arrival, slotFailure(totalTimeoutMs, stage.maxConcurrency)),
      clock,
      pacer: this.pacer,
      soon,
      send,
      onDone,
    });
  }

  private sessionsOf(
    { turns, thinkTimeMs }: NonNullable<StagePlan['sessions']>,
    requests: number,
    counters: SharedCounters,
  ): Sessions {
    const { stage, share, clock, clockOriginMs } = this.options;
    return new Sessions({
      turns,
      thinkTimeMs,
      requests,
      untilMs: share.originMs + (stage.durationMs ?? Number.POSITIVE_INFINITY),
      clockOriginMs,
      source: this.source,
      clock,
      pacer: this.sessionPacer,
      send: (turn) => this.sendTurn(turn),
      onSessionEnded: () => counters.endArrival(),
      onIdle: () => this.settle(),
    });
  }

  get live(): { scheduled: number; inFlight: number } {
    return {
      scheduled: this.dispatcher.scheduled + (this.sessions?.laterTurns ?? 0),
      inFlight: this.gauge.inFlight,
    };
  }

  /** Resolves when every request has ended and its record has been handed over. */
  run(): Promise<RunSummary> {
    return new Promise((resolve) => {
      this.resolve = resolve;
      this.source.prepareTemplates();
      this.lookAhead?.fill(this.options.share.originMs - READY_BEFORE_MS);
      this.dispatcher.start();
    });
  }

  /** Sends nothing more and ends what is in flight. */
  cancel(): void {
    this.lookAhead?.stop();
    this.dispatcher.cancel();
    this.sessions?.cancel();
    for (const cancel of [...this.active.values()]) cancel();
    this.settle();
  }

  private sendSingle(order: DispatchOrder): void {
    const { clock } = this.options;
    const { index, scheduledMs, socketWaitMs } = order;
    this.send({ index, scheduledMs, socketWaitMs, sourced: this.source.at(index), keepText: false }, (gotResponse) => {
      this.gauge.leave(clock.nowMs());
      order.release(gotResponse);
    });
  }

  private sendTurn(turn: TurnOrder): void {
    // The slot of the arrival is its session's, and is given back when that ends.
    this.send(turn, () => this.gauge.leave(this.options.clock.nowMs(), false));
  }

  private send(order: SendOrder, onReleased: (gotResponse: boolean) => void): void {
    const { targetId, stageName, clock } = this.options;
    const { index, scheduledMs, socketWaitMs, sourced, keepText } = order;
    const id = `${targetId}/${stageName}/${index}`;
    this.unended++;
    this.gauge.enter(clock.nowMs());
    let releasedEarly = false;
    const cancel = this.options.send(
      {
        id,
        target: targetId,
        stage: stageName,
        index,
        casePointer: sourced.casePointer,
        repeat: undefined,
        request: withRequestId(sourced.request, id),
        scheduledMs,
        socketWaitMs,
        // Until the server has been seen to count its tokens, they have to be counted from the text.
        keepText: keepText || !this.usageSeen || this.options.keepAnswers === true,
      },
      {
        onReleased: (gotResponse) => {
          releasedEarly = true;
          this.active.delete(index);
          onReleased(gotResponse);
        },
        onEnded: (end) => this.onEnded(end, order),
      },
    );
    if (!releasedEarly) this.active.set(index, cancel);
  }

  private onEnded({ record, answer }: RequestEnd, order: SendOrder): void {
    record.phase = this.phaseOf(order.scheduledMs, record);
    if (order.session !== undefined) {
      record.session = order.session;
      record.turn = order.turn ?? 0;
    }
    this.endMs = Math.max(this.endMs, record.end + this.options.clockOriginMs);
    if (record.tokens_source === 'usage') this.usageSeen = true;
    const uncounted = record.tokens_source === 'chunks' && answer !== undefined ? answer.text + answer.reasoning : '';
    // What is not measured is not judged either.
    const kept = this.options.keepAnswers === true && answer !== undefined && record.phase === 'measured';
    this.options.onEnded({ record, ...(uncounted === '' ? {} : { uncounted }), ...(kept ? { answer } : {}) });
    this.unended--;
    this.sessions?.onEnded(record, answer?.text ?? '');
    this.settle();
  }

  /**
   * An open loop's request belongs where it was scheduled, a closed loop's where it was sent. The schedule's own number is
   * taken: rounded, as the record has it, an arrival at the very start would come before it.
   */
  private phaseOf(scheduledMs: number, { sent }: RequestRecord): RequestRecord['phase'] {
    const { stage, share, clockOriginMs } = this.options;
    // Nothing is sent before the instant it is scheduled for, whatever the record's rounding says.
    const sentMs = sent === null ? scheduledMs : Math.max(scheduledMs, sent + clockOriginMs);
    return phaseAt(this.window, (stage.loop === 'open' ? scheduledMs : sentMs) - share.originMs);
  }

  private onDispatched(result: DispatchResult): void {
    this.dispatched = result;
    for (const arrival of result.unsent) this.recordUnsent(arrival, cancelledFailure(false));
    this.settle();
  }

  /** A request that was due but not sent. */
  private recordUnsent({ index, scheduledMs, socketWaitMs }: UnsentArrival, failure: RequestFailure): void {
    const { targetId, stageName, clockOriginMs, clock } = this.options;
    const { kind, message, outcome } = failure;
    // The arrival is that of a session, which would have begun with this request.
    const request = this.sessions?.firstRequest(index) ?? index;
    const casePointer = this.source.prompts.casePointerAt(request);
    const record: RequestRecord = {
      id: `${targetId}/${stageName}/${request}`,
      target: targetId,
      stage: stageName,
      index: request,
      ...(casePointer === undefined ? {} : { case: casePointer }),
      ...(this.sessions === undefined ? {} : { session: index, turn: 0 }),
      phase: 'measured',
      outcome,
      scheduled: scheduledMs - clockOriginMs,
      sent: null,
      headers: null,
      first: null,
      first_answer: null,
      last: null,
      end: clock.nowMs() - clockOriginMs,
      connect_ms: null,
      itl: [],
      input_tokens: null,
      output_tokens: null,
      cached_input_tokens: null,
      reasoning_tokens: null,
      tokens_source: null,
      events: 0,
      finish_reason: null,
      status: null,
      cost: null,
      ...(socketWaitMs === null ? {} : { socket_wait: socketWaitMs }),
      error: { kind, message },
    };
    record.phase = this.phaseOf(scheduledMs, record);
    this.endMs = Math.max(this.endMs, clock.nowMs());
    this.options.onEnded({ record });
  }

  private settle(): void {
    if (this.dispatched === undefined || this.unended > 0 || (this.sessions?.open ?? 0) > 0) return;
    this.lookAhead?.stop();
    this.resolve?.({
      endMs: this.endMs,
      scheduled: this.dispatched.scheduled + (this.sessions?.laterTurns ?? 0),
      // Both pacers may spin at once in an open loop, whose own is the one that hardly rests: the lower bound counts.
      spinMs: this.options.stage.loop === 'open' ? this.pacer.spinMs : this.sessionPacer.spinMs,
      concurrencyIntegral: this.gauge.integral,
      concurrencyMax: this.gauge.max,
    });
    this.resolve = undefined;
  }
}

/** @throws PromptrigError `usage` */
function checkRunnable(stage: StagePlan, trace: TraceRows | undefined): void {
  if (stage.requestPool.length === 0 && stage.synthetic?.inputTokens === undefined && trace === undefined) {
    throw new PromptrigError(
      'usage',
      `The load stage "${stage.name}" has nothing to send: give the file cases or the stage input_tokens.`,
    );
  }
  if (stage.durationMs === undefined && stage.requests === undefined && trace === undefined) {
    throw new PromptrigError(
      'usage',
      `The load stage "${stage.name}" never ends: give it a duration or a number of requests.`,
    );
  }
  if (stage.sessions !== undefined && trace !== undefined) {
    throw new PromptrigError(
      'usage',
      `The load stage "${stage.name}" replays a trace, whose rows are single requests: remove "sessions".`,
    );
  }
}
