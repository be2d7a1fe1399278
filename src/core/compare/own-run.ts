import { METRICS } from '../metrics/definitions';
import { latenciesOf } from '../metrics/request-sample';
import { readCases, readRequests, readRun } from '../results/store';
import { stageCaveats } from '../report/flags';
import type { RequestRecord, RunJson, StageResult, TargetResult } from '../../protocol/run-json';
import { countOutcome } from './case-outcomes';
import type { ComparedMetric, ComparedRun, ComparedStage, ComparedTarget } from './compared-run';
import type { CaseOutcomeCount } from './pairs';
import { SendOrderSeries } from './series';

/** Metrics whose single values are wanted. */
const SERIES = ['ttft', 'ttfat', 'itl', 'tpot', 'e2e'];

/** Values of single requests in send order, by target, stage and metric. */
export type RunSeries = ReadonlyMap<string, SendOrderSeries>;

/**
 * Reads one of our runs for a comparison: its result, and from its requests the values in send order.
 * @throws PromptrigError as the run's files do
 */
export async function readOwnRun(dir: string): Promise<ComparedRun> {
  const run = await readRun(dir);
  const series = new SeriesCollector(run.targets);
  for await (const record of readRequests(dir)) series.add(record);
  const outcomes = new Map<string, Map<string, CaseOutcomeCount>>();
  for await (const record of readCases(dir)) {
    const cases = outcomes.get(record.target) ?? new Map<string, CaseOutcomeCount>();
    outcomes.set(record.target, cases);
    countOutcome(cases, record.case_id, record);
  }
  return {
    tool: 'promptrig',
    id: run.id,
    path: dir,
    name: run.name,
    startedAt: run.started_at,
    verdict: run.verdict,
    targets: run.targets.map((target) => comparedTarget(target, outcomes.get(target.id), series.result)),
    notes: [],
    caveats: caveatsOf(run),
    source: run.source,
    machine: machineOf(run),
  };
}

export function machineOf({ environment: { cpu, cores } }: RunJson): string {
  return `${cpu}, ${cores} cores`;
}

/** Sorts the values of requests into the series of their stages. */
export class SeriesCollector {
  private readonly loops: ReadonlyMap<string, StageResult['loop']>;
  private readonly series = new Map<string, SendOrderSeries>();

  constructor(targets: readonly TargetResult[]) {
    this.loops = new Map(
      targets.flatMap(({ id, stages }) => stages.map(({ name, loop }) => [keyOf(id, name), loop] as const)),
    );
  }

  get result(): RunSeries {
    return this.series;
  }

  add(record: RequestRecord): void {
    const key = keyOf(record.target, record.stage);
    const loop = this.loops.get(key);
    if (loop === undefined || record.phase !== 'measured' || record.outcome !== 'completed') return;
    const at = loop === 'open' ? record.scheduled : (record.sent ?? record.scheduled);
    const values = latenciesOf(record, loop);
    for (const metric of SERIES) {
      const value = values[metric];
      if (metric === 'itl') this.put(`${key} itl`, at, record.itl);
      else if (value !== undefined) this.put(`${key} ${metric}`, at, [value]);
    }
  }

  private put(key: string, at: number, values: readonly number[]): void {
    const known = this.series.get(key) ?? new SendOrderSeries();
    this.series.set(key, known);
    known.add(at, values);
  }
}

function keyOf(target: string, stage: string): string {
  return JSON.stringify([target, stage]);
}

export function comparedTarget(
  target: TargetResult,
  outcomes: ReadonlyMap<string, CaseOutcomeCount> | undefined,
  series: RunSeries,
): ComparedTarget {
  const { cost } = target;
  return {
    id: target.id,
    model: target.model,
    quality: target.quality,
    outcomes: outcomes === undefined ? null : { id: target.id, cases: outcomes },
    cost: {
      'cost.per_request': cost.per_request,
      'cost.per_1m_output': cost.per_1m_output,
      'cost.per_good': cost.per_good,
      'cost.total': cost.total,
    },
    // What the steps of a search found is in its curve.
    stages: target.stages
      .filter(({ part_of: partOf }) => partOf === undefined)
      .map((stage) => comparedStage(target.id, stage, series)),
    curves: target.curves ?? [],
  };
}

function comparedStage(target: string, stage: StageResult, series: RunSeries): ComparedStage {
  const metrics: Record<string, ComparedMetric> = {};
  for (const [name, distribution] of Object.entries(stage.metrics)) {
    const stats = Object.entries(distribution).filter(
      (entry): entry is [string, number] => typeof entry[1] === 'number',
    );
    metrics[name] = {
      unit: METRICS[name]?.unit ?? distribution.unit,
      n: distribution.n,
      stats: Object.fromEntries(stats.filter(([stat]) => stat !== 'n')),
      series: series.get(`${keyOf(target, stage.name)} ${name}`)?.result() ?? null,
    };
  }
  const { rates } = stage;
  const isClosed = stage.loop === 'closed';
  return {
    name: stage.name,
    isCases: stage.pattern === 'cases',
    loop: stage.loop,
    rate: stage.rate,
    concurrency: isClosed ? rates.concurrency_max : null,
    metrics,
    rates: { ...rates, concurrency: rates.concurrency_mean },
    slo: [...stage.slo, ...(stage.quality?.slo ?? [])],
    flags: stage.flags,
    tokensSource: stage.tokens_source[0] ?? null,
  };
}

function caveatsOf(run: RunJson): string[] {
  const caveats: string[] = [];
  if (run.status !== 'completed') {
    const why = run.status_reason === undefined ? '' : ` (${run.status_reason})`;
    caveats.push(
      `The run ${run.status === 'running' ? 'has not ended' : `is ${run.status}`}${why}: it covers what had run.`,
    );
  }
  for (const { id, stages, error } of run.targets) {
    if (error !== undefined) caveats.push(`${id}: ${error.message}`);
    for (const stage of stages) {
      if (stage.part_of !== undefined) continue;
      for (const text of stageCaveats(stage)) caveats.push(`${id} / ${stage.name}: ${text}`);
    }
  }
  return caveats;
}
