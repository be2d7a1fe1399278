/** The shape of what the run panel shows: empty states, stages in their order, the metrics that a run speaks of. */
import { metricOf } from '../metrics/definitions';
import type { QualityResult, RunJson, StageCounts } from '../../protocol/run-json';
import type { RunPanelStage, RunPanelState, RunPanelTarget } from '../../protocol/run-panel';

const NO_COUNTS: StageCounts = { scheduled: 0, completed: 0, failed: 0, timed_out: 0, cancelled: 0, truncated: 0 };
const NOTHING_ROLLING = { ttftP50: null, ttftP99: null, itlP50: null, itlP99: null };
/** Shown whatever the SLOs of a run are about. */
const ALWAYS_SHOWN = ['ttft', 'itl', 'e2e', 'rps', 'offered_rps', 'output_tps', 'concurrency', 'error_rate'];

export function emptyState(): RunPanelState {
  return {
    title: '',
    source: '',
    status: 'idle',
    statusText: '',
    verdict: null,
    startedAt: null,
    targets: [],
  };
}

export function waitingStage(name: string): RunPanelStage {
  return {
    name,
    pattern: '',
    status: 'waiting',
    elapsedMs: 0,
    progress: 0,
    warmupMs: 0,
    cooldownMs: 0,
    plannedMs: null,
    slos: [],
    results: [],
    counts: { ...NO_COUNTS },
    inFlight: 0,
    rps: 0,
    offeredRps: 0,
    outputTps: 0,
    rolling: { ...NOTHING_ROLLING },
    points: [],
    errors: [],
    history: [],
    result: null,
  };
}

/** Puts a step after its stage and the steps of it that are there. */
export function putStep(stages: RunPanelStage[], step: RunPanelStage): void {
  const last = stages.findLastIndex(({ name, partOf }) => name === step.partOf || partOf === step.partOf);
  stages.splice(last === -1 ? stages.length : last + 1, 0, step);
}

/** A stage whose steps are measured, and not itself. */
export function isCurvePattern(pattern: string): boolean {
  return pattern === 'sweep' || pattern === 'capacity';
}

export function stageKey(target: string, stage: string): string {
  return `${target}\n${stage}`;
}

export function countsOfQuality(quality: QualityResult | null): RunPanelTarget['quality'] {
  if (quality === null) return { passed: 0, failed: 0, errors: 0, skipped: 0, total: 0, slo: [] };
  const { passed, failed, errors, skipped, cases, slo } = quality;
  return { passed, failed, errors, skipped, total: cases, slo };
}

/** Why a run did not complete, as a sentence; empty where it did. */
export function statusSentence({ status, status_reason: reason }: Pick<RunJson, 'status' | 'status_reason'>): string {
  if (status === 'completed') return '';
  if (status === 'running') return 'The run was cut off: neither its engine nor its editor lived to end it.';
  return status === 'stopped'
    ? `Stopped: ${reason ?? 'cancelled'}.`
    : `Crashed: ${reason ?? 'the run was not completed'}.`;
}

export function definitionsOf(slos: readonly { metric: string }[]): RunPanelState['metrics'] {
  const names = new Set([...ALWAYS_SHOWN, ...slos.map((slo) => slo.metric)]);
  const entries = [...names].flatMap((name) => {
    const definition = metricOf(name);
    if (definition === undefined) return [];
    const { label, unit, formula, meaning } = definition;
    return [[name, { label, unit, formula, meaning }] as const];
  });
  return Object.fromEntries(entries);
}
