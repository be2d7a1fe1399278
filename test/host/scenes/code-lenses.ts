import type { Scene } from '../scene';

/** An example as it is opened: what can be run stands above it. */
export const scene: Scene = {
  name: 'code-lenses',
  viewport: { width: 1280, height: 900 },
  run: async (window) => {
    await window.openFile('chatbot.eval.yaml');
    await window.codeLens('Run eval').waitFor();
    await window.capture('code-lenses');
    // The lens of a load stage is far below; each case and stage has its own.
    await window.openFile('chatbot.eval.yaml', 88);
    await window.page.waitForTimeout(500);
    await window.capture('code-lenses-load');
  },
};
