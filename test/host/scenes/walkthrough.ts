import type { Scene } from '../scene';

/** The walkthrough as it is opened, and each of its steps. */
export const scene: Scene = {
  name: 'walkthrough',
  viewport: { width: 1280, height: 800 },
  run: async (window) => {
    // Else there is no room for the picture beside the steps.
    await window.executeCommand('workbench.action.closeSidebar');
    await window.executeCommand('workbench.action.openWalkthrough', 'promptrig.promptrig#start');
    const steps = window.page.locator('.gettingStartedContainer .getting-started-step');
    await steps.first().waitFor();
    for (let index = 0; index < (await steps.count()); index++) {
      await steps.nth(index).click();
      // The picture beside the step is faded in.
      await window.page.waitForTimeout(1_000);
      // Not dismissed: Escape leaves the walkthrough.
      await window.page.mouse.move(0, 0);
      await window.capture(`walkthrough-${index + 1}`);
    }
  },
};
