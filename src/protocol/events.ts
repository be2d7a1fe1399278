/** What a running engine tells its host, in order. Plain data. */
import type { SloPlan } from './plan';
import type {
  CaseRecord,
  CurveResult,
  QualityResult,
  RequestRecord,
  RunJson,
  StageCounts,
  StageResult,
  SloResult,
} from './run-json';
import type { RequestTrace } from './trace';

export type EngineEvent =
  | {
      type: 'run-started';
      runId: string;
      dir: string;
      name: string;
      targets: { id: string; endpoint: string; model: string; prompt: string; stages: string[] }[];
    }
  | { type: 'target-started'; target: string }
  | StageStarted
  | StageTick
  /** `sinceSentMs`: how long after its request was sent the first of this text came. */
  | { type: 'answer-delta'; target: string; case: string; repeat: number; text: string; sinceSentMs?: number }
  /** Of a plan with `trace`: a request of a quality case, before `case-finished`. `attempts` in their order, the last is that of `record`. */
  | { type: 'trace'; target: string; case: string; repeat: number; record: RequestRecord; attempts: RequestTrace[] }
  /** `durationMs`: how long its requests took together, from being sent to their end; absent where nothing was sent. */
  | { type: 'case-finished'; record: CaseRecord; durationMs?: number }
  | { type: 'quality'; target: string; quality: QualityResult }
  | { type: 'stage-finished'; target: string; stage: StageResult }
  /** What the steps of a `sweep` or `capacity` stage say together, after the last of them. */
  | { type: 'curve'; target: string; curve: CurveResult }
  | { type: 'target-finished'; target: string }
  | { type: 'log'; level: 'debug' | 'info' | 'warn' | 'error'; message: string }
  | { type: 'run-finished'; run: RunJson; dir: string };

export interface StageStarted {
  type: 'stage-started';
  target: string;
  stage: string;
  /** The `sweep` or `capacity` stage of which it is a step; that stage itself has no events but its `curve`. */
  partOf?: string;
  pattern: string;
  /** For a determinate progress: whichever of the two ends the stage is given. */
  plannedMs: number | null;
  plannedRequests: number | null;
  warmupMs: number;
  cooldownMs: number;
  rate: number | null;
  slos: SloPlan[];
}

/** At most twenty a second. Everything since the tick before, and the state now. */
export interface StageTick {
  type: 'tick';
  target: string;
  stage: string;
  /** Counts up by one within a stage. */
  seq: number;
  /** Ms since the stage started. */
  elapsedMs: number;
  /** Share of the stage that is done, 0 to 1. */
  progress: number;
  counts: StageCounts;
  inFlight: number;
  /** Completed requests a second over the last rolling window. */
  rps: number;
  offeredRps: number;
  outputTps: number;
  /** Over the rolling window (the last 10 s); null while there is no sample. */
  rolling: { ttftP50: number | null; ttftP99: number | null; itlP50: number | null; itlP99: number | null };
  /** SLOs over the whole window so far; provisional. */
  slos: SloResult[];
  /** One per request that ended since the last tick (thinned to 500 with `thinned` set): x is ms since the stage started. */
  points: TickPoint[];
  thinned: boolean;
  errors: { kind: string; count: number; example: string }[];
}

export interface TickPoint {
  /** Ms since the stage started at which the first token arrived (or the request failed). */
  t: number;
  ttft: number | null;
  /** Mean gap of the request. */
  itl: number | null;
  /** Largest gap of the request. */
  itlMax: number | null;
  e2e: number | null;
  warmup: boolean;
  ok: boolean;
  request: string;
}
