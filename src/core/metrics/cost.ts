/** What requests cost: tokens times price, or their share of the hardware's time where there is no price. */
import type { EndpointPlan } from '../../protocol/plan';
import type { CostResult, RequestRecord, StageResult } from '../../protocol/run-json';

/** What of an endpoint decides the cost of a request. */
export type Priced = Pick<EndpointPlan, 'price' | 'hardware'>;

/**
 * USD of one request by its tokens. A request that failed costs what the server billed, if it said so.
 * @returns null where the endpoint has no price or the tokens are unknown (never 0: an unknown cost is not a free request)
 */
export function priceOf(
  record: Pick<RequestRecord, 'input_tokens' | 'output_tokens' | 'cached_input_tokens'>,
  endpoint: Priced,
): number | null {
  const { price } = endpoint;
  if (price === undefined) return null;
  if (record.input_tokens === null && record.output_tokens === null) return null;
  const input = record.input_tokens ?? 0;
  const cached = Math.min(input, record.cached_input_tokens ?? 0);
  const cachedPrice = price.cachedInputPer1M ?? price.inputPer1M;
  const output = record.output_tokens ?? 0;
  return ((input - cached) * price.inputPer1M + cached * cachedPrice + output * price.outputPer1M) / 1e6;
}

/** USD of machine time over `ms`; null where the hardware's price is unknown. */
export function machineCost(ms: number, endpoint: Priced): number | null {
  const perHour = endpoint.hardware?.costPerHour;
  return perHour === undefined ? null : (perHour * Math.max(0, ms)) / 3_600_000;
}

interface StageSums {
  requests: number;
  outputTokens: number;
  /** Of the requests whose cost is known. */
  cost: number;
  priced: number;
  beganMs: number;
  endedMs: number;
}

/**
 * Adds up what a target cost. `total` is everything that was sent, warm-up and failures included; the other figures rest on
 * the measured requests alone, since they describe the load and not the test.
 */
export class CostTally {
  private total = 0;
  private priced = 0;
  private beganMs = Number.POSITIVE_INFINITY;
  private endedMs = Number.NEGATIVE_INFINITY;
  private readonly stages = new Map<string, StageSums>();

  constructor(private readonly endpoint: Priced) {}

  /** USD so far of everything that was sent: what its tokens cost, or the machine's time where no request has a price. */
  get totalUsd(): number {
    return this.machineDecides ? this.machineTotal() : this.total;
  }

  /** Counts one ended request; `record.cost` may be null, then it is priced here. */
  add(record: RequestRecord): void {
    const began = record.sent ?? record.scheduled;
    this.beganMs = Math.min(this.beganMs, began);
    this.endedMs = Math.max(this.endedMs, record.end);
    const cost = record.cost ?? priceOf(record, this.endpoint);
    if (cost !== null) {
      this.total += cost;
      this.priced++;
    }
    if (record.phase !== 'measured') return;
    const sums = this.stages.get(record.stage) ?? {
      requests: 0,
      outputTokens: 0,
      cost: 0,
      priced: 0,
      beganMs: Number.POSITIVE_INFINITY,
      endedMs: Number.NEGATIVE_INFINITY,
    };
    sums.requests++;
    if (record.outcome === 'completed') sums.outputTokens += record.output_tokens ?? 0;
    if (cost !== null) {
      sums.cost += cost;
      sums.priced++;
    }
    sums.beganMs = Math.min(sums.beganMs, began);
    sums.endedMs = Math.max(sums.endedMs, record.end);
    this.stages.set(record.stage, sums);
  }

  /**
   * The figures of `run.json`. With a price: sums of what the measured requests cost. With `hardware` alone: its price per hour
   * times the measured windows, so that the same machine is cheaper per request the more it answers.
   * - `per_request` = cost / measured requests, failed ones included
   * - `per_1m_output` = cost / output tokens of completed requests x 1,000,000
   * - `per_good` = cost / good requests (goodput x window), both of the stages that know what good is; null where none was good
   */
  result(stages: readonly StageResult[]): CostResult {
    const hardware = this.machineDecides;
    if (!hardware && this.priced === 0) return { total: null, per_request: null, per_1m_output: null, per_good: null };
    let cost = 0;
    let requests = 0;
    let tokens = 0;
    let goodCost = 0;
    let good = 0;
    for (const [name, sums] of this.stages) {
      const stage = stages.find((item) => item.name === name);
      const measuredMs = stage === undefined ? 0 : stage.window.end_ms - stage.window.start_ms;
      // The window of a single arrival has no length, but its request took the machine's time.
      const windowMs = measuredMs > 0 ? measuredMs : sums.endedMs - sums.beganMs;
      const stageCost = hardware ? (machineCost(windowMs, this.endpoint) ?? 0) : sums.cost;
      cost += stageCost;
      requests += sums.requests;
      tokens += sums.outputTokens;
      if (stage === undefined || stage.rates.goodput === null) continue;
      goodCost += stageCost;
      good += Math.round((stage.rates.goodput * measuredMs) / 1000);
    }
    return {
      total: this.totalUsd,
      per_request: requests > 0 ? cost / requests : null,
      per_1m_output: tokens > 0 ? (cost / tokens) * 1e6 : null,
      per_good: good > 0 ? goodCost / good : null,
    };
  }

  /** Whether the machine's time is the cost: an unknown price of every request is not a price of 0. */
  private get machineDecides(): boolean {
    return this.priced === 0 && this.endpoint.hardware?.costPerHour !== undefined;
  }

  private machineTotal(): number {
    return Number.isFinite(this.beganMs) ? (machineCost(this.endedMs - this.beganMs, this.endpoint) ?? 0) : 0;
  }
}
