import { waitForRunEnd, type Scene } from '../scene';

/** A run from the press of "Run eval" to its results in every place that shows them. */
export const scene: Scene = {
  name: 'run',
  viewport: { width: 1600, height: 1000 },
  settings: { 'promptrig.openRunPanel': 'always' },
  run: async (window) => {
    await window.openFile('chatbot.eval.yaml');
    await window.codeLens('Run eval').click();
    await window.webview('canvas', 60_000);
    // Long enough for the charts to have something to show; the stage takes 10 s.
    await window.page.waitForTimeout(5_000);
    await window.capture('run-running');

    await waitForRunEnd(window);
    await window.codeLens('Run eval').waitFor();
    await window.dismiss();
    await window.capture('run-finished');

    const panel = await window.webview('canvas');
    await panel
      .locator('body')
      .evaluate('document.scrollingElement.scrollTo(0, document.scrollingElement.scrollHeight)');
    await window.page.waitForTimeout(300);
    await window.capture('run-panel-below');

    await window.executeCommand('workbench.action.closeEditorsInOtherGroups');
    await window.executeCommand('workbench.action.closeSidebar');
    await window.openFile('chatbot.eval.yaml', 60);
    await window.page.waitForTimeout(500);
    await window.capture('inline-results');

    await window.executeCommand('workbench.actions.view.problems');
    await window.page.locator('.markers-panel .monaco-list-row').first().waitFor();
    await window.capture('problems');
    await window.executeCommand('workbench.action.closePanel');

    await window.executeCommand('promptrig.evals.focus');
    const file = window.page.locator('.pane-body .monaco-list-row', { hasText: 'Shop assistant' }).first();
    await file.locator('.monaco-tl-twistie').click();
    await window.page.locator('.pane-body .monaco-list-row', { hasText: 'voucher policy' }).first().waitFor();
    await window.capture('evals-tree');

    // A change of the prompt makes every result stale until the next run.
    await window.openFile('chatbot.eval.yaml', 36);
    await window.page.keyboard.press('End');
    await window.page.keyboard.type(' Be brief.');
    await window.openFile('chatbot.eval.yaml', 60);
    await window.page.waitForTimeout(1_000);
    await window.capture('stale-results');
  },
};
