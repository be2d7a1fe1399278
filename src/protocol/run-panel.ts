/** Messages between the run panel (webview) and the extension, which owns the truth. */
import type { SloPlan, Unit } from './plan';
import type { CaseRecord, CurveResult, PhaseReport, RunVerdict, SloResult, StageCounts, StageResult } from './run-json';
import type { TickPoint } from './events';

export type RunPanelToHost =
  | { type: 'ready' }
  /** Sent where a delta's `seq` does not follow the last one. */
  | { type: 'need-snapshot'; have: number }
  | { type: 'ack'; seq: number }
  | { type: 'stop' }
  | { type: 'rerun' }
  | { type: 'reveal'; pointer: string };

export type HostToRunPanel =
  { type: 'snapshot'; seq: number; state: RunPanelState } | { type: 'delta'; seq: number; changes: RunPanelChange[] };

export interface RunPanelState {
  title: string;
  source: string;
  status: 'idle' | 'running' | 'completed' | 'stopped' | 'crashed' | 'error';
  /** One sentence for `stopped`, `crashed` and `error`. */
  statusText: string;
  verdict: RunVerdict | null;
  startedAt: string | null;
  targets: RunPanelTarget[];
  /** Level of every interval, such as 0.95, which it is where nothing is said. */
  confidence?: number;
  /** What each metric named in an SLO means, for hovers and units; keyed by the metric's name. */
  metrics?: Record<string, { label: string; unit: Unit; formula: string; meaning: string }>;
}

/** The state of a stage at one instant: what the lines over time are drawn from. */
export interface RunPanelSample {
  /** Ms since the stage started. */
  t: number;
  ttftP50: number | null;
  ttftP99: number | null;
  itlP50: number | null;
  itlP99: number | null;
  rps: number;
  offeredRps: number;
  inFlight: number;
  outputTps: number;
}

export interface RunPanelTarget {
  id: string;
  endpoint: string;
  model: string;
  stages: RunPanelStage[];
  quality: { passed: number; failed: number; errors: number; skipped: number; total: number; slo: SloResult[] };
  cases: CaseRecord[];
  /** Of `sweep` and `capacity` stages whose steps are all over. */
  curves?: CurveResult[];
  /** Prefill and decode over all load stages, once the run is over. */
  phases?: PhaseReport;
}

export interface RunPanelStage {
  name: string;
  /** The `sweep` or `capacity` stage of which it is a step; it follows that stage and its earlier steps in the list. */
  partOf?: string;
  /** Offered requests per second, where the load is an open loop at one rate. */
  rate?: number | null;
  /** What a reader must know before trusting the numbers, each as a sentence; once the stage is done. */
  caveats?: string[];
  /** A stage whose steps are measured and not itself has `sweep` or `capacity` here from the start. */
  pattern: string;
  status: 'waiting' | 'running' | 'done';
  elapsedMs: number;
  progress: number;
  warmupMs: number;
  cooldownMs: number;
  plannedMs: number | null;
  slos: SloPlan[];
  results: SloResult[];
  counts: StageCounts;
  inFlight: number;
  rps: number;
  offeredRps: number;
  outputTps: number;
  rolling: { ttftP50: number | null; ttftP99: number | null; itlP50: number | null; itlP99: number | null };
  points: TickPoint[];
  errors: { kind: string; count: number; example: string }[];
  /**
   * One sample a tick, oldest first, at most a few a second. In a snapshot it lets a panel that was hidden draw its lines
   * again; between snapshots the panel appends one for each patch that carries `elapsedMs`.
   */
  history?: RunPanelSample[];
  /** Once the stage is done. */
  result: StageResult | null;
}

export type RunPanelChange =
  | { kind: 'status'; status: RunPanelState['status']; statusText: string; verdict: RunVerdict | null }
  | { kind: 'stage'; target: string; stage: string; patch: Partial<Omit<RunPanelStage, 'points' | 'name' | 'history'>> }
  /** A step that nobody could announce starts; it comes after its stage and the steps before it. */
  | { kind: 'step'; target: string; step: RunPanelStage }
  | { kind: 'curve'; target: string; curve: CurveResult }
  | { kind: 'phases'; target: string; phases: PhaseReport }
  | { kind: 'points'; target: string; stage: string; points: TickPoint[] }
  | { kind: 'case'; target: string; record: CaseRecord }
  | { kind: 'quality'; target: string; quality: RunPanelTarget['quality'] };
