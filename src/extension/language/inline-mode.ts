/** Which results stand in the text, at the ends of its lines and beside their numbers. */
export type InlineMode = 'off' | 'failures' | 'all';

/** The setting as it is meant: it was a yes or no before, and anybody can write anything into a settings file. */
export function inlineModeOf(value: unknown): InlineMode {
  if (value === false || value === 'off') return 'off';
  return value === 'failures' ? 'failures' : 'all';
}
