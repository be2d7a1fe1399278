/**
 * The numbers of an eval over its stored runs. Of each run `run.json` alone is read, once as long as it does not change, and what is
 * kept of it is its numbers: hundreds of runs are a few hundred kilobytes.
 */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { BaselineFile } from '../../protocol/baseline';
import type { Unit } from '../../protocol/plan';
import type { RunJson, RunVerdict, TargetResult } from '../../protocol/run-json';
import type { RunTrends, TrendSeries } from '../../protocol/trends';
import { Sketch } from '../compare/sketch';
import { METRICS } from '../metrics/definitions';
import { PromptrigError } from '../util/errors';
import { runFile } from './files';
import { listRuns, readRun } from './store';

export interface TrendLimits {
  /** Points of a line. */
  runs: number;
  /** Folders that are looked at to find them: those of other evals lie among them. */
  examined: number;
}

/** What a chart can show, and a reader can tell apart. */
export const TREND_LIMITS: TrendLimits = { runs: 100, examined: 1_000 };
/** A larger result is that of a sweep with thousands of steps: no point of a line is worth reading it. */
const MOST_BYTES = 16 << 20;
const READ_AT_ONCE = 8;

const LATENCIES = ['ttft', 'itl', 'tpot', 'e2e'] as const;
const STATS = ['p50', 'p99'] as const;
const RATES = ['rps', 'output_tps', 'goodput_ratio', 'error_rate'] as const;

type Place = Pick<TrendSeries, 'target' | 'stage' | 'metric' | 'stat'>;

interface Point {
  id: string;
  runId: string;
  source: string;
  startedAt: string;
  commit: string | null;
  dirty: boolean;
  verdict: RunVerdict;
  completed: boolean;
  values: { place: Place; value: number }[];
}

export class TrendHistory {
  private readonly known = new Map<string, { changed: string; point: Point | null }>();

  /**
   * @param source the eval file, as its runs name it
   * @param baselines what is pinned for it
   * @throws PromptrigError where the folder of runs cannot be read
   */
  async of(
    runsDir: string,
    source: string,
    baselines: readonly BaselineFile[] = [],
    limits: TrendLimits = TREND_LIMITS,
  ): Promise<RunTrends> {
    const ids = await listRuns(runsDir);
    this.forget(runsDir, new Set(ids));
    return this.among(ids, runsDir, source, baselines, limits);
  }

  /** As `of`, of runs that are known already. @param ids newest first */
  async among(
    ids: readonly string[],
    runsDir: string,
    source: string,
    baselines: readonly BaselineFile[],
    limits: TrendLimits,
  ): Promise<RunTrends> {
    const examined = ids.slice(0, limits.examined);
    const found: Point[] = [];
    let unfinished = 0;
    let isMore = ids.length > examined.length;
    // Newest first, some at once, and no further than needed.
    for (let at = 0; at < examined.length; at += READ_AT_ONCE) {
      if (found.length >= limits.runs) {
        isMore = true;
        break;
      }
      const points = await Promise.all(examined.slice(at, at + READ_AT_ONCE).map((id) => this.point(runsDir, id)));
      for (const point of points) {
        if (point === null || point.source !== source) continue;
        if (point.completed) found.push(point);
        else unfinished++;
      }
    }
    const shown = found.slice(0, limits.runs).reverse();
    const pinned = new Set(baselines.map((file) => file.pinned.run));
    return {
      runs: shown.map(({ id, runId, startedAt, commit, dirty, verdict }) => ({
        id,
        startedAt,
        commit,
        dirty,
        verdict,
        pinned: pinned.has(runId),
      })),
      series: seriesOf(shown, baselines),
      leftOut: [
        ...(unfinished === 0 ? [] : [`${unfinished} ${unfinished === 1 ? 'run' : 'runs'} that did not complete`]),
        ...(isMore ? ['older runs'] : []),
      ],
    };
  }

  private forget(runsDir: string, ids: ReadonlySet<string>): void {
    for (const dir of this.known.keys())
      if (path.dirname(dir) === runsDir && !ids.has(path.basename(dir))) this.known.delete(dir);
  }

  /** Null of a run that cannot be read: its row in the list of runs says why. */
  private async point(runsDir: string, id: string): Promise<Point | null> {
    const dir = path.join(runsDir, id);
    let stats;
    try {
      stats = await fs.stat(runFile(dir, 'run'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    const changed = `${stats.mtimeMs} ${stats.size}`;
    const known = this.known.get(dir);
    if (known?.changed === changed) return known.point;
    const point = stats.size > MOST_BYTES ? null : await readPoint(dir, id);
    this.known.set(dir, { changed, point });
    return point;
  }
}

async function readPoint(dir: string, id: string): Promise<Point | null> {
  try {
    return pointOf(id, await readRun(dir));
  } catch (error) {
    // Also of a result that has the schema's name and not its form.
    if (error instanceof PromptrigError || error instanceof TypeError) return null;
    throw error;
  }
}

function pointOf(id: string, run: RunJson): Point {
  return {
    id,
    runId: run.id,
    source: run.source.path,
    startedAt: run.started_at,
    commit: run.environment.git?.commit ?? null,
    dirty: run.environment.git?.dirty ?? false,
    verdict: run.verdict,
    completed: run.status === 'completed',
    values: run.targets.flatMap(valuesOf),
  };
}

function valuesOf({ id: target, quality, cost, stages, curves }: TargetResult): Point['values'] {
  const values: Point['values'] = [];
  const add = (stage: string | null, metric: string, stat: string | null, value: number | null | undefined): void => {
    if (typeof value === 'number' && Number.isFinite(value))
      values.push({ place: { target, stage, metric, stat }, value });
  };
  add(null, 'quality.pass_rate', null, quality?.pass_rate);
  add(null, 'quality.score', null, quality?.score);
  add(null, 'cost.per_request', null, cost.per_request);
  add(null, 'cost.per_good', null, cost.per_good);
  for (const { name, part_of: partOf, pattern, metrics, rates } of stages) {
    // The steps of a search are at rates that differ from run to run.
    if (partOf !== undefined) continue;
    for (const metric of LATENCIES) for (const stat of STATS) add(name, metric, stat, metrics[metric]?.[stat]);
    if (pattern === 'cases') add(name, 'error_rate', null, rates.error_rate);
    else for (const metric of RATES) add(name, metric, null, rates[metric]);
  }
  for (const { stage, rate } of curves ?? []) add(stage, CAPACITY, null, rate);
  return values;
}

/** The highest rate that met the SLOs: of no SLO, so of no other name. */
const CAPACITY = 'capacity';

function seriesOf(points: readonly Point[], baselines: readonly BaselineFile[]): TrendSeries[] {
  const byPlace = new Map<string, { place: Place; values: (number | null)[] }>();
  points.forEach((point, index) => {
    for (const { place, value } of point.values) {
      const key = JSON.stringify(place);
      const known = byPlace.get(key) ?? { place, values: points.map(() => null) };
      byPlace.set(key, known);
      known.values[index] = value;
    }
  });
  return [...byPlace.values()].map(({ place, values }) => ({
    ...place,
    ...wordsOf(place.metric),
    values,
    baseline: baselineOf(place, baselines),
  }));
}

function wordsOf(metric: string): { label: string; unit: Unit; better: 'lower' | 'higher' } {
  if (metric === CAPACITY) return { label: 'Highest rate within the SLOs', unit: '1/s', better: 'higher' };
  const known = METRICS[metric];
  return { label: known?.label ?? metric, unit: known?.unit ?? 'ms', better: known?.better ?? 'lower' };
}

function baselineOf({ target, stage, metric, stat }: Place, baselines: readonly BaselineFile[]): number | null {
  const file = baselines.find((one) => one.target === target);
  if (file === undefined) return null;
  if (metric === 'quality.pass_rate') return file.quality?.pass_rate ?? null;
  if (metric === 'quality.score') return file.quality?.score ?? null;
  const was = stage === null ? undefined : file.stages[stage];
  if (was === undefined) return null;
  const rate = was.rates[metric];
  if (rate !== undefined) return rate.value;
  if (metric === 'error_rate') return was.errors.requests === 0 ? null : was.errors.failed / was.errors.requests;
  const distribution = was.metrics[metric];
  if (distribution === undefined || stat === null) return null;
  const value = new Sketch(distribution).quantile(Number(stat.slice(1)) / 100);
  return Number.isFinite(value) ? value : null;
}
