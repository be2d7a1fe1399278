/** What a run would send and cost, as far as a plan can tell before anything is sent. */
import { endpointsOfPlan } from '../../core/engine/plan-uses';
import type { CasePlan, Json, Message, RunPlan, StagePlan, TargetPlan } from '../../protocol/plan';

/** Characters of a token of English text, as a rule of thumb. */
const CHARACTERS_PER_TOKEN = 4;
/** Output tokens of an answer whose request does not limit them. */
const OUTPUT_TOKENS = 500;
/** Requests per second of one user of a closed loop, which depends on the server. */
const CLOSED_RATE = 1;

export interface PlanEstimate {
  /** Most likely number of requests, judges apart. */
  requests: number;
  /** USD of the requests to endpoints with a price; null where none has one. */
  costUsd: number | null;
  /** Endpoints that are somewhere else and have no price: what they cost is not known. */
  unpriced: string[];
  /** Everything that something is sent to: `name (host)`; of the simulator and the editor's models, the name. */
  endpoints: string[];
}

export function estimateOf(plan: RunPlan): PlanEstimate {
  let requests = 0;
  let costUsd: number | null = null;
  for (const target of plan.targets) {
    const { count, inputTokens, outputTokens } = sendsOf(target);
    requests += count;
    const { price } = target.endpoint;
    if (price === undefined) continue;
    costUsd = (costUsd ?? 0) + (inputTokens * price.inputPer1M + outputTokens * price.outputPer1M) / 1e6;
  }
  const endpoints = endpointsOfPlan(plan);
  return {
    requests,
    costUsd,
    unpriced: endpoints.filter(({ api, price }) => api !== 'sim' && price === undefined).map(({ name }) => name),
    endpoints: endpoints.map(({ name, url }) => (url === null ? name : `${name} (${new URL(url).host})`)),
  };
}

function sendsOf(target: TargetPlan): { count: number; inputTokens: number; outputTokens: number } {
  const limit = outputLimit(target.params);
  let count = 0;
  let inputTokens = 0;
  for (const item of target.cases) {
    if (item.skip !== undefined) continue;
    const asked = Math.max(1, item.repeat) * (1 + (item.turns?.length ?? 0));
    count += asked;
    inputTokens += asked * tokensOf(item.messages);
  }
  let outputTokens = count * limit;
  for (const stage of target.stages) {
    const sent = requestsOf(stage);
    count += sent;
    inputTokens += sent * (stage.synthetic?.inputTokens?.mean ?? meanTokens(stage.requestPool));
    outputTokens += sent * (stage.synthetic?.outputTokens?.mean ?? limit);
  }
  return { count, inputTokens, outputTokens };
}

function requestsOf(stage: StagePlan): number {
  const { requests, durationMs, rate, concurrency = 1, ramp, burst, sweep, capacity } = stage;
  const steps = sweep?.steps ?? (capacity === undefined ? 1 : 10);
  const perSecond =
    rate ??
    (ramp === undefined ? undefined : (ramp.from + ramp.to) / 2) ??
    burst?.base ??
    sweep?.to ??
    capacity?.to ??
    concurrency * CLOSED_RATE;
  const byTime = durationMs === undefined ? Infinity : (durationMs / 1000) * perSecond;
  const each = Math.min(requests ?? Infinity, byTime);
  return Number.isFinite(each) ? Math.ceil(each * steps) : 0;
}

function outputLimit(params: Record<string, Json>): number {
  const limit = params['max_completion_tokens'] ?? params['max_tokens'];
  return typeof limit === 'number' ? limit : OUTPUT_TOKENS;
}

function meanTokens(pool: readonly { messages: Message[] }[]): number {
  if (pool.length === 0) return 0;
  return pool.reduce((sum, { messages }) => sum + tokensOf(messages), 0) / pool.length;
}

function tokensOf(messages: CasePlan['messages']): number {
  return messages.reduce((sum, { content }) => sum + content.length, 0) / CHARACTERS_PER_TOKEN;
}
