import assert from 'node:assert/strict';
import { compareState, FP8, LARGE, SMALL } from './compare-fixture';
import { ComparePage } from './compare-page';
import { PanelBrowser, THEMES, type ThemeName } from './panel-page';

describe('compare panel', function () {
  this.timeout(60_000);
  let browser: PanelBrowser;
  let compare: ComparePage;

  before(async () => {
    browser = await PanelBrowser.start('compare');
  });

  after(async () => {
    await browser.stop();
  });

  afterEach(async () => {
    try {
      assert.deepEqual(compare.panel.errors, []);
      assert.deepEqual(await compare.panel.violations(), []);
    } finally {
      await compare.panel.close();
    }
  });

  const open = async (options: { theme?: ThemeName; width?: number; reducedMotion?: boolean } = {}) => {
    compare = new ComparePage(await browser.open(options));
  };
  const section = (name: string) => compare.page.locator(`section[aria-label="${name}"]`);
  const hover = () => compare.page.locator('#explanation');

  describe('conversation', () => {
    beforeEach(() => open());

    it('asks for a snapshot when it starts, and acknowledges what it is sent', async () => {
      const posted = () => compare.page.evaluate('fakeHost.posted()');
      assert.deepEqual(await posted(), [{ type: 'ready' }]);
      await compare.send({ type: 'snapshot', seq: 4, state: compareState() });
      await compare.delta({ title: 'Another title' });
      assert.deepEqual(await posted(), [
        { type: 'ack', seq: 4 },
        { type: 'ack', seq: 5 },
      ]);
      assert.deepEqual(await compare.texts('h1'), ['Another title']);
    });

    it('asks for a snapshot after a gap, once, and goes on from there', async () => {
      await compare.send({ type: 'snapshot', seq: 1, state: compareState() });
      await compare.asked();
      await compare.send({ type: 'delta', seq: 3, patch: { title: 'Lost' } });
      await compare.send({ type: 'delta', seq: 4, patch: { title: 'Lost' } });
      assert.deepEqual(await compare.asked(), [{ type: 'need-snapshot', have: 1 }]);
      await compare.send({ type: 'snapshot', seq: 7, state: compareState({ title: 'After the gap' }) });
      assert.deepEqual(await compare.texts('h1'), ['After the gap']);
    });
  });

  describe('contenders', () => {
    beforeEach(() => open());

    it('shows each with mark, letter, verdict, model, endpoint, time, commit and what differs', async () => {
      await compare.snapshot(compareState());
      const cards = await compare.texts('.contender-card');
      assert.equal(cards.length, 3);
      assert.match(
        cards[2] ?? '',
        /C ?large fp8.*Pass.*shop-large-fp8 · local-vllm.*2026-11-26 04:10 · 61d857a9.*quantization: fp8/,
      );
      const shapes = await compare.page
        .locator('.contender-card .mark-shape')
        .evaluateAll((all) => all.map((svg) => `${svg.getAttribute('class')} ${svg.innerHTML}`));
      assert.equal(new Set(shapes).size, 3);
    });

    it('chooses the reference, opens, removes and adds', async () => {
      await compare.snapshot(compareState());
      await compare.asked();
      await compare.page.getByRole('button', { name: 'Use as reference' }).first().click();
      await compare.page.getByRole('button', { name: 'Open the run of large fp8' }).click();
      await compare.page.getByRole('button', { name: 'Remove small' }).click();
      await compare.page.locator('.actions vscode-button', { hasText: 'Add' }).click();
      await compare.page.locator('.actions vscode-button', { hasText: 'Rerun' }).click();
      assert.deepEqual(await compare.asked(), [
        { type: 'reference', id: SMALL },
        { type: 'open-run', id: FP8 },
        { type: 'remove', id: SMALL },
        { type: 'add' },
        { type: 'rerun' },
      ]);
    });

    it('exports the report, the numbers and the pictures', async () => {
      await compare.snapshot(compareState());
      await compare.asked();
      for (const item of [
        'Report (Markdown)',
        'Whole comparison (JSON)',
        'Metrics (CSV)',
        'Charts as a picture (PNG)',
      ]) {
        await compare.page.locator('.actions vscode-button', { hasText: 'Export' }).click();
        await compare.page.getByRole('menuitem', { name: item }).click();
      }
      const [markdown, json, csv, png] = await compare.asked();
      assert.deepEqual(markdown, { type: 'export', what: 'markdown' });
      assert.deepEqual(json, { type: 'export', what: 'json' });
      assert.ok(csv?.type === 'save' && csv.kind === 'csv');
      assert.match(csv.data, /^section,stage,metric,unit,better,contender,reference,value/);
      assert.match(
        csv.data,
        /latency,steady chat,ttft\.p99,ms,lower,small,large,121,114,130,478,-191,-208,-175,0\.0003,better,small/,
      );
      assert.ok(png?.type === 'save' && png.kind === 'png');
      assert.equal(Buffer.from(png.data, 'base64').subarray(1, 4).toString(), 'PNG');
    });
  });

  describe('metrics', () => {
    beforeEach(() => open());

    it('shows value, interval, sample and difference of each, and who wins in words', async () => {
      await compare.snapshot(compareState());
      const row = section('Metrics').locator('tr', { hasText: 'TTFT p99' });
      const cells = (await row.locator('th, td').allTextContents()).map((text) => text.replace(/\s+/g, ' ').trim());
      assert.match(cells[0] ?? '', /small is better than every other/);
      assert.match(cells[1] ?? '', /121 ms ?best ?95% CI 114–130 · n 478 ?−191 ms better/);
      assert.match(cells[2] ?? '', /312 ms ?95% CI 298–329 · n 478$/);
      assert.match(
        (await section('Metrics').locator('tr', { hasText: 'Pass rate' }).textContent()) ?? '',
        /−0\.8 points no difference shown/,
      );
    });

    it('explains a number with its sample, test and formula, on hover and on focus', async () => {
      await compare.snapshot(compareState());
      const cell = section('Metrics').locator('tr', { hasText: 'TTFT p99' }).locator('td').first();
      await cell.hover();
      const text = (await hover().textContent()) ?? '';
      for (const part of [
        'TTFT p99 of small: 121 ms',
        'n 478',
        '−208 ms to −175 ms',
        'p < 0.001 after Holm',
        'over 5 rows',
        'first token - scheduled send',
      ])
        assert.ok(text.includes(part), part);
      await compare.page.mouse.move(0, 0);
      await hover().waitFor({ state: 'hidden' });
      await section('Metrics').locator('[data-cell][tabindex="0"]').focus();
      for (const key of ['ArrowDown', 'ArrowRight', 'ArrowRight']) await compare.page.keyboard.press(key);
      await hover().waitFor({ state: 'visible' });
      assert.match((await hover().textContent()) ?? '', /^TTFT p99 of large: 312 ms/);
      await compare.page.keyboard.press('Escape');
      assert.equal(await hover().isVisible(), false);
    });

    it('says of another tool how its definition differs, beside the number', async () => {
      const state = compareState();
      const cell = state.sections[1]?.rows[0]?.cells[2];
      assert.ok(cell);
      cell.notes = ['counts from the first byte'];
      await compare.snapshot(state);
      const text =
        (await section('Metrics').locator('tr', { hasText: 'TTFT p99' }).locator('td').nth(2).textContent()) ?? '';
      assert.match(text, /184 ms.*its definition differs.*counts from the first byte/);
    });

    it('asks for the stage that is chosen', async () => {
      await compare.snapshot(compareState());
      await compare.asked();
      await section('Metrics').locator('vscode-dropdown').click();
      await section('Metrics').locator('vscode-option', { hasText: 'burst' }).click();
      assert.deepEqual(await compare.asked(), [{ type: 'stage', stage: 'burst' }]);
    });

    it('keeps its first column in view while it scrolls, in 400 px', async () => {
      await compare.page.setViewportSize({ width: 400, height: 800 });
      await compare.snapshot(compareState());
      const scroller = section('Metrics').locator('.table-scroll');
      const left = () =>
        section('Metrics')
          .locator('tbody .first')
          .first()
          .evaluate((cell) => cell.getBoundingClientRect().left);
      const before = await left();
      await scroller.evaluate((element) => element.scrollTo({ left: 200 }));
      assert.equal(await left(), before);
      assert.equal(await compare.page.evaluate('document.documentElement.scrollWidth'), 400);
    });
  });

  describe('SLOs', () => {
    it('shows verdict, value and doubt of every contender', async () => {
      await open();
      await compare.snapshot(compareState());
      const rows = await compare.texts('section[aria-label="Service level objectives"] tbody tr');
      assert.match(
        rows[0] ?? '',
        /quality\.pass_rate >= 90% ?the cases ?Fail ?81\.2% ?Pass ?94\.6% ?Pass ?93\.8% ?low confidence/,
      );
      assert.match(rows[2] ?? '', /Pass ?22 ms ?not judged ?Inconclusive ?no sample/);
    });
  });

  describe('best choice', () => {
    beforeEach(() => open());

    it('answers in a sentence, and lists what fits and what does not with its reasons', async () => {
      await compare.snapshot(compareState());
      assert.match((await compare.texts('.answer-sentence'))[0] ?? '', /^large fp8 is the best that fits/);
      const lines = await compare.texts('.fitting li');
      assert.match(lines[0] ?? '', /^Chosen ?C ?large fp8 ?Pass rate 93\.8% ?low confidence/);
      assert.match(lines[1] ?? '', /^Fits ?A ?small/);
      assert.match(
        lines[2] ?? '',
        /^Rejected ?B ?large ?ttft\.p99 is 312 ms, 62 ms over; .*the best without the limits, with 94\.6%/,
      );
    });

    it('asks again when the aim or a limit changes, and shows a problem at its row', async () => {
      await compare.snapshot(compareState());
      await compare.asked();
      await section('Best choice').locator('vscode-dropdown').click();
      await section('Best choice').locator('vscode-option', { hasText: 'TTFT p99' }).click();
      assert.match((await section('Best choice').locator('.chooser').textContent()) ?? '', /^Minimise/);
      await section('Best choice').getByText('Add a limit').click();
      await compare.panel.settle();
      await compare.page.keyboard.type('goodpt > 3');
      await compare.page.keyboard.press('Enter');
      const limits = ['ttft.p99 <= 250ms', 'cost.per_good <= $0.0025'];
      assert.deepEqual(await compare.asked(), [
        { type: 'select', aim: 'ttft.p99', limits },
        { type: 'select', aim: 'ttft.p99', limits: [...limits, 'goodpt > 3'] },
      ]);
      const { selection } = compareState();
      assert.ok(selection);
      await compare.delta({
        selection: {
          ...selection,
          aim: 'ttft.p99',
          invalid: [{ text: 'goodpt > 3', problem: 'There is no metric goodpt.' }],
        },
      });
      const rows = section('Best choice').locator('.limits li');
      assert.equal(await rows.count(), 3);
      assert.match((await rows.nth(2).textContent()) ?? '', /There is no metric goodpt\./);
      assert.equal(await rows.nth(0).locator('.problem').isVisible(), false);
      await rows.nth(2).getByRole('button', { name: 'Remove limit 3' }).click();
      assert.deepEqual(await compare.asked(), [{ type: 'select', aim: 'ttft.p99', limits }]);
    });

    it('says plainly that nothing fits, and what is nearest', async () => {
      const { selection } = compareState();
      assert.ok(selection);
      await compare.snapshot(
        compareState({
          selection: {
            ...selection,
            sentence: 'No contender fits; large fp8 is nearest: its cost is $0.0001 over.',
            result: {
              ...selection.result,
              fitting: [],
              rejected: [
                { id: SMALL, reasons: ['quality.pass_rate is 81.2%'] },
                { id: LARGE, reasons: ['ttft.p99 is 312 ms'] },
                { id: FP8, reasons: ['cost.per_good is $0.0001 over'] },
              ],
              nearest: FP8,
              choices: [{ axis: 'quality.pass_rate', best: { id: LARGE, value: 0.946 }, chosen: null, cost: null }],
            },
          },
        }),
      );
      assert.match((await compare.texts('.answer-sentence'))[0] ?? '', /^No contender fits/);
      const lines = await compare.texts('.fitting li');
      assert.deepEqual(
        lines.map((line) => line.split(/[ABC]/)[0]?.trim()),
        ['Rejected', 'Rejected', 'Nearest'],
      );
    });
  });

  describe('trade-off', () => {
    beforeEach(() => open());

    const beaten = () => {
      const state = compareState();
      assert.ok(state.pareto);
      return { ...state, pareto: { ...state.pareto, front: [SMALL, FP8], dominated: [{ id: LARGE, by: FP8 }] } };
    };

    it('draws marks, front and limits, and says which way is better', async () => {
      await compare.snapshot(compareState());
      for (const color of ['#59a4f9', '#d18616', '#b180d7', '#f14c4c'])
        assert.ok((await compare.panel.pixels('section[aria-label="Trade-off"] canvas', color)) > 20, color);
      assert.deepEqual(await compare.texts('.axis-name'), [
        'Pass rate: ↑ more is better',
        'TTFT p99: ← less is better',
      ]);
    });

    it('asks for other axes', async () => {
      await compare.snapshot(compareState());
      await compare.asked();
      await section('Trade-off').locator('vscode-dropdown[aria-label="Across"]').click();
      await section('Trade-off')
        .locator('vscode-dropdown[aria-label="Across"] vscode-option', { hasText: 'Cost' })
        .click();
      assert.deepEqual(await compare.asked(), [{ type: 'axes', x: 'cost.per_good', y: 'quality.pass_rate' }]);
    });

    it('leads by arrow keys from point to point, and says who dominates whom', async () => {
      await compare.snapshot(beaten());
      await compare.asked();
      await section('Trade-off').locator('.point-button[tabindex="0"]').focus();
      const told = async () => (await hover().textContent()) ?? '';
      await compare.page.keyboard.press('Home');
      assert.match(await told(), /^smallPass rate: 81\.2%, 95% CI 76–86.*On the front/);
      await compare.page.keyboard.press('ArrowRight');
      assert.match(await told(), /^large fp8/);
      await compare.page.keyboard.press('ArrowRight');
      assert.match(await told(), /^large.*TTFT p99: 312 ms.*Dominated by large fp8/);
      await compare.page.keyboard.press('Enter');
      assert.deepEqual(await compare.asked(), [{ type: 'open-run', id: LARGE }]);
    });

    it('says the same as a table', async () => {
      await compare.snapshot(beaten());
      await section('Trade-off').locator('.toggle-table').click();
      const rows = await section('Trade-off').locator('tbody tr').allTextContents();
      assert.deepEqual(rows, [
        'small81.2% (76–86)121 ms (114–130)yes',
        'large94.6% (91–97)312 ms (298–329)dominated by large fp8',
        'large fp893.8% (90–96.5)184 ms (176–195)yes',
      ]);
    });

    it('says who is left out and why', async () => {
      const state = compareState();
      assert.ok(state.pareto);
      state.pareto.leftOut = [{ id: LARGE, reason: 'it has no cost' }];
      await compare.snapshot(state);
      assert.deepEqual(await compare.texts('.left-out li'), ['large is left out: it has no cost']);
    });
  });

  describe('accessibility', () => {
    for (const theme of THEMES)
      it(`has no violation that axe-core finds, in ${theme}`, async () => {
        await open({ theme });
        await compare.snapshot(compareState());
        assert.deepEqual(await compare.panel.accessibilityViolations(), []);
      });
  });
});
