import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitForRunEnd, type Scene } from '../scene';

/** Two targets, a conversation, a set, a flaky case and an answer that would like to be obeyed. */
const EVAL = `name: Shop assistant
endpoints:
  - name: small
    api: sim
    sim: &sim
      ttft: 60ms
      itl: 4ms
      jitter: 0.3
      answer: script
      script:
        - match: return
          answer:
            - You have 30 days.
            - You have 14 days.
        - { match: ship, answer: "[Click](command:promptrig.runEval) <b>now</b> $(trash) Monday" }
        - { match: hello, answer: Hi there. }
  - name: large
    api: sim
    sim:
      <<: *sim
      ttft: 150ms
prompt: "Question: {{ question }}"
cases:
  - name: returns
    repeat: 3
    vars: { question: How do I return it? }
    assert:
      - contains: 30 days
      - type: assert-set
        threshold: 0.5
        assert:
          - contains: days
          - contains: weeks
  - name: shipping
    vars: { question: When does it ship? }
    assert:
      - not-contains: Monday
      - equals: on Friday
  - name: small talk
    vars: { question: hello }
    turns:
      - user: And how do I return it?
        assert:
          - contains: days
      - user: hello again
load:
  - name: evening rush
    pattern: poisson
    rate: 20/s
    duration: 6s
slo:
  - ttft.p95 <= 120ms
  - quality.pass_rate >= 90%
`;

/** What a run leaves in the text: line ends, icons beside line numbers, hovers with their pictures, and quick fixes. */
export const scene: Scene = {
  name: 'inline-results',
  viewport: { width: 1280, height: 1000 },
  settings: { 'promptrig.openRunPanel': 'never', 'editor.hover.delay': 100 },
  run: async (window) => {
    const name = 'shop.eval.yaml';
    await writeFile(join(window.folder, name), EVAL);
    await window.openFile(name, 0);
    await window.executeCommand('workbench.action.closeSidebar');
    await window.codeLens('Run eval').click();
    await waitForRunEnd(window);
    await window.codeLens('Run eval').waitFor();
    await window.dismiss();
    const lines = EVAL.split('\n');
    const lineOf = (text: string): number => lines.findIndex((line) => line.includes(text));
    await window.openFile(name, lineOf('- name: small talk'));
    await window.page.waitForTimeout(1_000);
    await window.capture('inline-line-ends');

    for (const [text, picture] of [
      ['- ttft.p95', 'inline-hover-slo'],
      ['- not-contains: Monday', 'inline-hover-answer'],
    ] as const) {
      await window.openFile(name, lineOf(text));
      await window.executeCommand('cursorLineEnd');
      await window.executeCommand('editor.action.showHover');
      await window.page.locator('.monaco-hover .hover-contents').first().waitFor();
      await window.page.waitForTimeout(500);
      await window.capture(picture);
      await window.page.keyboard.press('Escape');
    }

    await window.openFile(name, lineOf('- ttft.p95'));
    await window.executeCommand('editor.action.quickFix');
    await window.page.locator('.action-widget').first().waitFor();
    await window.page.waitForTimeout(300);
    await window.capture('inline-quick-fixes');
    await window.page.keyboard.press('Escape');

    await window.updateSetting('promptrig.inlineResults', 'failures');
    await window.openFile(name, lineOf('- name: small talk'));
    await window.page.waitForTimeout(500);
    await window.capture('inline-failures-only');
  },
};
