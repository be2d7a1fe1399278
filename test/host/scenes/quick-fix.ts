import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Scene } from '../scene';

const WRONG = `name: Shop assistant
endpoints: [sim]
prompt: "Answer: {{ qestion }}"
cases:
  - name: returns
    vars: { question: How do I return it? }
    assert:
      - contians: 30 days
slo: [ "ttft.p95 <= 300" ]
`;

/** A typing error on its way out: what is wrong in Problems, and what the lightbulb offers. */
export const scene: Scene = {
  name: 'quick-fix',
  viewport: { width: 1280, height: 900 },
  run: async (window) => {
    await writeFile(join(window.folder, 'shop.eval.yaml'), WRONG);
    await window.openFile(
      'shop.eval.yaml',
      WRONG.split('\n').findIndex((line) => line.includes('contians')),
    );
    await window.executeCommand('workbench.action.closeSidebar');
    await window.executeCommand('workbench.actions.view.problems');
    await window.page.locator('.markers-panel .monaco-list-row').first().waitFor();
    await window.executeCommand('workbench.action.focusActiveEditorGroup');
    await window.executeCommand('editor.action.marker.next');
    await window.page.keyboard.press('Escape');
    await window.executeCommand('editor.action.quickFix');
    await window.page.locator('.action-widget').first().waitFor();
    await window.page.waitForTimeout(300);
    await window.capture('quick-fix');
  },
};
