import type { Clock } from '../util/clock';
import type { Disposable } from '../util/disposable';
import type { BudgetPlan } from '../../protocol/plan';
import type { RequestRecord } from '../../protocol/run-json';

/**
 * Ends a run that reaches its budget. Requests in flight when it does were already paid for in part, so a run can exceed a
 * cost or token budget by at most what was in flight.
 */
export class BudgetGuard implements Disposable {
  private readonly costs = new Map<string, number>();
  private tokens = 0;
  private spent: string | null = null;
  private readonly cancelTimer: (() => void) | undefined;

  /** @param onSpent called once, with the sentence that says which budget is used up */
  constructor(
    private readonly budget: BudgetPlan,
    private readonly onSpent: (reason: string) => void,
    clock: Clock,
  ) {
    if (budget.timeMs === undefined) return;
    const { timeMs } = budget;
    this.cancelTimer = clock.at(clock.nowMs() + timeMs, () =>
      this.end(`budget: the run reached its limit of ${timeMs / 1000} s`),
    );
  }

  /** Why the run was ended; null while the budget lasts. */
  get reason(): string | null {
    return this.spent;
  }

  addTokens(record: Pick<RequestRecord, 'input_tokens' | 'output_tokens'>): void {
    this.tokens += (record.input_tokens ?? 0) + (record.output_tokens ?? 0);
    const { tokens } = this.budget;
    if (tokens !== undefined && this.tokens >= tokens) {
      this.end(`budget: the run used ${this.tokens} of ${tokens} tokens`);
    }
  }

  /** @param totalUsd what the target has cost so far */
  setCost(target: string, totalUsd: number): void {
    this.costs.set(target, totalUsd);
    const { costUsd } = this.budget;
    if (costUsd === undefined) return;
    let sum = 0;
    for (const cost of this.costs.values()) sum += cost;
    if (sum >= costUsd) this.end(`budget: the run cost $${sum.toPrecision(4)} of $${costUsd}`);
  }

  dispose(): void {
    this.cancelTimer?.();
  }

  private end(reason: string): void {
    if (this.spent !== null) return;
    this.spent = reason;
    this.onSpent(reason);
  }
}
