/** Long computations that another party may interrupt, so that a thread that is shared stays responsive. */

/** `long`: what follows takes milliseconds and cannot be interrupted, so that it has a slice of its own. */
export type Pause = 'short' | 'long';

/** A computation in steps: it can be left at every `yield`, and be gone on with later or never. */
export type Work<T> = Generator<Pause, T, void>;

/** Does all of it now. */
export function atOnce<T>(work: Work<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

/**
 * Goes on for about `budgetMs` at most, and no further than to the next long part.
 * @returns what came out, once it is done
 */
export function oneSlice<T>(work: Work<T>, budgetMs: number, nowMs: () => number): { value: T } | undefined {
  const startedMs = nowMs();
  for (;;) {
    const step = work.next();
    if (step.done === true) return { value: step.value };
    if (step.value === 'long' || nowMs() - startedMs >= budgetMs) return undefined;
  }
}
