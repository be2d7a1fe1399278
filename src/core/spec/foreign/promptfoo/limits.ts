/** Tests of one file: more are more than anyone asks of a model by one keystroke, and more than the planner takes. */
export const MOST_TESTS = 10_000;

export function isWithinLimit(count: number): boolean {
  return count < MOST_TESTS;
}
