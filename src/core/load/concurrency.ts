/** Counts that the workers of one stage share, in one SharedArrayBuffer of 32-bit integers. */
const NEXT_INDEX = 0;
const ENDED = 1;
const IN_FLIGHT = 2;
const COUNTERS = 3;

export class SharedCounters {
  private readonly cells: Int32Array;

  constructor(readonly buffer: SharedArrayBuffer = new SharedArrayBuffer(COUNTERS * Int32Array.BYTES_PER_ELEMENT)) {
    this.cells = new Int32Array(buffer);
  }

  /** The next index of a closed loop: its users draw from one sequence, whichever worker they live in. */
  takeIndex(): number {
    return Atomics.add(this.cells, NEXT_INDEX, 1);
  }

  /** Indices handed out so far. */
  get taken(): number {
    return Atomics.load(this.cells, NEXT_INDEX);
  }

  get ended(): number {
    return Atomics.load(this.cells, ENDED);
  }

  get inFlight(): number {
    return Atomics.load(this.cells, IN_FLIGHT);
  }

  enter(): void {
    Atomics.add(this.cells, IN_FLIGHT, 1);
  }

  /** An arrival that is over, or will never be sent: those behind it need not wait for it. */
  endArrival(): void {
    Atomics.add(this.cells, ENDED, 1);
  }

  /** @param endsArrival false for a turn of a session that goes on: its slot is not free yet */
  leave(endsArrival = true): void {
    Atomics.sub(this.cells, IN_FLIGHT, 1);
    if (endsArrival) Atomics.add(this.cells, ENDED, 1);
  }
}

/**
 * Requests in flight over the measured window: the time integral of this worker's, and the largest number over all workers
 * that this worker saw (the largest of the workers' is exact, since each looks at every change of its own).
 */
export class ConcurrencyGauge {
  /** Requests times ms. */
  integral = 0;
  max = 0;
  private local = 0;
  private lastMs: number;

  constructor(
    private readonly counters: SharedCounters,
    private readonly startMs: number,
    private readonly endMs: number,
  ) {
    this.lastMs = startMs;
  }

  enter(nowMs: number): void {
    this.account(nowMs);
    this.local++;
    this.counters.enter();
    if (nowMs >= this.startMs && nowMs < this.endMs) this.max = Math.max(this.max, this.counters.inFlight);
  }

  /** @param endsArrival see SharedCounters.leave */
  leave(nowMs: number, endsArrival = true): void {
    this.account(nowMs);
    this.local--;
    this.counters.leave(endsArrival);
  }

  get inFlight(): number {
    return this.local;
  }

  private account(nowMs: number): void {
    const from = Math.max(this.lastMs, this.startMs);
    const to = Math.min(nowMs, this.endMs);
    if (to > from) {
      this.integral += this.local * (to - from);
      this.max = Math.max(this.max, this.counters.inFlight);
    }
    if (nowMs > this.lastMs) this.lastMs = nowMs;
  }
}
