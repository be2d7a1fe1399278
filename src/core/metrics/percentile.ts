/**
 * The quantile of sorted values by linear interpolation between order statistics.
 * Source: R. J. Hyndman and Y. Fan, The American Statistician 50 (1996), type 7; NumPy calls it `linear`.
 * @param sorted ascending, at least one value
 * @param share from 0 to 1: 0.99 for a p99
 */
export function quantileOfSorted(sorted: Float64Array, share: number): number {
  const last = sorted.length - 1;
  if (last < 0) throw new RangeError('A quantile needs at least one value.');
  const position = Math.min(1, Math.max(0, share)) * last;
  const below = Math.floor(position);
  const low = sorted[below] as number;
  const high = sorted[Math.min(last, below + 1)] as number;
  return low + (high - low) * (position - below);
}
