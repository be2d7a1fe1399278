/** The HTML report as a person opens it: a file, any browser, no network. */
import assert from 'node:assert/strict';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openStoredRun } from '../../src/core/run-panel/stored-run';
import type { RunJson } from '../../src/protocol/run-json';
import { slo, stage } from '../unit/extension/support';
import { answer, ORIGIN_MS, plan, refused, request, runJson, STAGE, TARGET, writeRun } from '../unit/run-panel/stored';
import { removeTempDirs, tempDir } from '../unit/support/temp';
import { PanelBrowser } from './panel-page';
import { ReportBrowser, type OpenOptions, type ReportPage } from './report-page';

const EVIL =
  '</script><script>globalThis.canary = 1</script><img src=x onerror="globalThis.canary = 1"><b>bold</b>\u001b[31m\u202e';
const MILLION = `${'word '.repeat(200_000)}end`;

/** Two stages, a failed SLO, quality with a failed answer. */
function measured(part: Partial<RunJson> = {}): RunJson {
  const run = runJson({ verdict: 'fail', ...part });
  const [target] = run.targets;
  assert.ok(target);
  const failed = slo('/slo/1', {
    expr: 'e2e.p95 <= 90ms',
    value: 132,
    limit: 90,
    verdict: 'fail',
    reason: '42 ms over',
  });
  const counts = { scheduled: 60, completed: 58, failed: 2, timed_out: 0, cancelled: 0, truncated: 0 };
  target.verdict = 'fail';
  target.stages = [
    stage(STAGE, '/load/0', [slo('/slo/0'), failed], {
      origin_ms: ORIGIN_MS,
      window: { start_ms: 500, end_ms: 6000 },
      counts,
      errors: [{ kind: 'http_429', count: 2, example: EVIL }],
    }),
    stage('second', '/load/2', [slo('/slo/0')], { origin_ms: ORIGIN_MS + 8000 }),
  ];
  return run;
}

const requests = [
  ...Array.from({ length: 60 }, (_, i) => (i % 30 === 7 ? refused(i) : request(i, { case: '/cases/0' }))),
  ...Array.from({ length: 10 }, (_, i) => request(i, { stage: 'second', scheduled: ORIGIN_MS + 8000 + i * 100 })),
];

const failedAnswer = answer('sim/cases/1', {
  ...{ case: '/cases/1', case_id: 'evil', name: EVIL, outcome: 'failed', score: 0, answer: EVIL },
  assertions: [
    {
      ...{ pointer: '/cases/1/assert/0', type: 'contains', outcome: 'failed', score: 0, severity: 'error' },
      ...{ reason: `it says ${EVIL}`, expected: EVIL },
    },
  ],
});

describe('HTML report', function () {
  this.timeout(120_000);
  let browser: ReportBrowser;
  let panels: PanelBrowser;
  let report: ReportPage;
  let dir: string;
  let file: string;

  before(async () => {
    [browser, panels] = await Promise.all([ReportBrowser.start(), PanelBrowser.start()]);
    dir = tempDir();
    file = join(dir, 'report.html');
    await writeRun(join(dir, 'run'), {
      run: measured(),
      plan: plan(),
      requests,
      cases: [answer('sim/cases/0'), failedAnswer],
    });
    await browser.write([join(dir, 'run')], file);
  });
  after(async () => {
    await Promise.all([browser.stop(), panels.stop()]);
    removeTempDirs();
  });
  afterEach(async () => {
    try {
      assert.deepEqual(report.errors, []);
      assert.deepEqual(report.asked, [], 'nothing is asked for');
      assert.equal(await report.page.evaluate('globalThis.canary'), undefined, 'nothing of the data runs');
    } finally {
      await report.close();
    }
  });

  const show = async (options?: OpenOptions) => {
    report = await browser.open(file, options);
  };
  /** A report of another run. */
  const showRun = async (parts: Parameters<typeof writeRun>[1], more = async (_dir: string): Promise<void> => {}) => {
    const folder = tempDir();
    await writeRun(join(folder, 'run'), parts);
    await more(join(folder, 'run'));
    await browser.write([join(folder, 'run')], join(folder, 'report.html'));
    report = await browser.open(join(folder, 'report.html'));
  };
  const caveats = () => report.texts('.caveats li');

  it('shows what the panel shows of the same run', async () => {
    const stored = await openStoredRun(join(dir, 'run'));
    await stored.load(() => undefined, new AbortController().signal);
    const panel = await panels.open({ theme: 'light' });
    try {
      await panel.snapshot({ ...stored.state, can: { pin: false, rerunFailed: false, files: true } });
      await show();
      const shown = [
        ...['h1', '.facts .badge', '.summary', '.tile .tile-top', '.tile .tile-figure', '.tile .tile-distance'],
        ...[
          '.counters',
          '.chart h2',
          '.legend',
          '.caption',
          '.requests .section-head p',
          '.cases .case-name',
          '.errors',
        ],
      ];
      for (const selector of shown) {
        const expected = await panel.texts(selector);
        if (!['.errors'].includes(selector)) assert.ok(expected.length > 0, selector);
        assert.deepEqual(await report.texts(selector), expected, selector);
      }
      // What a picture says, in words.
      const drawn = async (page: typeof report.page) =>
        page.locator('canvas').evaluateAll((all) => all.map((canvas) => canvas.getAttribute('aria-label')));
      assert.deepEqual(await drawn(report.page), await drawn(panel.page));
      for (const toggle of await report.page.locator('.toggle-table:visible').all()) await toggle.click();
      for (const toggle of await panel.page.locator('.toggle-table:visible').all()) await toggle.click();
      await Promise.all([report.settle(), panel.settle()]);
      const rows = await report.texts('.twin tbody tr');
      assert.ok(rows.length > 50);
      assert.deepEqual(rows, await panel.texts('.twin tbody tr'));
    } finally {
      await panel.close();
    }
  });

  it('draws in the colours of the theme', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await show({ colorScheme });
      const { page } = report;
      const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      assert.equal(background, colorScheme === 'dark' ? 'rgb(31, 31, 31)' : 'rgb(255, 255, 255)');
      assert.match(await page.evaluate(() => document.body.className), new RegExp(colorScheme));
      const painted = await page.locator('section[aria-label="Time to first token"] canvas').evaluate((canvas) => {
        const { width, height } = canvas as HTMLCanvasElement;
        const data = (canvas as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
        let count = 0;
        for (let i = 3; i < data.length; i += 4) if ((data[i] ?? 0) > 0) count++;
        return count;
      });
      assert.ok(painted > 500, 'a chart is drawn');
      const icons = await page.evaluate(async () => {
        await document.fonts.ready;
        return document.fonts.check('16px codicon');
      });
      assert.ok(icons, 'the icons are there');
      if (colorScheme === 'light') await report.close();
    }
  });

  it('follows the system to another theme', async () => {
    await show();
    await report.page.emulateMedia({ colorScheme: 'dark' });
    await report.settle();
    assert.equal(await report.page.evaluate(() => document.body.className), 'vscode-dark');
    await report.page.emulateMedia({ forcedColors: 'active' });
    await report.settle();
    assert.match(await report.page.evaluate(() => document.body.className), /^vscode-high-contrast/);
  });

  it('has nothing that needs an editor', async () => {
    await show();
    const names = await report.page
      .locator('button:visible, vscode-button:visible, [role=button]:visible')
      .evaluateAll((all) => all.map((one) => one.getAttribute('aria-label') ?? one.textContent?.trim() ?? ''));
    assert.ok(names.length > 5);
    for (const name of names) assert.doesNotMatch(name, /Stop|Rerun|Pin|Run again|eval file|editor/);
    await report.page.locator('.cases summary').nth(1).click();
    assert.deepEqual(await report.texts('.answer-view button'), []);
    assert.equal(await report.page.locator('.answer-view').count(), 1);
  });

  it('opens a request with its timeline, prompt and instants, and steps through the list', async () => {
    await show();
    await report.page.locator('.requests-view').scrollIntoViewIfNeeded();
    await report.settle();
    await report.page.locator('.rows .row').nth(3).click();
    await report.settle();
    assert.deepEqual(await report.texts('.dock h2'), ['Request #3']);
    assert.match((await report.texts('.dock-part[aria-label="Prompt"]'))[0] ?? '', /Until when can I return it\?/);
    assert.match((await report.texts('.dock-part[aria-label="Timeline"] tbody'))[0] ?? '', /sent/i);
    const width = await report.page
      .locator('canvas.timeline')
      .evaluate((canvas) => (canvas as HTMLCanvasElement).width);
    assert.ok(width > 100, 'its timeline is drawn');
    await report.page.locator('.dock').getByTitle('Next request').click();
    await report.settle();
    assert.deepEqual(await report.texts('.dock h2'), ['Request #4']);
    // Its outcome comes from the record, as in the panel.
    assert.ok((await report.texts('.rows .row')).some((text) => text.includes('http_429')));
  });

  it('finds requests by their records', async () => {
    await show();
    await report.page.locator('.requests input').fill('429');
    await report.page.waitForFunction(
      () => document.querySelector('.requests .section-head p')?.textContent?.startsWith('2 of') === true,
    );
  });

  it('shows markup, scripts and escapes of a model as the text that they are', async () => {
    await show();
    await report.page.locator('.cases summary').nth(1).click();
    assert.ok((await report.page.locator('.answer-view').textContent())?.includes(EVIL));
    assert.equal(await report.page.locator('.answer-view img, .answer-view b, .answer-view script').count(), 0);
    assert.doesNotMatch(await readFile(file, 'utf8'), /[\u001b\u202e]/);
  });

  it('saves its run, metrics, lists and pictures as files', async () => {
    await show();
    const save = async (menu: string, item: string): Promise<{ name: string; text: string }> => {
      await report.page.locator(menu).locator('vscode-button').click();
      const [download] = await Promise.all([
        report.page.waitForEvent('download'),
        report.page.locator(menu).getByRole('menuitem', { name: item }).click(),
      ]);
      return { name: download.suggestedFilename(), text: await readFile(await download.path(), 'latin1') };
    };
    const whole = await save('.actions .menu', 'Whole run (JSON)');
    assert.equal(whole.name, 'run.json');
    assert.deepEqual(JSON.parse(Buffer.from(whole.text, 'latin1').toString('utf8')), measured());
    const metrics = await save('.actions .menu', 'Metrics (CSV)');
    assert.equal(metrics.name, 'run-metrics.csv');
    assert.match(metrics.text, /^file,run,target/);
    assert.equal((await save('.actions .menu', 'Charts as a picture')).text.slice(1, 4), 'PNG');
    const list = await save('.requests .menu', 'List (CSV)');
    assert.match(list.name, /requests\.csv$/);
    assert.equal(list.text.trim().split('\r\n').length, 61);
    await report.page.locator('.actions .menu vscode-button').click();
    assert.equal(await report.page.getByRole('menuitem', { name: 'Requests (CSV)' }).count(), 0);
  });

  for (const [what, options] of Object.entries({
    light: { colorScheme: 'light' },
    dark: { colorScheme: 'dark' },
    'forced colours': { forcedColors: 'active', colorScheme: 'dark' },
    'a narrow window': { width: 400 },
  } satisfies Record<string, OpenOptions>)) {
    it(`has no violation that axe-core finds, in ${what}`, async () => {
      await show(options);
      await report.page.locator('.cases summary').nth(1).click();
      assert.deepEqual(await report.accessibilityViolations(), []);
      const { width, window: room } = await report.page.evaluate(() => ({
        width: document.documentElement.scrollWidth,
        window: innerWidth,
      }));
      assert.ok(width <= room, `${width} px in ${room}`);
    });
  }

  it('begins with the worst of several runs and changes to another', async () => {
    const second = join(dir, 'second');
    await writeRun(second, {
      run: runJson({ name: 'Other shop', started_at: '2026-02-02T00:00:00.000Z' }),
      requests: requests.slice(0, 20),
    });
    const both = join(dir, 'both.html');
    await browser.write([second, join(dir, 'run')], both);
    report = await browser.open(both);
    assert.deepEqual(await report.texts('h1'), ['Shop']);
    assert.deepEqual(await report.texts('nav.runs .number'), ['1 of 2 passed']);
    assert.deepEqual(await report.accessibilityViolations(), []);
    const choice = report.page.locator('nav.runs vscode-dropdown');
    await choice.focus();
    await report.page.keyboard.press('ArrowUp');
    await report.page.waitForFunction(() => document.querySelector('h1')?.textContent === 'Other shop');
    await report.settle();
    assert.deepEqual(await report.texts('.requests .section-head p'), ['20']);
    await report.page.locator('.requests-view').scrollIntoViewIfNeeded();
    await report.page.locator('.rows .row').nth(1).click();
    await report.settle();
    assert.deepEqual(await report.texts('.dock h2'), ['Request #1']);
  });

  it('says what a bounded report has left out, in the page and at the request', async () => {
    const folder = tempDir();
    await writeRun(join(folder, 'run'), {
      run: measured(),
      plan: plan(),
      requests: Array.from({ length: 500 }, (_, i) => (i === 60 ? refused(i) : request(i))),
    });
    await browser.write([join(folder, 'run')], join(folder, 'report.html'), { requests: 60 });
    report = await browser.open(join(folder, 'report.html'));
    assert.ok(
      (await caveats()).includes(
        'Details are kept of 60 of 500 requests: the one that failed, the slowest and an even sample. The others are in requests.ndjson of the run.',
      ),
      (await caveats()).join('\n'),
    );
    const names = report.page.locator('.rows .row');
    await report.page.locator('.requests-view').scrollIntoViewIfNeeded();
    await report.settle();
    await report.page.locator('.requests-view').focus();
    await report.page.keyboard.press('End');
    await report.settle();
    let missing = '';
    for (let i = 1; i < 12 && missing === ''; i++) {
      await names.nth(i).click();
      await report.settle();
      missing = (await report.texts('.dock-note'))[0] ?? '';
    }
    assert.match(missing, /left out of this report to keep it small; it is in requests\.ndjson/);
    await report.page.locator('.requests input').fill('http_429');
    await report.page.waitForFunction(
      () =>
        document
          .querySelector('.requests .section-head p')
          ?.textContent?.includes('1 of 500 · searched in the 60 with details') === true,
    );
  });

  describe('of what is damaged, strange or huge', () => {
    it('says that a newer version wrote the run', async () => {
      await showRun({ run: { ...measured(), schema: 'promptrig.run/2' } });
      assert.match((await report.texts('.notice'))[0] ?? '', /promptrig\.run\/2.*Update Promptrig.*untouched/);
      assert.equal(await report.page.locator('.notice vscode-button:visible').count(), 0);
      assert.equal(await report.page.locator('.body').isVisible(), false);
    });

    it('draws what is whole of a file that was cut off', async () => {
      await showRun({ run: measured(), requests }, (run) =>
        appendFile(join(run, 'requests.ndjson'), '{"id":"sim/steady/99","target":"sim","sta'),
      );
      assert.match((await caveats()).join('\n'), /last line of requests\.ndjson was cut off/);
      assert.deepEqual(await report.texts('.requests .section-head p'), ['60']);
    });

    it('says what kept every request of a target from being answered', async () => {
      const run = measured();
      const [only] = run.targets;
      assert.ok(only?.stages[0]);
      const none = { scheduled: 20, completed: 0, failed: 20, timed_out: 0, cancelled: 0, truncated: 0 };
      const undecided = slo('/slo/0', { value: null, verdict: 'inconclusive', confidence: 'low', ci: null, n: 0 });
      only.stages = [
        {
          ...only.stages[0],
          counts: none,
          slo: [undecided],
          errors: [{ kind: 'connect', count: 20, example: 'refused' }],
        },
      ];
      await showRun({ run, requests: Array.from({ length: 20 }, (_, i) => refused(i)) });
      assert.match((await report.texts('.errors'))[0] ?? '', /connect/);
      assert.match((await report.texts('.counters'))[0] ?? '', /Completed ?0 ?Failed ?20/);
      assert.ok(
        (await report.texts('.plot-note')).some((text) => text !== ''),
        'a chart says why it is empty',
      );
      assert.deepEqual(await report.accessibilityViolations(), []);
    });

    it('has an answer of a million characters as a whole, and lays it out when asked', async () => {
      await showRun({ run: measured(), requests, cases: [answer('sim/cases/0', { answer: MILLION })] });
      await report.page.locator('.cases summary').first().click();
      const text = report.page.locator('.answer-view pre.answer');
      assert.equal((await text.textContent())?.length, 4000);
      await report.page.getByRole('button', { name: 'Show all 1,000,003 characters' }).click();
      assert.equal((await text.textContent())?.length, MILLION.length);
      assert.ok((await text.textContent())?.endsWith('end'));
    });

    it('shows a run without requests or answers as what it was', async () => {
      await showRun({
        run: runJson({ targets: [], verdict: 'error', status: 'crashed', status_reason: 'out of memory' }),
      });
      assert.match((await report.texts('.notice'))[0] ?? '', /Crashed: out of memory/);
      assert.deepEqual(await report.accessibilityViolations(), []);
    });
  });

  it('tells a reader without scripts what came out', async () => {
    await show();
    const title = await report.page.title();
    assert.equal(title, 'Shop: failed – Promptrig');
    assert.match(await readFile(file, 'utf8'), /<noscript><p>Shop: failed\. The rest of this report/);
  });

  it(`names ${TARGET} and its stages in the choice of stages`, async () => {
    await show();
    assert.deepEqual(await report.texts('.choice[data-for=stage] vscode-option'), [`${STAGE} – fail`, 'second – pass']);
  });
});
