import { ChunkPool } from './chunked-list';

/** What a budget needs to know of one metric's values. */
export interface BudgetedSamples {
  /** Values held one by one. */
  readonly held: number;
  /** Gives them up for a histogram. */
  toHistogram(): void;
}

/** Values that a stage holds one by one, over all its metrics together: 16 MB. */
export const EXACT_SAMPLES = 2_000_000;

/** Two metrics that differ by less hold as much as each other. */
const SAME_SIZE = 0.98;

/**
 * Bounds the memory of a stage: "past 2 million samples an HDR histogram takes over" counts the samples of all metrics of the
 * stage together, since a dozen metrics of two million values each would be 200 MB. The metric that holds most gives way
 * first: it is the one that a histogram describes best, and it buys room for the longest. In practice that is `itl`, and the
 * latencies that have one value a request stay exact for ten times as long.
 */
export class SampleBudget {
  /** Memory that one metric gave up, for the others. */
  readonly pool = new ChunkPool();
  private readonly members: BudgetedSamples[] = [];
  private held = 0;

  constructor(private readonly limit = EXACT_SAMPLES) {}

  join(member: BudgetedSamples): void {
    this.members.push(member);
  }

  /** Accounts for one value more. */
  grew(): void {
    this.held++;
    while (this.held > this.limit && this.relieve());
  }

  /** False where nobody holds anything. */
  private relieve(): boolean {
    const most = this.members.reduce((held, member) => Math.max(held, member.held), 0);
    // Of equals (but for the request that is just being counted) the one that joined last gives way: the metrics are listed
    // with the most telling first.
    const largest = this.members.findLast((member) => member.held > 0 && member.held >= most * SAME_SIZE);
    if (largest === undefined) return false;
    this.held -= largest.held;
    largest.toHistogram();
    return true;
  }
}
