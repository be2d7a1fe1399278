/** The values behind a number, as counts in bins: small enough to be kept with a result, true enough to be drawn. */

export interface Histogram {
  /** Lower edge of the first bin and upper edge of the last, in the unit of the metric. */
  from: number;
  to: number;
  /** Values by bin; all bins are equally wide. */
  counts: number[];
  /** Values beyond `to`. */
  beyond: number;
  /** Values that there are. */
  n: number;
  /** Shares of them above and below the limit that they are held against. */
  above: number;
  below: number;
  /** Not all of them are counted here, but a part that was drawn evenly. */
  isSample?: true;
  /** Largest of them, and the request that it is of. */
  max: number;
  maxRequest?: string;
}

const FEWEST_BINS = 8;
const MOST_BINS = 40;
/** A few stragglers must not squeeze all others into one bar. */
const SHOWN_SHARE = 0.995;

/**
 * Bins for values in any order. They cover the values up to their 99.5th percentile, and the limit with a little room, so that
 * both sides of it are seen. Null without values.
 * @param limit of the SLO that the values are held against
 */
export function histogramOf(values: ArrayLike<number>, limit: number | null): Histogram | null {
  const sorted = Float64Array.from(values).sort();
  const n = sorted.length;
  const [min, max] = [sorted[0], sorted[n - 1]];
  if (min === undefined || max === undefined) return null;
  const high = sorted[Math.min(n - 1, Math.ceil(n * SHOWN_SHARE))] ?? max;
  // A limit that is far from all values would leave the picture empty: what lies between is told in words.
  const isNear = limit !== null && limit > min - (high - min || high) * 2 && limit < high + (high - min || high) * 2;
  const from = niceBelow(isNear ? Math.min(min, limit) : min, high);
  const to = Math.max(isNear ? Math.max(high, limit * 1.02) : high, from + Math.max(Math.abs(from) * 0.01, 1e-9));
  const bins = Math.round(Math.min(MOST_BINS, Math.max(FEWEST_BINS, 2 * Math.cbrt(n) * 1.5)));
  const counts = new Array<number>(bins).fill(0);
  const width = (to - from) / bins;
  let [beyond, above, below] = [0, 0, 0];
  for (const value of sorted) {
    if (limit !== null && value > limit) above++;
    else if (limit !== null && value < limit) below++;
    if (value > to) beyond++;
    else {
      const bin = Math.min(bins - 1, Math.max(0, Math.floor((value - from) / width)));
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
  }
  return {
    from: rounded(from),
    to: rounded(to),
    counts,
    beyond,
    n,
    above: rounded(above / n),
    below: rounded(below / n),
    max: rounded(max),
  };
}

/** Zero where the values begin near it, so that the eye can compare lengths. */
function niceBelow(low: number, high: number): number {
  return low > 0 && low < high * 0.25 ? 0 : low;
}

function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
