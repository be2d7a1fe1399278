/** What a part of the panel needs from its owner, and what every part is. */
import type { RunPanelToHost } from '../../src/protocol/run-panel';
import type { RunStore } from './store';
import type { Shown } from './selection';

export interface Section {
  readonly element: HTMLElement;
  /** Writes what changed. Called at most ten times a second. */
  render(store: RunStore, shown: Shown | null): void;
}

export type Post = (message: RunPanelToHost) => void;
