import type { Scene } from '../scene';
import { compared } from './compare';

/** The compare panel in the width that is left in a small window. */
export const scene: Scene = {
  name: 'compare-narrow',
  viewport: { width: 900, height: 800 },
  run: async (window) => {
    await window.executeCommand('workbench.action.closeSidebar');
    await compared(window);
    await window.capture('compare-narrow');
  },
};
