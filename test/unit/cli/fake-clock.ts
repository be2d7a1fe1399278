import type { Clock } from '../../../src/core/util/clock';

/** Time that a test moves by hand; due callbacks run in order. */
export class FakeClock implements Clock {
  private now = 1000;
  private timers: { dueMs: number; callback: () => void }[] = [];

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

  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const next = this.timers.filter((timer) => timer.dueMs <= end).sort((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.now = Math.max(this.now, next.dueMs);
      next.callback();
    }
    this.now = end;
  }
}
