/** Judging under way, off the path of the measurement and bounded: past the bound whoever delivers answers waits. */

/** Answers that may be under judgement before the next are held back: enough to keep every judge busy. */
const MOST_UNDER_WAY = 256;

export class JudgingQueue {
  private underWay = 0;
  private failure: { error: unknown } | null = null;
  private waiters: (() => void)[] = [];
  private idlers: (() => void)[] = [];

  constructor(private readonly most = MOST_UNDER_WAY) {}

  /** Starts a task at once. What it rejects with is thrown by `drained`. */
  add(task: Promise<void>): void {
    this.underWay++;
    task
      .catch((error: unknown) => {
        // Kept until the stage ends: a rejection nobody awaits yet would end the process.
        this.failure ??= { error };
      })
      .finally(() => this.ended())
      .catch((error: unknown) => {
        this.failure ??= { error };
      });
  }

  /** Fulfilled when there is room for more; undefined where there is. */
  room(): Promise<void> | undefined {
    if (this.underWay < this.most) return undefined;
    return new Promise((resolve) => this.waiters.push(resolve));
  }

  /** Fulfilled when nothing is under way any more. @throws what the first task that failed threw */
  async drained(): Promise<void> {
    if (this.underWay > 0) await new Promise<void>((resolve) => this.idlers.push(resolve));
    if (this.failure !== null) throw this.failure.error;
  }

  private ended(): void {
    this.underWay--;
    if (this.underWay < this.most) for (const resolve of this.waiters.splice(0)) resolve();
    if (this.underWay === 0) for (const resolve of this.idlers.splice(0)) resolve();
  }
}
