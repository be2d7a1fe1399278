/** Load stages with their lists expanded, durations and rates in base units. */
import { formatSeconds } from '../../protocol/format';
import type { RequestTemplate, StagePlan } from '../../protocol/plan';
import { nameStage, UniqueIds } from '../spec/naming';
import type { StageSpec } from '../spec/schema-load';
import { parseDurationMs, parseRatePerS } from '../spec/units';
import { arrivalFields, loopOf, sendsSynthetic, sessionsOf, syntheticOf } from './plan-arrivals';
import type { PlanProblems } from './plan-problems';
import type { RoutedSlos } from './plan-slos';
import type { PlannedTrace } from './plan-trace';

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
  /** By the pointer of the stage. */
  traces: ReadonlyMap<string, PlannedTrace>;
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
  const hasCases = pool.some(({ casePointer }) => casePointer !== undefined);
  if (sendsSynthetic(value, hasCases)) return [];
  if (value.input_tokens !== undefined && value.pattern !== 'trace') {
    const message = '"input_tokens" has no effect: "cases" says that the stage sends the cases of the file.';
    problems.at('unused-key', message, `${pointer}/input_tokens`, { severity: 'warning' });
  }
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
  { slos, traces, problems }: Context,
): StagePlan {
  const rate = typeof spec.rate === 'string' ? parseRatePerS(spec.rate) : null;
  const durationMs = spec.duration === undefined ? null : parseDurationMs(spec.duration);
  const loop = loopOf(spec);
  const concurrency = spec.pattern === 'sync' ? 1 : typeof spec.concurrency === 'number' ? spec.concurrency : undefined;
  const users = Math.max(concurrency ?? 0, ...closedRange(spec));
  const trace = traces.get(pointer);
  const warmupMs = (spec.warmup === undefined ? null : parseDurationMs(spec.warmup)) ?? 0;
  const cooldownMs = (spec.cooldown === undefined ? null : parseDurationMs(spec.cooldown)) ?? 0;
  if (trace?.played !== undefined && warmupMs + cooldownMs >= trace.played.durationMs) {
    problems.at(
      'nothing-measured',
      `The trace lasts ${formatSeconds(trace.played.durationMs / 1000)} at this speed: "warmup" and "cooldown" leave nothing of it to measure.`,
      pointer,
    );
  }
  const synthetic = syntheticOf(spec);
  const sessions = sessionsOf(spec);
  return {
    pointer,
    name,
    pattern: spec.pattern,
    loop,
    ...(loop === 'open' && rate !== null ? { rate } : {}),
    ...(loop === 'closed' && concurrency !== undefined ? { concurrency } : {}),
    ...arrivalFields(spec, trace?.path),
    ...(durationMs === null ? {} : { durationMs }),
    ...(spec.requests === undefined ? {} : { requests: spec.requests }),
    ...trace?.played,
    warmupMs,
    cooldownMs,
    maxConcurrency: spec.max_concurrency ?? Math.max(DEFAULT_MAX_CONCURRENCY, users),
    caseOrder: spec.cases ?? 'sequential',
    requestPool,
    ...(synthetic === undefined ? {} : { synthetic }),
    ...(sessions === undefined ? {} : { sessions }),
    slos: [...slos.everyStage, ...(slos.ofStage.get(pointer) ?? [])],
  };
}

/** Numbers of users that a ramp or a sweep goes through. */
function closedRange({ from, to }: StageSpec): number[] {
  return [from, to].filter((value) => typeof value === 'number');
}
