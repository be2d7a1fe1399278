import { monotonicMs, type Clock } from '../util/clock';
import { calibrateNap, type Nap } from '../util/nap';

/** Calls back at one instant at a time; the newest request replaces the one before. */
export interface Waker {
  nowMs(): number;
  /** Calls back once, not before `dueMs`. */
  wakeAt(dueMs: number): void;
  /** Withdraws the pending call. */
  cancel(): void;
}

/** Wakes by a `Clock`: what tests with a fake clock use. */
export class ClockWaker implements Waker {
  private withdraw: (() => void) | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly onWake: () => void,
  ) {}

  nowMs(): number {
    return this.clock.nowMs();
  }

  wakeAt(dueMs: number): void {
    this.cancel();
    this.withdraw = this.clock.at(dueMs, () => {
      this.withdraw = null;
      this.onWake();
    });
  }

  cancel(): void {
    this.withdraw?.();
    this.withdraw = null;
  }
}

/** A timer of Node may be this late (whole milliseconds of the poll, plus the loop's own rounding). */
const TIMER_SLACK_MS = 2;
/**
 * Least time between two wakes under load. With 1,000 streams something is due every 20 us: waking for each would cost
 * more than sending. Collecting what becomes due within this time costs each token at most so much lateness.
 */
const QUANTUM_MS = 0.2;
/** Longest nap: no incoming byte waits longer than this (and the nap's overshoot) to be seen. */
const MAX_NAP_MS = 0.2;

/**
 * Wakes within a fraction of a millisecond. A timer sleeps until shortly before the instant; the rest is turns of the event loop,
 * each of which polls for I/O and then naps (see `nap.ts`). Spinning instead would take a whole core as soon as
 * something is due every millisecond or two, and the load client needs that core.
 */
export class PreciseWaker implements Waker {
  private targetMs = Number.POSITIVE_INFINITY;
  private lastWakeMs = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | null = null;
  private timerMs = Number.POSITIVE_INFINITY;
  private immediate: NodeJS.Immediate | null = null;
  private readonly nap: Nap | null;
  private readonly turn = (): void => this.onTurn();
  private readonly timeout = (): void => {
    this.timer = null;
    if (this.immediate === null) this.approach(monotonicMs());
  };

  constructor(private readonly onWake: () => void) {
    this.nap = calibrateNap();
  }

  nowMs(): number {
    return monotonicMs();
  }

  wakeAt(dueMs: number): void {
    this.targetMs = Math.max(dueMs, this.lastWakeMs + QUANTUM_MS);
    if (this.immediate === null) this.approach(monotonicMs());
  }

  cancel(): void {
    this.targetMs = Number.POSITIVE_INFINITY;
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.immediate !== null) clearImmediate(this.immediate);
    this.timer = null;
    this.immediate = null;
  }

  private approach(nowMs: number): void {
    if (this.targetMs === Number.POSITIVE_INFINITY) return;
    const remainingMs = this.targetMs - nowMs;
    if (remainingMs < TIMER_SLACK_MS) {
      this.immediate = setImmediate(this.turn);
      return;
    }
    const delayMs = Math.max(1, Math.min(2 ** 31 - 1, Math.floor(remainingMs) - 1));
    // A pending timer that is early enough looks again when it fires; replacing it each time would cost more.
    if (this.timer !== null) {
      if (this.timerMs <= nowMs + delayMs) return;
      clearTimeout(this.timer);
    }
    this.timerMs = nowMs + delayMs;
    this.timer = setTimeout(this.timeout, delayMs);
  }

  private onTurn(): void {
    this.immediate = null;
    let nowMs = monotonicMs();
    const remainingMs = this.targetMs - nowMs;
    if (remainingMs > 0 && this.nap !== null && remainingMs < TIMER_SLACK_MS) {
      if (this.nap(Math.min(remainingMs, MAX_NAP_MS))) nowMs = monotonicMs();
    }
    if (this.targetMs <= nowMs) {
      this.targetMs = Number.POSITIVE_INFINITY;
      this.lastWakeMs = nowMs;
      this.onWake();
    } else {
      this.approach(nowMs);
    }
  }
}
