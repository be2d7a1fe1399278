import { waitForRunEnd, type Scene, type SceneWindow } from '../scene';

const FILE = 'first-run.eval.yaml';

/** What a file explains of itself under the pointer: a key of the format, a metric, and the result of an SLO. */
export const scene: Scene = {
  name: 'hover',
  viewport: { width: 1280, height: 900 },
  settings: { 'promptrig.openRunPanel': 'never', 'editor.hover.delay': 100 },
  run: async (window) => {
    await window.openFile(FILE);
    await window.executeCommand('workbench.action.closeSidebar');
    await window.codeLens('Run eval').waitFor();
    await hovered(window, 34, 'pattern', 'hover-key');
    await window.openFile(FILE);
    await window.codeLens('Run eval').click();
    await window.codeLens('Stop').waitFor();
    await waitForRunEnd(window);
    await window.codeLens('Run eval').waitFor();
    await window.dismiss();
    await hovered(window, 40, 'ttft', 'hover-result');
  },
};

/** Puts the pointer on a word of the editor as a person does, once the line is in view. */
async function hovered(window: SceneWindow, line: number, text: string, picture: string): Promise<void> {
  await window.openFile(FILE, line);
  const word = window.page.locator('.view-lines .view-line span > span', { hasText: text }).last();
  await word.hover({ position: { x: 12, y: 8 } });
  await window.page.locator('.monaco-hover:visible .hover-contents').first().waitFor();
  await window.page.waitForTimeout(700);
  await window.capture(picture);
  await window.page.mouse.move(0, 0);
  await window.page.keyboard.press('Escape');
}
