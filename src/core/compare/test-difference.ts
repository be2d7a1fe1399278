/** Whether a percentile of two runs differs, or why that cannot be said. */
import { bootstrapPercentileDifference } from '../metrics/paired';
import { normalQuantile } from '../metrics/normal';

/** Values that must lie beyond a percentile for its bootstrap to know how it scatters. */
const LEAST_BEYOND = 5;
const LEAST_VALUES = 10;
/** Values drawn for one row. */
const DRAWS = 12_000_000;

export type TestedDifference =
  { kind: 'tested'; difference: number; ci: [number, number]; pValue: number } | { kind: 'untested'; reason: string };

/**
 * @param share of the percentile, 0 to 1
 * @param noun what the values are, for the reason
 */
export function testPercentile(
  first: Float64Array | null,
  second: Float64Array | null,
  options: { share: number; confidence: number; seed: number; noun: string },
): TestedDifference {
  const { share, confidence, seed, noun } = options;
  if (first === null || second === null) return { kind: 'untested', reason: `no single ${noun} are kept` };
  const fewest = Math.min(first.length, second.length);
  const needed = Math.max(LEAST_VALUES, Math.ceil(LEAST_BEYOND / Math.min(share, 1 - share) - 1e-9));
  if (fewest < needed) {
    return { kind: 'untested', reason: `${fewest} ${noun} are too few to compare it (${needed} needed)` };
  }
  // Dozens of rows are tested at once: a third of a second is what one of them may take.
  const replicates = Math.max(500, Math.min(2000, Math.floor(DRAWS / (first.length + second.length))));
  const found = bootstrapPercentileDifference(first, second, { share, confidence, seed, replicates });
  if (found === null) return { kind: 'untested', reason: `${fewest} ${noun} are too few to compare it` };
  const { difference, ci, pValue } = found;
  return {
    kind: 'tested',
    difference,
    ci,
    pValue: beyondResolution(difference, ci, pValue, { confidence, replicates: found.replicates }),
  };
}

/**
 * A bootstrap of B draws cannot give a p-value below about 2 / B, which adjusting for many rows would turn into "no difference" however
 * large it is. Where no draw lies on the other side of zero, the tail is that of the normal distribution with the spread that the
 * interval's nearer end shows.
 */
function beyondResolution(
  difference: number,
  ci: readonly [number, number],
  pValue: number,
  { confidence, replicates }: { confidence: number; replicates: number },
): number {
  if (pValue > 2.5 / (replicates + 1) || ci[0] * ci[1] <= 0) return pValue;
  const nearer = difference > 0 ? difference - ci[0] : ci[1] - difference;
  const spread = nearer / normalQuantile(1 - (1 - confidence) / 2);
  if (!(spread > 0)) return pValue;
  return Math.min(pValue, 2 * upperTail(Math.abs(difference) / spread));
}

/**
 * P(Z > z) of a standard normal variable for z above 2, by Laplace's continued fraction.
 * Source: M. Abramowitz and I. A. Stegun (1964), 26.2.14.
 */
export function upperTail(z: number): number {
  let fraction = z;
  for (let k = 60; k >= 1; k--) fraction = z + k / fraction;
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI) / fraction;
}
