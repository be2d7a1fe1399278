/** Parses texts once a person pauses, in slices that are too short to be felt, one text after the other. */
import type { Clock } from '../../core/util/clock';
import { oneSlice, type Work } from '../../core/util/work';

/** Half a frame: a key that is pressed at its start is still answered within one. */
const SLICE_MS = 8;

export interface ParseQueueHost {
  clock: Clock;
  /** Calls back once everything else that waits has had its turn. Returns a function that cancels the call. */
  rest(callback: () => void): () => void;
}

/** What is to be parsed, by the name of its text; a newer wish for a text replaces the older one, even half done. */
export class ParseQueue {
  /** Cancels the wait for a pause. */
  private readonly waiting = new Map<string, () => void>();
  private readonly ready = new Map<string, Work<void>>();
  /** Cancels the next slice; null where nothing is due, and while a slice runs. */
  private next: (() => void) | null = null;
  private isBusy = false;

  constructor(private readonly host: ParseQueueHost) {}

  /** Starts work on a text after a pause. */
  later(key: string, delayMs: number, start: () => Work<void>): void {
    this.cancel(key);
    const { clock } = this.host;
    const begin = (): void => {
      this.waiting.delete(key);
      this.ready.set(key, start());
      this.goOn();
    };
    this.waiting.set(key, clock.at(clock.nowMs() + delayMs, begin));
  }

  /** Whether a text is going to be parsed. */
  has(key: string): boolean {
    return this.waiting.has(key) || this.ready.has(key);
  }

  /** Forgets a text, however far it has been parsed. */
  cancel(key: string): void {
    this.waiting.get(key)?.();
    this.waiting.delete(key);
    this.ready.delete(key);
  }

  dispose(): void {
    for (const cancel of this.waiting.values()) cancel();
    this.waiting.clear();
    this.ready.clear();
    this.next?.();
    this.next = null;
  }

  private goOn(): void {
    if (this.next !== null || this.isBusy || this.ready.size === 0) return;
    this.next = this.host.rest(() => {
      this.next = null;
      this.slice();
    });
  }

  private slice(): void {
    const [first] = this.ready;
    if (first === undefined) return;
    const [key, work] = first;
    let isDone = true;
    this.isBusy = true;
    try {
      isDone = oneSlice(work, SLICE_MS, () => this.host.clock.nowMs()) !== undefined;
    } finally {
      // A fault in one text must not keep the others from being parsed.
      this.isBusy = false;
      if (isDone && this.ready.get(key) === work) this.ready.delete(key);
      this.goOn();
    }
  }
}
