import type { Clock } from '../../../src/core/util/clock';

/** Time that passes only when a test says so. */
export class FakeClock implements Clock {
  private timers: { dueMs: number; callback: () => void }[] = [];

  constructor(private now = 1000) {}

  nowMs(): number {
    return this.now;
  }

  at(dueMs: number, callback: () => void): () => void {
    const timer = { dueMs, callback };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  get pending(): number {
    return this.timers.length;
  }

  /** Runs every call that becomes due within `ms`, each at its own instant. */
  advance(ms: number): void {
    const endMs = this.now + ms;
    for (;;) {
      const next = this.timers.filter((timer) => timer.dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.now = Math.max(this.now, next.dueMs);
      next.callback();
    }
    this.now = endMs;
  }
}
