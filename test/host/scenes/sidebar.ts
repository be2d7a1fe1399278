import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startSimulator } from '../../../src/core/sim/server';
import { waitForRunEnd, type Scene } from '../scene';

/** The three views with something in each: results of evals, endpoints of which one answers and one does not, and runs. */
export const scene: Scene = {
  name: 'sidebar',
  viewport: { width: 1280, height: 900 },
  settings: { 'promptrig.openRunPanel': 'never' },
  run: async (window) => {
    const server = await startSimulator({ ttftMs: 40, itlMs: 2 }, { model: 'small-model-8b' });
    try {
      await writeFile(
        join(window.folder, 'promptrig.yaml'),
        `endpoints:
  - { name: workstation, url: "${server.url}", model: small-model-8b }
  - { name: cluster, url: "http://127.0.0.1:9/v1", model: large-model-70b }
`,
      );
      await window.executeCommand('promptrig.evals.focus');
      for (const [name, text] of [
        ['first-run.eval.yaml', 'First run'],
        ['quality.eval.yaml', 'Quality'],
      ] as const) {
        await window.openFile(name);
        await window.codeLens('Run eval').click();
        await window.codeLens('Stop').waitFor();
        await waitForRunEnd(window);
        await window.codeLens('Run eval').waitFor();
        await window.page.locator('.pane-body .monaco-list-row', { hasText: text }).first().waitFor();
      }
      await window.executeCommand('promptrig.evals.focus');
      await window.executeCommand('promptrig.checkEndpoints');
      const cluster = window.page.locator('.pane-body .monaco-list-row[aria-label^="Endpoint cluster"]');
      await cluster.waitFor();
      const first = window.page.locator('.pane-body .monaco-list-row', { hasText: 'First run' }).first();
      await first.locator('.monaco-tl-twistie').click();
      await window.page.waitForTimeout(1_000);
      await window.dismiss();
      await window.capture('sidebar');
    } finally {
      await server.close();
    }
  },
};
