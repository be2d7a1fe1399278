/** Makes requests ready before they are due, in time that nothing else needs. */
import type { Clock } from '../util/clock';
import type { Dispatcher } from './dispatcher';
import type { RequestSource } from './request-source';

/** Requests that a worker has ready at most, and how many bytes of them. */
const MOST_READY = 256;
const MOST_READY_BYTES = 16 * 1024 * 1024;
/** Left between the end of the work and the next due time. */
const MARGIN_MS = 0.3;
/** Weight of the latest request in the estimate of what one takes to make. */
const LATEST_WEIGHT = 0.1;

export interface LookAheadOptions {
  source: Pick<RequestSource, 'isReady' | 'prepare' | 'readyBytes'>;
  dispatcher: Pick<Dispatcher, 'nextDueMs' | 'upcoming'>;
  /** The request that arrival number `arrival` begins with. */
  requestOf(arrival: number): number;
  clock: Clock;
  soon: (callback: () => void) => void;
}

/**
 * Works one request at a time, a turn of the event loop each, and stops where the next due time is nearer than one more
 * would take. It is woken after each send, when the next one is on average as far away as it ever is.
 */
export class LookAhead {
  private planned = false;
  private stopped = false;
  private costMs = 0;

  constructor(private readonly options: LookAheadOptions) {}

  /** Works until `untilMs`, before the stage begins. */
  fill(untilMs: number): void {
    while (this.options.clock.nowMs() + this.costMs < untilMs && this.step());
  }

  /** Goes on when there is time. */
  wake(): void {
    if (this.planned || this.stopped) return;
    this.planned = true;
    this.options.soon(() => {
      this.planned = false;
      if (this.stopped || !this.hasTime()) return;
      if (this.step()) this.wake();
    });
  }

  stop(): void {
    this.stopped = true;
  }

  private hasTime(): boolean {
    const { dispatcher, clock } = this.options;
    return clock.nowMs() + this.costMs + MARGIN_MS < dispatcher.nextDueMs;
  }

  /** Makes the first request that is not ready; false where there is none, or enough is ready. */
  private step(): boolean {
    const { source, dispatcher, clock } = this.options;
    if (source.readyBytes >= MOST_READY_BYTES) return false;
    for (let ahead = 0; ahead < MOST_READY; ahead++) {
      const arrival = dispatcher.upcoming(ahead);
      if (arrival === null) return false;
      const index = this.options.requestOf(arrival);
      if (source.isReady(index)) continue;
      const startMs = clock.nowMs();
      source.prepare(index);
      const tookMs = clock.nowMs() - startMs;
      this.costMs = this.costMs === 0 ? tookMs : this.costMs + (tookMs - this.costMs) * LATEST_WEIGHT;
      return true;
    }
    return false;
  }
}
