/** A result as it is compared, whoever has measured it: ours, read from its folder, or another tool's, read from its file. */
import type { Unit } from '../../protocol/plan';
import type { ComparedTool, MetricNote } from '../../protocol/run-comparison';
import type { CurveResult, QualityResult, RunVerdict, SloResult } from '../../protocol/run-json';
import type { TargetOutcomes } from './pairs';

export interface ComparedRun {
  tool: ComparedTool;
  id: string;
  path: string;
  name: string;
  startedAt: string | null;
  verdict: RunVerdict | null;
  targets: ComparedTarget[];
  notes: MetricNote[];
  caveats: string[];
  /** What two runs should have in common; absent where it is not known. */
  source?: { path: string; sha256: string };
  machine?: string;
}

export interface ComparedTarget {
  id: string;
  model: string;
  quality: QualityResult | null;
  /** What became of each case, by its id; null where nothing was asked. */
  outcomes: TargetOutcomes | null;
  /** USD, by metric of ours. */
  cost: Record<string, number | null>;
  stages: ComparedStage[];
  curves: CurveResult[];
}

export interface ComparedStage {
  name: string;
  /** The quality cases, rather than load. */
  isCases: boolean;
  loop: 'open' | 'closed' | null;
  /** Offered requests per second of an open loop. */
  rate: number | null;
  /** Requests in flight of a closed one. */
  concurrency: number | null;
  /** By our names. */
  metrics: Record<string, ComparedMetric>;
  rates: Record<string, number | null>;
  slo: SloResult[];
  flags: string[];
  tokensSource: string | null;
}

export interface ComparedMetric {
  unit: Unit;
  n: number | null;
  /** `mean`, `stdev`, `min`, `max`, `p50`, `p99`, ... */
  stats: Record<string, number>;
  /** Single values in send order (of ITL, the gaps request by request), thinned where there are very many; null where none are kept. */
  series: Float64Array | null;
}
