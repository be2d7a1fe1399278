import assert from 'node:assert/strict';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { QUALITY } from './evals';
import { until } from './until';
import { freshWorkbench } from './window';
import type { Workbench } from './workbench';

/** Says what both cases want to hear. */
const OTHER = `endpoints:
  - name: oracle
    api: sim
    sim:
      ttft: 30ms
      itl: 2ms
      answer: script
      script:
        - { match: return, answer: Within 30 days. }
        - { match: ship, answer: On Friday. }
`;

describe('the sidebar', () => {
  let bench: Workbench;

  before(async function () {
    this.timeout(120_000);
    bench = await freshWorkbench();
  });

  it('says what to do first where there is nothing, in each of its views', async () => {
    await bench.showSidebar();
    for (const [view, button] of [
      ['Evals', 'Create an Example Eval'],
      ['Endpoints', 'Add Endpoint'],
      ['Runs', 'Open an Example'],
    ] as const) {
      await bench.pane(view).locator('.welcome-view-content .monaco-button', { hasText: button }).first().waitFor();
    }
  });

  it('follows files that other programs write, rename and delete', async () => {
    await bench.write('corner.eval.yaml', QUALITY);
    await bench.row('Evals', 'Shop').waitFor();
    await bench.write('second.eval.yaml', QUALITY.replace('name: Shop', 'name: Second'));
    await bench.row('Evals', 'Second').waitFor();
    await rm(join(bench.folder, 'second.eval.yaml'));
    await bench.row('Evals', 'Second').waitFor({ state: 'detached' });
    await bench.write('corner.eval.yaml', QUALITY.replace('name: Shop', 'name: Corner shop'));
    await bench.row('Evals', 'Corner shop').waitFor();
    await bench.write('corner.eval.yaml', QUALITY);
    await bench.row('Evals', /^Shop/).waitFor();
  });

  it('follows folders that come and go with everything in them', async () => {
    const staging = join(bench.folder, '.staging');
    await mkdir(join(staging, 'deep'), { recursive: true });
    await writeFile(join(staging, 'deep/unpacked.eval.yaml'), QUALITY.replace('name: Shop', 'name: Unpacked'));
    await rename(staging, join(bench.folder, 'unpacked'));
    await bench.row('Evals', 'Unpacked').waitFor();
    await rm(join(bench.folder, 'unpacked'), { recursive: true });
    await bench.row('Evals', 'Unpacked').waitFor({ state: 'detached' });
  });

  it('runs a case by the icon on its row, and shows what came out', async () => {
    await bench.expand(bench.row('Evals', 'Shop'));
    assert.equal(
      await bench.run(() => bench.pressInline(bench.row('Evals', 'returns'), 'Run Case')),
      'Promptrig: passed',
    );
    await until(
      'the row says so',
      async () => (await bench.rows('Evals')).some((said) => /case returns, Passed/.test(said)),
      () => bench.rows('Evals'),
    );
    assert.ok((await bench.rows('Evals')).some((said) => /case shipping, Not run yet/.test(said)));
  });

  it('runs a file from its menu', async () => {
    assert.equal(await bench.run(() => bench.pressInMenu(bench.row('Evals', 'Shop'), 'Run Eval')), 'Promptrig: failed');
    await until('the row says so', async () => (await bench.rows('Evals')).some((said) => /^Shop, Failed/.test(said)));
    // Once, though the row also shows it as text.
    await until(
      'the row of the case says so, too',
      async () => (await bench.rows('Evals')).includes('case shipping, Failed'),
      () => bench.rows('Evals'),
    );
  });

  it('keeps the results of a file through a new name', async () => {
    await rename(join(bench.folder, 'corner.eval.yaml'), join(bench.folder, 'moved.eval.yaml'));
    await until(
      'the row has the new place and the old results',
      async () => {
        const row = bench.row('Evals', 'Shop');
        const label = await row.locator('.monaco-icon-label').getAttribute('aria-label');
        return (
          label?.startsWith('moved.eval.yaml') === true && /Failed/.test((await row.getAttribute('aria-label')) ?? '')
        );
      },
      () => bench.rows('Evals'),
    );
  });

  it('runs an eval on the endpoint that is dropped on it', async () => {
    await bench.write('promptrig.yaml', OTHER);
    const onto = bench.row('Evals', 'Shop');
    assert.equal(
      await bench.run(async () => {
        await bench.row('Endpoints', 'oracle').hover();
        await bench.page.mouse.down();
        // The first movement begins the drag, the second is over the row.
        for (const x of [60, 70]) await onto.hover({ position: { x, y: 10 } });
        await bench.pane('Evals').locator('.drop-target').first().waitFor();
        await bench.page.mouse.up();
      }),
      // By its own endpoint it fails.
      'Promptrig: passed',
    );
    await until('its row names the endpoint', async () =>
      (await bench.rows('Runs')).some((said) => /Shop/.test(said) && /passed/.test(said)),
    );
  });

  it('deletes the runs that are selected, and has them back by one button', async () => {
    const runs = bench.pane('Runs').locator('.monaco-list-row', { hasText: 'Shop' });
    const stored = async (): Promise<string[]> =>
      (await readdir(join(bench.folder, '.promptrig/runs'))).filter((name) => !name.startsWith('.'));
    const before = await stored();
    assert.equal(before.length, 3);
    await until('the runs are listed', async () => (await runs.count()) === 3);
    await runs.nth(0).click();
    await runs.nth(1).click({ modifiers: ['Shift'] });
    await bench.pressInMenu(runs.nth(1), 'Delete Run');
    await until('two rows are gone', async () => (await runs.count()) === 1);
    assert.equal((await stored()).length, 1);
    await bench.pressInNotification(/deleted/, 'Undo');
    await until('they are back', async () => (await runs.count()) === 3);
    assert.deepEqual(await stored(), before);
  });
});
