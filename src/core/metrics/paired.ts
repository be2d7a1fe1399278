/** Differences between two targets, or between a run and its baseline. */
import { integratedAutocorrelationTime } from './autocorrelation';
import { regularisedBeta } from './beta';
import { quantileOfSorted } from './percentile';
import { seededRandom } from './random';

/**
 * Exact two-sided McNemar test of paired pass/fail outcomes: the probability, if both were equally good, of a split of the
 * discordant pairs at least as uneven as this one.
 * Source: Q. McNemar, Psychometrika 12 (1947), in the exact binomial form.
 * @param onlyFirst pairs where only the first passed @param onlySecond pairs where only the second did
 */
export function exactMcNemar(onlyFirst: number, onlySecond: number): number {
  const n = onlyFirst + onlySecond;
  if (n === 0) return 1;
  const fewer = Math.min(onlyFirst, onlySecond);
  // P(Bin(n, 1/2) <= k) = I_1/2(n - k, k + 1).
  return Math.min(1, 2 * regularisedBeta(0.5, n - fewer, fewer + 1));
}

/**
 * P-values adjusted for being tested together, in the order given: at most the chosen share of families has a false alarm.
 * Source: S. Holm, Scandinavian Journal of Statistics 6 (1979).
 */
export function holmAdjusted(pValues: readonly number[]): number[] {
  const order = pValues.map((_, index) => index).sort((a, b) => (pValues[a] ?? 0) - (pValues[b] ?? 0));
  const adjusted = new Array<number>(pValues.length).fill(1);
  let last = 0;
  order.forEach((index, rank) => {
    last = Math.max(last, Math.min(1, (pValues.length - rank) * (pValues[index] ?? 1)));
    adjusted[index] = last;
  });
  return adjusted;
}

export interface PercentileDifference {
  /** Quantile of the second series minus that of the first. */
  difference: number;
  ci: [number, number];
  /** Two-sided bootstrap p-value of "no difference". */
  pValue: number;
  replicates: number;
}

/** Values drawn per call at most: a second or two, whatever the size of the run. */
const DRAWS = 40_000_000;

/**
 * Difference of a percentile between two runs by a moving-block bootstrap: blocks of neighbours are drawn, so that the
 * dependence within a run survives. Their length is eight times tau, of "is above the percentile" in send order: blocks of twice the tau
 * of the values lose a quarter of the variance and more, and called 10 to 40% of equal runs near capacity slower. Even so its interval is
 * too short where requests depend on each other strongly, or few values lie beyond the percentile: `testPercentile` knows when to use it.
 * Source: H. R. Künsch, Annals of Statistics 17 (1989); percentile interval of B. Efron and R. J. Tibshirani (1993), chapter 13.
 * @param first latencies in send order @param second likewise
 * @returns null where a series has fewer than ten values, or than ten blocks
 */
export function bootstrapPercentileDifference(
  first: Float64Array,
  second: Float64Array,
  options: { share: number; confidence: number; seed: number; replicates?: number },
): PercentileDifference | null {
  if (first.length < 10 || second.length < 10) return null;
  const random = seededRandom(options.seed);
  const wanted = options.replicates ?? 2000;
  const replicates = Math.max(200, Math.min(wanted, Math.floor(DRAWS / (first.length + second.length))));
  const draws = new Float64Array(replicates);
  const drawFirst = resampler(first, options.share, random);
  const drawSecond = resampler(second, options.share, random);
  if (drawFirst === null || drawSecond === null) return null;
  for (let i = 0; i < replicates; i++) draws[i] = drawSecond() - drawFirst();
  draws.sort();
  const tail = (1 - options.confidence) / 2;
  let below = 0;
  let above = 0;
  for (const draw of draws) {
    if (draw <= 0) below++;
    if (draw >= 0) above++;
  }
  return {
    difference:
      quantileOfSorted(second.slice().sort(), options.share) - quantileOfSorted(first.slice().sort(), options.share),
    ci: [quantileOfSorted(draws, tail), quantileOfSorted(draws, 1 - tail)],
    pValue: Math.min(1, (2 * (Math.min(below, above) + 1)) / (replicates + 1)),
    replicates,
  };
}

/** Draws the quantile of one moving-block resample at a time. Ranks are counted, not sorted: O(n) a draw. */
function resampler(series: Float64Array, share: number, random: () => number): (() => number) | null {
  const n = series.length;
  const sorted = series.slice().sort();
  const limit = quantileOfSorted(sorted, share);
  const tau = integratedAutocorrelationTime(series.map((value) => (value > limit ? 1 : 0)));
  const longest = Math.max(1, Math.floor(n / 10));
  // Independent requests have a tau of a little over 1, too: there any length will do.
  const block = tau < 1.5 ? Math.min(longest, Math.ceil(Math.cbrt(n))) : Math.max(8 * tau, Math.cbrt(n));
  return block > longest ? null : drawerOf(series, sorted, share, { block: Math.ceil(block), random });
}

function drawerOf(
  series: Float64Array,
  sorted: Float64Array,
  share: number,
  { block, random }: { block: number; random: () => number },
): () => number {
  const n = series.length;
  const rank = ranksOf(series);
  const counts = new Uint32Array(n);
  return () => {
    counts.fill(0);
    for (let filled = 0; filled < n;) {
      const start = Math.floor(random() * (n - block + 1));
      for (let i = 0; i < block && filled < n; i++, filled++) {
        const at = rank[start + i] as number;
        counts[at] = (counts[at] as number) + 1;
      }
    }
    return quantileOfCounts(sorted, counts, share);
  };
}

function ranksOf(series: Float64Array): Uint32Array {
  const order = Uint32Array.from(series, (_, index) => index).sort(
    (a, b) => (series[a] as number) - (series[b] as number),
  );
  const rank = new Uint32Array(series.length);
  for (let i = 0; i < order.length; i++) rank[order[i] as number] = i;
  return rank;
}

/** The type 7 quantile of a multiset given as counts of sorted values. */
function quantileOfCounts(sorted: Float64Array, counts: Uint32Array, share: number): number {
  const position = share * (sorted.length - 1);
  const wanted = Math.floor(position);
  // From the nearer end: a p99 then looks at a hundredth of the values.
  let at = sorted.length - 1;
  let rankBelow = sorted.length - (counts[at] as number);
  while (rankBelow > wanted && at > 0) {
    at--;
    rankBelow -= counts[at] as number;
  }
  const low = sorted[at] as number;
  let high = low;
  if (wanted + 1 >= rankBelow + (counts[at] as number)) {
    let next = at + 1;
    while (next < sorted.length && counts[next] === 0) next++;
    if (next < sorted.length) high = sorted[next] as number;
  }
  return low + (high - low) * (position - wanted);
}
