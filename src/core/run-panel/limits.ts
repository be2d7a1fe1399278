/** How much of a run the panel holds, whether it goes on or is read from its files. */
import type { TickPoint } from '../../protocol/events';

export interface PanelLimits {
  /** Points kept per stage; beyond it every other one goes. */
  points: number;
  /** Samples of the lines over time kept per stage. */
  history: number;
  cases: number;
  /** Characters of one answer. */
  answer: number;
}

export const PANEL_LIMITS: PanelLimits = { points: 100_000, history: 4_000, cases: 5_000, answer: 20_000 };

/** Every other point; failures stay, unless they alone exceed the bound, or it would not be one. */
export function thinned(points: readonly TickPoint[], bound: number): TickPoint[] {
  const failures = points.filter((point) => !point.ok).length;
  const keepFailures = failures <= bound / 2;
  return points.filter((point, index) => index % 2 === 0 || (keepFailures && !point.ok));
}
