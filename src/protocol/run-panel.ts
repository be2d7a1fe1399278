/** Messages between the run panel (webview) and the extension, which owns the truth. */
import type { SloPlan } from './plan';
import type { CaseRecord, RunVerdict, SloResult, StageCounts, StageResult } from './run-json';
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
}

export interface RunPanelTarget {
  id: string;
  endpoint: string;
  model: string;
  stages: RunPanelStage[];
  quality: { passed: number; failed: number; errors: number; skipped: number; total: number; slo: SloResult[] };
  cases: CaseRecord[];
}

export interface RunPanelStage {
  name: string;
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
  /** Once the stage is done. */
  result: StageResult | null;
}

export type RunPanelChange =
  | { kind: 'status'; status: RunPanelState['status']; statusText: string; verdict: RunVerdict | null }
  | { kind: 'stage'; target: string; stage: string; patch: Partial<Omit<RunPanelStage, 'points' | 'name'>> }
  | { kind: 'points'; target: string; stage: string; points: TickPoint[] }
  | { kind: 'case'; target: string; record: CaseRecord }
  | { kind: 'quality'; target: string; quality: RunPanelTarget['quality'] };
