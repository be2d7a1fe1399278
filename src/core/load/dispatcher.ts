/** When the requests of a load stage are sent: by schedule (open loop) or as virtual users become free (closed loop). */
import type { Clock } from '../util/clock';
import type { SharedCounters } from './concurrency';
import type { Pacer } from './pacer';
import type { ArrivalCursor } from './schedule';

/** Requests sent in one go before the event loop gets a turn to take in what has arrived. */
const SEND_SLICE_MS = 1;
/** How often a worker whose arrivals wait looks whether another worker's request has ended. */
const POLL_OTHERS_MS = 1;
/** A virtual user whose requests get no response at all pauses, so that a dead endpoint is not hammered. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;

export interface DispatchOrder {
  index: number;
  /** Monotonic ms. */
  scheduledMs: number;
  /** Time spent waiting for a slot of `maxConcurrency`; null where none. */
  socketWaitMs: number | null;
  /** To be called once, when its connection is free again. */
  release: (gotResponse: boolean) => void;
}

export interface UnsentArrival {
  index: number;
  scheduledMs: number;
  socketWaitMs: number | null;
}

export interface DispatchResult {
  /** Arrivals that came due. */
  scheduled: number;
  /** Those that were not sent because of a cancellation. */
  unsent: UnsentArrival[];
}

export interface Dispatcher {
  start(): void;
  /** No further request is sent; those in flight are the caller's to end. */
  cancel(): void;
  readonly scheduled: number;
}

export interface OpenLoopOptions {
  cursor: ArrivalCursor;
  originMs: number;
  maxConcurrency: number;
  counters: SharedCounters;
  /** Whether other workers' requests end too, unseen. */
  shared: boolean;
  /** An arrival that has waited so long for a slot is given up: an overloaded server must not keep a stage from ending. */
  giveUpAfterMs: number;
  onGivenUp(arrival: UnsentArrival): void;
  clock: Clock;
  pacer: Pacer;
  soon: (callback: () => void) => void;
  send(order: DispatchOrder): void;
  /** Everything is sent (not: ended), or cancelled. */
  onDone(result: DispatchResult): void;
}

interface Waiting {
  index: number;
  scheduledMs: number;
  /** When it was found due. */
  queuedMs: number;
}

/**
 * Arrivals keep their schedule whatever the server does. With `maxConcurrency` reached they wait in order, over all workers:
 * arrival i may go once fewer than `maxConcurrency` of the i arrivals before it are unfinished, that is, once
 * i < ended + maxConcurrency. Ended ones are counted in memory that the workers share, so no message is needed.
 */
export class OpenLoop implements Dispatcher {
  scheduled = 0;
  private waiting: Waiting[] = [];
  private head = 0;
  private done = false;
  /** Since when the queue has not been empty for want of a slot; null while every arrival found one. */
  private blockedSinceMs: number | null = null;
  private cancelPoll: (() => void) | undefined;
  private cancelGiveUp: (() => void) | undefined;

  constructor(private readonly options: OpenLoopOptions) {}

  start(): void {
    this.options.cursor.next();
    this.plan();
  }

  cancel(): void {
    if (this.done) return;
    const nowMs = this.options.clock.nowMs();
    this.collectDue(nowMs);
    this.finish(
      this.waiting.slice(this.head).map((waiting) => ({
        index: waiting.index,
        scheduledMs: waiting.scheduledMs,
        socketWaitMs: this.slotWaitMs(waiting, nowMs),
      })),
    );
  }

  private finish(unsent: DispatchResult['unsent']): void {
    this.done = true;
    this.options.pacer.cancel();
    this.cancelPoll?.();
    this.cancelGiveUp?.();
    this.options.onDone({ scheduled: this.scheduled, unsent });
  }

  private collectDue(nowMs: number): void {
    const { cursor, originMs } = this.options;
    while (cursor.index !== -1 && originMs + cursor.offsetMs <= nowMs) {
      this.waiting.push({ index: cursor.index, scheduledMs: originMs + cursor.offsetMs, queuedMs: nowMs });
      this.scheduled++;
      cursor.next();
    }
  }

  private readonly turn = (): void => {
    if (this.done) return;
    const { clock, soon } = this.options;
    this.collectDue(clock.nowMs());
    if (this.sendWaiting()) {
      soon(this.turn);
      return;
    }
    this.plan();
  };

  private plan(): void {
    const { cursor, originMs, pacer } = this.options;
    if (cursor.index !== -1) pacer.wakeAt(originMs + cursor.offsetMs, this.turn);
    else if (this.head === this.waiting.length) this.finish([]);
  }

  /** Sends what may be sent. True where the slice was used up before that. */
  private sendWaiting(): boolean {
    const { clock, counters, maxConcurrency } = this.options;
    const startMs = clock.nowMs();
    while (this.head < this.waiting.length) {
      const next = this.waiting[this.head];
      if (next === undefined) break;
      const nowMs = clock.nowMs();
      if (next.index >= counters.ended + maxConcurrency) {
        if (this.giveUp(next, nowMs)) continue;
        this.block(nowMs, next);
        return false;
      }
      if (nowMs - startMs > SEND_SLICE_MS) return true;
      this.head++;
      if (this.head > 1024) {
        this.waiting = this.waiting.slice(this.head);
        this.head = 0;
      }
      let released = false;
      this.options.send({
        index: next.index,
        scheduledMs: next.scheduledMs,
        socketWaitMs: this.slotWaitMs(next, nowMs),
        release: () => {
          if (released) return;
          released = true;
          this.onReleased();
        },
      });
    }
    this.blockedSinceMs = null;
    return false;
  }

  private slotWaitMs(waiting: Waiting, nowMs: number): number | null {
    return this.blockedSinceMs === null ? null : nowMs - Math.max(this.blockedSinceMs, waiting.queuedMs);
  }

  /** Passes over the head of the queue where it has waited too long. */
  private giveUp(waiting: Waiting, nowMs: number): boolean {
    if (nowMs < waiting.queuedMs + this.options.giveUpAfterMs) return false;
    this.head++;
    this.options.counters.skip();
    this.options.onGivenUp({
      index: waiting.index,
      scheduledMs: waiting.scheduledMs,
      socketWaitMs: this.slotWaitMs(waiting, nowMs),
    });
    return true;
  }

  private block(nowMs: number, head: Waiting): void {
    this.blockedSinceMs ??= nowMs;
    this.cancelGiveUp ??= this.options.clock.at(head.queuedMs + this.options.giveUpAfterMs, () => {
      this.cancelGiveUp = undefined;
      this.resume();
    });
    if (!this.options.shared || this.cancelPoll !== undefined) return;
    this.cancelPoll = this.options.clock.at(nowMs + POLL_OTHERS_MS, () => {
      this.cancelPoll = undefined;
      this.resume();
    });
  }

  private onReleased(): void {
    if (this.done || this.head === this.waiting.length) return;
    // Not at once: this is called from inside undici's handling of the answer that ended.
    this.options.soon(() => this.resume());
  }

  private resume(): void {
    if (this.done) return;
    if (this.sendWaiting()) this.options.soon(this.turn);
    else if (this.head === this.waiting.length && this.options.cursor.index === -1) this.finish([]);
  }
}

export interface ClosedLoopOptions {
  /** Virtual users of this worker. */
  users: number;
  originMs: number;
  durationMs: number;
  requests: number;
  counters: SharedCounters;
  clock: Clock;
  soon: (callback: () => void) => void;
  send(order: DispatchOrder): void;
  /** Everything is sent (not: ended), or cancelled. */
  onDone(result: DispatchResult): void;
}

/** Virtual users, each of which sends its next request as soon as the one before has ended. */
export class ClosedLoop implements Dispatcher {
  scheduled = 0;
  private active: number;
  private done = false;
  private readonly pauses = new Set<() => void>();
  /** Users that are free, with the instant since when and the failures in a row. */
  private free: { sinceMs: number; failures: number }[] = [];
  private turnPlanned = false;

  constructor(private readonly options: ClosedLoopOptions) {
    this.active = options.users;
  }

  start(): void {
    const { clock, originMs, users } = this.options;
    if (users === 0) {
      this.finish();
      return;
    }
    const begin = () => {
      this.pauses.delete(cancel);
      for (let i = 0; i < users; i++) this.free.push({ sinceMs: originMs, failures: 0 });
      this.turn();
    };
    const cancel = clock.at(originMs, begin);
    this.pauses.add(cancel);
  }

  cancel(): void {
    if (!this.done) this.finish();
  }

  private finish(): void {
    this.done = true;
    for (const cancel of this.pauses) cancel();
    this.pauses.clear();
    this.free = [];
    this.options.onDone({ scheduled: this.scheduled, unsent: [] });
  }

  private wake(): void {
    if (this.turnPlanned || this.done) return;
    this.turnPlanned = true;
    this.options.soon(() => {
      this.turnPlanned = false;
      this.turn();
    });
  }

  private turn(): void {
    const { clock, originMs, durationMs, requests, counters } = this.options;
    const startMs = clock.nowMs();
    while (!this.done && this.free.length > 0) {
      const nowMs = clock.nowMs();
      if (nowMs - startMs > SEND_SLICE_MS) {
        this.wake();
        return;
      }
      const user = this.free.shift();
      if (user === undefined) return;
      const index = nowMs - originMs >= durationMs ? requests : counters.takeIndex();
      if (index >= requests) {
        this.retire();
        continue;
      }
      this.scheduled++;
      this.sendAs(index, user);
    }
  }

  private sendAs(index: number, user: { sinceMs: number; failures: number }): void {
    let released = false;
    this.options.send({
      index,
      scheduledMs: user.sinceMs,
      socketWaitMs: null,
      release: (gotResponse) => {
        if (released || this.done) return;
        released = true;
        const nowMs = this.options.clock.nowMs();
        const failures = gotResponse ? 0 : user.failures + 1;
        if (failures === 0) {
          this.free.push({ sinceMs: nowMs, failures });
          this.wake();
          return;
        }
        const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
        const cancel = this.options.clock.at(nowMs + pauseMs, () => {
          this.pauses.delete(cancel);
          this.free.push({ sinceMs: this.options.clock.nowMs(), failures });
          this.turn();
        });
        this.pauses.add(cancel);
      },
    });
  }

  private retire(): void {
    this.active--;
    if (this.active === 0) this.finish();
  }
}
