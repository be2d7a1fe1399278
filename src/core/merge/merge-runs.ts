/**
 * Joins the parts of a run (`run --shard`) into the run that one machine would have made: samples are put together, never percentiles.
 * The quality cases, which parts share, are aggregated again from their requests and answers, with the same aggregators that judge a
 * running stage; a load stage is never split, so that its result is the one that was measured. Every verdict over more than one part
 * is made again.
 */
import * as path from 'node:path';
import { compareToBaseline } from '../compare/baseline';
import { countOutcome } from '../compare/case-outcomes';
import type { CaseOutcomeCount, TargetOutcomes } from '../compare/pairs';
import { compareTargets } from '../compare/targets';
import { qualityUnderLoad } from '../compare/under-load';
import { phaseReport } from '../engine/phase-report';
import { Intervals } from '../engine/recover';
import { CASES_STAGE, aggregatorFor, casesContext, loadContext } from '../engine/stage-context';
import { emptyTarget, qualityOptions, qualityTally } from '../engine/target-result';
import { CostTally } from '../metrics/cost';
import { PhaseTracker } from '../metrics/phases';
import { runVerdict, targetVerdict, verdictWithBaseline } from '../metrics/verdict-run';
import { readRequests } from '../results/store';
import { RunWriter } from '../results/writer';
import type { RunPlan, TargetPlan } from '../../protocol/plan';
import type {
  ClientHealth,
  MergedPart,
  RequestRecord,
  RunJson,
  StageResult,
  TargetResult,
} from '../../protocol/run-json';
import { correctRequests } from './answer-correct';
import { mergedPlan } from './merged-plan';
import type { RunPart } from './parts';
import { caseRecordsOf, loadAnswersOf, loadRequestsOf, type CaseRecords, type PartClock } from './records';

export interface MergedRun {
  dir: string;
  run: RunJson;
  plan: RunPlan;
}

/** Records handed to the writer at once. */
const BATCH = 500;

/**
 * Merges the parts of one file into a new run.
 * @param parts of one run, checked, in the order of their index: see `collectParts`
 * @param place id and folder of the new run, and where the eval file's folder is on this machine
 * @throws PromptrigError `results_write` where the folder cannot be made, `unreadable` where a part's files are damaged
 */
export async function mergeRuns(
  parts: readonly RunPart[],
  place: { runId: string; outDir: string; baseDir?: string },
): Promise<MergedRun> {
  const [first] = parts as [RunPart, ...RunPart[]];
  const plan = relocated(mergedPlan(parts, place.runId, place.outDir), place.baseDir);
  const clocks = await clocksOf(parts);
  const records = await caseRecordsOf(clocks);
  const writer = RunWriter.create(plan);
  const merger = new TargetMerger(plan, clocks, records);
  const run: RunJson = {
    ...first.run,
    id: plan.runId,
    started_at: earliest(parts),
    finished_at: latest(parts),
    status: statusOf(parts),
    merged: parts.map(({ run: part }): MergedPart => ({
      id: part.id,
      shard: part.shard.index,
      started_at: part.started_at,
      finished_at: part.finished_at,
      status: part.status,
      environment: part.environment,
    })),
    targets: [],
    verdict: 'inconclusive',
  };
  for (const key of ['shard', 'comparison', 'baseline', 'in_progress', 'status_reason'] as const) delete run[key];
  const reason = parts.find(({ run: part }) => part.status === run.status && part.status !== 'completed')?.run;
  if (reason?.status_reason !== undefined) {
    run.status_reason = `part ${reason.shard?.index} of ${reason.shard?.of}: ${reason.status_reason}`;
  }
  const costs = new Map(plan.targets.map((target) => [target.id, new CostTally(target.endpoint)]));

  for (const { requests, answers } of records.values()) {
    for (const record of requests) costs.get(record.target)?.add(record);
    writer.requests(requests);
    writer.cases(answers);
  }
  let batch: RequestRecord[] = [];
  for await (const record of loadRequestsOf(clocks)) {
    costs.get(record.target)?.add(record);
    if (batch.push(record) < BATCH) continue;
    writer.requests(batch);
    batch = [];
  }
  writer.requests(batch);
  for await (const answer of loadAnswersOf(clocks)) writer.cases([answer]);

  const outcomes: TargetOutcomes[] = [];
  for (const target of plan.targets) {
    if (!parts.some(({ run: part }) => part.targets.some(({ id }) => id === target.id))) continue;
    run.targets.push(await merger.merge(target, costs.get(target.id) ?? new CostTally(target.endpoint)));
    outcomes.push(outcomesOf(target.id, records.get(target.id)));
  }
  const comparison = compareTargets(plan, run.targets, outcomes);
  if (comparison !== null) run.comparison = comparison;
  const baseline = await compareToBaseline(plan, run, place.outDir);
  if (baseline !== null) run.baseline = baseline;
  const verdict = verdictWithBaseline(runVerdict(run), run.baseline);
  // What was not measured cannot have passed.
  run.verdict = verdict === 'pass' && run.status !== 'completed' ? 'inconclusive' : verdict;
  writer.run(run);
  writer.close();
  return { dir: place.outDir, run, plan };
}

/** The baseline where it lies here: parts name it by its place on their machine. */
function relocated(plan: RunPlan, baseDir: string | undefined): RunPlan {
  if (baseDir === undefined) return plan;
  const { baseline } = plan;
  const moved = (dir: string): string => path.resolve(baseDir, path.relative(plan.baseDir, dir));
  return {
    ...plan,
    baseDir,
    ...(baseline === undefined ? {} : { baseline: { ...baseline, dir: moved(baseline.dir) } }),
  };
}

/** How the clocks of the parts lie to each other: by the wall clocks of their machines; their quality cases by their own start. */
async function clocksOf(parts: readonly RunPart[]): Promise<PartClock[]> {
  const zero = Date.parse(earliest(parts));
  const seen = new Map<string, { originMs: number; used: Set<string>; next: number }>();
  const clocks: PartClock[] = [];
  for (const part of parts) {
    const shiftMs = Date.parse(part.run.started_at) - zero;
    const casesShiftMs = new Map<string, number>();
    const casesOffset = new Map<string, number>();
    const ofPart = await firstRequests(part);
    for (const [target, { startMs, ids, highest }] of ofPart) {
      const stage = part.run.targets.find(({ id }) => id === target)?.stages.find(({ name }) => name === CASES_STAGE);
      const originMs = stage?.origin_ms ?? startMs;
      const known = seen.get(target);
      if (known === undefined) {
        // The first part sets the place of the stage; the others are moved to it.
        casesShiftMs.set(target, shiftMs);
        seen.set(target, { originMs: originMs + shiftMs, used: ids, next: highest + 1 });
        continue;
      }
      casesShiftMs.set(target, known.originMs - originMs);
      const collides = [...ids].some((id) => known.used.has(id));
      const offset = collides ? known.next : 0;
      casesOffset.set(target, offset);
      for (const id of ids) known.used.add(offset === 0 ? id : `${id}+${offset}`);
      known.next = Math.max(known.next, highest + offset + 1);
    }
    clocks.push({ part, shiftMs, casesShiftMs, casesOffset });
  }
  return clocks;
}

async function firstRequests(
  part: RunPart,
): Promise<Map<string, { startMs: number; ids: Set<string>; highest: number }>> {
  const found = new Map<string, { startMs: number; ids: Set<string>; highest: number }>();
  for await (const { stage, target, scheduled, id, index } of readRequests(part.dir)) {
    if (stage !== CASES_STAGE) continue;
    const known = found.get(target) ?? { startMs: Number.POSITIVE_INFINITY, ids: new Set<string>(), highest: -1 };
    known.startMs = Math.min(known.startMs, scheduled);
    known.highest = Math.max(known.highest, index);
    known.ids.add(id);
    found.set(target, known);
  }
  return found;
}

class TargetMerger {
  constructor(
    private readonly plan: RunPlan,
    private readonly clocks: readonly PartClock[],
    private readonly records: ReadonlyMap<string, CaseRecords>,
  ) {}

  async merge(target: TargetPlan, cost: CostTally): Promise<TargetResult> {
    const { plan, clocks } = this;
    const parts = clocks.flatMap(({ part, shiftMs }) => {
      const result = part.run.targets.find(({ id }) => id === target.id);
      return result === undefined ? [] : [{ part, shiftMs, result }];
    });
    const result = emptyTarget(target);
    const stages = parts.flatMap(({ result: of, shiftMs }) => of.stages.map((stage) => ({ stage, shiftMs })));
    const cases = stages.filter(({ stage }) => stage.name === CASES_STAGE);
    const load = stages.filter(({ stage }) => stage.name !== CASES_STAGE);
    const [only, ...others] = cases;
    if (only !== undefined) {
      const whole =
        others.length === 0
          ? movedStage(only.stage, only.shiftMs)
          : this.casesStage(
              target,
              cases.map(({ stage }) => stage),
            );
      result.stages.push(whole);
    }
    result.stages.push(...load.map(({ stage, shiftMs }) => movedStage(stage, shiftMs)));
    const curves = parts.flatMap(({ result: of }) => of.curves ?? []);
    if (curves.length > 0) result.curves = curves;
    const phases = await this.phases(
      target,
      parts.map(({ result: of }) => of),
    );
    if (phases !== undefined) result.phases = phases;
    if (target.cases.length > 0) {
      const tally = qualityTally(target);
      for (const record of this.records.get(target.id)?.answers ?? []) tally.add(record);
      result.quality = tally.result(qualityOptions(plan, target));
    }
    const underLoad = qualityUnderLoad(result.stages);
    if (underLoad !== null) result.quality_under_load = underLoad;
    result.cost = cost.result(result.stages);
    if (this.machineTime(target)) {
      // Each part kept its machine for as long as it ran: what they cost together is their sum, not the span from first to last.
      const totals = parts.flatMap(({ result: of }) => of.cost.total ?? []);
      result.cost.total = totals.length === 0 ? null : totals.reduce((sum, usd) => sum + usd, 0);
    }
    const failed = parts.find(({ result: of }) => of.error !== undefined);
    if (failed?.result.error !== undefined) {
      const { index, of } = failed.part.run.shard;
      const { code, message } = failed.result.error;
      result.error = { code, message: `part ${index} of ${of}: ${message}` };
    }
    result.verdict = targetVerdict(result);
    return result;
  }

  private machineTime({ endpoint }: TargetPlan): boolean {
    return endpoint.price === undefined && endpoint.hardware?.costPerHour !== undefined;
  }

  /** The stage `cases` over what all parts asked. */
  private casesStage(target: TargetPlan, stages: readonly StageResult[]): StageResult {
    const { requests = [], answers = [] } = this.records.get(target.id) ?? {};
    const items = new Map(target.cases.map((item) => [item.pointer, item]));
    const correct = new Map<string, boolean | null>();
    for (const answer of answers) {
      for (const [id, right] of correctRequests(answer, items.get(answer.case))) correct.set(id, right);
    }
    const [first] = this.clocks.filter(({ casesShiftMs }) => casesShiftMs.has(target.id));
    const own = first?.part.run.targets
      .find(({ id }) => id === target.id)
      ?.stages.find(({ name }) => name === CASES_STAGE);
    const scheduled = requests.map((record) => record.scheduled);
    const originMs =
      own?.origin_ms === undefined
        ? scheduled.reduce((least, ms) => Math.min(least, ms), Number.POSITIVE_INFINITY)
        : own.origin_ms + (first?.casesShiftMs.get(target.id) ?? 0);
    const aggregator = aggregatorFor(casesContext(this.plan, target, requests.length), originMs);
    const intervals = new Intervals();
    for (const record of requests) {
      intervals.add(record.sent, record.end);
      aggregator.add(record, correct.get(record.id) ?? null);
    }
    const flags = new Set(stages.flatMap((stage) => stage.flags));
    if (flags.has('clock_jump'))
      aggregator.invalidate('the machine of a part was suspended while it ran: run it again');
    const result = aggregator.finish({
      endMs: Math.max(originMs, intervals.endMs),
      scheduled: requests.length,
      ...intervals.concurrency(originMs),
      client: worstClient(stages),
      ...(flags.has('stopped') ? { endedEarly: 'cancelled' } : {}),
    });
    return { ...result, origin_ms: originMs };
  }

  /** Of one part as it was measured; of load stages of several, over all of them. */
  private async phases(target: TargetPlan, results: readonly TargetResult[]): Promise<TargetResult['phases']> {
    const withPhases = results.filter(({ phases }) => phases !== undefined);
    if (withPhases.length <= 1) return withPhases[0]?.phases;
    const [stage] = target.stages;
    if (stage === undefined) return undefined;
    const spans = await spansOf(this.clocks, target.id);
    const clocks = apart(this.clocks, spans);
    const { seed, confidence, coldFirst } = loadContext(this.plan, target, stage);
    const tracker = new PhaseTracker({
      originMs: loadOrigin(target.id, this.clocks, spans),
      seed,
      confidence,
      coldFirst,
    });
    for await (const record of loadRequestsOf(clocks)) if (record.target === target.id) tracker.add(record);
    return phaseReport(tracker.result());
  }
}

/** When the load of a target ran in each part, on the common clock. */
async function spansOf(clocks: readonly PartClock[], target: string): Promise<{ fromMs: number; untilMs: number }[]> {
  const spans: { fromMs: number; untilMs: number }[] = [];
  for (const clock of clocks) {
    let fromMs = Number.POSITIVE_INFINITY;
    let untilMs = Number.NEGATIVE_INFINITY;
    for await (const record of loadRequestsOf([clock])) {
      if (record.target !== target) continue;
      fromMs = Math.min(fromMs, record.sent ?? record.scheduled);
      untilMs = Math.max(untilMs, record.end);
    }
    spans.push({ fromMs, untilMs });
  }
  return spans;
}

/** Where the load of a target begins. */
function loadOrigin(target: string, clocks: readonly PartClock[], spans: readonly { fromMs: number }[]): number {
  for (const [index, { part, shiftMs }] of clocks.entries()) {
    const { fromMs = Number.POSITIVE_INFINITY } = spans[index] ?? {};
    if (!Number.isFinite(fromMs)) continue;
    const stages = part.run.targets.find(({ id }) => id === target)?.stages ?? [];
    const origin = stages.find(({ name }) => name !== CASES_STAGE)?.origin_ms;
    return origin === undefined ? fromMs : origin + shiftMs;
  }
  return 0;
}

/** From here on a gap between two parts is no pause but another time. */
const LONGEST_GAP_MS = 600_000;

/** Clocks on which the load of the parts follows one after the other: requests of a part shared the server with their own alone. */
function apart(clocks: readonly PartClock[], spans: readonly { fromMs: number; untilMs: number }[]): PartClock[] {
  let freeFromMs: number | null = null;
  return clocks.map((clock, index) => {
    const { fromMs = Number.POSITIVE_INFINITY, untilMs = 0 } = spans[index] ?? {};
    if (!Number.isFinite(fromMs)) return clock;
    const follows = freeFromMs === null || (fromMs >= freeFromMs && fromMs - freeFromMs <= LONGEST_GAP_MS);
    const moveMs = follows ? 0 : Math.ceil((freeFromMs ?? 0) - fromMs) + 1000;
    freeFromMs = untilMs + moveMs;
    return { ...clock, shiftMs: clock.shiftMs + moveMs };
  });
}

function movedStage(stage: StageResult, byMs: number): StageResult {
  return stage.origin_ms === undefined || byMs === 0 ? stage : { ...stage, origin_ms: stage.origin_ms + byMs };
}

function worstClient(stages: readonly StageResult[]): ClientHealth {
  const most = (read: (client: ClientHealth) => number): number =>
    Math.max(...stages.map(({ client }) => read(client)));
  return {
    limited: false,
    event_loop_delay_p99_ms: most((client) => client.event_loop_delay_p99_ms),
    dispatch_lag_p99_ms: most((client) => client.dispatch_lag_p99_ms),
    cpu: most(({ cpu }) => cpu),
    workers: most(({ workers }) => workers),
  };
}

function outcomesOf(id: string, records: CaseRecords | undefined): TargetOutcomes {
  const cases = new Map<string, CaseOutcomeCount>();
  for (const record of records?.answers ?? []) countOutcome(cases, record.case_id, record);
  return { id, cases };
}

function statusOf(parts: readonly RunPart[]): RunJson['status'] {
  const statuses = parts.map(({ run }) => run.status);
  return (
    statuses.find((status) => status === 'crashed') ?? statuses.find((status) => status === 'stopped') ?? 'completed'
  );
}

function earliest(parts: readonly RunPart[]): string {
  return parts.map(({ run }) => run.started_at).reduce((a, b) => (Date.parse(b) < Date.parse(a) ? b : a));
}

function latest(parts: readonly RunPart[]): string | null {
  const ends = parts.map(({ run }) => run.finished_at);
  return ends.includes(null) ? null : ends.reduce((a, b) => (Date.parse(b ?? '') > Date.parse(a ?? '') ? b : a));
}
