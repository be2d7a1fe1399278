/** The border between the engine, which orders and judges, and the load workers, which send and measure. */
import type { ToolCall } from '../quality/types';
import type { EndpointPlan, Json, Message, StagePlan } from '../../protocol/plan';
import type { ClientHealth, RequestRecord } from '../../protocol/run-json';
import type { RequestTrace } from '../../protocol/trace';

/** One endpoint with what is sent to it; the key is held in memory only. */
export interface LoadTarget {
  id: string;
  /** `url` is set: for `sim` the engine has filled in the port. */
  endpoint: EndpointPlan;
  params: Record<string, Json>;
  apiKey: string | undefined;
}

/** A quality case to ask; `repeat` counts from 0. */
export interface CaseRequest {
  pointer: string;
  repeat: number;
  messages: Message[];
  /**
   * Of a conversation: what the user says, turn by turn, after `messages`. Each turn is a request of its own, sent when the
   * one before is answered; a turn without an answer ends the conversation.
   */
  turns?: { user: string; thinkTimeMs: number }[];
}

export type StageJob =
  /** `keepAnswers`: the answers are judged, so their texts are handed over. */
  | { kind: 'load'; stage: StagePlan; seed: number; keepAnswers?: boolean }
  /** The closed-loop stage `cases`: every request once, `concurrency` at a time, texts kept; with `trace`, all that was sent and received. */
  | { kind: 'cases'; concurrency: number; requests: CaseRequest[]; retryAttempts: number; trace?: boolean };

export interface Answer {
  /** Visible text; where there is none, the tool calls as JSON. */
  text: string;
  reasoning: string;
  toolCalls: ToolCall[];
}

export interface EndedRequest {
  /** `cost` is null here: the engine prices it. */
  record: RequestRecord;
  /** Present for `cases`, and where a load stage keeps answers. */
  answer?: Answer;
  /** Of a load stage that keeps answers: this one was dropped, since judging did not keep up. */
  dropped?: boolean;
  /** What was streamed (reasoning included), where the server did not say how many tokens that was: the engine counts them. */
  uncounted?: string;
  /** Of a traced quality case: its attempts in order. */
  trace?: RequestTrace[];
}

/** Text of an answer; `sinceSentMs` is how long after its request was sent the first of it came. */
export interface AnswerDelta {
  pointer: string;
  repeat: number;
  text: string;
  sinceSentMs: number;
}

export interface StageListener {
  /** The schedule's zero, monotonic ms (not yet relative to the run's clock origin). */
  onStart(originMs: number): void;
  /**
   * As they end; batches hold what ended in the same turn of the worker's event loop. A promise holds the next ones back until
   * it is fulfilled: they wait in the worker, where they are bounded.
   */
  onEnded(batch: EndedRequest[]): void | Promise<void>;
  /** Text of a quality case as it streams in, and how long after its request was sent the first of it came. */
  onAnswerDelta(pointer: string, repeat: number, text: string, sinceSentMs: number): void;
  /** A few times a second. */
  onLive(live: { scheduled: number; inFlight: number }): void;
}

export interface StageOutcome {
  originMs: number;
  endMs: number;
  scheduled: number;
  /** `limited` is decided by the engine, which knows the SLOs. */
  client: ClientHealth;
  /** Time-weighted over the measured window. */
  concurrencyMean: number;
  concurrencyMax: number;
}
