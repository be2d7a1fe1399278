import type { Frame } from 'playwright-core';
import { waitForRunEnd, type Scene, type SceneWindow } from '../scene';

/** Three deployments side by side: while they run, and what comes out. */
export const scene: Scene = {
  name: 'compare',
  viewport: { width: 1600, height: 1000 },
  run: async (window) => {
    const panel = await compared(window, async () => {
      // The first of them has answered, another is streaming.
      await window.page.waitForTimeout(14_000);
      await window.capture('compare-running');
    });
    await window.executeCommand('workbench.action.closeSidebar');
    await window.executeCommand('workbench.action.closeEditorsInOtherGroups');
    await window.page.waitForTimeout(1_000);
    await window.capture('compare');
    for (const [part, name] of PARTS) {
      await panel
        .locator('body')
        .evaluate(`document.scrollingElement.scrollTo(0, document.scrollingElement.scrollHeight * ${part})`);
      await window.page.waitForTimeout(500);
      await window.capture(name);
    }
  },
};

const PARTS = [
  [0.3, 'compare-middle'],
  [0.6, 'compare-below'],
  [1, 'compare-cases'],
] as const;

/** Runs the example from its CodeLens. @returns the panel once every test is made */
export async function compared(window: SceneWindow, meanwhile?: () => Promise<void>): Promise<Frame> {
  await window.openFile('compare.eval.yaml');
  await window.codeLens('Compare targets').click();
  const panel = await window.webview('canvas', 90_000);
  await meanwhile?.();
  await waitForRunEnd(window);
  await window.codeLens('Compare targets').waitFor();
  await window.dismiss();
  // Tests follow the end of the run.
  await window.page.waitForTimeout(3_000);
  return panel;
}
