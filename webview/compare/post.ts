/** How a part of the panel speaks to the extension. */
import type { ComparePanelToHost } from '../../src/protocol/compare-panel';

export type Post = (message: ComparePanelToHost) => void;
