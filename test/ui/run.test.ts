import assert from 'node:assert/strict';
import { WITH_LOAD } from './evals';
import { until } from './until';
import { freshWorkbench } from './window';
import type { Workbench } from './workbench';

describe('a run that is started above a file', () => {
  let bench: Workbench;

  before(async function () {
    this.timeout(120_000);
    bench = await freshWorkbench();
    await bench.open('shop.eval.yaml', WITH_LOAD);
  });

  it('shows its progress in the status bar, and how it ended', async () => {
    await bench.pressLens('Run eval');
    await bench.window.codeLens('Stop').waitFor();
    const progress = await bench.statusSays(/^(?!.*Promptrig:).*\d/);
    assert.match(progress, /%|left|of/);
    // A screen reader hears the same, and what a press does.
    const heard = bench.status.locator('[role="button"]');
    assert.match(
      (await heard.getAttribute('aria-label')) ?? '',
      /^Promptrig: running, \d+%( · [^.]+(\.\d[^.]*)?)?\. Click to stop\.$/,
    );
    assert.equal(await bench.runEnds(), 'Promptrig: failed');
    assert.equal(await heard.getAttribute('aria-label'), 'Promptrig, Shop: failed. Click for details.');
    await bench.window.codeLens('Run eval').waitFor();
  });

  it('answers each assertion and SLO at the end of its line', async () => {
    assert.equal(await bench.lineEnd('- name: returns', /passed/), '✓ passed');
    assert.equal(await bench.lineEnd('- contains: 30 days', /passed/), '✓ passed');
    assert.equal(await bench.lineEnd('- contains: Friday', /failed/), '✗ failed · expected "Friday"');
    await bench.lineEnd('- ttft.p50 <= 2ms', /^✗ [\d.]+ ms, [\d.]+ ms over · p50 of 20$/);
    await bench.lineEnd('- name: trickle', /20 requests/);
  });

  it('leaves its answers legible beside the failures that VS Code marks', async () => {
    const badges = await until('VS Code marks both failures', async () => {
      const found = await bench.page.locator('.test-error-content-widget .inner').all();
      return found.length === 2 && found;
    });
    for (const badge of badges) {
      const box = await badge.boundingBox();
      assert.ok(box);
      const starts = await bench.page.evaluate(
        (y) => {
          const lines = [...document.querySelectorAll('.editor-group-container.active .view-lines > .view-line')];
          const line = lines.find((one) => {
            const { top, bottom } = one.getBoundingClientRect();
            return top <= y && y < bottom;
          });
          return [...(line?.querySelectorAll('span') ?? [])]
            .filter((span) => !['none', 'normal'].includes(getComputedStyle(span, '::after').content))
            .map(
              (span) => span.getBoundingClientRect().left + parseFloat(getComputedStyle(span, '::after').marginLeft),
            );
        },
        box.y + box.height / 2,
      );
      assert.equal(starts.length, 1);
      assert.ok(
        starts[0]! >= box.x + box.width,
        `the answer starts at ${starts[0]}, under the mark to ${box.x + box.width}`,
      );
    }
  });

  it('explains a missed SLO on hover, with its distribution as a picture', async () => {
    await bench.window.openFile('shop.eval.yaml', WITH_LOAD.split('\n').indexOf('  - ttft.p50 <= 2ms'));
    await bench.page.keyboard.press('End');
    await bench.window.executeCommand('editor.action.showHover');
    const hover = bench.page.locator('.monaco-hover:visible').first();
    const picture = hover.locator('img');
    await picture.waitFor();
    assert.match((await picture.getAttribute('alt')) ?? '', /^Distribution of 20 values from [\d.]+ ms to [\d.]+ ms/);
    const size = await until('the picture is drawn', () =>
      picture.evaluate((img) => {
        const { naturalWidth, naturalHeight } = img as HTMLImageElement;
        return naturalWidth > 0 && { naturalWidth, naturalHeight };
      }),
    );
    assert.ok(size.naturalWidth > 100 && size.naturalHeight > 50, JSON.stringify(size));
    const text = await hover.innerText();
    for (const part of ['Failed', 'Value', '95% interval', 'Samples', 'Open run']) assert.ok(text.includes(part), part);
    // Explained once, whoever explains it.
    assert.equal(text.split('Time to first token: until').length - 1, 1);
    await bench.page.keyboard.press('Escape');
  });

  it('lists what failed among the problems, and leads there', async () => {
    await bench.window.executeCommand('workbench.actions.view.problems');
    const rows = bench.page.locator('.markers-panel .monaco-list-row');
    await rows.filter({ hasText: 'does not contain "Friday"' }).first().dblclick();
    await until('the cursor is at the assertion', async () =>
      /Ln 22/.test(await bench.page.locator('[id="status.editor.selection"]').innerText()),
    );
    await bench.window.executeCommand('workbench.action.closePanel');
  });

  it('dims results when the prompt changes, and takes that back with undo', async () => {
    await bench.window.openFile('shop.eval.yaml', WITH_LOAD.split('\n').indexOf('prompt: "Question: {{ question }}"'));
    await bench.page.keyboard.press('Home');
    for (let times = 0; times < 'prompt: "'.length; times++) await bench.page.keyboard.press('ArrowRight');
    await bench.page.keyboard.type('A');
    await bench.lineEnd('- contains: 30 days', /^◌ stale · was passed$/);
    await bench.page.keyboard.press('Control+Z');
    await bench.lineEnd('- contains: 30 days', /^✓ passed$/);
  });
});
