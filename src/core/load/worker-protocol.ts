/** What crosses between a LoadRunner and its worker threads. Plain data; instants are monotonic ms unless said otherwise. */
import type { Trace } from './trace';
import type { TraceRows } from './prompt-source';
import type { AnswerDelta, EndedRequest, LoadTarget, StageJob } from './types';

/** `workerData` of a load worker. */
export interface LoadWorkerData {
  /** Instants of records count from here. */
  clockOriginMs: number;
}

/** Rows beyond these are not read; `durationMs` counts at speed 1. */
export interface TraceLimits {
  requests?: number;
  durationMs?: number;
}

export interface TlsMaterial {
  /** The PEM text itself: files are read, and their errors reported, before a worker is asked. */
  ca: string | undefined;
  rejectUnauthorized: boolean;
}

/** One worker's part of a stage. */
export interface StageShare {
  originMs: number;
  worker: number;
  workers: number;
  /** See SharedCounters. */
  counters: SharedArrayBuffer;
  /** On shared memory: it is read once, whatever the number of workers. */
  trace?: TraceRows;
}

export type ToWorker =
  /** Make the endpoint known and have `connections` idle ones; answered by `opened`. */
  | { type: 'open'; call: number; target: LoadTarget; tls: TlsMaterial; connections: number }
  | { type: 'release'; targetId: string }
  | { type: 'run'; call: number; targetId: string; stageName: string; job: StageJob; share: StageShare }
  /** Read a trace file; answered by `trace`. */
  | { type: 'trace'; call: number; path: string; limits: TraceLimits }
  /** Ends the opening, the reading or the stage with this call number. */
  | { type: 'cancel'; call: number }
  /** A batch of `ended` has been taken. */
  | { type: 'ack' };

export type FromWorker =
  /** `warmUpProblem` says why the code path could not be warmed, where it could not. */
  | { type: 'ready'; warmUpProblem: string | null }
  | { type: 'opened'; call: number; idle: number; problem: { kind: string; message: string } | null }
  | { type: 'trace'; call: number; trace: Trace }
  | { type: 'ended'; call: number; batch: EndedRequest[] }
  | { type: 'deltas'; call: number; deltas: AnswerDelta[] }
  | { type: 'live'; call: number; scheduled: number; inFlight: number }
  | { type: 'done'; call: number; share: ShareOutcome }
  /** The worker goes on; this call has failed. */
  | { type: 'failed'; call: number; code: string; message: string; reason: string };

export interface ShareOutcome {
  endMs: number;
  scheduled: number;
  eventLoopDelayP99Ms: number;
  cpu: number;
  /** Integral of the requests in flight over the measured window, in requests times ms. */
  concurrencyIntegral: number;
  concurrencyMax: number;
}
