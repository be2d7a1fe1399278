/** What differs from one wire API to the next: how a request is written and how its answer is read. One file an API. */
import type { Json, Message } from '../../protocol/plan';
import type { ToolCall } from '../quality/types';

/** What a request needs to know of its endpoint. */
export interface WireTarget {
  /** Base URL without trailing slash, such as `http://127.0.0.1:8000/v1`. */
  url: string;
  model: string;
  headers: Record<string, string>;
  params: Record<string, Json>;
  apiKey: string | undefined;
}

export interface WireRequestOptions {
  /** Asks for the answer as a stream of events. */
  stream: boolean;
}

export interface WireRequest {
  method: 'POST' | 'GET';
  /** Path with query, from the root of the origin. */
  path: string;
  /** Name, value, name, value, ...: the form that undici writes without a copy. */
  headers: string[];
  body: Buffer;
}

export interface WireUsage {
  inputTokens: number | null;
  outputTokens: number | null;
  cachedInputTokens: number | null;
  reasoningTokens: number | null;
}

/** Why an answer cannot be read; the words are error kinds of the request's record. */
export type DecodeFailure = 'malformed_event' | 'not_json' | 'server_error_event' | 'response_too_large';

/** Receives what a decoder reads, in order. Everything of one call of `push` arrived at the same instant. */
export interface AnswerSink {
  /**
   * One content event: visible text, reasoning text, or a part of a tool call; at least one of the three.
   * Empty and role-only events are not reported: they are not tokens.
   */
  onContent(answer: string, reasoning: string, toolCall: boolean): void;
  onUsage(usage: WireUsage): void;
  onFinish(reason: string): void;
  /** The end mark of the stream, such as `[DONE]`. */
  onDone(): void;
  /** The answer is unusable from here on; nothing else is reported. `detail` is for the person, without secrets of ours. */
  onFailure(failure: DecodeFailure, detail: string): void;
}

/** Reads one answer. Whether it is a stream or one JSON body is told from its first byte: some endpoints ignore `stream`. */
export interface StreamDecoder {
  push(chunk: Buffer, sink: AnswerSink): void;
  /** The body has ended: by itself, or, with `cut`, because the connection was lost; half an answer is then no failure of its own. */
  end(sink: AnswerSink, cut: boolean): void;
  /** Tool calls of the answer, in order; put together only where texts are kept. */
  toolCalls(): ToolCall[];
}

export interface WireDecoderOptions {
  /**
   * Whether the texts are wanted (quality cases). A load stage needs the instants only: without it the text of a content event
   * may be any that is not empty, and tool calls are not put together.
   */
  keepText: boolean;
}

export interface WireApi {
  readonly kind: string;
  /** What an endpoint's url usually looks like, for messages about one that is not found. */
  readonly exampleUrl: string;
  buildRequest(target: WireTarget, messages: Message[], options: WireRequestOptions): WireRequest;
  /** `params` with an answer of at most `maxTokens` tokens asked for, in this API's own spelling, whatever limit they had. */
  limitOutput(params: Record<string, Json>, maxTokens: number): Record<string, Json>;
  createDecoder(options: WireDecoderOptions): StreamDecoder;
  /**
   * An answer as a server of this API would stream it, in the pieces in which it would be sent: what heats the code that reads it.
   * Each of `texts` is one token event.
   */
  sample(texts: readonly string[]): string[];
}
