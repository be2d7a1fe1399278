import { waitForRunEnd, type Scene } from '../scene';

/** The evals as native tests: the tree with its states, and the message of one that failed. */
export const scene: Scene = {
  name: 'test-explorer',
  viewport: { width: 1400, height: 900 },
  settings: { 'promptrig.openRunPanel': 'never' },
  run: async (window) => {
    await window.openFile('chatbot.eval.yaml');
    await window.codeLens('Run eval').waitFor();
    await window.executeCommand('workbench.view.testing.focus');
    await window.page.locator('.test-explorer .monaco-list-row', { hasText: 'Shop assistant' }).first().waitFor();
    await window.codeLens('Run eval').click();
    await waitForRunEnd(window);
    await window.dismiss();
    await window.page.waitForTimeout(500);
    await window.capture('test-explorer');
    await window.executeCommand('testing.showMostRecentOutput');
    await window.page.waitForTimeout(1_000);
    await window.capture('test-results');
  },
};
