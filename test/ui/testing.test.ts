import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { QUALITY } from './evals';
import { until } from './until';
import { freshWorkbench } from './window';
import type { Workbench } from './workbench';

describe('the Test Explorer', () => {
  let bench: Workbench;
  const test = (text: string): Locator =>
    bench.page.locator('.test-explorer .monaco-list-row', { hasText: text }).first();
  const icon = (text: string): Promise<string | null> => test(text).locator('.computed-state').getAttribute('class');

  before(async function () {
    this.timeout(120_000);
    bench = await freshWorkbench();
    await bench.open('explored.eval.yaml', QUALITY);
    await bench.window.executeCommand('workbench.view.testing.focus');
  });

  it('runs a file by its play button, and shows which case passed and which failed', async () => {
    await until('the tests of other files are gone with them', async () => {
      const files = bench.page.locator('.test-explorer .monaco-list-row[aria-level="1"]');
      return (await files.count()) === 1;
    });
    await bench.expand(test('Shop'));
    await test('shipping').waitFor();
    await bench.run(async () => {
      await test('Shop').hover();
      await test('Shop').locator('.action-label[aria-label^="Run Test"]').click();
    });
    await until('the icons say so', async () => {
      const [good, bad] = [await icon('returns'), await icon('shipping')];
      return good?.includes('testing-passed') === true && bad?.includes('testing-failed') === true;
    });
  });

  it('shows what was expected and what came at the assertion', async () => {
    await test('shipping').click();
    await bench.window.executeCommand('testing.goToNextMessage');
    const peek = bench.page.locator('.test-output-peek');
    await peek.waitFor();
    const text = await until('the difference is there', async () => {
      const said = await peek.innerText();
      return /Expected/.test(said) && /Monday/.test(said) && said.replaceAll('\u00a0', ' ');
    });
    assert.match(text, /contains: does not contain "Friday"/);
    const [expected, actual] = await peek.locator('.monaco-diff-editor .view-lines').allInnerTexts();
    assert.equal(expected?.trim(), 'Friday');
    assert.equal(actual?.replaceAll('\u00a0', ' ').trim(), 'It arrives on Monday.');
    assert.match(await bench.page.locator('[id="status.editor.selection"]').innerText(), /Ln 22/);
    await peek.locator('.action-label.codicon-close').first().click();
    await peek.waitFor({ state: 'detached' });
  });

  it('marks the lines of the cases in the editor, where they can be run', async () => {
    await bench.window.openFile('explored.eval.yaml');
    const gutter = bench.page.locator('.editor-group-container.active .glyph-margin-widgets');
    await gutter.locator('.codicon-testing-passed-icon').first().waitFor();
    assert.ok((await gutter.locator('.codicon-testing-failed-icon').count()) >= 1);
    await bench.run(() => gutter.locator('.codicon-testing-passed-icon').first().click());
  });
});
