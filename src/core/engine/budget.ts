import type { Clock } from '../util/clock';
import type { Disposable } from '../util/disposable';
import type { BudgetPlan } from '../../protocol/plan';
import type { RequestRecord } from '../../protocol/run-json';

/**
 * Ends a run that reaches its budget. Requests in flight when it does were already paid for in part, so a run can exceed a
 * cost or token budget by at most what was in flight.
 */
export class BudgetGuard implements Disposable {
  private costUsd = 0;
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

  add(record: Pick<RequestRecord, 'cost' | 'input_tokens' | 'output_tokens'>): void {
    this.costUsd += record.cost ?? 0;
    this.tokens += (record.input_tokens ?? 0) + (record.output_tokens ?? 0);
    const { costUsd, tokens } = this.budget;
    if (costUsd !== undefined && this.costUsd >= costUsd) {
      this.end(`budget: the run cost $${this.costUsd.toPrecision(4)} of $${costUsd}`);
    } else if (tokens !== undefined && this.tokens >= tokens) {
      this.end(`budget: the run used ${this.tokens} of ${tokens} tokens`);
    }
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
