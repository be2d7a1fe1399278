import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { PlannedAnswer, PlannedCall, TokenSequence } from './answers';
import { ApiError, errorBody } from './api-error';
import type { ResolvedFailure, ResolvedSimConfig } from './config';
import type { GenerationRequest } from './generation-request';
import type { PacedTask, Pacer } from './pacer';
import type { Random } from './random';
import { ChunkInstants, type LoggedRequest, type SimOutcome } from './request-log';
import type { SlotHolder, Slots } from './slots';
import { chunkGapMs, prefillMs } from './timing';
import { AnswerWire, type UsageCounts } from './wire';

/** What an exchange needs from its server. */
export interface ExchangeHost {
  config: ResolvedSimConfig;
  pacer: Pacer;
  slots: Slots;
  /** Called once, when the exchange is over. */
  ended(request: LoggedRequest): void;
}

export interface ExchangeInput {
  id: string;
  /** Goes into the answer's own id. */
  answerId: string;
  request: GenerationRequest;
  planned: PlannedAnswer;
  /** The body of an answer that is no generated text, such as embeddings; `planned` is empty then. */
  body?: string;
  /** The failure that strikes this request. */
  failure: ResolvedFailure | null;
  random: Random;
  receivedMs: number;
  bodyMs: number;
}

/** Of a chunk that is split inside a character, the rest follows after this time, so that the client reads it apart. */
const SPLIT_GAP_MS = 1;
const COMMENT_EVERY_CHUNKS = 8;
const HTML_PAGE =
  '<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in to continue</h1></body></html>';
const BROKEN_STREAM = 'The simulator broke this answer off, as it was told to.';

/**
 * One answer from admission to its last byte. All times count from instants that are due, not from when a timer happened to fire, so
 * lateness of one token is not handed on to the next.
 *
 * The chunks go to the socket directly, already framed: `ServerResponse.write` collects what is written in a turn
 * and sends it afterwards, so that an instant taken around it would not be the instant of sending, and costs twice the CPU.
 */
export class Exchange implements PacedTask, SlotHolder {
  dueMs = 0;
  heapIndex = -1;

  private step: 'admit' | 'chunk' | 'rest' = 'admit';
  private readonly wire: AnswerWire;
  private readonly chunks: ChunkInstants;
  /** Tokens of reasoning and answer, after which the tool calls begin. */
  private readonly textTokens: number;
  private readonly totalTokens: number;
  /** Tokens after which the failure strikes; infinite where none is pending. */
  private strikeAt = Number.POSITIVE_INFINITY;
  private sentTokens = 0;
  private roleSent = false;
  private ended = false;
  private runningMs: number | null = null;
  private headersMs: number | null = null;
  private blockedWrites = 0;
  /** Second part of a split chunk, with the chunk's own due instant, from which the next one counts. */
  private rest: { frame: string; tokens: number; chunkDueMs: number } | null = null;

  constructor(
    private readonly host: ExchangeHost,
    private readonly response: ServerResponse,
    private readonly socket: Socket,
    private readonly input: ExchangeInput,
  ) {
    const { request, planned, failure } = input;
    this.wire = new AnswerWire(request, input.answerId, Math.floor(Date.now() / 1000));
    this.textTokens = planned.reasoning.texts.length + planned.answer.texts.length;
    this.totalTokens = this.textTokens;
    for (const call of planned.calls) this.totalTokens += 1 + call.arguments.texts.length;
    const chunkCount = request.stream ? Math.ceil(this.totalTokens / host.config.chunkTokens) + 2 : 1;
    this.chunks = new ChunkInstants(chunkCount);
    if (failure !== null && failure.kind !== 'slow-headers') {
      this.strikeAt = Math.min(failure.afterTokens, this.totalTokens);
    }
  }

  /** Starts: answers at once where a failure says so, else asks for a slot. */
  begin(): void {
    this.response.once('close', () => this.onClose());
    if (this.socket.destroyed) {
      this.onClose();
      return;
    }
    const failure = this.input.failure;
    if (failure?.kind === 'status') {
      this.refuse(
        new ApiError(
          failure.status,
          `The simulator answers ${failure.status}, as it was told to.`,
          {},
          failure.status === 429 ? { 'retry-after': '1' } : {},
        ),
        'failed',
      );
    } else if (failure?.kind === 'html') {
      this.respond(200, 'text/html; charset=utf-8', HTML_PAGE);
      this.end('failed', 200);
    } else if (failure?.kind === 'slow-headers') {
      this.host.pacer.schedule(this, this.input.bodyMs + failure.delayMs);
    } else {
      this.admit(this.input.bodyMs);
    }
  }

  run(): void {
    // What is written to a dead socket would be recorded as sent; `close`, which ends the exchange, is about to follow.
    if (this.socket.destroyed) return;
    switch (this.step) {
      case 'admit':
        return this.admit(this.dueMs);
      case 'chunk':
        return this.nextChunk();
      case 'rest':
        return this.writeRest();
    }
  }

  onSlot(): void {
    // A request that need not wait starts when its body was complete, not when it had been parsed.
    const runningMs = this.runningMs ?? this.host.pacer.nowMs();
    this.runningMs = runningMs;
    this.sendHeaders();
    const { config, pacer } = this.host;
    if (this.input.request.stream && this.input.request.kind === 'chat' && config.earlyRoleChunk) {
      this.socket.write(this.wire.role(), 'latin1');
      this.roleSent = true;
    }
    this.step = 'chunk';
    pacer.schedule(this, runningMs + prefillMs(config, this.input.request.inputTokens, this.input.random));
  }

  private admit(nowMs: number): void {
    this.runningMs = nowMs;
    const admission = this.host.slots.enter(this);
    if (admission === 'running') return;
    this.runningMs = null;
    if (admission === 'waiting') {
      this.sendHeaders();
      return;
    }
    this.refuse(
      new ApiError(
        429,
        'The simulator is full: every slot is running and the queue is at max_waiting. Try again later.',
        { type: 'rate_limit_error', code: 'queue_full' },
        { 'retry-after': '1' },
      ),
      'rejected',
    );
  }

  /** The headers of a stream go out on admission, as inference servers do: they are not the first token. */
  private sendHeaders(): void {
    if (!this.input.request.stream || this.response.headersSent || this.ended) return;
    this.response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'transfer-encoding': 'chunked',
      'x-request-id': this.input.id,
    });
    this.headersMs = this.host.pacer.nowMs();
    this.response.flushHeaders();
    if (this.host.config.comments) this.socket.write(this.wire.comment(), 'latin1');
  }

  private nextChunk(): void {
    if (this.sentTokens >= this.strikeAt && this.strike()) return;
    const tokens = this.nextChunkTokens();
    if (tokens === 0) {
      this.finish();
      return;
    }
    const dueMs = this.dueMs;
    const upcoming = this.sentTokens + tokens;
    if (!this.input.request.stream) {
      this.sentTokens = upcoming;
      this.proceed(dueMs);
      return;
    }
    const frame = this.frameOf(tokens);
    this.sentTokens = upcoming;
    const splitAt = this.host.config.splitUtf8 ? frame.search(/[\x80-\xff]/) + 1 : 0;
    if (splitAt === 0) {
      this.writeContent(frame, tokens, dueMs);
      this.proceed(dueMs);
      return;
    }
    this.socket.write(frame.slice(0, splitAt), 'latin1');
    this.rest = { frame: frame.slice(splitAt), tokens, chunkDueMs: dueMs };
    this.step = 'rest';
    this.host.pacer.schedule(this, dueMs + SPLIT_GAP_MS);
  }

  private writeRest(): void {
    const rest = this.rest;
    if (rest === null) return;
    this.rest = null;
    this.step = 'chunk';
    this.writeContent(rest.frame, rest.tokens, this.dueMs);
    this.proceed(rest.chunkDueMs);
  }

  /** After a chunk that was due at `dueMs`: the next one, or the end. */
  private proceed(dueMs: number): void {
    const tokens = this.nextChunkTokens();
    if (tokens === 0 && this.sentTokens < this.strikeAt) {
      this.finish();
    } else if (tokens === 0) {
      // A failure that was to strike after the last token.
      this.dueMs = dueMs;
      this.nextChunk();
    } else {
      const gapMs = chunkGapMs(this.host.config, tokens, this.host.slots.running, this.input.random);
      this.host.pacer.schedule(this, dueMs + gapMs);
    }
  }

  /**
   * Tokens of the chunk to come. The first token goes alone, as in servers that collect tokens (so that TTFT is the time of one token and
   * TPOT stays `itl`); a chunk never mixes reasoning, answer and tool calls, and never reaches past a pending failure.
   */
  private nextChunkTokens(): number {
    const left = this.sectionEnd() - this.sentTokens;
    const tokens = this.sentTokens === 0 ? Math.min(1, left) : Math.min(this.host.config.chunkTokens, left);
    return this.sentTokens < this.strikeAt ? Math.min(tokens, this.strikeAt - this.sentTokens) : tokens;
  }

  /** Number of tokens at which what is being sent ends: the reasoning, the answer, the name or the arguments of a tool call. */
  private sectionEnd(): number {
    const { reasoning, calls } = this.input.planned;
    if (this.sentTokens < reasoning.texts.length) return reasoning.texts.length;
    if (calls.length === 0 || this.sentTokens < this.textTokens) return this.textTokens;
    const { startedAt, call } = this.currentCall();
    if (call === undefined) return this.totalTokens;
    return this.sentTokens === startedAt ? startedAt + 1 : startedAt + 1 + call.arguments.texts.length;
  }

  /** The tool call that the next token belongs to, and the number of tokens before it; no call after the last token. */
  private currentCall(): { index: number; startedAt: number; call: PlannedCall | undefined } {
    const { calls } = this.input.planned;
    let startedAt = this.textTokens;
    let index = 0;
    for (; index < calls.length; index++) {
      const end = startedAt + 1 + (calls[index]?.arguments.texts.length ?? 0);
      if (this.sentTokens < end) break;
      startedAt = end;
    }
    return { index, startedAt, call: calls[index] };
  }

  private callFrame(tokens: number): string {
    const { index, startedAt, call } = this.currentCall();
    if (call === undefined) return '';
    if (this.sentTokens > startedAt) {
      return this.wire.toolArguments(index, joined(call.arguments, this.sentTokens - startedAt - 1, tokens));
    }
    const withRole = !this.roleSent;
    this.roleSent = true;
    return this.wire.toolCall(index, call.name, withRole);
  }

  private frameOf(tokens: number): string {
    const { reasoning, answer, calls } = this.input.planned;
    if (calls.length > 0 && this.sentTokens >= this.textTokens) return this.callFrame(tokens);
    const isReasoning = this.sentTokens < reasoning.texts.length;
    const bytes = isReasoning
      ? joined(reasoning, this.sentTokens, tokens)
      : joined(answer, this.sentTokens - reasoning.texts.length, tokens);
    const withRole = !this.roleSent;
    this.roleSent = true;
    if (isReasoning) return this.wire.reasoning(bytes, withRole);
    return withRole ? this.wire.firstContent(bytes) : this.wire.content(bytes);
  }

  private writeContent(frame: string, tokens: number, dueMs: number): void {
    const pacer = this.host.pacer;
    const writeMs = pacer.nowMs();
    this.socket.write(frame, 'latin1');
    this.chunks.add(dueMs, writeMs, pacer.nowMs(), tokens);
    if (this.socket.writableLength > 0) this.blockedWrites++;
    // After the content, so that the comment does not delay it.
    if (this.host.config.comments && this.chunks.length % COMMENT_EVERY_CHUNKS === 0) {
      this.socket.write(this.wire.comment(), 'latin1');
    }
  }

  /** Breaks the answer as told; true where the ordinary course does not go on now. */
  private strike(): boolean {
    const failure = this.input.failure;
    this.strikeAt = Number.POSITIVE_INFINITY;
    switch (failure?.kind) {
      case 'error-event':
        if (this.input.request.stream) {
          this.endStream(this.wire.event(errorBody(BROKEN_STREAM, 'server_error', { code: 'simulated_failure' })));
          this.end('failed', 200);
        } else {
          this.refuse(new ApiError(500, BROKEN_STREAM, { code: 'simulated_failure' }), 'failed');
        }
        return true;
      case 'disconnect':
        this.end('failed', this.response.headersSent ? 200 : null);
        this.socket.destroy();
        return true;
      case 'stall':
        // Without a length it holds its slot until the client gives up or the server closes.
        if (failure.delayMs > 0) this.host.pacer.schedule(this, this.dueMs + failure.delayMs);
        return true;
      case 'malformed-json':
        if (this.input.request.stream) this.socket.write(this.wire.malformed(), 'latin1');
        return false;
      case 'status':
      case 'html':
      case 'slow-headers':
      case undefined:
        return false;
    }
  }

  private finish(): void {
    const { request, planned, failure } = this.input;
    const outcome: SimOutcome = failure?.kind === 'malformed-json' ? 'failed' : 'completed';
    if (request.stream) {
      this.endStream(this.wire.tail(planned.finishReason, this.usage()));
    } else {
      const body = this.input.body ?? this.wire.body(planned, this.usage());
      const writeMs = this.host.pacer.nowMs();
      this.respond(200, 'application/json', outcome === 'failed' ? body.slice(0, body.length >> 1) : body);
      this.chunks.add(this.dueMs, writeMs, this.host.pacer.nowMs(), this.totalTokens);
    }
    this.end(outcome, 200, this.input.body === undefined ? planned.finishReason : null);
  }

  /** `frames` and the end of the body in one write: what ends a stream must not cost two packets per answer. */
  private endStream(frames: string): void {
    this.socket.cork();
    this.socket.write(frames, 'latin1');
    this.response.end();
    this.socket.uncork();
  }

  private refuse(error: ApiError, outcome: SimOutcome): void {
    this.respond(error.status, 'application/json', error.toBody(), error.headers);
    this.end(outcome, error.status);
  }

  private respond(status: number, contentType: string, body: string, headers: Record<string, string> = {}): void {
    this.headersMs = this.host.pacer.nowMs();
    this.response.writeHead(status, {
      'content-type': contentType,
      'content-length': Buffer.byteLength(body),
      'x-request-id': this.input.id,
      ...headers,
    });
    this.response.end(body);
  }

  private usage(): UsageCounts {
    return {
      inputTokens: this.input.request.inputTokens,
      outputTokens: this.totalTokens,
      reasoningTokens: this.input.planned.reasoning.texts.length,
    };
  }

  /** The connection is gone before the answer was whole: its slot is free for the next. */
  private onClose(): void {
    if (!this.ended) this.end('cancelled', this.response.headersSent ? 200 : null);
  }

  private end(outcome: SimOutcome, status: number | null, finishReason: string | null = null): void {
    if (this.ended) return;
    this.ended = true;
    const { input, host } = this;
    const endMs = host.pacer.nowMs();
    host.pacer.cancel(this);
    host.slots.leave(this);
    const struck = input.failure !== null && this.strikeAt === Number.POSITIVE_INFINITY;
    const atOnce = input.failure?.kind === 'status' || input.failure?.kind === 'html';
    host.ended({
      id: input.id,
      kind: input.request.kind,
      model: input.request.model,
      stream: input.request.stream,
      outcome,
      status,
      failure: struck || atOnce ? (input.failure?.kind ?? null) : null,
      finishReason,
      inputTokens: input.request.inputTokens,
      outputTokens: this.sentTokens,
      reasoningTokens: Math.min(this.sentTokens, input.planned.reasoning.texts.length),
      receivedMs: input.receivedMs,
      bodyMs: input.bodyMs,
      runningMs: this.runningMs,
      headersMs: this.headersMs,
      chunks: this.chunks,
      blockedWrites: this.blockedWrites,
      endMs,
    });
  }
}

function joined(sequence: TokenSequence, from: number, count: number): string {
  if (count === 1) return sequence.bytes[from] ?? '';
  let out = '';
  for (let i = from; i < from + count; i++) out += sequence.bytes[i] ?? '';
  return out;
}
