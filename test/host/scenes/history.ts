import { waitForRunEnd, type Scene } from '../scene';

/** Runs of one eval: the Runs view with a pinned and noted run, and the panel's trends. */
export const scene: Scene = {
  name: 'history',
  viewport: { width: 1600, height: 1000 },
  settings: { 'promptrig.openRunPanel': 'always' },
  run: async (window) => {
    await window.openFile('first-run.eval.yaml');
    for (let run = 0; run < 3; run++) {
      await window.codeLens('Run eval').click();
      await window.webview('canvas', 60_000);
      // Until then the status bar tells of the run before.
      await window.page.waitForTimeout(3_000);
      await waitForRunEnd(window);
      await window.codeLens('Run eval').waitFor();
      await window.dismiss();
    }
    await window.executeCommand('promptrig.runs.focus');
    const newest = window.page.locator('.pane-body .monaco-list-row[aria-level="2"]').first();
    await newest.waitFor();
    await newest.click();
    await window.page.waitForTimeout(1_000);
    const panel = await window.webview('canvas');
    await panel.locator('vscode-button', { hasText: 'Pin as baseline' }).click();
    await panel.locator('vscode-button', { hasText: 'Unpin baseline' }).waitFor();
    await window.dismiss();
    await panel.locator('button', { hasText: 'Add note' }).click();
    await window.page.locator('.quick-input-widget input').fill('after the shorter system prompt');
    await window.page.keyboard.press('Enter');
    await panel.locator('.note-text', { hasText: 'shorter' }).waitFor();
    await window.capture('history');
    await panel.locator('vscode-button', { hasText: 'Show how this eval' }).click();
    const chart = panel.locator('section.chart[aria-label="Trends"]');
    await chart.waitFor();
    await chart.locator('.caption', { hasText: 'over 3 runs' }).waitFor();
    await window.page.waitForTimeout(500);
    await panel
      .locator('body')
      .evaluate('document.scrollingElement.scrollTo(0, document.scrollingElement.scrollHeight)');
    await window.page.waitForTimeout(500);
    await window.capture('history-trends');
  },
};
