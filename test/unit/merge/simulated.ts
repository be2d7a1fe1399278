/** A run made of simulated records, as the engine would have stored it: the whole of it, or the part that a plan has. */
import { compareTargets } from '../../../src/core/compare/targets';
import { countOutcome } from '../../../src/core/compare/case-outcomes';
import type { CaseOutcomeCount } from '../../../src/core/compare/pairs';
import { qualityUnderLoad } from '../../../src/core/compare/under-load';
import { phaseReport } from '../../../src/core/engine/phase-report';
import { Intervals } from '../../../src/core/engine/recover';
import { aggregatorFor, casesContext, loadContext, type StageContext } from '../../../src/core/engine/stage-context';
import { emptyTarget, qualityOptions, qualityTally } from '../../../src/core/engine/target-result';
import { Random } from '../../../src/core/load/prng';
import { CostTally } from '../../../src/core/metrics/cost';
import { PhaseTracker } from '../../../src/core/metrics/phases';
import { runVerdict, targetVerdict } from '../../../src/core/metrics/verdict-run';
import { RunWriter } from '../../../src/core/results/writer';
import type { CasePlan, RunPlan, SloPlan, TargetPlan } from '../../../src/protocol/plan';
import type { CaseRecord, RequestRecord, RunJson, StageResult, TargetResult } from '../../../src/protocol/run-json';
import { run as runJson } from '../report/helpers';
import { caseRecord, endpointPlan, requestRecord, runPlan, stagePlan, targetPlan } from '../support/samples';

export function sloPlan(
  expr: string,
  metric: string,
  stat: string | null,
  limit: number,
  more: Partial<SloPlan> = {},
): SloPlan {
  const unit = metric.startsWith('quality') || metric.endsWith('ratio') ? 'ratio' : 'ms';
  const op = expr.includes('>=') ? '>=' : '<=';
  return { pointer: '/slo/0', expr, metric, stat, op, limit, unit, severity: 'error', ...more };
}

export function casePlan(index: number, more: Partial<CasePlan> = {}): CasePlan {
  return {
    pointer: `/cases/${index}`,
    id: `case ${index}`,
    name: `Case ${index}`,
    messages: [{ role: 'user', content: `Question ${index}` }],
    vars: {},
    assertions: [
      {
        pointer: `/cases/${index}/assert/0`,
        type: 'contains',
        negate: false,
        value: 'x',
        weight: 1,
        severity: 'error',
      },
    ],
    repeat: 3,
    weight: 1 + (index % 3),
    tags: [],
    ...more,
  };
}

/** Two targets, each with cases, whose repeats disagree now and then, and two load stages of different load. */
export function wholePlan(outDir: string, seconds = 20): RunPlan {
  const cases = Array.from({ length: 14 }, (_, index) => casePlan(index, index === 5 ? { skip: 'not today' } : {}));
  const pool = cases.map(({ pointer, messages, weight }) => ({ casePointer: pointer, messages, weight }));
  const stage = (index: number, name: string, rate: number) =>
    stagePlan({
      ...{
        pointer: `/load/${index}`,
        name,
        pattern: 'poisson',
        loop: 'open',
        rate,
        durationMs: seconds * 1000,
        requestPool: pool,
      },
      slos: [sloPlan('ttft.p99 <= 400ms', 'ttft', 'p99', 400, { pointer: `/load/${index}/slo/0` })],
    });
  const target = (id: string): TargetPlan =>
    targetPlan({
      id,
      endpoint: endpointPlan({ name: id, price: { inputPer1M: 1, outputPer1M: 3 } }),
      cases,
      stages: [stage(0, 'slow', 10), stage(1, 'fast', 30)],
      caseSlos: [
        sloPlan('ttft.p90 <= 250ms', 'ttft', 'p90', 250, { pointer: '/slo/0' }),
        sloPlan('quality.pass_rate >= 60%', 'quality.pass_rate', null, 0.6, { pointer: '/slo/1' }),
        sloPlan('goodput_ratio >= 50%', 'goodput_ratio', null, 0.5, { pointer: '/slo/2' }),
      ],
    });
  return runPlan(outDir, { targets: [target('alpha'), target('beta')], seed: 7 });
}

export interface Recorded {
  requests: RequestRecord[];
  answers: CaseRecord[];
}

/** What every request of a plan did, in the order in which they ended; the same for the same plan and seed. */
export function simulate(plan: RunPlan, seed = 3): Recorded {
  const random = new Random(seed, 'simulated');
  const requests: RequestRecord[] = [];
  const answers: CaseRecord[] = [];
  let clock = 50;
  for (const target of plan.targets) {
    const begun = clock;
    let index = 0;
    const ofCases: { record: RequestRecord; answer: CaseRecord }[] = [];
    for (let repeat = 0; repeat < 3; repeat++) {
      for (const item of target.cases) {
        if (item.skip !== undefined) {
          if (repeat === 0) answers.push(skipped(target, item));
          continue;
        }
        const sent = begun + index * 40 + random.next() * 5;
        const record = makeRequest(random, {
          target: target.id,
          stage: 'cases',
          index,
          sent,
          scheduled: sent,
          case: item.pointer,
          repeat,
        });
        const passed = random.next() < (target.id === 'alpha' ? 0.85 : 0.55) && record.outcome === 'completed';
        ofCases.push({ record, answer: answerTo(target, item, record, passed, random.next()) });
        index++;
      }
    }
    ofCases.sort((a, b) => a.record.end - b.record.end);
    requests.push(...ofCases.map(({ record }) => record));
    answers.push(...ofCases.map(({ answer }) => answer));
    clock = Math.max(...ofCases.map(({ record }) => record.end), clock) + 20;
    for (const stage of target.stages) {
      const ofStage: RequestRecord[] = [];
      const count = Math.round(((stage.rate ?? 1) * (stage.durationMs ?? 0)) / 1000);
      for (let i = 0; i < count; i++) {
        const scheduled = clock + (i * 1000) / (stage.rate ?? 1);
        ofStage.push(
          makeRequest(random, {
            target: target.id,
            stage: stage.name,
            index: i,
            scheduled,
            sent: scheduled + random.next(),
          }),
        );
      }
      ofStage.sort((a, b) => a.end - b.end);
      requests.push(...ofStage);
      clock = Math.max(...ofStage.map(({ end }) => end), clock + (stage.durationMs ?? 0)) + 20;
    }
  }
  return { requests, answers };
}

/** When each stage of each target began. */
function originsOf(whole: Recorded): Map<string, number> {
  const origins = new Map<string, number>();
  for (const { target, stage, scheduled } of whole.requests) {
    const key = `${target} ${stage}`;
    origins.set(key, Math.min(origins.get(key) ?? Number.POSITIVE_INFINITY, scheduled - 1));
  }
  return origins;
}

/** Stores the run of a plan, whole or a part of it, in the plan's folder. */
export function store(plan: RunPlan, whole: Recorded, more: Partial<RunJson> = {}): RunJson {
  const origins = originsOf(whole);
  const writer = RunWriter.create(plan);
  const run: RunJson = runJson({
    ...{ id: plan.runId, name: plan.name, source: plan.source, seed: plan.seed, targets: [] },
    ...(plan.shard === undefined ? {} : { shard: plan.shard }),
    ...more,
  });
  const outcomes = plan.targets.map((target) => {
    const asked = new Set(target.cases.map(({ pointer }) => pointer));
    const named = new Set(target.stages.map(({ name }) => name));
    const own = whole.requests.filter(
      (record) =>
        record.target === target.id &&
        (record.stage === 'cases' ? asked.has(record.case ?? '') : named.has(record.stage)),
    );
    const answers = whole.answers.filter((record) => record.target === target.id && asked.has(record.case));
    writer.requests(own);
    writer.cases(answers);
    run.targets.push(resultOf(plan, target, own, answers, origins));
    const cases = new Map<string, CaseOutcomeCount>();
    for (const record of answers) countOutcome(cases, record.case_id, record);
    return { id: target.id, cases };
  });
  const comparison = compareTargets(plan, run.targets, outcomes);
  if (comparison !== null) run.comparison = comparison;
  run.verdict = runVerdict(run);
  writer.run(run);
  writer.close();
  return run;
}

function resultOf(
  plan: RunPlan,
  target: TargetPlan,
  requests: readonly RequestRecord[],
  answers: readonly CaseRecord[],
  origins: ReadonlyMap<string, number>,
): TargetResult {
  const result = emptyTarget(target);
  const correct = new Map(answers.map((answer) => [answer.request, answer.outcome === 'passed']));
  const cost = new CostTally(target.endpoint);
  let phases: PhaseTracker | null = null;
  const stageOf = (context: StageContext): StageResult => {
    const own = requests.filter(({ stage }) => stage === context.name);
    const originMs = origins.get(`${target.id} ${context.name}`) ?? 0;
    const aggregator = aggregatorFor(context, originMs);
    const intervals = new Intervals();
    const { seed, confidence, coldFirst } = context;
    const isLoad = context.pattern !== 'cases';
    if (isLoad) phases ??= new PhaseTracker({ originMs, seed, confidence, coldFirst });
    for (const record of own) {
      cost.add(record);
      intervals.add(record.sent, record.end);
      aggregator.add(record, isLoad ? undefined : (correct.get(record.id) ?? null));
      if (isLoad) phases?.add(record);
    }
    const finished = aggregator.finish({
      ...{ endMs: intervals.endMs, scheduled: own.length, ...intervals.concurrency(originMs) },
      client: { limited: false, event_loop_delay_p99_ms: 1, dispatch_lag_p99_ms: 0, cpu: 0.1, workers: 1 },
    });
    return { ...finished, origin_ms: originMs };
  };
  if (target.cases.some(({ skip }) => skip === undefined)) {
    const count = requests.filter(({ stage }) => stage === 'cases').length;
    result.stages.push(stageOf(casesContext(plan, target, count)));
  }
  for (const stage of target.stages) result.stages.push(stageOf(loadContext(plan, target, stage)));
  if (target.cases.length > 0) {
    const tally = qualityTally(target);
    for (const answer of answers) tally.add(answer);
    result.quality = tally.result(qualityOptions(plan, target));
  }
  const underLoad = qualityUnderLoad(result.stages);
  if (underLoad !== null) result.quality_under_load = underLoad;
  result.cost = cost.result(result.stages);
  if (phases !== null) result.phases = phaseReport((phases as PhaseTracker).result());
  result.verdict = targetVerdict(result);
  return result;
}

function makeRequest(
  random: Random,
  more: Partial<RequestRecord> & { target: string; stage: string; index: number; sent: number },
): RequestRecord {
  const failed = random.next() < 0.04;
  const first = more.sent + 60 + random.next() * 250;
  const itl = Array.from({ length: 8 }, () => 5 + random.next() * 20);
  const last = itl.reduce((at, gap) => at + gap, first);
  return requestRecord({
    ...more,
    id: `${more.target}/${more.stage}/${more.index}`,
    outcome: failed ? 'failed' : 'completed',
    ...(failed
      ? { first: null, first_answer: null, last: null, itl: [], output_tokens: null }
      : { first, first_answer: first, last, itl }),
    ...(failed ? { error: { kind: 'http_500', message: 'no' } } : {}),
    end: failed ? first : last + 1,
    input_tokens: 20 + Math.floor(random.next() * 400),
    ...(failed ? {} : { output_tokens: 9, events: 9 }),
    cost: failed ? null : 0.0001 + random.next() * 0.001,
  });
}

function answerTo(
  target: TargetPlan,
  item: CasePlan,
  record: RequestRecord,
  passed: boolean,
  score: number,
): CaseRecord {
  const outcome = record.outcome !== 'completed' ? 'error' : passed ? 'passed' : 'failed';
  return caseRecord({
    ...{ request: record.id, target: target.id, case: item.pointer, case_id: item.id, name: item.name },
    ...{ repeat: record.repeat ?? 0, outcome, score: outcome === 'error' ? null : passed ? 1 : score * 0.5 },
    answer: outcome === 'error' ? null : `answer ${Math.floor(score * 4)}`,
    assertions: [
      {
        ...{ pointer: `${item.pointer}/assert/0`, type: 'contains', severity: 'error', score: null, reason: '' },
        outcome,
      },
    ],
  });
}

function skipped(target: TargetPlan, item: CasePlan): CaseRecord {
  return caseRecord({
    ...{ request: null, target: target.id, case: item.pointer, case_id: item.id, name: item.name },
    ...{ outcome: 'skipped', score: null, answer: null, reason: item.skip ?? '' },
  });
}
