import type { LoadPattern } from '../../protocol/plan';
import type { RequestSample } from './request-sample';
import { Samples } from './samples';
import type { StageSeries } from './stage-series';
import { inFlightAtArrivals, trendOf } from './steady';

/** Patterns that change the load on purpose, or send requests that differ: a trend there is no sign of saturation. */
const UNSTEADY_BY_DESIGN: readonly (LoadPattern | 'cases')[] = ['ramp', 'burst', 'trace', 'cases'];

/** Means of neighbours that a long series is reduced to: a trend survives it, and the test stays cheap. */
const POINTS = 8192;

/** Looks for a trend in TTFT or, in an open loop, in the requests in flight. */
export class SteadyWatch {
  private readonly ttft: number;
  private readonly end: number | null;
  private readonly durations: Samples | null;
  private readonly watched: boolean;

  /** @param series of the stage, before its first request */
  constructor(
    pattern: LoadPattern | 'cases',
    loop: 'open' | 'closed',
    private readonly series: StageSeries,
  ) {
    this.watched = !UNSTEADY_BY_DESIGN.includes(pattern);
    this.ttft = this.watched ? series.column('ttft', (sample) => sample.values['ttft'] ?? Number.NaN) : 0;
    // A closed loop holds the requests in flight by itself.
    const open = this.watched && loop === 'open';
    this.end = open ? series.trackEnds() : null;
    this.durations = open ? new Samples({ exactLimit: 0 }) : null;
  }

  /** Counts a request that the series has been given. */
  add(sample: RequestSample): void {
    this.durations?.add(sample.endMs - sample.at);
  }

  isTrending(): boolean {
    if (!this.watched || this.series.length === 0) return false;
    return this.ttftTrends() || this.inFlightTrends();
  }

  private ttftTrends(): boolean {
    const keys = this.series.keys(this.ttft);
    const { sums, counts } = this.series.view(this.ttft);
    if (counts === null) return trends(keys, sums);
    const filled = (_: number, i: number): boolean => (counts[i] as number) > 0;
    return trends(keys.filter(filled), sums.map((sum, i) => sum / (counts[i] as number)).filter(filled));
  }

  private inFlightTrends(): boolean {
    if (this.end === null || this.durations === null) return false;
    const { keys, running } = this.inFlight(this.end);
    // Until the first requests have ended the count can only climb.
    const settledAt = (keys[0] ?? 0) + this.durations.quantile(0.9);
    const from = keys.findIndex((key) => key >= settledAt);
    return from >= 0 && trends(keys.subarray(from), running.subarray(from));
  }

  private inFlight(end: number): { keys: Float64Array; running: Float64Array } {
    const batches = this.series.begunAndEnded();
    if (batches !== null) {
      const { keys, begun, ended } = batches;
      // After the last arrival the count can only fall.
      const last = begun.indexOf(begun[begun.length - 1] as number) + 1;
      return {
        keys: keys.subarray(0, last),
        running: begun.map((count, i) => count - (ended[i] as number)).subarray(0, last),
      };
    }
    const keys = this.series.keys(end);
    return { keys, running: inFlightAtArrivals(keys, this.series.view(end).sums) };
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
