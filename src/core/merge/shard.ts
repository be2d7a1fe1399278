/** Splits plans into parts for several machines: deterministic, so that machines that never speak to each other agree. */
import { createHash } from 'node:crypto';
import * as path from 'node:path';
import type { CasePlan, RunPlan, ShardPlan, StagePlan, TargetPlan } from '../../protocol/plan';

export interface Shard {
  /** From 1. */
  index: number;
  of: number;
}

/** More parts than these are a slip. */
const MOST_SHARDS = 1000;
/** What an answer is taken to last where nothing is known of it, ms: only shares of the work are decided by it. */
const ANSWER_MS = 1000;
/** Steps that a capacity search is taken to need. */
const CAPACITY_STEPS = 10;

/** Reads `2/3`; null for anything else. */
export function parseShard(text: string): Shard | null {
  const [, index, of] = /^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? [];
  const shard = { index: Number(index), of: Number(of) };
  const fits = shard.index >= 1 && shard.index <= shard.of && shard.of <= MOST_SHARDS;
  return fits ? shard : null;
}

/** What is never split: a case with all its repeats, or a load stage. */
interface Unit {
  file: number;
  target: number;
  kind: 'case' | 'stage';
  index: number;
  costMs: number;
}

/**
 * The part of each plan that one machine runs, in the order of `plans`; null where it has nothing to do for a file.
 *
 * Files stay whole where there are at least as many of them as machines; else targets do; else the cases and load stages of a target
 * are dealt out. Neighbours stay together, and the cuts lie where the longest part is as short as it can be, by the time that
 * stages are planned to take.
 */
export function shardPlans(plans: readonly RunPlan[], shard: Shard): (RunPlan | null)[] {
  const units = plans.flatMap((plan, file) => plan.targets.flatMap((target, index) => unitsOf(target, file, index)));
  const owner = assign(grouped(units, shard.of), shard.of);
  return plans.map((plan, file) => {
    const own = units.filter((unit) => unit.file === file && owner.get(unit) === shard.index - 1);
    if (own.length === 0) return null;
    const counts = Array.from({ length: shard.of }, () => 0);
    for (const unit of units) {
      const part = owner.get(unit) ?? 0;
      if (unit.file === file) counts[part] = (counts[part] ?? 0) + 1;
    }
    const info: ShardPlan = { ...shard, plan: planDigest(plan), units: counts };
    const targets = plan.targets.flatMap((target, index): TargetPlan[] => {
      const ofTarget = own.filter((unit) => unit.target === index);
      return ofTarget.length === 0 ? [] : [partOf(target, ofTarget)];
    });
    return { ...plan, targets, shard: info };
  });
}

function unitsOf(target: TargetPlan, file: number, index: number): Unit[] {
  const cases = target.cases.map((item, position): Unit => ({
    ...{ file, target: index, kind: 'case' as const, index: position },
    costMs:
      item.skip === undefined
        ? (item.repeat * Math.max(1, item.turns?.length ?? 1) * ANSWER_MS) / target.concurrency
        : 0,
  }));
  const stages = target.stages.map((stage, position): Unit => ({
    ...{ file, target: index, kind: 'stage' as const, index: position },
    costMs: stageMs(stage),
  }));
  return [...cases, ...stages];
}

function stageMs(stage: StagePlan): number {
  const { durationMs, requests, rate, concurrency, sweep, pattern } = stage;
  const byCount =
    requests === undefined
      ? Number.POSITIVE_INFINITY
      : (requests / (rate ?? (concurrency ?? 1) * (1000 / ANSWER_MS))) * 1000;
  const once = Math.min(durationMs ?? Number.POSITIVE_INFINITY, byCount);
  const steps = pattern === 'sweep' ? (sweep?.steps ?? 1) : pattern === 'capacity' ? CAPACITY_STEPS : 1;
  return (Number.isFinite(once) ? once : ANSWER_MS) * steps;
}

/** Whole files where they are enough, else whole targets, else single units; in order. */
function grouped(units: readonly Unit[], parts: number): Unit[][] {
  const keys: ((unit: Unit) => string)[] = [({ file }) => `${file}`, ({ file, target }) => `${file} ${target}`];
  for (const keyOf of keys) {
    const groups = new Map<string, Unit[]>();
    for (const unit of units) {
      const key = keyOf(unit);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [unit]);
      else group.push(unit);
    }
    if (groups.size >= parts) return [...groups.values()];
  }
  return units.map((unit) => [unit]);
}

/** Cuts the sequence of groups into at most `parts` runs of neighbours whose largest cost is the least possible. */
function assign(groups: readonly Unit[][], parts: number): Map<Unit, number> {
  const costs = groups.map((group) => group.reduce((sum, { costMs }) => sum + costMs, 0));
  let low = Math.max(0, ...costs);
  let high = costs.reduce((sum, cost) => sum + cost, 0);
  const needed = (most: number): number => {
    let count = costs.length === 0 ? 0 : 1;
    let load = 0;
    for (const cost of costs) {
      if (load > 0 && load + cost > most) {
        count++;
        load = 0;
      }
      load += cost;
    }
    return count;
  };
  // Bisection to a relative millionth: the same doubles on every machine give the same cuts.
  for (let round = 0; round < 40; round++) {
    const middle = (low + high) / 2;
    if (needed(middle) <= parts) high = middle;
    else low = middle;
  }
  const owner = new Map<Unit, number>();
  let part = 0;
  let load = 0;
  for (const [index, group] of groups.entries()) {
    const cost = costs[index] ?? 0;
    const isFull = load > 0 && load + cost > high;
    // With as many groups left as parts each of them gets one: a machine that has been paid for is not left idle.
    const isScarce = index > 0 && groups.length - index <= parts - 1 - part;
    if (part < parts - 1 && (isFull || isScarce)) {
      part++;
      load = 0;
    }
    load += cost;
    for (const unit of group) owner.set(unit, part);
  }
  return owner;
}

function partOf(target: TargetPlan, units: readonly Unit[]): TargetPlan {
  const pick = <T>(items: readonly T[], kind: Unit['kind']): T[] => {
    const wanted = new Set(units.filter((unit) => unit.kind === kind).map(({ index }) => index));
    return items.filter((_, index) => wanted.has(index));
  };
  const cases = pick(target.cases, 'case');
  const stages = pick(target.stages, 'stage');
  const sent = new Set(
    stages.flatMap(({ requestPool }) => requestPool.flatMap(({ casePointer }) => casePointer ?? [])),
  );
  // Load stages send cases that other parts ask: their answers are judged here, too.
  const own = new Set(cases.map(({ pointer }) => pointer));
  const elsewhere = [...target.cases, ...(target.loadCases ?? [])].filter(
    (item: CasePlan) => item.skip === undefined && sent.has(item.pointer) && !own.has(item.pointer),
  );
  const part: TargetPlan = { ...target, cases, stages };
  if (elsewhere.length > 0) part.loadCases = elsewhere;
  else delete part.loadCases;
  return part;
}

/** Keys whose text is a path of this machine. */
const PATHS = new Set(['path', 'caPath', 'file']);

/** What two machines must agree on for their parts to be of one run; not where they keep their files. */
export function planDigest(plan: RunPlan): string {
  const { schema, name, purpose, tags, source, seed, confidence, policy, targets, budget, judge, allowCode } = plan;
  const essence = { schema, name, purpose, tags, source, seed, confidence, policy, targets, budget, judge, allowCode };
  const text = JSON.stringify(essence, (key, value: unknown) =>
    PATHS.has(key) && typeof value === 'string' && path.isAbsolute(value)
      ? path.relative(plan.baseDir, value).replaceAll('\\', '/')
      : value,
  );
  return createHash('sha256').update(text).digest('hex');
}
