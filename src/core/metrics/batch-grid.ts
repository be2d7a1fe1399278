/**
 * Sums over equal stretches of time, in memory that does not grow: once the stretches are used up, neighbours are added
 * together and each is twice as long. What is added may come in any order, since its place is its instant.
 */
export class BatchGrid {
  private readonly columns: Float64Array[];
  private used = 0;

  /**
   * @param width sums a stretch
   * @param startMs where the first stretch begins; what is earlier counts as if it were there
   * @param stretchMs length of a stretch at first, above 0
   * @param limit stretches kept, an even number
   */
  constructor(
    width: number,
    private readonly startMs: number,
    private stretchMs: number,
    private readonly limit: number,
  ) {
    this.columns = Array.from({ length: width }, () => new Float64Array(limit));
  }

  /** Length of a stretch, ms. */
  get lengthMs(): number {
    return this.stretchMs;
  }

  /** The stretch in which `atMs` lies; it is valid until the next call. */
  slotAt(atMs: number): number {
    let slot = this.indexOf(atMs);
    while (slot >= this.limit) {
      this.coarsen();
      slot = this.indexOf(atMs);
    }
    if (slot >= this.used) this.used = slot + 1;
    return slot;
  }

  add(slot: number, column: number, value: number): void {
    const sums = this.columns[column] as Float64Array;
    sums[slot] = (sums[slot] as number) + value;
  }

  /** The sums of a column, one a stretch, from the first to the last that was used. */
  sums(column: number): Float64Array {
    return (this.columns[column] as Float64Array).slice(0, this.used);
  }

  /** The middle of each stretch, ms. */
  middles(): Float64Array {
    return Float64Array.from({ length: this.used }, (_, i) => this.startMs + (i + 0.5) * this.stretchMs);
  }

  /** The end of each stretch, ms. */
  ends(): Float64Array {
    return Float64Array.from({ length: this.used }, (_, i) => this.startMs + (i + 1) * this.stretchMs);
  }

  private indexOf(atMs: number): number {
    return Math.max(0, Math.floor((atMs - this.startMs) / this.stretchMs));
  }

  private coarsen(): void {
    const half = this.limit / 2;
    for (const sums of this.columns) {
      for (let i = 0; i < half; i++) sums[i] = (sums[2 * i] as number) + (sums[2 * i + 1] as number);
      sums.fill(0, half);
    }
    this.used = Math.ceil(this.used / 2);
    this.stretchMs *= 2;
  }
}
