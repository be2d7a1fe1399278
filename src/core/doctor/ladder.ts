import type { LadderEnd } from './report';

export interface Climb<R> {
  results: R[];
  ended: Extract<LadderEnd, 'top' | 'limited' | 'time'>;
}

export interface ClimbOptions<S, R> {
  /** From light to heavy. */
  steps: readonly S[];
  measure: (step: S) => Promise<R>;
  /** Whether there is time for one more measurement. */
  mayGoOn: () => boolean;
}

/**
 * Climbs until a step is too much for the client: what comes after it would say the same and take longer. A step that seems too
 * much is measured once more, since a machine that had something else to do for a moment looks the same. The lowest step is
 * measured whatever the time.
 */
export async function climb<S, R extends { limited: boolean; attempts: number }>({
  steps,
  measure,
  mayGoOn,
}: ClimbOptions<S, R>): Promise<Climb<R>> {
  const results: R[] = [];
  for (const step of steps) {
    if (results.length > 0 && !mayGoOn()) return { results, ended: 'time' };
    let result = await measure(step);
    if (result.limited && mayGoOn()) result = { ...(await measure(step)), attempts: result.attempts + 1 };
    results.push(result);
    if (result.limited) return { results, ended: 'limited' };
  }
  return { results, ended: 'top' };
}
