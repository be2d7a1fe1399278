/** How a part of the panel speaks to what is behind the page. */
import type { RunPanelToHost } from '../../src/protocol/run-panel';

export interface Post {
  (message: RunPanelToHost): void;
  /** The page is a file of its own: no editor is behind it, so nothing can be run, pinned or opened from here. */
  readonly standalone?: boolean;
}
