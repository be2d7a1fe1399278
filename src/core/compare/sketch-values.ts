/** The values of one metric of one stage, request by request in send order, in bounded memory. */
import type { RequestValues } from './sketch';

/** Values kept a metric: some megabytes, and more than any percentile of interest needs. */
const MOST_VALUES = 400_000;

interface Row {
  at: number;
  values: readonly number[];
}

/**
 * Past the bound every other request is left out, then every other of those that are left, so that what stays is spread evenly over
 * the stage. The sketch of what stays claims no more than it knows: its size and its dependence are those of what stays.
 */
export class ValuesInSendOrder {
  private rows: Row[] = [];
  private count = 0;
  private stride = 1;
  private seen = 0;

  constructor(private readonly most = MOST_VALUES) {}

  /** @param at the instant that orders requests @param values of one request: one, or its gaps */
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

  result(): RequestValues {
    this.rows.sort((a, b) => a.at - b.at);
    const values = new Float64Array(this.count);
    let at = 0;
    for (const row of this.rows) {
      values.set(row.values, at);
      at += row.values.length;
    }
    const single = this.rows.every((row) => row.values.length === 1);
    return { values, counts: single ? null : Uint32Array.from(this.rows, (row) => row.values.length) };
  }

  /** Instants of what was kept, in order. */
  instants(): Float64Array {
    return Float64Array.from(this.rows, ({ at }) => at).sort();
  }
}
