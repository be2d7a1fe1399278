/** How a part of the panel speaks to the extension. */
import type { RunPanelToHost } from '../../src/protocol/run-panel';

export type Post = (message: RunPanelToHost) => void;
