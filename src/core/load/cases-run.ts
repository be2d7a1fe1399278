/** The quality cases of a target: each asked once, a few at a time, with its text kept, and retried where that may help. */
import type { Message } from '../../protocol/plan';
import type { RequestRecord } from '../../protocol/run-json';
import type { RequestTrace } from '../../protocol/trace';
import type { WireApi, WireTarget } from '../endpoints/wire';
import type { Clock } from '../util/clock';
import { ConcurrencyGauge, SharedCounters } from './concurrency';
import { withRequestId, type RequestEnd } from './request';
import { cancelledFailure } from './request-errors';
import type { JobRun, RunSummary, SendRequest } from './stage-run';
import { assistantMessage } from './conversation';
import type { CaseRequest, EndedRequest } from './types';
import type { StageShare } from './worker-protocol';

const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 8_000;
/** A server that asks for a longer wait than this is not waited for: the attempt counts as the last. */
const LONGEST_RETRY_AFTER_MS = 60_000;

export interface CasesRunOptions {
  targetId: string;
  stageName: string;
  concurrency: number;
  requests: CaseRequest[];
  retryAttempts: number;
  trace?: boolean;
  share: StageShare;
  wire: WireApi;
  wireTarget: WireTarget;
  clockOriginMs: number;
  clock: Clock;
  send: SendRequest;
  onEnded(ended: EndedRequest): void;
  /** `sinceSentMs`: since its request was handed over to be sent. */
  onAnswerDelta(pointer: string, repeat: number, text: string, sinceSentMs: number): void;
}

/** One request to send: a case, or a turn of its conversation. */
interface Step {
  index: number;
  request: CaseRequest;
  turn: number;
  messages: Message[];
}

/** The turn after one that was answered; null where there is none, or nothing it could answer to. */
function nextTurn(step: Step, end: RequestEnd): { step: Step; thinkTimeMs: number } | null {
  const next = step.request.turns?.[step.turn + 1];
  if (next === undefined || end.record.outcome !== 'completed') return null;
  const messages: Message[] = [...step.messages, assistantMessage(end.answer), { role: 'user', content: next.user }];
  return { step: { ...step, index: step.index + 1, turn: step.turn + 1, messages }, thinkTimeMs: next.thinkTimeMs };
}

export class CasesRun implements JobRun {
  private readonly gauge: ConcurrencyGauge;
  private next = 0;
  private nextIndex = 0;
  private scheduled = 0;
  private unended = 0;
  private cancelled = false;
  private endMs: number;
  private readonly active = new Map<number, () => void>();
  /** Cases between two attempts: ending one hands over the record of the attempt that failed. */
  private readonly pausing = new Map<number, () => void>();
  /** Attempts so far of traced requests. */
  private readonly traces = new Map<number, RequestTrace[]>();
  private resolve: ((summary: RunSummary) => void) | undefined;

  constructor(private readonly options: CasesRunOptions) {
    const { originMs, counters } = options.share;
    this.endMs = originMs;
    this.gauge = new ConcurrencyGauge(new SharedCounters(counters), originMs, Number.POSITIVE_INFINITY);
  }

  get live(): { scheduled: number; inFlight: number } {
    return { scheduled: this.scheduled, inFlight: this.gauge.inFlight };
  }

  run(): Promise<RunSummary> {
    return new Promise((resolve) => {
      this.resolve = resolve;
      const lanes = Math.max(1, this.options.concurrency);
      for (let i = 0; i < lanes; i++) this.startNext();
      this.settle();
    });
  }

  cancel(): void {
    if (this.cancelled) return;
    this.cancelled = true;
    for (const end of [...this.pausing.values()]) end();
    for (const cancel of [...this.active.values()]) cancel();
    this.settle();
  }

  private startNext(): void {
    if (this.cancelled) return;
    const request = this.options.requests[this.next];
    if (request === undefined) return;
    this.next++;
    const first = request.turns?.[0];
    const messages: Message[] =
      first === undefined ? request.messages : [...request.messages, { role: 'user', content: first.user }];
    const index = this.nextIndex;
    // Turns are numbered as if each were a case of its own, so that every request has an index that does not depend on time.
    this.nextIndex += Math.max(1, request.turns?.length ?? 1);
    this.start({ index, request, turn: 0, messages }, first?.thinkTimeMs ?? 0);
  }

  private start(step: Step, afterMs: number): void {
    this.scheduled++;
    this.unended++;
    if (afterMs <= 0) {
      this.attempt(step, 1);
      return;
    }
    const { clock } = this.options;
    const cancelTimer = clock.at(clock.nowMs() + afterMs, () => {
      this.pausing.delete(step.index);
      this.attempt(step, 1);
    });
    this.pausing.set(step.index, () => {
      this.pausing.delete(step.index);
      cancelTimer();
      // Nothing was sent, so there is nothing to record.
      this.scheduled--;
      this.unended--;
    });
  }

  private attempt(step: Step, attempt: number): void {
    const { targetId, stageName, wire, wireTarget, clock } = this.options;
    const { index, request, messages, turn } = step;
    const id = `${targetId}/${stageName}/${index}`;
    const { pointer, repeat } = request;
    this.gauge.enter(clock.nowMs());
    let released = false;
    const askedMs = clock.nowMs();
    let lead = turn > 0 && attempt === 1 ? '\n\n' : '';
    const cancel = this.options.send(
      {
        id,
        target: targetId,
        stage: stageName,
        index,
        casePointer: pointer,
        repeat,
        request: withRequestId(wire.buildRequest(wireTarget, messages, { stream: true }), id),
        scheduledMs: clock.nowMs(),
        socketWaitMs: null,
        keepText: true,
        onText: (text) => {
          this.options.onAnswerDelta(pointer, repeat, lead + text, clock.nowMs() - askedMs);
          lead = '';
        },
        ...(this.options.trace === true ? { traceAttempt: attempt } : {}),
      },
      {
        onReleased: () => {
          released = true;
          this.active.delete(index);
          this.gauge.leave(clock.nowMs());
        },
        onEnded: (end) => this.onAttemptEnded(step, attempt, end),
      },
    );
    if (!released) this.active.set(index, cancel);
  }

  private onAttemptEnded(step: Step, attempt: number, end: RequestEnd): void {
    if (attempt > 1) end.record.attempts = attempt;
    if (end.trace !== undefined) this.traces.set(step.index, [...(this.traces.get(step.index) ?? []), end.trace]);
    const waitMs = this.retryDelayMs(end, attempt);
    if (waitMs === null || this.cancelled) {
      this.conclude(step, end);
      return;
    }
    const { clock } = this.options;
    const cancelTimer = clock.at(clock.nowMs() + waitMs, () => {
      this.pausing.delete(step.index);
      this.attempt(step, attempt + 1);
    });
    this.pausing.set(step.index, () => {
      this.pausing.delete(step.index);
      cancelTimer();
      const { outcome, kind, message } = cancelledFailure(true);
      end.record.outcome = outcome;
      end.record.error = { kind, message };
      this.conclude(step, end);
    });
  }

  private conclude(step: Step, end: RequestEnd): void {
    const { request, turn } = step;
    if (request.turns !== undefined) end.record.turn = turn;
    this.endMs = Math.max(this.endMs, end.record.end + this.options.clockOriginMs);
    const trace = this.traces.get(step.index);
    this.traces.delete(step.index);
    this.options.onEnded({ record: end.record, answer: end.answer, ...(trace === undefined ? {} : { trace }) });
    const next = nextTurn(step, end);
    if (next === null || this.cancelled) this.startNext();
    else this.start(next.step, next.thinkTimeMs);
    this.unended--;
    this.settle();
  }

  /** Ms until the next attempt; null where there is none. */
  private retryDelayMs(end: RequestEnd, attempt: number): number | null {
    if (attempt > this.options.retryAttempts || !isTransient(end.record)) return null;
    if (end.retryAfterMs !== null) return end.retryAfterMs <= LONGEST_RETRY_AFTER_MS ? end.retryAfterMs : null;
    return Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (attempt - 1));
  }

  private settle(): void {
    if (this.unended > 0) return;
    this.resolve?.({
      endMs: this.endMs,
      scheduled: this.scheduled,
      spinMs: 0,
      concurrencyIntegral: this.gauge.integral,
      concurrencyMax: this.gauge.max,
    });
    this.resolve = undefined;
  }
}

const LASTING_KINDS = new Set([
  'tls',
  'dns',
  'not_http',
  'not_json',
  'proxy_auth',
  'invalid_request',
  'empty_answer',
  'content_encoding',
  'response_too_large',
]);

/** Whether the same request may well succeed when sent again. A wrong key, address or request stays wrong. */
function isTransient(record: RequestRecord): boolean {
  if (record.outcome === 'completed' || record.outcome === 'cancelled') return false;
  if (record.outcome === 'timed_out' || record.outcome === 'truncated') return true;
  const { status } = record;
  if (status !== null && status >= 300) return status === 408 || status === 409 || status === 429 || status >= 500;
  return !LASTING_KINDS.has(record.error?.kind ?? '');
}
