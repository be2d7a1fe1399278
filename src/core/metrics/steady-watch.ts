import type { LoadPattern } from '../../protocol/plan';
import { OrderedRows } from './ordered-rows';
import { quantileOfSorted } from './percentile';
import { inFlightAtArrivals, trendOf } from './steady';

/** Patterns that change the load on purpose, or send requests that differ: a trend there is no sign of saturation. */
const UNSTEADY_BY_DESIGN: readonly (LoadPattern | 'cases')[] = ['ramp', 'burst', 'trace', 'cases'];

/** Means of neighbours that a long series is reduced to: a trend survives it, and the test stays cheap. */
const POINTS = 8192;

/** Looks for a trend in TTFT or, in an open loop, in the requests in flight. */
export class SteadyWatch {
  /** TTFT (NaN without one) and end of each measured request. */
  private readonly rows = new OrderedRows(2);
  private readonly watched: boolean;

  constructor(
    pattern: LoadPattern | 'cases',
    private readonly loop: 'open' | 'closed',
  ) {
    this.watched = !UNSTEADY_BY_DESIGN.includes(pattern);
  }

  /** @param at the instant that orders requests, ms */
  add(at: number, endMs: number, ttftMs: number | undefined): void {
    if (this.watched) this.rows.add(at, ttftMs ?? Number.NaN, endMs);
  }

  isTrending(): boolean {
    if (!this.watched || this.rows.length === 0) return false;
    const { keys, columns } = this.rows.inOrder();
    const [ttft, ends] = columns as [Float64Array, Float64Array];
    const has = ttft.map((value) => (Number.isNaN(value) ? 0 : 1));
    if (
      trends(
        keys.filter((_, i) => has[i] === 1),
        ttft.filter((value) => !Number.isNaN(value)),
      )
    )
      return true;
    // A closed loop holds the requests in flight by itself.
    if (this.loop === 'closed') return false;
    const running = inFlightAtArrivals(keys, ends);
    // Until the first requests have ended the count can only climb.
    const durations = ends.map((end, i) => end - (keys[i] as number)).sort();
    const settledAt = (keys[0] as number) + quantileOfSorted(durations, 0.9);
    const from = keys.findIndex((key) => key >= settledAt);
    return from >= 0 && trends(keys.subarray(from), running.subarray(from));
  }
}

function trends(instants: Float64Array, values: Float64Array): boolean {
  const size = Math.ceil(values.length / POINTS);
  return trendOf(blockMeans(instants, size), blockMeans(values, size))?.significant ?? false;
}

function blockMeans(values: Float64Array, size: number): Float64Array {
  if (size <= 1) return values;
  const out = new Float64Array(Math.floor(values.length / size));
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (let j = 0; j < size; j++) sum += values[i * size + j] as number;
    out[i] = sum / size;
  }
  return out;
}
