/** What happened in the last seconds, in constant memory and time: slots of one second, the oldest reused. */
import { build, type Histogram } from 'hdr-histogram-js';

const SLOT_MS = 1000;
const SLOTS = 10;

interface Slot {
  /** Number of the second it holds; a slot of an older second is empty. */
  second: number;
  ttft: Histogram;
  itl: Histogram;
  completed: number;
  outputTokens: number;
}

/** Two significant digits are what a live line can show; steps of 10 microseconds. */
const STEPS_PER_MS = 100;

function histogram(): Histogram {
  return build({
    bitBucketSize: 32,
    autoResize: true,
    lowestDiscernibleValue: 1,
    highestTrackableValue: 2 ** 24,
    numberOfSignificantValueDigits: 2,
  });
}

export interface RollingView {
  ttftP50: number | null;
  ttftP99: number | null;
  itlP50: number | null;
  itlP99: number | null;
  /** Completed requests per second. */
  rps: number;
  outputTps: number;
}

/** The last ten seconds of a stage. Instants are ms on the clock of the records. */
export class RollingWindow {
  private readonly slots: Slot[] = Array.from({ length: SLOTS }, () => ({
    second: Number.NEGATIVE_INFINITY,
    ttft: histogram(),
    itl: histogram(),
    completed: 0,
    outputTokens: 0,
  }));
  private readonly mergedTtft = histogram();
  private readonly mergedItl = histogram();

  constructor(private readonly originMs: number) {}

  /** Counts a completed request at the instant at which it ended. */
  add(endMs: number, ttftMs: number | undefined, gapsMs: readonly number[], outputTokens: number): void {
    const slot = this.slotOf(endMs);
    if (slot === null) return;
    slot.completed++;
    slot.outputTokens += outputTokens;
    if (ttftMs !== undefined) slot.ttft.recordValue(steps(ttftMs));
    for (const gap of gapsMs) slot.itl.recordValue(steps(gap));
  }

  /** The window that ends at `nowMs`. */
  view(nowMs: number): RollingView {
    const now = this.secondOf(nowMs);
    this.mergedTtft.reset();
    this.mergedItl.reset();
    let completed = 0;
    let outputTokens = 0;
    for (const slot of this.slots) {
      if (slot.second <= now - SLOTS || slot.second > now) continue;
      if (slot.ttft.totalCount > 0) this.mergedTtft.add(slot.ttft);
      if (slot.itl.totalCount > 0) this.mergedItl.add(slot.itl);
      completed += slot.completed;
      outputTokens += slot.outputTokens;
    }
    // At the start of a stage the window is as long as the stage is old; the running second is only partly over.
    const lengthMs = Math.min(nowMs - this.originMs, (SLOTS - 1) * SLOT_MS + ((nowMs - this.originMs) % SLOT_MS));
    const perSecond = (count: number): number => (lengthMs > 0 ? (count * 1000) / lengthMs : 0);
    return {
      ttftP50: percentile(this.mergedTtft, 50),
      ttftP99: percentile(this.mergedTtft, 99),
      itlP50: percentile(this.mergedItl, 50),
      itlP99: percentile(this.mergedItl, 99),
      rps: perSecond(completed),
      outputTps: perSecond(outputTokens),
    };
  }

  private secondOf(ms: number): number {
    return Math.floor((ms - this.originMs) / SLOT_MS);
  }

  /** Null for an instant whose slot holds a later second: it has left the window. */
  private slotOf(ms: number): Slot | null {
    const second = Math.max(0, this.secondOf(ms));
    const slot = this.slots[second % SLOTS] as Slot;
    if (slot.second > second) return null;
    if (slot.second < second) {
      slot.second = second;
      slot.ttft.reset();
      slot.itl.reset();
      slot.completed = 0;
      slot.outputTokens = 0;
    }
    return slot;
  }
}

function steps(ms: number): number {
  return Math.max(0, Math.round(ms * STEPS_PER_MS));
}

function percentile(from: Histogram, percent: number): number | null {
  return from.totalCount === 0 ? null : from.getValueAtPercentile(percent) / STEPS_PER_MS;
}
