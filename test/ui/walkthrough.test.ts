import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { until } from './until';
import { freshWorkbench } from './window';
import type { Workbench } from './workbench';

describe('the walkthrough in the window', () => {
  let bench: Workbench;

  before(async function () {
    this.timeout(120_000);
    bench = await freshWorkbench();
  });

  const button = (text: string): Locator =>
    bench.page.locator('.gettingStartedContainer .monaco-button', { hasText: text });
  const done = (): Promise<string[]> =>
    bench.page
      .locator('.gettingStartedContainer .getting-started-step [role=checkbox]')
      .evaluateAll((boxes) => boxes.map((box) => box.getAttribute('aria-label') ?? ''));

  it('leads by its buttons to a green run, and ticks every step', async () => {
    await bench.window.executeCommand('workbench.action.openWalkthrough', 'promptrig.promptrig#start');
    await button('Open the First Eval').first().click();
    await bench.page.locator('.tab', { hasText: 'first-run.eval.yaml' }).first().waitFor();
    await bench.page.locator('.gettingStartedContainer .getting-started-step', { hasText: 'Run it' }).click();
    const startedAt = Date.now();
    await button('Run Eval').first().click();
    await bench.statusSays(/^(?!Promptrig:).*(%|left)/);
    assert.equal(await bench.runEnds(), 'Promptrig: passed');
    assert.ok(Date.now() - startedAt < 60_000, 'it took more than a minute');
    // VS Code notices a pass by itself only where none came before the walkthrough was opened.
    await bench.page.locator('.gettingStartedContainer .getting-started-step', { hasText: 'See it pass' }).click();
    await button('Open Run Panel').first().click();
    await until(
      'every step is ticked',
      async () => {
        const labels = await done();
        return labels.length === 3 && labels.every((label) => label.endsWith(': Completed'));
      },
      done,
    );
  });
});
