/** The run panel's state from a run's folder, for a panel that outlives the window it was opened in. */
import { readCases, readRequests, readRun } from '../../core/results/store';
import { PromptrigError } from '../../core/util/errors';
import type { TickPoint } from '../../protocol/events';
import type { CaseRecord, RequestRecord } from '../../protocol/run-json';
import type { RunPanelState } from '../../protocol/run-panel';
import { stateOfRun } from './run-panel-state';

const MAX_POINTS = 50_000;
const MAX_CASES = 5_000;

/** Null where the folder is gone. */
export async function loadRunState(dir: string): Promise<RunPanelState | null> {
  let run;
  try {
    run = await readRun(dir);
  } catch (error) {
    if (error instanceof PromptrigError && error.code === 'not_found') return null;
    throw error;
  }
  const cases: CaseRecord[] = [];
  for await (const record of readCases(dir)) {
    if (cases.length < MAX_CASES) cases.push(record);
  }
  const openLoops = new Set(
    run.targets.flatMap((target) =>
      target.stages.filter((stage) => stage.loop === 'open').map((stage) => `${target.id}\n${stage.name}`),
    ),
  );
  const series = new Map<string, { points: TickPoint[]; every: number; seen: number; originMs: number }>();
  for await (const request of readRequests(dir)) {
    const key = `${request.target}\n${request.stage}`;
    let known = series.get(key);
    if (known === undefined) {
      known = { points: [], every: 1, seen: 0, originMs: request.scheduled };
      series.set(key, known);
    }
    known.originMs = Math.min(known.originMs, request.scheduled);
    if (known.seen++ % known.every !== 0) continue;
    known.points.push(pointOf(request, openLoops.has(key)));
    if (known.points.length > MAX_POINTS) {
      known.every *= 2;
      known.points = known.points.filter((_, index) => index % 2 === 0);
    }
  }
  const points = new Map<string, TickPoint[]>();
  for (const [key, { points: absolute, originMs }] of series) {
    points.set(
      key,
      absolute.map((point) => ({ ...point, t: point.t - originMs })),
    );
  }
  const text = run.status === 'completed' ? '' : `${run.status}: ${run.status_reason ?? 'the run was not completed'}`;
  return stateOfRun(run, cases, points, text);
}

/** `t` counts from the run's clock origin here. An open loop counts latency from the schedule, see the metrics' definitions. */
function pointOf(request: RequestRecord, openLoop: boolean): TickPoint {
  const origin = openLoop ? request.scheduled : request.sent;
  const since = (instant: number | null): number | null =>
    instant === null || origin === null ? null : instant - origin;
  const gaps = request.itl.length;
  return {
    t: request.first ?? request.end,
    ttft: since(request.first),
    itl: gaps === 0 ? null : request.itl.reduce((sum, gap) => sum + gap, 0) / gaps,
    itlMax: gaps === 0 ? null : request.itl.reduce((max, gap) => Math.max(max, gap), 0),
    e2e: since(request.last),
    warmup: request.phase !== 'measured',
    ok: request.outcome === 'completed',
    request: request.id,
  };
}
