import { quantileOfSorted } from '../metrics/percentile';

/** The quantile `q` (0 to 1) of values in any order; NaN where there is none. */
export function quantileOf(values: readonly number[], q: number): number {
  return values.length === 0 ? Number.NaN : quantileOfSorted(Float64Array.from(values).sort(), q);
}
