import assert from 'node:assert/strict';
import type { RunTrends } from '../../src/protocol/trends';
import { PanelBrowser, THEMES, themes, type PanelPage } from './panel-page';
import { runState } from './run-fixture';

const CAN = { pin: true, rerunFailed: false, files: true };
const COUNT = 12;
const ID = (index: number): string => `20261126T${String(index).padStart(2, '0')}0000Z-shop-000${index % 10}`;

function trends(change: Partial<RunTrends> = {}): RunTrends {
  return {
    runs: Array.from({ length: COUNT }, (_, i) => ({
      id: ID(i),
      startedAt: `2026-11-26T${String(i).padStart(2, '0')}:00:00.000Z`,
      commit: i === 3 ? null : `abcdef${i.toString(16)}123`,
      dirty: i === 5,
      verdict: i % 5 === 4 ? ('fail' as const) : ('pass' as const),
      pinned: i === 2,
    })),
    series: [
      {
        target: 'sim',
        stage: null,
        metric: 'quality.pass_rate',
        stat: null,
        label: 'Pass rate',
        unit: 'ratio',
        better: 'higher',
        values: Array.from({ length: COUNT }, (_, i) => (i === 0 ? null : 0.5 + i / 40)),
        baseline: null,
      },
      {
        target: 'sim',
        stage: 'steady chat',
        metric: 'ttft',
        stat: 'p99',
        label: 'TTFT',
        unit: 'ms',
        better: 'lower',
        values: Array.from({ length: COUNT }, (_, i) => 180 + i * 5),
        baseline: 190,
      },
    ],
    leftOut: ['2 runs that did not complete'],
    ...change,
  };
}

describe('run panel: trends', function () {
  this.timeout(60_000);
  let browser: PanelBrowser;
  let panel: PanelPage;

  before(async () => {
    browser = await PanelBrowser.start();
  });

  after(async () => {
    await browser.stop();
  });

  afterEach(async () => {
    try {
      assert.deepEqual(panel.errors, []);
      assert.deepEqual(await panel.violations(), []);
    } finally {
      await panel.close();
    }
  });

  const section = () => panel.page.locator('section.chart[aria-label="Trends"]');
  const offer = () => panel.page.locator('vscode-button', { hasText: 'Show how this eval has come out' });

  /** What was asked of the extension, the rows of the list of requests apart. */
  const asked = async () => (await panel.posted()).filter(({ type }) => type !== 'rows');

  async function open(options: Parameters<PanelBrowser['open']>[0] = {}, data = trends()): Promise<void> {
    panel = await browser.open(options);
    await panel.snapshot(runState({ can: CAN }));
    await panel.posted();
    await offer().click();
    await panel.reply({ type: 'trends', current: ID(COUNT - 1), trends: data });
  }

  it('are read when the reader asks for them, and say what they show', async () => {
    await open();
    assert.deepEqual(await asked(), [{ type: 'trends' }]);
    assert.equal(await section().isVisible(), true);
    assert.equal(
      await section().locator('canvas').getAttribute('aria-label'),
      'TTFT p99, steady chat over 12 runs: from 180 ms to 235 ms, between 180 ms and 235 ms. The baseline is 190 ms.',
    );
    assert.match((await panel.texts('section[aria-label="Trends"] .caption'))[0] ?? '', /Left out: 2 runs that did/);
  });

  it('draw the runs by their verdict and the baseline as a line', async () => {
    await open();
    const { variables } = (await themes()).dark;
    const canvas = 'section.chart[aria-label="Trends"] canvas';
    for (const color of ['--vscode-charts-blue', '--vscode-charts-green', '--vscode-charts-red'])
      assert.ok((await panel.pixels(canvas, variables[color] ?? '')) > 20, color);
    await panel.reply({ type: 'trends', current: '', trends: { ...trends(), runs: [], series: [] } });
    assert.match(
      (await panel.texts('section[aria-label="Trends"] .plot-note'))[0] ?? '',
      /No run of this eval has completed/,
    );
  });

  it('show another metric on request, and keep it over a restart of the page', async () => {
    await open();
    await panel.page.locator('vscode-dropdown[aria-label="Metric of the trend"]').click();
    await panel.page.locator('vscode-option', { hasText: 'Pass rate' }).click();
    await panel.settle();
    assert.match(
      (await section().locator('canvas').getAttribute('aria-label')) ?? '',
      /^Pass rate over 11 runs: from 52/,
    );
    await panel.page.reload();
    await panel.posted();
    await panel.snapshot(runState({ can: CAN }));
    assert.ok((await panel.posted()).some(({ type }) => type === 'trends'));
    await panel.reply({ type: 'trends', current: ID(1), trends: trends() });
    assert.match((await section().locator('canvas').getAttribute('aria-label')) ?? '', /^Pass rate/);
  });

  it('have a table that says the same, newest first', async () => {
    await open();
    await section().locator('.toggle-table').click();
    await panel.settle();
    const rows = await panel.texts('section.chart[aria-label="Trends"] tbody tr');
    assert.equal(rows.length, COUNT);
    assert.match(rows[0] ?? '', /235 ms.*abcdefb.*Pass/);
    assert.match(rows[COUNT - 1 - 5] ?? '', /205 ms.*abcdef5\+/);
    assert.match(rows[COUNT - 1 - 2] ?? '', /pinned$/);
  });

  it('open the run whose mark is clicked', async () => {
    await open();
    const box = await section().locator('canvas').boundingBox();
    assert.ok(box);
    await panel.posted();
    // The first mark is one of thirteen steps behind the axis.
    const step = (box.width - 56) / (COUNT + 1);
    await section()
      .locator('.plot')
      .click({ position: { x: 56 + step, y: box.height / 2 } });
    assert.deepEqual(await asked(), [{ type: 'open-run', id: ID(0) }]);
  });

  it('are walked through with keys, each run said in words', async () => {
    await open();
    await panel.posted();
    await section().locator('.plot').focus();
    await panel.page.keyboard.press('ArrowLeft');
    await panel.page.keyboard.press('ArrowLeft');
    await panel.settle();
    const said = (await panel.texts('.trends > [role="status"]'))[0] ?? '';
    assert.match(said, /225 ms · 35 ms above the baseline · fail · commit abcdef9/);
    await panel.page.keyboard.press('Home');
    await panel.page.keyboard.press('Enter');
    assert.deepEqual(await asked(), [{ type: 'open-run', id: ID(0) }]);
  });

  it('are asked for again once another run is over, and when another baseline is pinned', async () => {
    await open();
    await panel.posted();
    await panel.delta({ kind: 'run', patch: { marks: { pinned: ['sim'], note: '', keep: false } } });
    assert.ok((await panel.posted()).some(({ type }) => type === 'trends'));
    const other = runState({ can: CAN, startedAt: '2026-11-26T13:00:00.000Z', status: 'running' });
    await panel.snapshot(other);
    assert.ok(!(await panel.posted()).some(({ type }) => type === 'trends'));
    await panel.delta({ kind: 'status', status: 'completed', statusText: '', verdict: 'pass' });
    assert.ok((await panel.posted()).some(({ type }) => type === 'trends'));
  });

  it('say what is wrong where they cannot be read', async () => {
    panel = await browser.open();
    await panel.snapshot(runState({ can: CAN }));
    await offer().click();
    await panel.reply({ type: 'trends', current: '', trends: null, error: 'The results in /x could not be read.' });
    assert.equal(
      await panel.page.locator('.trends', { hasText: 'The results in /x could not be read.' }).isVisible(),
      true,
    );
    assert.equal(await section().isVisible(), false);
  });

  it('are not there while a run goes on', async () => {
    panel = await browser.open();
    await panel.snapshot(runState({ can: CAN, status: 'running' }));
    assert.equal(await offer().isVisible(), false);
  });

  it('interpret nothing that a file or a model wrote', async () => {
    const data = trends();
    for (const series of data.series) Object.assign(series, { stage: '<img src=x onerror="boom()">' });
    await open({}, data);
    assert.equal(await panel.page.locator('.trends img').count(), 0);
  });

  it('fit 400 px', async () => {
    await open({ width: 400 });
    assert.ok((await panel.page.evaluate<number>('document.documentElement.scrollWidth')) <= 400);
  });

  for (const theme of THEMES) {
    it(`have no violation that axe-core finds, in ${theme}`, async () => {
      await open({ theme });
      assert.deepEqual(await panel.accessibilityViolations(), []);
      await section().locator('.toggle-table').click();
      await panel.settle();
      assert.deepEqual(await panel.accessibilityViolations(), []);
    });
  }
});
