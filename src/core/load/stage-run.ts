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
import { RequestSource } from './templates';
import type { EndedRequest } from './types';
import { measuredWindow, phaseAt, type MeasuredWindow } from './windows';
import { virtualUsers } from './users';
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

export class StageRun implements JobRun {
  private readonly dispatcher: Dispatcher;
  private readonly pacer: Pacer;
  private readonly source: RequestSource;
  private readonly gauge: ConcurrencyGauge;
  private readonly window: MeasuredWindow;
  private readonly active = new Map<number, () => void>();
  private unended = 0;
  private dispatched: DispatchResult | undefined;
  private endMs: number;
  private resolve: ((summary: RunSummary) => void) | undefined;

  /** @throws PromptrigError for a stage that cannot be run as it is */
  constructor(private readonly options: StageRunOptions) {
    const { stage, seed, share, clock, soon } = options;
    if (stage.requestPool.length === 0) {
      throw new PromptrigError(
        'usage',
        `The load stage "${stage.name}" has nothing to send: give the file cases or the stage input_tokens.`,
      );
    }
    if (stage.durationMs === undefined && stage.requests === undefined) {
      throw new PromptrigError(
        'usage',
        `The load stage "${stage.name}" never ends: give it a duration or a number of requests.`,
      );
    }
    const counters = new SharedCounters(share.counters);
    this.endMs = share.originMs;
    this.window = measuredWindow(stage, seed);
    this.gauge = new ConcurrencyGauge(
      counters,
      share.originMs + this.window.startMs,
      share.originMs + this.window.endMs,
    );
    this.pacer = new Pacer(clock, soon);
    this.source = new RequestSource(options.wire, options.wireTarget, stage, seed);
    const durationMs = stage.durationMs ?? Number.POSITIVE_INFINITY;
    const requests = stage.requests ?? Number.POSITIVE_INFINITY;
    const send = (order: DispatchOrder) => this.send(order);
    const onDone = (result: DispatchResult) => this.onDispatched(result);
    if (stage.loop === 'open') {
      this.dispatcher = new OpenLoop({
        cursor: new ArrivalCursor(arrivalsOf(stage, seed), { durationMs, requests }, share.worker, share.workers),
        originMs: share.originMs,
        maxConcurrency: stage.maxConcurrency,
        counters,
        shared: share.workers > 1,
        giveUpAfterMs: options.totalTimeoutMs,
        onGivenUp: (arrival) => this.recordUnsent(arrival, slotFailure(options.totalTimeoutMs, stage.maxConcurrency)),
        clock,
        pacer: this.pacer,
        soon,
        send,
        onDone,
      });
    } else {
      const users = virtualUsers(stage);
      this.dispatcher = new ClosedLoop({
        users: Math.floor(users / share.workers) + (share.worker < users % share.workers ? 1 : 0),
        originMs: share.originMs,
        durationMs,
        requests,
        counters,
        clock,
        soon,
        send,
        onDone,
      });
    }
  }

  get live(): { scheduled: number; inFlight: number } {
    return { scheduled: this.dispatcher.scheduled, inFlight: this.gauge.inFlight };
  }

  /** Resolves when every request has ended and its record has been handed over. */
  run(): Promise<RunSummary> {
    return new Promise((resolve) => {
      this.resolve = resolve;
      this.source.prepare();
      this.dispatcher.start();
    });
  }

  /** Sends nothing more and ends what is in flight. */
  cancel(): void {
    this.dispatcher.cancel();
    for (const cancel of [...this.active.values()]) cancel();
  }

  private send(order: DispatchOrder): void {
    const { targetId, stageName, clock } = this.options;
    const { request, template } = this.source.at(order.index);
    const id = `${targetId}/${stageName}/${order.index}`;
    this.unended++;
    this.gauge.enter(clock.nowMs());
    let releasedEarly = false;
    const cancel = this.options.send(
      {
        id,
        target: targetId,
        stage: stageName,
        index: order.index,
        casePointer: template.casePointer,
        repeat: undefined,
        request: withRequestId(request, id),
        scheduledMs: order.scheduledMs,
        socketWaitMs: order.socketWaitMs,
        keepText: false,
      },
      {
        onReleased: (gotResponse) => {
          releasedEarly = true;
          this.active.delete(order.index);
          this.gauge.leave(clock.nowMs());
          order.release(gotResponse);
        },
        onEnded: (end) => this.onEnded(end),
      },
    );
    if (!releasedEarly) this.active.set(order.index, cancel);
  }

  private onEnded(end: RequestEnd): void {
    const { record } = end;
    record.phase = this.phaseOf(record);
    this.endMs = Math.max(this.endMs, record.end + this.options.clockOriginMs);
    this.options.onEnded({ record });
    this.unended--;
    this.settle();
  }

  /** An open loop's request belongs where it was scheduled, a closed loop's where it was sent. */
  private phaseOf(record: RequestRecord): RequestRecord['phase'] {
    const { stage, share, clockOriginMs } = this.options;
    const instant = stage.loop === 'open' ? record.scheduled : (record.sent ?? record.scheduled);
    return phaseAt(this.window, instant + clockOriginMs - share.originMs);
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
    const casePointer = this.source.at(index).template.casePointer;
    const record: RequestRecord = {
      id: `${targetId}/${stageName}/${index}`,
      target: targetId,
      stage: stageName,
      index,
      ...(casePointer === undefined ? {} : { case: casePointer }),
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
    record.phase = this.phaseOf(record);
    this.endMs = Math.max(this.endMs, clock.nowMs());
    this.options.onEnded({ record });
  }

  private settle(): void {
    if (this.dispatched === undefined || this.unended > 0) return;
    this.resolve?.({
      endMs: this.endMs,
      scheduled: this.dispatched.scheduled,
      spinMs: this.pacer.spinMs,
      concurrencyIntegral: this.gauge.integral,
      concurrencyMax: this.gauge.max,
    });
    this.resolve = undefined;
  }
}
