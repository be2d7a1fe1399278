/** What grading takes: calls, tokens and money, over every attempt. */
import type { EndpointPlan } from '../../../protocol/plan';
import type { JudgeUsage } from '../../../protocol/run-json';
import type { WireUsage } from '../../endpoints/wire';
import { priceOf, type Priced } from '../../metrics/cost';

/** Adds up what the requests to one endpoint took. */
export class UsageMeter {
  private calls = 0;
  private inputTokens = 0;
  private outputTokens = 0;
  private cost: number | null;
  private readonly priced: Priced;

  constructor({ price }: Pick<EndpointPlan, 'price'>) {
    this.priced = price === undefined ? {} : { price };
    this.cost = price === undefined ? null : 0;
  }

  /**
   * Counts one request.
   * @param usage as the server said it; null where it said none
   * @param answered whether there was an answer: one without usage has an unknown cost, a refused request costs nothing
   */
  add(usage: WireUsage | null, answered: boolean): void {
    this.calls++;
    this.inputTokens += usage?.inputTokens ?? 0;
    this.outputTokens += usage?.outputTokens ?? 0;
    if (usage === null && !answered) return;
    const cost = priceOf(
      {
        input_tokens: usage?.inputTokens ?? null,
        output_tokens: usage?.outputTokens ?? null,
        cached_input_tokens: usage?.cachedInputTokens ?? null,
      },
      this.priced,
    );
    this.cost = this.cost === null || cost === null ? null : this.cost + cost;
  }

  get usage(): JudgeUsage {
    const { calls, inputTokens, outputTokens, cost } = this;
    return { calls, input_tokens: inputTokens, output_tokens: outputTokens, cost };
  }
}

export const NO_USAGE: JudgeUsage = { calls: 0, input_tokens: 0, output_tokens: 0, cost: 0 };

/** Two usages as one. A cost is known only where both are; what asked for nothing cost nothing. */
export function plus(first: JudgeUsage, second: JudgeUsage): JudgeUsage {
  if (first.calls === 0) return second;
  if (second.calls === 0) return first;
  return {
    calls: first.calls + second.calls,
    input_tokens: first.input_tokens + second.input_tokens,
    output_tokens: first.output_tokens + second.output_tokens,
    cost: first.cost === null || second.cost === null ? null : first.cost + second.cost,
  };
}
