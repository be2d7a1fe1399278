import type { Clock } from '../../../src/core/util/clock';

/** Time that moves only when told to. Callbacks of one instant run in the order in which they were asked for. */
export class FakeClock implements Clock {
  private now: number;
  private timers: { dueMs: number; callback: () => void }[] = [];
  private immediates: (() => void)[] = [];
  /** Turns of the event loop so far. */
  turns = 0;

  constructor(startMs = 1000) {
    this.now = startMs;
  }

  nowMs(): number {
    return this.now;
  }

  at(dueMs: number, callback: () => void): () => void {
    const timer = { dueMs, callback };
    this.timers.push(timer);
    return () => (this.timers = this.timers.filter((each) => each !== timer));
  }

  readonly soon = (callback: () => void): void => {
    this.immediates.push(callback);
  };

  /** Moves to `untilMs`; a turn of the event loop takes `turnMs`. */
  advanceTo(untilMs: number, turnMs = 0.05): void {
    for (;;) {
      const immediates = this.immediates;
      this.immediates = [];
      for (const run of immediates) run();
      this.turns++;
      const due = this.timers.filter((timer) => timer.dueMs <= this.now).sort((a, b) => a.dueMs - b.dueMs);
      this.timers = this.timers.filter((timer) => timer.dueMs > this.now);
      for (const timer of due) timer.callback();
      if (this.immediates.length > 0) {
        if (this.now >= untilMs) return;
        this.now = Math.min(untilMs, this.now + turnMs);
        continue;
      }
      if (due.length > 0) continue;
      const next = Math.min(untilMs, ...this.timers.map((timer) => timer.dueMs));
      if (this.now >= untilMs) return;
      this.now = Math.max(this.now, next);
    }
  }

  /** Makes time pass without anything being run, as a blocked event loop does. */
  block(ms: number): void {
    this.now += ms;
  }
}
