import assert from 'node:assert/strict';
import { QUALITY } from './evals';
import { until } from './until';
import { freshWorkbench } from './window';
import type { Workbench } from './workbench';

describe('the main job without a mouse', () => {
  let bench: Workbench;

  before(async function () {
    this.timeout(120_000);
    bench = await freshWorkbench();
    await bench.write('keys.eval.yaml', QUALITY);
  });

  /** A command of the palette, as a person types it. */
  const command = async (title: string): Promise<void> => {
    await bench.page.keyboard.press('F1');
    await bench.quickInput.locator('input').first().waitFor();
    await bench.type(`>${title}`);
    await until(
      `"${title}" is first`,
      async () => (await bench.choices())[0]?.startsWith(title) === true,
      () => bench.choices(),
    );
    await bench.page.keyboard.press('Enter');
  };

  it('opens a file, runs it, and goes to what failed', async () => {
    const { page } = bench;
    await page.keyboard.press('Control+P');
    await bench.type('keys.eval');
    await until('the file is offered', async () =>
      (await bench.choices()).some((one) => one.includes('keys.eval.yaml')),
    );
    await page.keyboard.press('Enter');
    await page.locator('.tab.active', { hasText: 'keys.eval.yaml' }).waitFor();
    // By then the extension knows what is in front, and its commands are offered.
    await page.locator('.codelens-decoration', { hasText: 'Run eval' }).first().waitFor();
    assert.equal(await bench.run(() => command('Promptrig: Run Eval')), 'Promptrig: failed');
    await page.locator('.squiggly-error').first().waitFor();
    await page.keyboard.press('F8');
    await page.locator('.zone-widget .marker-widget').waitFor();
    assert.match(await page.locator('.marker-widget').innerText(), /does not contain "Friday"/);
    await page.keyboard.press('Escape');
    assert.match(await page.locator('[id="status.editor.selection"]').innerText(), /Ln 22/);
  });

  it('mends it, runs it again, and finds it passed in the tree', async () => {
    const { page } = bench;
    await page.keyboard.press('End');
    await page.keyboard.press('Control+Backspace');
    await page.keyboard.type('Monday');
    assert.equal(await bench.run(() => command('Promptrig: Run Again')), 'Promptrig: passed');
    await bench.lineEnd('- contains: Monday', /^✓ passed$/);
    await command('Promptrig: Focus on Evals View');
    // The palette gives the focus back to the editor first.
    await until('the view has the focus', async () => (await bench.pane('Evals').locator(':focus').count()) > 0);
    await until(
      'its cases are shown',
      async () => {
        if ((await bench.rows('Evals')).some((said) => /case shipping, Passed/.test(said))) return true;
        // A tree that is being refreshed takes no key: it is pressed again, as a person would.
        await page.keyboard.press('Home');
        await page.keyboard.press('ArrowRight');
        await page.waitForTimeout(300);
        return false;
      },
      () => bench.rows('Evals'),
    );
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await until('the case is shown in its file', async () =>
      /Ln 15/.test(await page.locator('[id="status.editor.selection"]').innerText()),
    );
  });
});
