import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Scene } from '../scene';

/** What the three views say where there is nothing yet. */
export const scene: Scene = {
  name: 'sidebar-empty',
  viewport: { width: 1280, height: 800 },
  run: async (window) => {
    for (const name of await readdir(window.folder)) await rm(join(window.folder, name), { recursive: true });
    await window.executeCommand('promptrig.evals.focus');
    for (const button of ['Create an Example Eval', 'Add Endpoint', 'Open an Example']) {
      await window.page.locator('.welcome-view-content .monaco-button', { hasText: button }).first().waitFor();
    }
    await window.dismiss();
    await window.capture('sidebar-empty');
  },
};
