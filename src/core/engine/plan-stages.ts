/** Load stages with their lists expanded, durations and rates in base units. */
import type { RequestTemplate, StagePlan } from '../../protocol/plan';
import { nameStage, UniqueIds } from '../spec/naming';
import type { StageSpec } from '../spec/schema-load';
import { parseDurationMs, parseRatePerS } from '../spec/units';
import type { PlanProblems } from './plan-problems';
import type { RoutedSlos } from './plan-slos';

export interface LocatedStage {
  value: StageSpec;
  pointer: string;
  /** Unique in the file. */
  id: string;
  /** The sub-stages that are run, where not all are. */
  only?: string[];
}

/** Enough for any server that one machine can load, and within what most systems allow a process to open. */
const DEFAULT_MAX_CONCURRENCY = 1024;

interface Context {
  pool: RequestTemplate[];
  slos: RoutedSlos;
  problems: PlanProblems;
}

/** The stages of one target, in order; a list of rates or concurrencies becomes one stage for each of them. */
export function planStages(stages: readonly LocatedStage[], context: Context): StagePlan[] {
  const names = new UniqueIds();
  return stages.flatMap((stage) => {
    const pool = poolOf(stage, context);
    return subStages(stage)
      .filter(({ name }) => stage.only === undefined || stage.only.includes(name))
      .map(({ name, spec }) => planStage(stage, spec, names.take(name), pool, context));
  });
}

/** The names of the stages that a list-valued stage becomes; its own name where it is one stage. */
export function subStageNames(stage: LocatedStage): string[] {
  return subStages(stage).map(({ name }) => name);
}

function subStages({ value, id }: LocatedStage): { name: string; spec: StageSpec }[] {
  if (Array.isArray(value.rate))
    return value.rate.map((rate) => ({ name: `${id} ${rate.replaceAll(' ', '')}`, spec: { ...value, rate } }));
  if (Array.isArray(value.concurrency))
    return value.concurrency.map((concurrency) => ({ name: `${id} ${concurrency}`, spec: { ...value, concurrency } }));
  return [{ name: id === '' ? nameStage(value).id : id, spec: value }];
}

function poolOf({ value, pointer }: LocatedStage, { pool, problems }: Context): RequestTemplate[] {
  if (pool.length === 0) {
    problems.at(
      'nothing-to-send',
      'There is no case for this stage to send: all of them are skipped or left out.',
      pointer,
    );
  } else if (value.cases === 'weighted' && pool.every(({ weight }) => weight === 0)) {
    problems.at('nothing-to-send', 'Every case has the weight 0, so this stage has nothing to send.', pointer);
  }
  return pool;
}

function planStage(
  { pointer }: LocatedStage,
  spec: StageSpec,
  name: string,
  requestPool: RequestTemplate[],
  { slos }: Context,
): StagePlan {
  const rate = typeof spec.rate === 'string' ? parseRatePerS(spec.rate) : null;
  const durationMs = spec.duration === undefined ? null : parseDurationMs(spec.duration);
  const isOpen = spec.pattern !== 'sync' && spec.pattern !== 'concurrent' && spec.pattern !== 'throughput';
  const concurrency = spec.pattern === 'sync' ? 1 : typeof spec.concurrency === 'number' ? spec.concurrency : undefined;
  return {
    pointer,
    name,
    pattern: spec.pattern,
    loop: isOpen ? 'open' : 'closed',
    ...(isOpen && rate !== null ? { rate } : {}),
    ...(!isOpen && concurrency !== undefined ? { concurrency } : {}),
    ...(spec.burstiness === undefined ? {} : { burstiness: spec.burstiness }),
    ...(durationMs === null ? {} : { durationMs }),
    ...(spec.requests === undefined ? {} : { requests: spec.requests }),
    warmupMs: (spec.warmup === undefined ? null : parseDurationMs(spec.warmup)) ?? 0,
    cooldownMs: (spec.cooldown === undefined ? null : parseDurationMs(spec.cooldown)) ?? 0,
    maxConcurrency: spec.max_concurrency ?? Math.max(DEFAULT_MAX_CONCURRENCY, concurrency ?? 0),
    caseOrder: spec.cases ?? 'sequential',
    requestPool,
    slos: [...slos.everyStage, ...(slos.ofStage.get(pointer) ?? [])],
  };
}
