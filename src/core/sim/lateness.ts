/** Statistics of how late content was written, over the most recent writes. */
export interface LatenessStats {
  n: number;
  p50: number;
  p99: number;
  max: number;
}

const KEPT = 65_536;

/** The newest 65,536 values of `write - due`, in ms. */
export class Lateness {
  private readonly values = new Float32Array(KEPT);
  private count = 0;

  add(ms: number): void {
    this.values[this.count++ % KEPT] = ms;
  }

  clear(): void {
    this.count = 0;
  }

  stats(): LatenessStats {
    const n = Math.min(this.count, KEPT);
    const sorted = this.values.slice(0, n).sort();
    const at = (share: number): number => sorted[Math.min(n - 1, Math.floor(share * n))] ?? 0;
    return { n, p50: at(0.5), p99: at(0.99), max: at(1) };
  }
}
