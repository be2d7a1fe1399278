/** What every part of the panel is. */
import type { Palette } from '../charts/palette';
import type { ChartFrame } from '../charts/chart-frame';
import type { RunStore } from './store';
import type { Shown } from './selection';

export interface Section {
  readonly element: HTMLElement;
  /** Writes what changed. Called at most ten times a second. */
  render(store: RunStore, shown: Shown | null): void;
}

/** A part with a canvas. */
export interface ChartSection extends Section {
  readonly frame: ChartFrame;
  setPalette(palette: Palette): void;
}
