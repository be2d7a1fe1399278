/** Percentiles of a lag in constant memory: 10 us steps up to 100 ms, 10 ms steps up to 100 s. */
const FINE_MS = 0.01;
const FINE_BINS = 10_000;
const COARSE_MS = 10;
const COARSE_BINS = 10_000;

export class LagHistogram {
  private readonly bins = new Uint32Array(FINE_BINS + COARSE_BINS);
  private count = 0;

  add(lagMs: number): void {
    const fine = Math.floor(Math.max(0, lagMs) / FINE_MS);
    const bin = fine < FINE_BINS ? fine : FINE_BINS + Math.min(COARSE_BINS - 1, Math.floor(lagMs / COARSE_MS));
    this.bins[bin] = (this.bins[bin] ?? 0) + 1;
    this.count++;
  }

  /** The upper edge of the bin that holds the given share of the samples; 0 without samples. */
  quantileMs(share: number): number {
    if (this.count === 0) return 0;
    const rank = Math.max(1, Math.ceil(share * this.count));
    let seen = 0;
    for (const [bin, count] of this.bins.entries()) {
      seen += count;
      if (seen >= rank) return bin < FINE_BINS ? (bin + 1) * FINE_MS : (bin - FINE_BINS + 1) * COARSE_MS;
    }
    return COARSE_BINS * COARSE_MS;
  }
}
