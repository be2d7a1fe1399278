/**
 * Between the sockets and the decoders. Two things keep the measured instants true when many streams are busy:
 *
 * 1. One instant for everything that one poll of the event loop returned. The kernel had all those bytes before the poll came
 *    back, so the moment the first of them is seen is closer to the truth than the moment JavaScript gets to the last of
 *    them, which with a thousand busy sockets is many milliseconds later.
 * 2. Bytes are only queued on arrival. Decoding happens after the poll, in slices, so that a burst of long events does not
 *    keep the next poll, and with it the next instants, waiting.
 *
 * Where so many streams are busy that something arrives all the time, the thread rests for a moment between two polls. Each poll
 * then takes in several tokens instead of one or two, which saves a fifth of the client's CPU; and a server on the same cores
 * gets them to send its tokens in time. It costs each instant a tenth of a millisecond or two, so it is done under such a load only.
 */
import type { Nap } from '../util/nap';

/**
 * Who decodes. A chunk has arrived by `arrivedMs`, unless an event of the same request has that instant already: then it may
 * have arrived as late as `readMs`, when it was read, since a read takes what has come in while others were read.
 * `decode` gets the bytes in order of arrival; `finish` follows the last of them. */
export interface IntakeConsumer {
  decode(chunk: Buffer, arrivedMs: number, readMs: number): void;
  finish(): void;
}

/** libuv takes at most this many ready sockets from one system call; then it asks again, within the same poll. */
const READY_PER_POLL = 1024;
/** Longest slice of decoding between two polls. */
const SLICE_MS = 1;
/** The clock is read once for so many chunks. */
const CHUNKS_PER_CLOCK = 8;
/** With so much waiting, memory matters more than the instants: everything is decoded at once. */
const MAX_QUEUED_BYTES = 64 * 1024 * 1024;
/** Places of the queue that are kept when they are empty. */
const MAX_KEPT_PLACES = 4096;
/** From this rate on the thread rests between polls: 320 streams of 50 tokens a second. */
const RESTING_CHUNKS_PER_MS = 16;
const REST_MS = 0.2;
/** Over which the rate is taken. */
const RATE_WINDOW_MS = 10;

export class Intake {
  private instant = 0;
  /** Requests that have got this instant. */
  private sockets = 0;
  private scheduled = false;

  /** The queue lies in `[head, tail)` of these. They are used over and over: new ones for each poll would be garbage. */
  private consumers: (IntakeConsumer | null)[] = [];
  /** Null for an end. */
  private chunks: (Buffer | null)[] = [];
  private instants: number[] = [];
  private reads: number[] = [];
  private head = 0;
  private tail = 0;
  private queuedBytes = 0;

  private windowStartMs = 0;
  private windowChunks = 0;
  private busy = false;

  /**
   * @param nowMs monotonic ms
   * @param soon runs a callback after the current poll (`setImmediate`)
   * @param nap blocks the thread for a moment; null where it cannot
   */
  constructor(
    private readonly nowMs: () => number,
    private readonly soon: (callback: () => void) => void = setImmediate,
    private readonly nap: Nap | null = null,
  ) {}

  /**
   * When the bytes being handled now arrived.
   * @param sentMs an instant that they cannot precede: bytes can be handled outside of a poll, and then the instant of the
   *   poll before would be too early
   * @param previousMs the instant of the same request's bytes before these
   */
  arrival(sentMs: number, previousMs: number): number {
    if (this.instant === 0 || this.sockets >= READY_PER_POLL) {
      this.instant = this.nowMs();
      this.sockets = 0;
      this.wake();
    }
    if (previousMs !== this.instant) this.sockets++;
    return this.instant >= sentMs ? this.instant : this.nowMs();
  }

  /** Queues bytes for decoding. `chunk` must not change afterwards. */
  push(consumer: IntakeConsumer, chunk: Buffer, arrivedMs: number, readMs: number): void {
    this.queue(consumer, chunk, arrivedMs, readMs);
    this.queuedBytes += chunk.length;
    this.windowChunks++;
    if (this.queuedBytes > MAX_QUEUED_BYTES) this.flush();
  }

  /** Queues the end of a consumer's bytes. */
  finish(consumer: IntakeConsumer): void {
    this.queue(consumer, null, 0, 0);
  }

  /** Decodes everything now. */
  flush(): void {
    this.drain(Number.POSITIVE_INFINITY);
  }

  private queue(consumer: IntakeConsumer, chunk: Buffer | null, arrivedMs: number, readMs: number): void {
    const at = this.tail++;
    this.consumers[at] = consumer;
    this.chunks[at] = chunk;
    this.instants[at] = arrivedMs;
    this.reads[at] = readMs;
    this.wake();
  }

  private wake(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.soon(this.afterPoll);
  }

  private readonly afterPoll = (): void => {
    this.scheduled = false;
    this.instant = 0;
    const nowMs = this.nowMs();
    this.drain(nowMs + SLICE_MS);
    if (this.head < this.tail) this.wake();
    else if (this.isBusy(nowMs)) this.nap?.(REST_MS);
  };

  private isBusy(nowMs: number): boolean {
    const elapsedMs = nowMs - this.windowStartMs;
    if (elapsedMs >= RATE_WINDOW_MS) {
      this.busy = this.windowChunks >= RESTING_CHUNKS_PER_MS * elapsedMs;
      this.windowStartMs = nowMs;
      this.windowChunks = 0;
    }
    return this.busy;
  }

  private drain(untilMs: number): void {
    let sinceClock = 0;
    // A consumer may push or even flush while it decodes; the head is therefore moved before each call.
    while (this.head < this.tail) {
      const at = this.head++;
      const consumer = this.consumers[at];
      const chunk = this.chunks[at] ?? null;
      // What has been taken out must not be kept alive.
      this.consumers[at] = null;
      this.chunks[at] = null;
      if (chunk === null) {
        consumer?.finish();
      } else {
        this.queuedBytes -= chunk.length;
        consumer?.decode(chunk, this.instants[at] ?? 0, this.reads[at] ?? 0);
      }
      if (++sinceClock >= CHUNKS_PER_CLOCK) {
        sinceClock = 0;
        if (this.nowMs() >= untilMs) break;
      }
    }
    this.moveToFront();
  }

  private moveToFront(): void {
    if (this.head === this.tail) {
      this.head = this.tail = 0;
      if (this.consumers.length > MAX_KEPT_PLACES) this.dropPlaces(0);
    } else if (this.head > MAX_KEPT_PLACES) {
      for (const list of [this.consumers, this.chunks, this.instants, this.reads]) {
        list.copyWithin(0, this.head, this.tail);
      }
      this.dropPlaces(this.tail - this.head);
      this.tail -= this.head;
      this.head = 0;
    }
  }

  private dropPlaces(from: number): void {
    for (const list of [this.consumers, this.chunks, this.instants, this.reads]) list.length = from;
  }
}
