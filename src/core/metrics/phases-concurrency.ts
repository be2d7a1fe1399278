/**
 * How many requests were in a phase at once, from intervals that become known one by one and in any order, in memory that
 * does not grow with them.
 *
 * Time is cut into bins. Each interval adds its share to the two bins in which it begins and ends, and one step up and one
 * down for the bins between, so that adding takes the same time whatever its length. When time runs over the last bin, each
 * two neighbours become one.
 */
export class ConcurrencyTimeline {
  private binMs = 1;
  /** Ms times requests, of the intervals that begin or end within the bin. */
  private readonly partial: Float64Array;
  /** Change in the number of intervals that cover the whole bin, against the bin before. */
  private readonly step: Float64Array;
  private cumulative: Float64Array | null = null;

  /** @param originMs nothing before it is counted @param bins an even number; their width is a few parts of ten thousand of the run */
  constructor(
    private readonly originMs: number,
    private readonly bins = 8192,
  ) {
    this.partial = new Float64Array(bins);
    this.step = new Float64Array(bins);
  }

  /** Adds one interval, ms on the clock of `originMs`. One that ends before it begins is left out. */
  add(startMs: number, endMs: number): void {
    const start = Math.max(0, startMs - this.originMs);
    const end = endMs - this.originMs;
    if (!(end > start)) return;
    this.cumulative = null;
    while (end >= this.binMs * this.bins) this.halve();
    const first = Math.floor(start / this.binMs);
    const last = Math.floor(end / this.binMs);
    if (first === last) {
      bump(this.partial, first, end - start);
      return;
    }
    bump(this.partial, first, (first + 1) * this.binMs - start);
    bump(this.partial, last, end - last * this.binMs);
    bump(this.step, first + 1, 1);
    bump(this.step, last, -1);
  }

  /**
   * Mean number of intervals that were open at once from `startMs` to `endMs`. Exact for the edges of bins; within one, what
   * it holds is taken as spread evenly.
   */
  mean(startMs: number, endMs: number): number {
    const start = Math.max(0, startMs - this.originMs);
    const end = endMs - this.originMs;
    return end > start ? (this.integralTo(end) - this.integralTo(start)) / (end - start) : 0;
  }

  private integralTo(offsetMs: number): number {
    this.cumulative ??= this.accumulate();
    const position = Math.min(this.bins, offsetMs / this.binMs);
    const bin = Math.min(this.bins - 1, Math.floor(position));
    const before = this.cumulative[bin] as number;
    return before + ((this.cumulative[bin + 1] as number) - before) * (position - bin);
  }

  /** Integrals up to the start of each bin. */
  private accumulate(): Float64Array {
    const out = new Float64Array(this.bins + 1);
    let covering = 0;
    for (let bin = 0; bin < this.bins; bin++) {
      covering += this.step[bin] as number;
      out[bin + 1] = (out[bin] as number) + (this.partial[bin] as number) + covering * this.binMs;
    }
    return out;
  }

  private halve(): void {
    const half = this.bins / 2;
    const { partial, step, binMs } = this;
    // A step at the second of two bins covers half of their union and the whole of what follows.
    let carried = 0;
    for (let bin = 0; bin < half; bin++) {
      const later = step[2 * bin + 1] as number;
      partial[bin] = (partial[2 * bin] as number) + (partial[2 * bin + 1] as number) + later * binMs;
      step[bin] = carried + (step[2 * bin] as number);
      carried = later;
    }
    partial.fill(0, half);
    step.fill(0, half);
    step[half] = carried;
    this.binMs *= 2;
  }
}

function bump(array: Float64Array, index: number, by: number): void {
  array[index] = (array[index] as number) + by;
}
