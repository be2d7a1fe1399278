/** When the requests of a load stage are sent: by schedule (open loop) or as virtual users become free (closed loop). */
import type { Clock } from '../util/clock';
import type { SharedCounters } from './concurrency';
import type { Pacer } from './pacer';
import type { ArrivalCursor } from './schedule';
import type { UserSpan } from './users';

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
  /** When the next request is due, as far as that is known: until then there is time for other work. */
  readonly nextDueMs: number;
  /** The index that this worker sends `ahead` requests from now, from 0; null where it is not known or there is none. */
  upcoming(ahead: number): number | null;
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

  constructor(private readonly options: OpenLoopOptions) {
    options.cursor.next();
  }

  start(): void {
    this.plan();
  }

  get nextDueMs(): number {
    if (this.head < this.waiting.length && this.blockedSinceMs === null) return Number.NEGATIVE_INFINITY;
    const { cursor, originMs } = this.options;
    return cursor.index === -1 ? Number.POSITIVE_INFINITY : originMs + cursor.offsetMs;
  }

  upcoming(ahead: number): number | null {
    const waiting = this.waiting.length - this.head;
    if (ahead < waiting) return this.waiting[this.head + ahead]?.index ?? null;
    return this.options.cursor.peek(ahead - waiting);
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
    this.options.counters.endArrival();
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
  /** Virtual users of this worker, by the time at which they join. */
  users: readonly UserSpan[];
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

interface FreeUser {
  sinceMs: number;
  /** In a row. */
  failures: number;
  leaveMs: number;
}

/** Virtual users, each of which sends its next request as soon as the one before has ended. */
export class ClosedLoop implements Dispatcher {
  scheduled = 0;
  /** Due as soon as a user is free: nobody knows when. */
  readonly nextDueMs = Number.POSITIVE_INFINITY;
  private active: number;
  private joined = 0;
  private done = false;
  private readonly timers = new Set<() => void>();
  private free: FreeUser[] = [];
  private turnPlanned = false;
  /** Taken from the common sequence before they are needed, so that what they send can be made ready. */
  private readonly reserved: number[] = [];

  constructor(private readonly options: ClosedLoopOptions) {
    this.active = options.users.length;
  }

  start(): void {
    if (this.active === 0) this.finish();
    else this.awaitNextJoin();
  }

  cancel(): void {
    if (!this.done) this.finish();
  }

  upcoming(ahead: number): number | null {
    // More than one for each user would be kept from the users of other workers.
    if (this.done || ahead >= this.active) return null;
    while (this.reserved.length <= ahead) {
      const index = this.options.counters.takeIndex();
      if (index >= this.options.requests) return null;
      this.reserved.push(index);
    }
    return this.reserved[ahead] ?? null;
  }

  private finish(): void {
    this.done = true;
    for (const cancel of this.timers) cancel();
    this.timers.clear();
    this.free = [];
    this.options.onDone({ scheduled: this.scheduled, unsent: [] });
  }

  private after(dueMs: number, callback: () => void): void {
    const cancel = this.options.clock.at(dueMs, () => {
      this.timers.delete(cancel);
      callback();
    });
    this.timers.add(cancel);
  }

  private awaitNextJoin(): void {
    const { users, originMs, clock } = this.options;
    const next = users[this.joined];
    if (next === undefined) return;
    this.after(originMs + next.joinMs, () => {
      const nowMs = clock.nowMs();
      for (let user = users[this.joined]; user !== undefined; user = users[this.joined]) {
        if (originMs + user.joinMs > nowMs) break;
        this.joined++;
        this.free.push({ sinceMs: originMs + user.joinMs, failures: 0, leaveMs: user.leaveMs });
      }
      this.awaitNextJoin();
      this.turn();
    });
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
    const { clock, originMs, durationMs, requests } = this.options;
    const startMs = clock.nowMs();
    while (!this.done && this.free.length > 0) {
      const nowMs = clock.nowMs();
      if (nowMs - startMs > SEND_SLICE_MS) {
        this.wake();
        return;
      }
      const user = this.free.shift();
      if (user === undefined) return;
      if (nowMs - originMs >= durationMs) this.retireAll();
      else if (nowMs - originMs >= user.leaveMs) this.retire(1);
      else {
        const index = this.reserved.shift() ?? this.options.counters.takeIndex();
        if (index >= requests) {
          this.retireAll();
        } else {
          this.scheduled++;
          this.sendAs(index, user);
        }
      }
    }
  }

  private sendAs(index: number, user: FreeUser): void {
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
          this.free.push({ ...user, sinceMs: nowMs, failures });
          this.wake();
          return;
        }
        const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
        this.after(nowMs + pauseMs, () => {
          this.free.push({ ...user, sinceMs: this.options.clock.nowMs(), failures });
          this.turn();
        });
      },
    });
  }

  /** There is nothing left to send: the user, the others that are free, and those that were still to join, retire. */
  private retireAll(): void {
    const { users } = this.options;
    const others = this.free.length + (users.length - this.joined);
    this.free = [];
    this.joined = users.length;
    this.retire(1 + others);
  }

  private retire(users: number): void {
    this.active -= users;
    if (this.active === 0) this.finish();
  }
}
