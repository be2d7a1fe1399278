import { priceOf } from '../metrics/cost';
import { StageAggregator } from '../metrics/stage-aggregator';
import type { RunPlan, SloPlan, StagePlan, TargetPlan } from '../../protocol/plan';
import type { RequestRecord } from '../../protocol/run-json';

/** What is known of a stage before it runs. */
export interface StageContext {
  target: string;
  name: string;
  pointer: string | null;
  pattern: StagePlan['pattern'] | 'cases';
  loop: 'open' | 'closed';
  rate: number | null;
  warmupMs: number;
  cooldownMs: number;
  plannedMs: number | null;
  plannedRequests: number | null;
  slos: SloPlan[];
  /** The sweep or capacity stage of which it is a step. */
  partOf?: string;
  /** Requests in flight at the start, each the first on its connection. */
  coldFirst: number;
  seed: number;
  /** Whether records are counted only once their answers are judged. */
  judged: boolean;
  policy: RunPlan['policy'];
  confidence: number;
  hardware: TargetPlan['endpoint']['hardware'];
  /** Why its times are no measure of the endpoint, as a sentence; absent where they are. */
  notForLatency?: string;
  /** USD of one request; null where the endpoint has no price or the tokens are unknown. */
  price: (record: RequestRecord) => number | null;
}

/** Name of the closed-loop stage that asks the quality cases. */
export const CASES_STAGE = 'cases';

export function casesContext(plan: RunPlan, target: TargetPlan, requests: number): StageContext {
  return {
    target: target.id,
    name: CASES_STAGE,
    pointer: null,
    pattern: 'cases',
    loop: 'closed',
    rate: null,
    warmupMs: 0,
    cooldownMs: 0,
    plannedMs: null,
    plannedRequests: requests,
    slos: target.caseSlos.filter((slo) => !isQuality(slo)),
    coldFirst: target.concurrency,
    seed: plan.seed,
    judged: true,
    policy: plan.policy,
    confidence: plan.confidence,
    hardware: target.endpoint.hardware,
    ...notForLatency(target),
    price: (record) => priceOf(record, target.endpoint),
  };
}

export function loadContext(plan: RunPlan, target: TargetPlan, stage: StagePlan): StageContext {
  return {
    target: target.id,
    name: stage.name,
    pointer: stage.pointer,
    pattern: stage.pattern,
    loop: stage.loop,
    rate: stage.rate ?? null,
    warmupMs: stage.warmupMs,
    cooldownMs: stage.cooldownMs,
    plannedMs: stage.durationMs ?? null,
    plannedRequests: stage.requests ?? null,
    slos: stage.slos,
    coldFirst: stage.loop === 'closed' ? (stage.concurrency ?? 1) : 1,
    seed: plan.seed,
    judged: false,
    policy: plan.policy,
    confidence: plan.confidence,
    hardware: target.endpoint.hardware,
    ...notForLatency(target),
    price: (record) => priceOf(record, target.endpoint),
  };
}

function notForLatency({ endpoint }: TargetPlan): Pick<StageContext, 'notForLatency'> {
  return endpoint.indirect === true ? { notForLatency: 'measured through the editor, which adds its own delays' } : {};
}

/** Quality SLOs are judged over the answers, not over a stage's requests. */
export function isQuality(slo: SloPlan): boolean {
  return slo.metric.startsWith('quality.');
}

/** @param originMs the schedule's zero, ms since the run's clock origin. */
export function aggregatorFor(context: StageContext, originMs: number): StageAggregator {
  return new StageAggregator({
    name: context.name,
    pointer: context.pointer,
    pattern: context.pattern,
    loop: context.loop,
    rate: context.rate,
    warmupMs: context.warmupMs,
    cooldownMs: context.cooldownMs,
    durationMs: context.plannedMs,
    requests: context.plannedRequests,
    hardware: context.hardware,
    ...(context.notForLatency === undefined ? {} : { notForLatency: context.notForLatency }),
    slos: context.slos,
    originMs,
    policy: context.policy,
    confidence: context.confidence,
  });
}
