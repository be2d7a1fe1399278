import { waitForRunEnd, type Scene } from '../scene';

/** The status bar from the first request to the verdict, with what it says under the pointer. */
export const scene: Scene = {
  name: 'status-bar',
  viewport: { width: 1280, height: 700 },
  settings: { 'promptrig.openRunPanel': 'never', 'workbench.hover.delay': 100 },
  run: async (window) => {
    const item = window.page.locator('[id="promptrig.promptrig.promptrig.status"]');
    await window.openFile('first-run.eval.yaml');
    await window.codeLens('Run eval').click();
    await item.filter({ hasText: /left/ }).waitFor({ timeout: 60_000 });
    await item.hover();
    await window.page.locator('.workbench-hover').first().waitFor();
    await window.page.waitForTimeout(500);
    await window.capture('status-bar-running');
    await waitForRunEnd(window);
    await window.dismiss();
    await item.hover();
    await window.page.locator('.workbench-hover').first().waitFor();
    await window.page.waitForTimeout(500);
    await window.capture('status-bar-finished');
  },
};
