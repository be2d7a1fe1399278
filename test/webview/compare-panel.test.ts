import assert from 'node:assert/strict';
import type { CompareCase, ComparePanelReply } from '../../src/protocol/compare-panel';
import {
  answersOf,
  caseCell,
  cases,
  compareState,
  contender,
  contenders,
  curve,
  FP8,
  LARGE,
  raceLane,
  SMALL,
  trend,
} from './compare-fixture';
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
  /** What the page explains, once it does: it waits until the pointer rests. */
  const told = async () => {
    await hover().waitFor({ state: 'visible' });
    return (await hover().textContent()) ?? '';
  };

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

    it('offers only what can be done', async () => {
      const shown = async () => {
        const labels = await compare.page.locator('.actions vscode-button:visible').allTextContents();
        return labels.map((text) => text.trim());
      };
      await compare.snapshot(compareState({ can: { rerun: false, stop: false } }));
      assert.deepEqual(await shown(), ['Add', 'Export']);
      await compare.delta({ status: 'running', statusText: 'Measuring.', can: { rerun: true, stop: true } });
      assert.deepEqual(await shown(), ['Stop']);
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

    it('says once why none of the rows of a section is tested, and again where one of them is asked', async () => {
      await compare.snapshot(compareState());
      const why = 'not tested: one number a run says nothing about how it scatters';
      const heads = (await compare.texts('.compare-table .group')).filter((text) => text.includes(why));
      assert.deepEqual(
        heads.map((text) => text.replace(/ ?of .*$| ?not tested.*$/, '')),
        ['Rates', 'Cost'],
      );
      const row = section('Metrics').locator('tr', { hasText: 'Goodput' });
      assert.match((await row.locator('th').textContent()) ?? '', /not tested$/);
      await row.locator('td').first().hover();
      await hover().waitFor({ state: 'visible' });
      assert.match(await told(), /not tested: a rate has no sample of its own/);
    });

    it('explains a number with its sample, test and formula, on hover and on focus', async () => {
      await compare.snapshot(compareState());
      const cell = section('Metrics').locator('tr', { hasText: 'TTFT p99' }).locator('td').first();
      await cell.hover();
      const text = await told();
      for (const part of [
        'TTFT p99 of small: 121 ms',
        'n 478',
        'Difference to large: −191 ms, 95% CI −208 ms to −175 ms',
        'p < 0.001 after Holm',
        'over 5 rows',
        'Formula: first token - scheduled send',
      ])
        assert.ok(text.includes(part), part);
      await compare.page.mouse.move(0, 0);
      await hover().waitFor({ state: 'hidden' });
      await section('Metrics').locator('[data-cell][tabindex="0"]').focus();
      for (const key of ['ArrowDown', 'ArrowRight', 'ArrowRight']) await compare.page.keyboard.press(key);
      await hover().waitFor({ state: 'visible' });
      assert.match(await told(), /^TTFT p99 of large: 312 ms/);
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

    it('says of a run that goes on that the choice comes with its end, and asks for none until then', async () => {
      const state = compareState();
      const { selection, axes } = state;
      await compare.snapshot({ ...state, status: 'running', selection: null, axes: [] });
      assert.match((await compare.texts('.answer-sentence'))[0] ?? '', /^The choice comes with the end of the run/);
      const chooser = section('Best choice').locator('.chooser');
      assert.equal(await chooser.isVisible(), false);
      const top = () => section('Metrics').evaluate((part) => part.getBoundingClientRect().top);
      const before = await top();
      await compare.delta({ axes });
      assert.equal(await top(), before);
      await compare.delta({ status: 'done', selection });
      assert.equal((await compare.texts('.answer-sentence'))[0], selection?.sentence);
      assert.ok(await chooser.isVisible());
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
      for (const color of ['#59a4f9', '#cccccc', '#b180d7', '#f14c4c'])
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

  describe('triangles', () => {
    beforeEach(() => open());

    it('draws each on one scale with the limit, and tells the formula of a corner', async () => {
      await compare.snapshot(compareState());
      const part = section('Quality, latency, cost');
      assert.ok((await compare.panel.pixels('section[aria-label="Quality, latency, cost"] canvas', '#f14c4c')) > 20);
      assert.equal(await part.locator('.point-button').count(), 9);
      assert.equal(await part.locator('.point-button[tabindex="0"]').count(), 1);
      const corner = part.getByRole('button', { name: /^large, TTFT p99: 0\.8×/ });
      await corner.hover();
      assert.match(await told(), /ttft\.p99 against its limit = 0\.8.*Misses its limit/);
    });

    it('says the same as a table', async () => {
      await compare.snapshot(compareState());
      await section('Quality, latency, cost').locator('.toggle-table').click();
      const rows = await section('Quality, latency, cost').locator('tbody tr').allTextContents();
      assert.match(rows[1] ?? '', /^large1\.05× \(.*\)0\.8× \(ttft\.p99 against its limit = 0\.8\)0\.52×/);
    });
  });

  describe('cases', () => {
    beforeEach(() => open());

    const rows = async () => {
      const texts = await compare.page.locator('.case-rows .case-row').allInnerTexts();
      return texts.map((text) => text.replace(/\s+/g, ' ').trim());
    };
    const show = async (label: string) => {
      await section('Cases').locator('vscode-dropdown[aria-label="Cases to list"]').click();
      await section('Cases')
        .locator('vscode-dropdown[aria-label="Cases to list"] vscode-option', { hasText: label })
        .click();
      await compare.panel.settle();
    };

    it('shows state and passes of each contender, and that one was not asked', async () => {
      await compare.snapshot(compareState());
      const all = await rows();
      assert.match(all[0] ?? '', /^Refund window ?differs ?Fail ?0\/3.*Pass ?3\/3.*Pass ?3\/3/);
      assert.match(all[1] ?? '', /Fail ?1\/3 ?flaky.*Pass ?2\/3 ?flaky/);
      assert.match(all[3] ?? '', /Error ?0\/3.*not asked$/);
    });

    it('says why there are none, or why not all of them are here', async () => {
      await compare.snapshot(compareState({ cases: [], casesText: 'The runs have no case in common.' }));
      assert.match((await section('Cases').textContent()) ?? '', /The runs have no case in common\./);
      assert.equal(await compare.page.locator('.case-view').isVisible(), false);
      await compare.delta({ cases, casesText: 'Only the first 20,000 are here.' });
      assert.match((await section('Cases').textContent()) ?? '', /Only the first 20,000 are here\./);
      assert.equal((await rows()).length, 4);
    });

    it('lists what failed, what differs, what is flaky, by tag and by text', async () => {
      await compare.snapshot(compareState());
      const names = async () => compare.texts('.case-rows .case-name');
      await show('Failed (3)');
      assert.deepEqual(await names(), ['Refund window', 'Polite refusal', 'Order as JSON']);
      await show('Flaky (1)');
      assert.deepEqual(await names(), ['Polite refusal']);
      await show('All (4)');
      await section('Cases').locator('vscode-text-field').click();
      await compare.page.keyboard.type('two weeks');
      await compare.page.waitForTimeout(300);
      assert.deepEqual(await names(), ['Refund window']);
      await compare.page.keyboard.type(' nothing like this');
      await compare.page.waitForTimeout(300);
      assert.deepEqual(await compare.texts('.rows-note'), ['No case matches.']);
    });

    it('draws only the rows in view of ten thousand, and leads through them by keyboard', async () => {
      const many: CompareCase[] = Array.from({ length: 10_000 }, (_, i) => ({
        id: `case-${i}`,
        name: `Case ${i}`,
        tags: [],
        differs: false,
        cells: [caseCell('passed'), caseCell('passed'), caseCell(i % 7 === 0 ? 'failed' : 'passed', { reason: 'no' })],
      }));
      await compare.snapshot(compareState({ cases: many }));
      assert.ok((await compare.page.locator('.case-rows .case-row').count()) < 60);
      await compare.page.locator('.case-view').focus();
      await compare.page.keyboard.press('Control+End');
      await compare.panel.settle();
      assert.match((await compare.texts('.case-about'))[0] ?? '', /^Case 9999, large fp8/);
      const active = compare.page.locator('.case-rows .active');
      assert.equal(await active.isVisible(), true);
      assert.equal(
        await compare.page.locator('.case-view').getAttribute('aria-activedescendant'),
        await active.getAttribute('id'),
      );
      await compare.asked();
      await compare.page.keyboard.press('Enter');
      assert.deepEqual(await compare.asked(), [{ type: 'answers', case: 'case-9999' }]);
      assert.equal(await compare.page.evaluate('document.activeElement.textContent'), 'Case 9999');
      await compare.page.keyboard.press('Escape');
      assert.equal(await section('Answers to one case').isVisible(), false);
      assert.equal(await compare.page.evaluate('document.activeElement.className'), 'case-view');
    });
  });

  describe('answers to one case', () => {
    beforeEach(() => open());

    const detail = () => section('Answers to one case');
    const openFirst = async (...replies: ComparePanelReply[]) => {
      await compare.page.locator('.case-rows .case-row').first().click();
      for (const reply of replies) await compare.send(reply);
    };
    const reply = (small: string, large: string, fp8: string | null = 'You have 30 days.'): ComparePanelReply => ({
      type: 'answers',
      case: 'refund-window',
      answers: [answersOf(SMALL, small), answersOf(LARGE, large, 'Again 30 days.'), answersOf(FP8, fp8)],
    });

    it('shows them side by side, the reference first, with the words that differ', async () => {
      await compare.snapshot(compareState());
      await openFirst(reply('You have two weeks to pay.', 'You have 30 days to pay.'));
      const columns = detail().locator('.answer-column');
      assert.match((await columns.nth(0).textContent()) ?? '', /^B ?large reference/);
      assert.match(
        (await columns.nth(1).textContent()) ?? '',
        /^A ?small.*TTFT120 ms.*1840 ms.*42 tokens.*\$0\.0012.*contains "30 days"/,
      );
      assert.deepEqual(await columns.nth(1).locator('del').allTextContents(), ['30 days']);
      assert.deepEqual(await columns.nth(1).locator('ins').allTextContents(), ['two weeks']);
      assert.equal(await columns.nth(0).locator('ins, del').count(), 0);
      await detail().locator('vscode-checkbox').click();
      assert.equal(await detail().locator('.answer del').count(), 0);
    });

    it('shows another repeat, and goes to the next case and into the eval file', async () => {
      await compare.snapshot(compareState());
      await openFirst(reply('One.', 'Two.'));
      await detail().locator('vscode-dropdown').click();
      await detail().locator('vscode-option', { hasText: '2 of 2' }).click();
      assert.match((await detail().locator('.answer-column').nth(0).textContent()) ?? '', /Again 30 days/);
      assert.match((await detail().locator('.answer-column').nth(1).textContent()) ?? '', /It was not asked this/);
      await compare.asked();
      await detail().getByText('Go to the case in its eval file').click();
      await detail().locator('vscode-button[aria-label="Next case"]').click();
      assert.deepEqual(await compare.asked(), [
        { type: 'reveal', case: 'refund-window' },
        { type: 'answers', case: 'polite-refusal' },
      ]);
    });

    it('says why answers are not to be had', async () => {
      await compare.snapshot(compareState());
      await openFirst({ type: 'answers', case: 'refund-window', error: 'The files of the run are gone.' });
      assert.match((await detail().textContent()) ?? '', /The files of the run are gone\./);
    });

    it('interprets nothing of an answer: no markup, no script, no escape of a terminal, no turned line', async () => {
      const canary =
        '<img src=x onerror="window.canary = 1"><script>window.canary = 1</script><b>bold</b> \u001b[31mred\u001b[0m \u202egnp.exe';
      const bad = structuredClone(cases);
      Object.assign(bad[0] ?? {}, { name: canary, tags: [canary] });
      Object.assign(bad[0]?.cells[0] ?? {}, { answer: canary, reason: canary });
      await compare.snapshot(
        compareState({
          title: canary,
          cases: bad,
          contenders: contenders.map((one) => ({ ...one, label: `${canary} ${one.label}` })),
        }),
      );
      await openFirst(reply(canary, 'plain'));
      await compare.page.locator('.case-rows .case-cell').first().hover();
      await compare.panel.settle();
      assert.equal(await compare.page.evaluate('window.canary'), undefined);
      assert.equal(await compare.page.locator('#app img, #app script, #app b').count(), 0);
      const shown = (await detail().locator('.answer-column').nth(1).locator('.answer').textContent()) ?? '';
      assert.ok(shown.includes('<script>window.canary = 1</script>'));
      assert.ok(shown.includes('␛[31mred␛[0m [U+202E]gnp.exe'));
      assert.equal(/[\u001b\u202e]/.test(shown), false);
    });

    it('stays responsive with a million characters, and hands them to an editor', async () => {
      const words = (seed: number) =>
        Array.from({ length: 170_000 }, (_, i) => `w${(i * seed) % 9973}`)
          .join(' ')
          .slice(0, 1_000_000);
      const [small, large] = [words(7), words(11)];
      await compare.snapshot(compareState());
      await openFirst();
      await compare.page.evaluate(
        `globalThis.longest = 0; let last = performance.now(); (function beat() { const now = performance.now(); globalThis.longest = Math.max(globalThis.longest, now - last); last = now; if (!globalThis.stopped) setTimeout(beat, 0); })()`,
      );
      await compare.send(reply(small, large));
      await detail().getByText('Too much differs').first().waitFor({ timeout: 30_000 });
      assert.ok((await compare.page.evaluate<number>('globalThis.stopped = true, globalThis.longest')) < 1500);
      assert.ok(((await detail().locator('.answer').first().textContent()) ?? '').length < 5000);
      await compare.asked();
      await detail().locator('.answer-column').nth(1).getByText('Open in an editor').click();
      const [asked] = await compare.asked();
      assert.ok(asked?.type === 'open-text' && asked.text === small);
    });
  });

  describe('race', () => {
    const running = (race: ReturnType<typeof raceLane>[]) =>
      compareState({ status: 'running', statusText: 'Measuring 3 contenders.', race });
    const waiting = [raceLane(SMALL), raceLane(LARGE), raceLane(FP8)];
    const said = () => compare.page.locator('.race-said');

    it('shows the streams side by side and moves nothing while they come in', async () => {
      await open();
      await compare.snapshot(running(waiting));
      const tops = () =>
        compare.page
          .locator('.lane, .part, .chart, .compare-table tr')
          .evaluateAll((all) => all.map((element) => Math.round(element.getBoundingClientRect().top)));
      const before = await tops();
      for (let i = 0; i < 3; i++)
        await compare.delta({}, [
          {
            id: SMALL,
            text: 'You have two weeks to send it back, and some more words. '.repeat(5),
            patch: { status: 'streaming', ttftMs: 62, chunks: 10 * (i + 1) },
          },
          { id: LARGE, text: 'You have', patch: { status: 'streaming', ttftMs: 140, chunks: i + 1 } },
        ]);
      assert.deepEqual(await tops(), before);
      const lanes = await compare.texts('.lane');
      assert.match(lanes[0] ?? '', /A ?small ?Streaming ?Refund window ?First token ?62 ms ?Chunks ?30/);
      assert.match(lanes[2] ?? '', /Waiting ?Refund window ?First token ?–/);
      assert.deepEqual(
        await compare.page
          .locator('.lane-done')
          .evaluateAll((all) => all.map((bar) => (bar as HTMLElement).style.transform)),
        ['scaleX(1)', 'scaleX(0.1)', 'scaleX(0)'],
      );
    });

    it('keeps room for the numbers that come while it runs', async () => {
      await open({ width: 1300 });
      const state = running(waiting);
      const empty = state.sections.map(({ kind, rows }) => ({
        kind,
        rows: rows.map((row) => ({
          ...row,
          winner: null,
          conclusion: 'not tested yet',
          cells: row.cells.map(() => ({ value: null, n: null, ci: null, against: null, notes: [] })),
        })),
      }));
      await compare.snapshot({ ...state, sections: empty });
      const tops = () =>
        compare.page
          .locator('.part, .chart, .compare-table tr')
          .evaluateAll((all) => all.map((element) => Math.round(element.getBoundingClientRect().top)));
      const before = await tops();
      await compare.delta({ sections: state.sections });
      assert.deepEqual(await tops(), before);
    });

    it('says the winner of a case once, when all have answered, even where the next case has begun', async () => {
      await open();
      await compare.snapshot(running(waiting));
      const done = (e2eMs: number) => ({ status: 'done' as const, e2eMs });
      await compare.delta({}, [{ id: LARGE, text: 'a', patch: done(1900) }]);
      await compare.delta({}, [{ id: FP8, text: 'a', patch: done(1400) }]);
      assert.equal(await said().textContent(), '');
      await compare.delta({}, [
        { id: SMALL, text: 'a', patch: done(840) },
        { id: SMALL, text: '', start: true, patch: { case: 'greeting', caseName: 'Greeting' } },
      ]);
      const sentence = 'small was first with “Refund window”: 840 ms, 560 ms before large fp8.';
      assert.equal(await said().textContent(), sentence);
      assert.match((await compare.texts('.race-score'))[0] ?? '', /^First in 1 case: small 1, large 0, large fp8 0$/);
      await compare.delta({}, [{ id: SMALL, text: 'b', patch: { chunks: 2 } }]);
      assert.equal(await said().textContent(), sentence);
    });

    it('asks for a snapshot where a chunk goes on with a lane that it does not know', async () => {
      await open();
      await compare.snapshot(running([]));
      await compare.asked();
      await compare.delta({}, [{ id: SMALL, text: 'b' }]);
      assert.deepEqual(
        (await compare.asked()).map(({ type }) => type),
        ['need-snapshot'],
      );
    });

    it('spins nothing for readers who asked for less motion', async () => {
      await open({ reducedMotion: true });
      await compare.snapshot(running([raceLane(SMALL, { status: 'streaming' })]));
      const name = await compare.page
        .locator('.lane .codicon-modifier-spin')
        .evaluate((glyph) => getComputedStyle(glyph).animationName);
      assert.equal(name, 'none');
    });

    it('can be stopped, and goes away when the run is over', async () => {
      await open();
      await compare.snapshot(running(waiting));
      await compare.asked();
      await compare.page.locator('.actions vscode-button', { hasText: 'Stop' }).click();
      assert.deepEqual(await compare.asked(), [{ type: 'stop' }]);
      await compare.delta({ status: 'done', race: [] });
      assert.equal(await section('Race').isVisible(), false);
    });
  });

  describe('sweeps', () => {
    beforeEach(() => open());

    it('shows how metrics move along a parameter, as pictures and as a table', async () => {
      await compare.snapshot(compareState({ matrix: [trend()] }));
      const part = section('Along temperature, with model shop-large');
      const label = (await part.locator('canvas').getAttribute('aria-label')) ?? '';
      assert.match(label, /^From temperature 0 to 1: Pass rate from 95% to 83%/);
      await part.getByRole('button', { name: /^Pass rate: 91%\. temperature 0\.3, large/ }).hover();
      assert.match(await told(), /^Pass rate: 91%/);
      await part.locator('.toggle-table').click();
      assert.equal(await part.locator('tbody tr').count(), 4);
      assert.match((await part.locator('tbody tr').nth(1).textContent()) ?? '', /^0\.3large91%/);
    });

    it('draws the curves with the limit, and says up to which rate each meets it and what that costs', async () => {
      await compare.snapshot(
        compareState({
          curves: [
            { id: SMALL, curve: curve({ rate: 16, cost_per_good: 0.0004 }, 0.5) },
            {
              id: LARGE,
              curve: curve(
                { rate: null, cost_per_good: null, verdict: 'fail', conclusion: 'No rate meets the SLOs.' },
                3,
              ),
            },
            { id: FP8, curve: curve() },
          ],
        }),
      );
      const part = section('Capacity');
      assert.deepEqual(
        (await part.locator('.fitting li').allTextContents()).map((text) => text.replace(/\s+/g, ' ').trim()),
        [
          'PassAsmallup to 16/s · $0.0004 a good request there',
          'PassClarge fp8up to 12/s · $0.0021 a good request there',
          'FailBlargeNo rate meets the SLOs.',
        ],
      );
      for (const color of ['#59a4f9', '#cccccc', '#b180d7', '#f14c4c'])
        assert.ok((await compare.panel.pixels('section[aria-label="Capacity"] canvas', color)) > 20, color);
      await part.locator('.toggle-table').click();
      assert.equal(await part.locator('tbody tr').count(), 15);
    });
  });

  describe('states', () => {
    beforeEach(() => open());

    const notice = () => compare.page.locator('.notice');

    it('says what to do where there is nothing to compare', async () => {
      await compare.snapshot(compareState({ status: 'empty', statusText: 'Nothing is chosen.', contenders: [] }));
      await compare.asked();
      assert.match((await notice().textContent()) ?? '', /Nothing is chosen\./);
      assert.equal(await compare.page.locator('.body').isVisible(), false);
      await notice().locator('vscode-button').click();
      assert.deepEqual(await compare.asked(), [{ type: 'add' }]);
    });

    it('says that it is reading', async () => {
      await compare.snapshot(compareState({ status: 'reading', statusText: 'Reading 2 runs.', contenders: [] }));
      assert.match((await notice().textContent()) ?? '', /Reading 2 runs\./);
      assert.equal(await notice().locator('vscode-progress-ring').isVisible(), true);
      assert.equal(await notice().locator('vscode-button').isVisible(), false);
    });

    it('says what went wrong and what to do', async () => {
      await compare.snapshot(
        compareState({
          status: 'error',
          statusText: 'A run could not be read.',
          advice: 'Choose another one.',
          contenders: [],
        }),
      );
      assert.match((await notice().textContent()) ?? '', /A run could not be read\.Choose another one\./);
    });

    it('shows one contender alone, and asks for another', async () => {
      const state = compareState({ contenders: contenders.slice(0, 1), reference: SMALL, pareto: null, cases: [] });
      for (const row of state.sections.flatMap((each) => each.rows)) row.cells.length = 1;
      for (const row of state.slos) row.cells.length = 1;
      await compare.snapshot(state);
      assert.match((await notice().textContent()) ?? '', /has nothing to be compared with/);
      assert.equal(await section('Metrics').locator('tbody tr', { hasText: 'TTFT p99' }).locator('td').count(), 1);
      assert.equal(
        await compare.page
          .getByRole('button', { name: /^Remove/ })
          .filter({ hasText: 'Remove small' })
          .count(),
        0,
      );
    });

    it('shows two contenders without a case in common, and one without any success', async () => {
      const two = contenders
        .slice(0, 2)
        .map((one, i) =>
          i === 1 ? { ...one, verdict: 'error' as const, error: 'Every request failed: connection refused.' } : one,
        );
      const state = compareState({
        contenders: two,
        reference: LARGE,
        sections: [],
        slos: [],
        pareto: {
          x: 'ttft.p99',
          y: 'quality.pass_rate',
          points: [],
          front: [],
          dominated: [],
          leftOut: [{ id: LARGE, reason: 'every request failed' }],
          limits: [],
        },
        triangles: {
          axes: ['quality.pass_rate', 'ttft.p99', 'cost.per_good'],
          full: 2,
          items: [
            {
              id: LARGE,
              corners: ['quality.pass_rate', 'ttft.p99', 'cost.per_good'].map((axis) => ({
                axis,
                score: null,
                formula: `${axis} was not measured`,
              })),
            },
          ],
        },
        cases: [
          { id: 'a', name: 'Only of small', tags: [], differs: false, cells: [caseCell('passed'), null] },
          {
            id: 'b',
            name: 'Only of large',
            tags: [],
            differs: false,
            cells: [null, caseCell('error', { reason: 'connection refused' })],
          },
        ],
        caveats: ['small and large have no case in common.'],
      });
      await compare.snapshot(state);
      assert.match((await compare.texts('.contender-card'))[1] ?? '', /Every request failed: connection refused\./);
      assert.match((await section('Metrics').textContent()) ?? '', /Nothing was measured of any contender\./);
      assert.match(
        (await section('Trade-off').textContent()) ?? '',
        /No contender has a value on both axes\..*large is left out: every request failed/,
      );
      const rows = (await compare.page.locator('.case-rows .case-row').allInnerTexts()).map((text) =>
        text.replace(/\s+/g, ' ').trim(),
      );
      assert.match(rows[0] ?? '', /^Only of small.*Pass.*not asked$/);
      assert.match(rows[1] ?? '', /not asked.*Error/);
      assert.deepEqual(await compare.panel.accessibilityViolations(), []);
    });

    it('tells twelve contenders apart by letter and by mark', async () => {
      const twelve = Array.from({ length: 12 }, (_, i) => contender(`c${i}`, `contender ${i + 1}`));
      const state = compareState({
        contenders: twelve,
        reference: 'c0',
        pareto: null,
        triangles: null,
        selection: null,
      });
      for (const row of [...state.sections.flatMap((each) => each.rows), ...state.slos, ...state.cases] as {
        cells: unknown[];
      }[])
        row.cells = twelve.map((_, i) => row.cells[i % 3]);
      await compare.snapshot(state);
      const looks = await compare.page
        .locator('.contender-card .mark')
        .evaluateAll((all) => all.map((mark) => mark.innerHTML));
      assert.equal(new Set(looks).size, 12);
      assert.equal(await compare.page.evaluate('document.documentElement.scrollWidth'), 1100);
    });
  });

  describe('restart', () => {
    beforeEach(() => open());

    it('keeps what is compared for the extension, and what the reader chose for itself', async () => {
      const many: CompareCase[] = Array.from({ length: 300 }, (_, i) => ({
        id: `case-${i}`,
        name: `Case ${i}`,
        tags: [],
        differs: i % 2 === 0,
        cells: [caseCell('passed'), caseCell('passed'), null],
      }));
      const state = compareState({ cases: many });
      await compare.snapshot(state);
      await section('Trade-off').locator('.toggle-table').click();
      await section('Cases').locator('vscode-dropdown[aria-label="Cases to list"]').click();
      await section('Cases').locator('vscode-option', { hasText: 'Differ' }).click();
      await compare.page.locator('.case-view').evaluate((view) => view.scrollTo({ top: 560 }));
      await compare.page.locator('.case-view').focus();
      await compare.panel.settle();
      await compare.page.locator('.case-rows .case-row', { hasText: 'Case 44' }).click();
      await compare.page.waitForTimeout(400);
      const saved = (await compare.panel.savedState()) as Record<string, unknown>;
      assert.deepEqual(
        saved['contenders'],
        contenders.map(({ id, run, target }) => ({ id, run: run.id, path: run.path, target })),
      );
      assert.deepEqual(
        {
          reference: saved['reference'],
          axes: saved['axes'],
          select: saved['select'],
          filter: saved['filter'],
          openCase: saved['openCase'],
          tables: saved['tables'],
        },
        {
          reference: LARGE,
          axes: { x: 'ttft.p99', y: 'quality.pass_rate' },
          select: { aim: 'quality.pass_rate', limits: ['ttft.p99 <= 250ms', 'cost.per_good <= $0.0025'] },
          filter: { show: 'differs', text: '', tag: '' },
          openCase: 'case-44',
          tables: ['front'],
        },
      );
      await compare.page.reload();
      await compare.panel.settle();
      await compare.snapshot(state);
      assert.equal(await section('Trade-off').locator('table').isVisible(), true);
      assert.deepEqual(
        (await compare.asked()).filter(({ type }) => type === 'answers'),
        [{ type: 'answers', case: 'case-44' }],
      );
      assert.match((await compare.texts('.case-part .section-head'))[0] ?? '', /150 of 300/);
      assert.equal(await compare.page.locator('.case-view').evaluate((view) => view.scrollTop), 560);
    });
  });

  describe('themes', () => {
    it('follows a change of the theme at once', async () => {
      await open({ theme: 'dark' });
      await compare.snapshot(compareState());
      const blue = (color: string) => compare.panel.pixels('section[aria-label="Trade-off"] canvas', color);
      assert.ok((await blue('#59a4f9')) > 20);
      await compare.panel.setTheme('light');
      assert.equal(await blue('#59a4f9'), 0);
      assert.ok((await blue('#0063d3')) > 20);
    });
  });

  describe('accessibility', () => {
    const everything = () => compareState({ matrix: [trend()], curves: [{ id: SMALL, curve: curve() }] });

    for (const theme of THEMES)
      it(`has no violation that axe-core finds, in ${theme}`, async () => {
        await open({ theme });
        await compare.snapshot(everything());
        await compare.page.locator('.case-rows .case-row').first().click();
        await compare.send({
          type: 'answers',
          case: 'refund-window',
          answers: [
            answersOf(SMALL, 'You have two weeks.'),
            answersOf(LARGE, 'You have 30 days.'),
            answersOf(FP8, null),
          ],
        });
        assert.deepEqual(await compare.panel.accessibilityViolations(), []);
      });

    it('has none while it runs, and none in tables', async () => {
      await open();
      await compare.snapshot({ ...everything(), status: 'running', race: [raceLane(SMALL), raceLane(LARGE)] });
      for (const toggle of await compare.page.locator('.toggle-table').all()) await toggle.click();
      assert.deepEqual(await compare.panel.accessibilityViolations(), []);
    });

    it('fits into 400 px without scrolling sideways', async () => {
      await open({ width: 400 });
      await compare.snapshot({ ...everything(), status: 'running', race: [raceLane(SMALL), raceLane(LARGE)] });
      assert.equal(await compare.page.evaluate('document.documentElement.scrollWidth'), 400);
      assert.deepEqual(await compare.panel.accessibilityViolations(), []);
    });

    it('reaches everything with the Tab key, and each table and chart as one stop', async () => {
      await open();
      await compare.snapshot(everything());
      const stops: string[] = [];
      for (let i = 0; i < 60; i++) {
        await compare.page.keyboard.press('Tab');
        const stop = await compare.page.evaluate<string>(
          `(() => { const at = document.activeElement; const part = at.closest('section, header')?.getAttribute('aria-label') ?? at.closest('header')?.className ?? ''; return at === document.body ? '' : part; })()`,
        );
        if (stop === '') break;
        if (stops.at(-1) !== stop) stops.push(stop);
      }
      assert.deepEqual(stops, [
        'head',
        'Best choice',
        'Metrics',
        'Service level objectives',
        'Trade-off',
        'Quality, latency, cost',
        'Cases',
        'Along temperature, with model shop-large',
        'Capacity',
      ]);
      assert.equal(await section('Metrics').locator('[tabindex="0"]:not(vscode-dropdown)').count(), 1);
    });
  });
});
