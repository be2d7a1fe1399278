/** What every part of the panel is. */
import type { ComparePanelState } from '../../src/protocol/compare-panel';
import type { Palette } from '../charts/palette';

export interface Section {
  readonly element: HTMLElement;
  /** Writes what changed. Parts of a state that did not change are the same objects. */
  render(state: ComparePanelState): void;
}

/** A part with a canvas. */
export interface ChartSection extends Section {
  setPalette(palette: Palette): void;
}

/** Remembers what was drawn last, so that an unchanged part costs nothing and keeps its nodes. */
export class Drawn {
  private last: readonly unknown[] = [];

  /** Whether one of them is another than the last time. */
  changed(...now: readonly unknown[]): boolean {
    const same = now.length === this.last.length && now.every((part, i) => part === this.last[i]);
    this.last = now;
    return !same;
  }

  forget(): void {
    this.last = [];
  }
}
