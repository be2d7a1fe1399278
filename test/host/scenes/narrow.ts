import { waitForRunEnd, type Scene } from '../scene';

/** The run panel in the width that is left in a small window. */
export const scene: Scene = {
  name: 'narrow',
  viewport: { width: 900, height: 800 },
  settings: { 'promptrig.openRunPanel': 'always' },
  run: async (window) => {
    await window.openFile('rag.eval.yaml');
    await window.executeCommand('workbench.action.closeSidebar');
    await window.codeLens('Run eval').click();
    await window.webview('canvas', 60_000);
    await waitForRunEnd(window);
    await window.codeLens('Run eval').waitFor();
    await window.dismiss();
    await window.capture('run-panel-narrow');
  },
};
