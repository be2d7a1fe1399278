import { monotonicMs } from '../../../src/core/util/clock';

/**
 * What to add to an instant of the wall clock (ms since 1970) to get `monotonicMs()`. The wall clock is read at the moments when its
 * millisecond changes, since it is not told any finer.
 */
export function wallToMonotonicMs(): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5; i++) {
    const before = Date.now();
    let now = before;
    while (now === before) now = Date.now();
    // The change is seen late or in time, never early.
    best = Math.min(best, monotonicMs() - now);
  }
  return best;
}
