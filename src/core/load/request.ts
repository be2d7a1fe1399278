/** One request from the moment it may be sent to its record. */
import type { Dispatcher } from 'undici';
import type { EndpointPlan } from '../../protocol/plan';
import type { RequestRecord } from '../../protocol/run-json';
import type { RequestTrace } from '../../protocol/trace';
import { errorMessageIn, retryDelayIn } from '../endpoints/error-text';
import type { AnswerSink, DecodeFailure, StreamDecoder, WireApi, WireRequest, WireUsage } from '../endpoints/wire';
import type { ToolCall } from '../quality/types';
import type { Redactor } from '../util/redact';
import { neverWritten, ConnectTimeoutError, type Connection, type ConnectionPool } from './connections';
import type { Intake, IntakeConsumer } from './intake';
import { rateLimitOf, type RateLimit } from './rate-limit';
import {
  cancelledFailure,
  decodeFailure,
  emptyAnswerFailure,
  httpFailure,
  streamCutFailure,
  timeoutFailure,
  transportFailure,
  type ErrorPlace,
  type RequestFailure,
  type TimeoutKind,
} from './request-errors';
import type { Answer } from './types';

/** Of the body of an error response, only so much is read for the sentence; the rest is dropped. */
const MAX_ERROR_TEXT_BYTES = 16 * 1024;
/** An error response that goes on beyond this is cut off. */
const MAX_ERROR_BODY_BYTES = 1024 * 1024;
const MAX_DETAIL_CHARS = 300;
/**
 * A server may close an idle connection at the very moment a request is written to it. That is the transport's doing, not
 * the endpoint's, so such a request is sent once more on a new connection. It is told apart from a server that crashes by
 * the connection having been idle for a while and being closed right after the request was written.
 */
const STALE_AFTER_IDLE_MS = 1000;
const STALE_WITHIN_MS = 1000;
const LONGEST_SHARED_POLL_MS = 5;
const UNLIMITED: RateLimit = { retryAfterMs: null, sentence: '' };

/** What the requests of one endpoint have in common. */
export interface RequestContext {
  pool: ConnectionPool;
  wire: WireApi;
  place: ErrorPlace;
  timeouts: EndpointPlan['timeout'];
  intake: Intake;
  redactor: Redactor;
  nowMs: () => number;
  /** Instants of records count from here. */
  clockOriginMs: number;
}

export interface RequestSpec {
  id: string;
  target: string;
  stage: string;
  index: number;
  casePointer: string | undefined;
  repeat: number | undefined;
  request: WireRequest;
  /** Monotonic ms. */
  scheduledMs: number;
  /** How long it waited for a free slot of `max_concurrency`; null where it did not. */
  socketWaitMs: number | null;
  /** Keep the text of the answer (quality cases). */
  keepText: boolean;
  /** Visible text as it streams in. */
  onText?: (text: string) => void;
  /** Keep all that is sent and received, see `TracedRequest`; its number of the attempt. */
  traceAttempt?: number;
}

export interface RequestEnd {
  /** Its `phase` is `measured`: who knows the stage's window corrects it. */
  record: RequestRecord;
  answer: Answer | undefined;
  /** What the server asked to wait before the next attempt, where it did. */
  retryAfterMs: number | null;
  /** Where the request was traced. */
  trace?: RequestTrace;
}

export interface RequestListener {
  /** The connection is free: the next request may go. Comes before `onEnded`, which waits for decoding. */
  onReleased(gotResponse: boolean): void;
  onEnded(end: RequestEnd): void;
}

/**
 * Sends the request and follows it to its end. It is undici's handler (the form with raw headers, which costs least),
 * the consumer of its own bytes and the sink of its own decoder: no object is made per chunk.
 */
export class RequestExecution implements IntakeConsumer, AnswerSink, Dispatcher.DispatchHandler {
  private readonly decoder: StreamDecoder;
  private connection: Connection | undefined;
  private cancelOpening: (() => void) | undefined;
  private connectMs: number | null = null;
  private idleForMs = 0;
  private opensConnection = false;
  private resent = false;
  private released = false;
  private recorded = false;

  private readonly startedMs: number;
  private sentMs: number | null = null;
  private headersMs: number | null = null;
  private lastByteMs = 0;
  private endMs = 0;
  private status: number | null = null;
  private rateLimit: RateLimit = UNLIMITED;
  private encoding = '';
  private responseStarted = false;
  private failure: RequestFailure | null = null;
  private error: unknown = null;

  /** Arrival of what is being decoded. */
  private instantMs = 0;
  private readMs = 0;
  private firstMs: number | null = null;
  private firstAnswerMs: number | null = null;
  private lastMs: number | null = null;
  private readonly gapsMs: number[] = [];
  private events = 0;
  private finishReason: string | null = null;
  private complete = false;
  private usage: WireUsage | null = null;
  private text = '';
  private reasoning = '';
  private errorBody: Buffer[] = [];
  private errorBodyBytes = 0;

  constructor(
    private readonly context: RequestContext,
    private readonly spec: RequestSpec,
    private readonly listener: RequestListener,
  ) {
    this.startedMs = context.nowMs();
    this.decoder = context.wire.createDecoder({ keepText: spec.keepText || spec.onText !== undefined });
  }

  /** Takes an idle connection or opens one, and sends. */
  start(): void {
    const idle = this.context.pool.takeIdle();
    if (idle === undefined) this.openAndSend();
    else this.sendOn(idle);
  }

  /** Ends it as cancelled. */
  cancel(): void {
    this.stop(cancelledFailure(this.sentMs !== null));
  }

  /**
   * Ends it if it has exceeded one of its limits.
   * @param nowMs monotonic ms
   */
  checkTimeouts(nowMs: number): void {
    if (this.released) return;
    const { firstTokenMs, idleMs, totalMs } = this.context.timeouts;
    if (nowMs - this.startedMs > totalMs) this.timeOut('total_timeout', totalMs);
    else if (this.sentMs === null) return;
    else if (this.firstMs === null) {
      if (nowMs - this.sentMs > firstTokenMs) this.timeOut('first_token_timeout', firstTokenMs);
    } else if (nowMs - this.lastByteMs > idleMs) this.timeOut('idle_timeout', idleMs);
  }

  private timeOut(kind: TimeoutKind, limitMs: number): void {
    // What lies in the queue may be the first token.
    this.context.intake.flush();
    if (kind === 'first_token_timeout' && this.firstMs !== null) return;
    // A server that leaves the stream open after the answer's end has answered.
    if (this.answered()) this.abort();
    else this.stop(timeoutFailure(kind, limitMs, this.context.place));
  }

  private answered(): boolean {
    return this.complete || this.finishReason !== null;
  }

  private stop(failure: RequestFailure): void {
    if (this.released || this.failure !== null) return;
    this.failure = failure;
    this.abort();
  }

  private abort(): void {
    this.cancelOpening?.();
    this.cancelOpening = undefined;
    this.settle();
  }

  private openAndSend(): void {
    this.opensConnection = true;
    this.cancelOpening = this.context.pool.open((error, connection) => {
      this.cancelOpening = undefined;
      if (connection === undefined) {
        const { place, timeouts } = this.context;
        this.failure ??=
          error instanceof ConnectTimeoutError
            ? timeoutFailure('connect_timeout', timeouts.connectMs, place)
            : transportFailure(error, false, place);
        this.settle();
        return;
      }
      this.connectMs = connection.times.totalMs;
      this.sendOn(connection);
    });
  }

  private sendOn(connection: Connection): void {
    this.connection = connection;
    this.idleForMs = this.opensConnection ? 0 : this.context.nowMs() - connection.idleSinceMs;
    const { method, path, headers, body } = this.spec.request;
    connection.dispatch({ method, path, headers, body }, this);
  }

  // --- undici's handler ---

  onConnect(): void {
    // undici requires it; a request is given up by destroying its connection, which carries nothing else.
  }

  /** undici calls it when the last byte of the request has been handed to the socket. */
  onRequestSent(): void {
    this.sentMs = this.context.nowMs();
    this.lastByteMs = this.sentMs;
  }

  onResponseStarted(): void {
    this.responseStarted = true;
  }

  onHeaders(status: number, headers: Buffer[]): boolean {
    if (status < 200) return true;
    this.headersMs = this.lastByteMs = this.context.intake.arrival(this.sentMs ?? 0, this.lastByteMs);
    this.status = status;
    if (!this.isAnswer()) {
      this.rateLimit = rateLimitOf(headers, status === 429 || status === 503, Date.now());
      return true;
    }
    for (let i = 0; i + 1 < headers.length; i += 2) {
      // The one that matters, told by its length first: decoding every name would cost more than the rest of this.
      if (headers[i]?.length !== 16 || headers[i]?.toString('latin1').toLowerCase() !== 'content-encoding') continue;
      this.encoding = headers[i + 1]?.toString('latin1').trim().toLowerCase() ?? '';
    }
    if (this.encoding !== '' && this.encoding !== 'identity') {
      this.stop(decodeFailure('content_encoding', this.encoding, this.context.place));
    }
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (this.failure !== null) return true;
    const { intake, nowMs } = this.context;
    const arrivedMs = intake.arrival(this.sentMs ?? 0, this.lastByteMs);
    const readMs = arrivedMs === this.lastByteMs ? nowMs() : arrivedMs;
    this.lastByteMs = arrivedMs;
    intake.push(this, chunk, arrivedMs, readMs);
    return true;
  }

  onComplete(): void {
    this.endMs = this.context.intake.arrival(this.sentMs ?? 0, this.lastByteMs);
    this.settle();
  }

  onError(error: Error): void {
    if (this.released) return;
    if (this.failure === null && this.isStale(error)) {
      this.resent = true;
      this.sentMs = null;
      this.openAndSend();
      return;
    }
    this.error = error;
    this.settle();
  }

  private isStale(error: unknown): boolean {
    if (this.opensConnection || this.resent || this.responseStarted) return false;
    if (neverWritten(error)) return true;
    if (this.sentMs === null) return false;
    return this.idleForMs >= STALE_AFTER_IDLE_MS && this.context.nowMs() - this.sentMs < STALE_WITHIN_MS;
  }

  /** The network's part is over: gives the connection back and queues the end behind what is still to be decoded. */
  private settle(): void {
    if (this.released) return;
    this.released = true;
    const clean = this.endMs > 0;
    if (!clean) this.endMs = Math.max(this.context.nowMs(), this.lastByteMs);
    const connection = this.connection;
    this.connection = undefined;
    if (connection !== undefined) {
      if (clean) this.context.pool.release(connection);
      else connection.destroy();
    }
    this.context.intake.finish(this);
    this.listener.onReleased(this.status !== null);
  }

  // --- decoding, after the poll ---

  private isAnswer(): boolean {
    return this.status !== null && this.status >= 200 && this.status < 300;
  }

  decode(chunk: Buffer, arrivedMs: number, readMs: number): void {
    if (this.failure !== null) return;
    this.instantMs = arrivedMs;
    this.readMs = readMs;
    if (this.isAnswer()) {
      this.decoder.push(chunk, this);
      return;
    }
    this.errorBodyBytes += chunk.length;
    if (this.errorBodyBytes - chunk.length < MAX_ERROR_TEXT_BYTES) this.errorBody.push(chunk);
    // The failure is the status; the connection is given up because reading on would only keep it busy.
    if (this.errorBodyBytes > MAX_ERROR_BODY_BYTES) this.abort();
  }

  onContent(answer: string, reasoning: string, toolCall: boolean): void {
    const at = this.eventMs();
    this.events++;
    if (this.lastMs === null) this.firstMs = at;
    else this.gapsMs.push(micros(at - this.lastMs));
    this.lastMs = at;
    if (this.firstAnswerMs === null && (answer !== '' || toolCall)) this.firstAnswerMs = at;
    if (this.spec.keepText) {
      this.text += answer;
      this.reasoning += reasoning;
    }
    if (answer !== '') this.spec.onText?.(answer);
  }

  /**
   * When the content event being decoded arrived: with the poll, unless it may have come in while the poll's other bytes were
   * read. That is certain for a second content event of one poll; for one behind headers or an empty event it is assumed where
   * the poll took long. In doubt the later instant counts: an error of this client must not flatter the server.
   */
  private eventMs(): number {
    const repeated = this.lastMs !== null && this.instantMs <= this.lastMs;
    if (!repeated && this.readMs - this.instantMs <= LONGEST_SHARED_POLL_MS) return this.instantMs;
    return Math.max(this.readMs, this.lastMs ?? 0);
  }

  onUsage(usage: WireUsage): void {
    this.usage = usage;
  }

  onFinish(reason: string): void {
    this.finishReason = reason;
  }

  onDone(): void {
    this.complete = true;
  }

  onFailure(failure: DecodeFailure, detail: string): void {
    if (this.failure !== null) return;
    this.failure = decodeFailure(failure, this.context.redactor.text(detail), this.context.place);
    this.abort();
  }

  finish(): void {
    if (this.recorded) return;
    this.recorded = true;
    if (this.failure === null && this.isAnswer()) {
      this.instantMs = this.readMs = this.lastByteMs;
      this.decoder.end(this, this.error !== null);
    }
    const failure = this.failure ?? this.judge();
    this.listener.onEnded({
      record: this.buildRecord(failure),
      answer: this.spec.keepText ? answerOf(this.text, this.reasoning, this.decoder.toolCalls()) : undefined,
      retryAfterMs: this.rateLimit.retryAfterMs ?? this.retryDelayMs(),
    });
  }

  /** What became of a request that nothing has been said about yet. */
  private judge(): RequestFailure | null {
    const { place } = this.context;
    if (this.status !== null && !this.isAnswer())
      return httpFailure(this.status, this.errorDetail(), place, this.rateLimit.sentence);
    if (this.answered()) {
      return this.events > 0 ? null : emptyAnswerFailure(this.usage?.outputTokens ?? null, this.finishReason, place);
    }
    if (this.error !== null) {
      return this.status !== null ? streamCutFailure(place) : transportFailure(this.error, this.sentMs !== null, place);
    }
    // The server closed the stream in good order but said neither that the answer is finished nor anything at all.
    return this.events > 0 || this.lastByteMs > (this.headersMs ?? 0)
      ? streamCutFailure(place)
      : emptyAnswerFailure(null, null, place);
  }

  private errorText(): string {
    return Buffer.concat(this.errorBody).subarray(0, MAX_ERROR_TEXT_BYTES).toString('utf8');
  }

  /** The wait that an error body asks for, where its headers ask for none. */
  private retryDelayMs(): number | null {
    return this.errorBody.length === 0 ? null : retryDelayIn(this.errorText());
  }

  private errorDetail(): string {
    const flat = this.context.redactor.text(errorMessageIn(this.errorText())).replace(/\s+/g, ' ').trim();
    return flat.length <= MAX_DETAIL_CHARS ? flat : `${flat.slice(0, MAX_DETAIL_CHARS)}…`;
  }

  private buildRecord(failure: RequestFailure | null): RequestRecord {
    const { spec, usage } = this;
    const at = (instantMs: number | null) =>
      instantMs === null ? null : micros(instantMs - this.context.clockOriginMs);
    // Some servers send a usage of zeros, or one only with the first event: it cannot be less than what was seen to arrive.
    const counted =
      usage?.outputTokens != null && (usage.outputTokens > 0 || this.events === 0) ? usage.outputTokens : null;
    const outputTokens = counted ?? (this.events > 0 ? this.events : null);
    const record: RequestRecord = {
      id: spec.id,
      target: spec.target,
      stage: spec.stage,
      index: spec.index,
      phase: 'measured',
      outcome: failure?.outcome ?? 'completed',
      scheduled: micros(spec.scheduledMs - this.context.clockOriginMs),
      sent: at(this.sentMs),
      headers: at(this.headersMs),
      first: at(this.firstMs),
      first_answer: at(this.firstAnswerMs),
      last: at(this.lastMs),
      end: micros(this.endMs - this.context.clockOriginMs),
      connect_ms: this.connectMs === null ? null : micros(this.connectMs),
      itl: this.gapsMs,
      input_tokens: usage?.inputTokens ?? null,
      output_tokens: outputTokens,
      cached_input_tokens: usage?.cachedInputTokens ?? null,
      reasoning_tokens: usage?.reasoningTokens ?? null,
      tokens_source: outputTokens === null ? null : counted === null ? 'chunks' : 'usage',
      events: this.events,
      finish_reason: this.finishReason,
      status: this.status,
      cost: null,
    };
    if (spec.casePointer !== undefined) record.case = spec.casePointer;
    if (spec.repeat !== undefined) record.repeat = spec.repeat;
    if (spec.socketWaitMs !== null) record.socket_wait = micros(spec.socketWaitMs);
    if (this.resent) record.resent = true;
    if (failure !== null) record.error = { kind: failure.kind, message: failure.message };
    return record;
  }
}

/** An answer that consists of tool calls alone has their JSON for its text, in OpenAI's form whatever the API. */
function answerOf(text: string, reasoning: string, toolCalls: ToolCall[]): Answer {
  if (text !== '' || toolCalls.length === 0) return { text, reasoning, toolCalls };
  const calls = toolCalls.map(({ id, name, arguments: args }) => ({
    ...(id === '' ? {} : { id }),
    type: 'function',
    function: { name, arguments: args },
  }));
  return { text: JSON.stringify(calls), reasoning, toolCalls };
}

/** Whole microseconds: finer digits are noise that would double the size of the files. */
function micros(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** Header names and values of one request: those of its endpoint and its id, so that it can be found in the server's log. */
export function withRequestId(request: WireRequest, id: string): WireRequest {
  const { headers } = request;
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i]?.toLowerCase() === 'x-request-id') return request;
  }
  // Names of stages and cases may hold any character; a header value may not.
  const value = id.replace(/[^\x20-\x7e]+/g, (part) => encodeURIComponent(Buffer.from(part).toString()));
  return { ...request, headers: [...headers, 'x-request-id', value] };
}
