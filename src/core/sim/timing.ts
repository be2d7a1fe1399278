import type { ResolvedSimConfig } from './config';
import type { Random } from './random';

/**
 * A multiplicative jitter: lognormal with mean 1 and standard deviation `jitter`, so that configured times stay the means
 * of what is simulated and no time is ever negative. With X = exp(N(mu, s^2)): s^2 = ln(1 + jitter^2), mu = -s^2 / 2.
 * Draws nothing where `jitter` is 0.
 */
export function jitterFactor(jitter: number, random: Random): number {
  if (jitter === 0) return 1;
  const variance = Math.log1p(jitter * jitter);
  return Math.exp(Math.sqrt(variance) * random.normal() - variance / 2);
}

/** Ms from taking a running slot to the first token. */
export function prefillMs(config: ResolvedSimConfig, inputTokens: number, random: Random): number {
  return (config.ttftMs + config.ttftPerInputTokenMs * inputTokens) * jitterFactor(config.jitter, random);
}

/**
 * Mean time between tokens while `running` requests hold a slot: `itl` with one, `itl x load_factor` with `max_running`,
 * linear in between. Where only one can run there is no load to scale with.
 */
export function loadedItlMs(config: ResolvedSimConfig, running: number): number {
  if (config.maxRunning <= 1) return config.itlMs;
  const load = Math.max(0, running - 1) / (config.maxRunning - 1);
  return config.itlMs * (1 + (config.loadFactor - 1) * load);
}

/** Ms between a chunk and the one before it: the sum of the times of its tokens, each with its own jitter. */
export function chunkGapMs(config: ResolvedSimConfig, tokens: number, running: number, random: Random): number {
  const itlMs = loadedItlMs(config, running);
  let gapMs = 0;
  for (let i = 0; i < tokens; i++) gapMs += itlMs * jitterFactor(config.jitter, random);
  return gapMs;
}
