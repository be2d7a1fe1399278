/** Values of requests in send order, in bounded memory. */

/** Values kept a series: past it a bootstrap takes long and learns little. */
export const MOST_VALUES = 20_000;

interface Row {
  at: number;
  values: readonly number[];
}

/**
 * Collects the values of one metric: one a request, or its gaps. Past the bound every other request is left out, then every other of
 * those that are left, and so on, so that what stays is spread evenly over the run.
 */
export class SendOrderSeries {
  private rows: Row[] = [];
  private count = 0;
  private stride = 1;
  private seen = 0;

  constructor(private readonly most = MOST_VALUES) {}

  /** @param at the instant that orders requests */
  add(at: number, values: readonly number[]): void {
    if (values.length === 0) return;
    const keep = this.seen % this.stride === 0;
    this.seen++;
    if (!keep) return;
    this.rows.push({ at, values });
    this.count += values.length;
    while (this.count > this.most && this.rows.length > 1) {
      this.stride *= 2;
      this.rows = this.rows.filter((_, index) => index % 2 === 0);
      this.count = this.rows.reduce((sum, row) => sum + row.values.length, 0);
    }
  }

  /** Null where there is none. */
  result(): Float64Array | null {
    if (this.rows.length === 0) return null;
    const ordered = this.rows.sort((a, b) => a.at - b.at);
    return Float64Array.from(ordered.flatMap(({ values }) => values));
  }
}
