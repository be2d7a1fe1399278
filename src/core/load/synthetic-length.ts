/** How many tokens a synthetic prompt has and its answer is asked to have. */
import type { TokenLengths } from '../../protocol/plan';
import { PromptrigError } from '../util/errors';
import type { Random } from './prng';

/** No context window is longer; a mistyped mean would only fill the memory. */
export const MOST_TOKENS = 10_000_000;

/**
 * Checks lengths: a normal distribution of `mean` and `stdev` (default 0), cut to `min` (default 1) and `max` (default
 * `MOST_TOKENS`). The mean is that of the distribution before it is cut: limits that are not symmetric about it shift it.
 * @param name as the file calls it, such as `input_tokens`
 * @throws PromptrigError `usage` with what is wrong
 */
export function checkTokenLengths(name: string, distribution: TokenLengths): void {
  const { mean, stdev = 0, min = 1, max = MOST_TOKENS } = distribution;
  const wrong = (what: string): never => {
    throw new PromptrigError('usage', `${name}: ${what}`);
  };
  if (!Number.isInteger(min) || min < 1) wrong(`min is ${min}; it must be a whole number of at least 1.`);
  if (!Number.isInteger(max) || max > MOST_TOKENS)
    wrong(`max is ${max}; it must be a whole number up to ${MOST_TOKENS}.`);
  if (max < min) wrong(`max (${max}) is below min (${min}); exchange them.`);
  if (!(stdev >= 0 && Number.isFinite(stdev))) wrong(`stdev is ${stdev}; it must be 0 or more.`);
  // With the mean outside, nearly everything drawn would lie at one limit: surely not what was meant.
  if (!(mean >= min && mean <= max)) wrong(`mean is ${mean}; it must be between min (${min}) and max (${max}).`);
}

/** Draws before a value is taken as it is; each is accepted with a probability of at least 0.49. */
const TRIES = 64;
/** Below this width, in standard deviations, even proposals are accepted more often than normal ones. */
const NARROW = 2.5;

/**
 * One draw, in whole tokens: the normal distribution restricted to [min - 1/2, max + 1/2) by rejection, then rounded, so that
 * the limits are as likely as the density says and not heaped. Proposals are even in a narrow window and normal in a wide one.
 * Source: C. P. Robert, "Simulation of truncated normal variables", Statistics and Computing 5 (1995).
 */
export function drawTokens(distribution: TokenLengths, random: Random): number {
  const { mean, stdev = 0, min = 1, max = MOST_TOKENS } = distribution;
  const bounded = (value: number): number => Math.min(max, Math.max(min, Math.round(value)));
  if (stdev === 0) return bounded(mean);
  const low = min - 0.5;
  const width = max - min + 1;
  const narrow = width <= NARROW * stdev;
  for (let i = 0; i < TRIES; i++) {
    const value = narrow ? low + random.next() * width : mean + random.normal() * stdev;
    const accepted = narrow
      ? random.next() < Math.exp(-0.5 * ((value - mean) / stdev) ** 2)
      : value >= low && value < low + width;
    if (accepted) return bounded(value);
  }
  return bounded(mean);
}
