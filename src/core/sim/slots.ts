/** What competes for a slot. */
export interface SlotHolder {
  /** Called when a slot is granted, at once or after waiting. */
  onSlot(): void;
}

/** Admission as in a batching inference server: `maxRunning` at a time, then a queue in order of arrival, then refusal. */
export class Slots {
  private readonly held = new Set<SlotHolder>();
  /** A Set keeps insertion order, and a client that hangs up leaves from the middle in constant time. */
  private readonly queue = new Set<SlotHolder>();
  private maxRunning: number;
  private maxWaiting: number;
  private peakRunning = 0;
  private peakWaiting = 0;

  constructor(limits: { maxRunning: number; maxWaiting: number }) {
    this.maxRunning = limits.maxRunning;
    this.maxWaiting = limits.maxWaiting;
  }

  get running(): number {
    return this.held.size;
  }

  get waiting(): number {
    return this.queue.size;
  }

  get peaks(): { running: number; waiting: number } {
    return { running: this.peakRunning, waiting: this.peakWaiting };
  }

  resetPeaks(): void {
    this.peakRunning = this.running;
    this.peakWaiting = this.waiting;
  }

  /** Grants a slot (calling `onSlot` before it returns), queues, or refuses. */
  enter(holder: SlotHolder): 'running' | 'waiting' | 'full' {
    if (this.held.size < this.maxRunning && this.queue.size === 0) {
      this.grant(holder);
      return 'running';
    }
    if (this.queue.size >= this.maxWaiting) return 'full';
    this.queue.add(holder);
    this.peakWaiting = Math.max(this.peakWaiting, this.queue.size);
    return 'waiting';
  }

  /** Gives up a slot or a place in the queue; harmless where the holder has neither. */
  leave(holder: SlotHolder): void {
    if (!this.held.delete(holder)) this.queue.delete(holder);
    this.fill();
  }

  /** New limits; those who hold a slot keep it. */
  resize(limits: { maxRunning: number; maxWaiting: number }): void {
    this.maxRunning = limits.maxRunning;
    this.maxWaiting = limits.maxWaiting;
    this.fill();
  }

  private fill(): void {
    for (const next of this.queue) {
      if (this.held.size >= this.maxRunning) return;
      this.queue.delete(next);
      this.grant(next);
    }
  }

  private grant(holder: SlotHolder): void {
    this.held.add(holder);
    this.peakRunning = Math.max(this.peakRunning, this.held.size);
    holder.onSlot();
  }
}
