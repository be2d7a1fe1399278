/** Wakes at an instant with a precision of microseconds, which a timer (whole milliseconds, often late) cannot. */
import type { Clock } from '../util/clock';

/** A timer asked for this long ahead has fired by the due time nearly always; what is left is spent polling. */
const SPIN_MS = 2;

/**
 * A timer until shortly before the due time, then a turn of the event loop after the other until it is reached. Each of
 * those turns polls the sockets, so arrivals are stamped as promptly as ever; a turn lasts microseconds where nothing happens.
 */
export class Pacer {
  /** Time spent in turns that did nothing but wait: the generator's own idling, not its load. */
  spinMs = 0;
  private cancelTimer: (() => void) | undefined;
  private generation = 0;

  /**
   * @param clock of the due times
   * @param soon runs a callback in the next turn of the event loop
   */
  constructor(
    private readonly clock: Clock,
    private readonly soon: (callback: () => void) => void = setImmediate,
  ) {}

  /** Calls back once the clock has reached `dueMs`, at the earliest in the next turn. Replaces what was asked before. */
  wakeAt(dueMs: number, callback: () => void): void {
    this.cancel();
    const generation = this.generation;
    let turnMs = 0;
    const check = () => {
      if (generation !== this.generation) return;
      const nowMs = this.clock.nowMs();
      // A turn that took long did some work (it was not spent waiting).
      if (turnMs !== 0 && nowMs - turnMs < 0.1) this.spinMs += nowMs - turnMs;
      if (nowMs >= dueMs) {
        this.generation++;
        callback();
        return;
      }
      turnMs = nowMs;
      this.soon(check);
    };
    if (dueMs - this.clock.nowMs() > SPIN_MS) this.cancelTimer = this.clock.at(dueMs - SPIN_MS, check);
    else this.soon(check);
  }

  cancel(): void {
    this.generation++;
    this.cancelTimer?.();
    this.cancelTimer = undefined;
  }
}
