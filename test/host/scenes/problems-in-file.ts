import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Scene } from '../scene';

const wrong = `name: Wrong on purpose
promt: "Greet {{name}} in one sentence."
prompt: "Greet {{nmae}} in one sentence."
endpoints: [nowhere]
cases:
  - vars: { name: Ada }
    assert: [ { contians: Ada } ]
slo: [ "ttft.p95 <= 300" ]
`;

/** What is wrong with a file, while it is written. */
export const scene: Scene = {
  name: 'problems-in-file',
  run: async (window) => {
    await writeFile(join(window.folder, 'wrong.eval.yaml'), wrong);
    await window.openFile('wrong.eval.yaml');
    await window.executeCommand('workbench.actions.view.problems');
    await window.page.locator('.markers-panel .monaco-list-row').first().waitFor();
    await window.capture('problems-in-file');
  },
};
