import { QUALITY } from './evals';
import { until } from './until';
import { freshWorkbench } from './window';
import type { Workbench } from './workbench';

describe('a mistake in a file', () => {
  let bench: Workbench;

  before(async function () {
    this.timeout(120_000);
    bench = await freshWorkbench();
  });

  it('is underlined, and corrected by what was meant', async () => {
    const text = QUALITY.replace('contains: Friday', 'contians: Friday');
    await bench.open('mistaken.eval.yaml', text, text.split('\n').indexOf('      - contians: Friday'));
    const { page } = bench;
    await page.locator('.squiggly-error').first().waitFor();
    await page.keyboard.press('End');
    for (let times = 0; times < ' Friday'.length + 3; times++) await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Control+.');
    const fixes = page.locator('.action-widget .monaco-list-row');
    await fixes.filter({ hasText: 'Change to "contains"' }).click();
    await page.locator('.squiggly-error').first().waitFor({ state: 'detached' });
    await page.locator('.view-line', { hasText: 'contains:\u00a0Friday' }).waitFor();
  });

  it('keeps a file from being run, and the sentence leads to it', async () => {
    await bench.open('broken.eval.yaml', QUALITY.replace('prompt:', 'promt:').replace('name: Shop', 'name: Broken'));
    await bench.pressLens('Run eval');
    await bench.notification(/promt|problem/);
    await bench.showSidebar();
    await until('the row says so', async () =>
      (await bench.rows('Evals')).some((said) => /^Broken, Cannot be run/.test(said)),
    );
  });
});
