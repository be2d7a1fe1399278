/** What stands behind a verdict: zoom, distributions, the list of requests, one request, answers as they stream, files. */
import assert from 'node:assert/strict';
import type { TickPoint } from '../../src/protocol/events';
import type { RunPanelState, RunPanelToHost } from '../../src/protocol/run-panel';
import {
  capacityState,
  caseRecord,
  detailOf,
  history,
  points,
  quality,
  recordOf,
  rowOf,
  runningState,
  runState,
  stage,
  target,
} from './run-fixture';
import { PanelBrowser, THEMES, themes, type PanelPage } from './panel-page';

const AT = { target: 'sim', stage: 'steady chat' };
const CANARY =
  '<img src=x onerror="globalThis.canary=1"><script>globalThis.canary=1</script><b>bold</b>\u001b[31m\u202e';

/** Requests far apart, so that a test knows where they are. */
function known(count: number, part: (i: number) => Partial<TickPoint> = () => ({})): TickPoint[] {
  const [template] = points(1);
  assert.ok(template);
  return Array.from({ length: count }, (_, i) => ({
    ...template,
    ...{ t: 1000 * (i + 1), ttft: 100 + i, itl: 20, itlMax: 30, e2e: 1000 + i, ok: true, warmup: false },
    request: `sim/steady chat/${i}`,
    ...part(i),
  }));
}

const withPoints = (list: TickPoint[], values: Partial<RunPanelState> = {}) =>
  runState({ targets: [target({ stages: [stage({ points: list, warmupMs: 0, cooldownMs: 0 })] })], ...values });

describe('run panel: evidence', function () {
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

  const section = (title: string) => panel.page.locator(`section[aria-label="${title}"]`);
  const plot = (title: string) => section(title).locator('.plot');
  const bar = async () => (await panel.texts('.bar-text'))[0];
  const listed = async () => (await panel.texts('.requests .section-head p'))[0];
  const names = () => panel.texts('.rows .row-name');
  const asked = async <T extends RunPanelToHost['type']>(type: T) =>
    (await panel.posted()).filter((message): message is Extract<RunPanelToHost, { type: T }> => message.type === type);
  /** Waits for a message of the page: a busy machine is slow, not wrong. */
  async function awaited<T extends RunPanelToHost['type']>(type: T): Promise<Extract<RunPanelToHost, { type: T }>[]> {
    for (let i = 0; i < 100; i++) {
      const found = await asked(type);
      if (found.length > 0) return found;
      await panel.page.waitForTimeout(50);
    }
    return assert.fail(`the page did not ask for "${type}"`);
  }
  const tableOf = (title: string) =>
    section(title)
      .locator('tbody tr')
      .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent ?? '')));

  /** Drags over a part of a plot: shares of its width between its axis and its right edge. */
  async function drag(title: string, from: number, to: number): Promise<void> {
    await plot(title).scrollIntoViewIfNeeded();
    // A chart is drawn once it is seen, and can be brushed from then on.
    await panel.settle();
    const box = (await plot(title).boundingBox()) ?? assert.fail();
    const x = (share: number) => box.x + 56 + (box.width - 56 - 12) * share;
    const y = box.y + box.height / 2;
    await panel.page.mouse.move(x(from), y);
    await panel.page.mouse.down();
    await panel.page.mouse.move(x((from + to) / 2), y);
    await panel.page.mouse.move(x(to), y);
    await panel.page.mouse.up();
    await panel.settle();
  }

  /** Opens the request of a point, with its detail. */
  async function openRequest(point: TickPoint, detail = detailOf(point)): Promise<void> {
    const index = Number(point.request.split('/').at(-1));
    await plot('Time to first token').focus();
    await panel.page.keyboard.press('Home');
    for (let i = 0; i < index; i++) await panel.page.keyboard.press('ArrowRight');
    await panel.reply({ type: 'request', id: point.request, detail });
  }

  describe('zoom', () => {
    beforeEach(async () => {
      panel = await browser.open();
      await panel.snapshot(withPoints(known(59)));
    });

    it('is brushed in one chart and holds for all of them, the distributions and the list', async () => {
      assert.match((await bar()) ?? '', /^Drag across a chart/);
      await drag('Time to first token', 0.25, 0.5);
      assert.match((await bar()) ?? '', /^0:1[45]\.\d – 0:(29|30)\.\d · 1[456] requests$/);
      const inside = Number(/· (\d+) requests/.exec((await bar()) ?? '')?.[1]);
      assert.equal(await listed(), `${inside} of 59`);
      assert.equal((await panel.texts('dd[data-stat="n"]'))[0], String(inside));
      await section('Rate').locator('.toggle-table').click();
      const times = (await tableOf('Rate')).map(([time]) => time ?? '');
      assert.ok(times.length > 0 && times.every((time) => time >= '0:14' && time <= '0:30'), times.join(' '));
      await panel.page.getByRole('button', { name: 'Show all', exact: true }).click();
      await panel.settle();
      assert.equal(await listed(), '59');
    });

    it('works in the charts of rates too, and a double click takes it back', async () => {
      await drag('Concurrency', 0.1, 0.3);
      assert.match((await listed()) ?? '', /^1[12] of 59$/);
      await plot('Concurrency').dblclick();
      await panel.settle();
      assert.equal(await listed(), '59');
    });

    it('has keys: in, out, along, all', async () => {
      await plot('Inter-token latency').focus();
      await panel.page.keyboard.press('+');
      await panel.settle();
      assert.match((await bar()) ?? '', /^0:15 – 0:45/);
      await panel.page.keyboard.press('Shift+ArrowRight');
      await panel.settle();
      assert.match((await bar()) ?? '', /^0:30 – 1:00/);
      await panel.page.keyboard.press('-');
      await panel.settle();
      assert.match((await bar()) ?? '', /^Drag/);
      await panel.page.keyboard.press('+');
      await panel.page.keyboard.press('0');
      await panel.settle();
      assert.match((await bar()) ?? '', /^Drag/);
      await panel.page.keyboard.press('+');
      await panel.page.keyboard.press('Escape');
      await panel.settle();
      assert.match((await bar()) ?? '', /^Drag/);
    });

    it('follows the request that the arrow keys reach, and survives a restart of the page', async () => {
      await plot('Time to first token').focus();
      for (const key of ['+', '+', 'ArrowRight']) await panel.page.keyboard.press(key);
      await panel.settle();
      const before = await bar();
      await panel.page.keyboard.press('End');
      await panel.page.keyboard.press('ArrowRight');
      await panel.settle();
      assert.notEqual(await bar(), before);
      const after = await bar();
      await panel.page.reload();
      await panel.snapshot(withPoints(known(59)));
      assert.equal(await bar(), after);
    });

    it('ends with the stage that it was made for', async () => {
      const two = [stage(), stage({ name: 'burst', points: known(7) })];
      await panel.snapshot(runState({ targets: [target({ stages: two })] }));
      await drag('Time to first token', 0.2, 0.4);
      await panel.page.locator('vscode-dropdown[aria-label="Stage"]').click();
      await panel.page.locator('vscode-option', { hasText: 'burst' }).click();
      await panel.settle();
      assert.match((await bar()) ?? '', /^Drag/);
      assert.equal(await listed(), '7');
    });
  });

  describe('distribution', () => {
    beforeEach(async () => {
      panel = await browser.open();
    });

    it('has tables that say the same as the data', async () => {
      const list = points(480, { failEvery: 60 });
      await panel.snapshot(withPoints(list));
      const wanted = list.flatMap(({ ok, warmup, ttft }) => (ok && !warmup && ttft !== null ? [ttft] : []));
      wanted.sort((a, b) => a - b);
      await section('Histogram').locator('.toggle-table').click();
      const bins = await tableOf('Histogram');
      assert.equal(
        bins.reduce((sum, row) => sum + Number(row[1]), 0),
        wanted.length,
      );
      for (const [label = '', count] of bins) {
        const edges = /^([\d.]+) ms – ([\d.]+) ms$/.exec(label);
        if (edges === null) continue;
        const inside = wanted.filter((value) => value >= Number(edges[1]) && value < Number(edges[2])).length;
        assert.equal(Number(count), inside, label);
      }
      await section('Share of requests within a latency').locator('.toggle-table').click();
      const shares = new Map(
        (await tableOf('Share of requests within a latency')).map(([share, value]) => [share, value]),
      );
      const median =
        ((wanted[Math.floor((wanted.length - 1) / 2)] ?? 0) + (wanted[Math.ceil((wanted.length - 1) / 2)] ?? 0)) / 2;
      assert.equal(shares.get('50%'), `${Number(median.toPrecision(3))} ms`);
      assert.equal(shares.get('100%'), `${Number((wanted.at(-1) ?? 0).toPrecision(3))} ms`);
    });

    it('leads from a bar to its requests and back', async () => {
      await panel.snapshot(withPoints(known(50)));
      await plot('Histogram').focus();
      await panel.page.keyboard.press('End');
      const [said = ''] = await panel.texts('.distribution [role="status"]');
      const count = /: (\d+) requests?$/.exec(said)?.[1] ?? '';
      await panel.page.keyboard.press('Enter');
      await panel.settle();
      assert.equal(await listed(), `${count} of 50`);
      assert.match((await panel.texts('.requests .chip'))[0] ?? '', /^TTFT \d+ ms – \d+ ms/);
      await panel.page.locator('.requests .chip').click();
      await panel.settle();
      assert.equal(await listed(), '50');
      await drag('Share of requests within a latency', 0, 0.99);
      assert.equal(await panel.page.locator('.requests .chip').isVisible(), true);
    });

    it('shows another latency on request', async () => {
      await panel.snapshot(withPoints(known(50)));
      await panel.page.locator('vscode-dropdown[aria-label="Latency of the distribution"]').click();
      await panel.page.locator('vscode-option', { hasText: 'End to end' }).click();
      await panel.settle();
      assert.equal((await panel.texts('dd[data-stat="max"]'))[0], '1050 ms');
    });

    it('draws bars, and those over the limit in its colour', async () => {
      const { variables } = (await themes()).dark;
      await panel.snapshot(withPoints(known(50, (i) => ({ ttft: i < 25 ? 100 : 400 }))));
      await plot('Histogram').scrollIntoViewIfNeeded();
      await panel.settle();
      const over = async () =>
        panel.pixels('section[aria-label="Histogram"] canvas', variables['--vscode-charts-red'] ?? '');
      // The fill is translucent; a highlighted bar is not.
      await plot('Histogram').focus();
      await panel.page.keyboard.press('Home');
      const few = await over();
      await panel.page.keyboard.press('End');
      assert.ok((await over()) > few + 200, `${few} ${await over()}`);
    });
  });

  describe('lines over time', () => {
    it('have tables that say the same', async () => {
      panel = await browser.open();
      const samples = history(3000);
      await panel.snapshot(runState({ targets: [target({ stages: [stage({ history: samples })] })] }));
      for (const title of ['Rate', 'Concurrency', 'Token throughput'])
        await section(title).locator('.toggle-table').click();
      const three = (value: number) => String(Number(value.toPrecision(3)));
      assert.deepEqual(
        (await tableOf('Rate')).map(([, offered, achieved]) => [offered, achieved]),
        samples.map(({ offeredRps, rps }) => [`${three(offeredRps)}/s`, `${three(rps)}/s`]),
      );
      assert.deepEqual(
        (await tableOf('Concurrency')).map(([, value]) => value),
        samples.map(({ inFlight }) => String(inFlight)),
      );
      assert.deepEqual(
        (await tableOf('Token throughput')).map(([, value]) => value?.replace(',', '')),
        samples.map(({ outputTps }) => (outputTps >= 100 ? String(Math.round(outputTps)) : three(outputTps))),
      );
    });
  });

  describe('list of requests', () => {
    beforeEach(async () => {
      panel = await browser.open();
    });

    const sorter = (name: string) => section('Requests').getByRole('button', { name: new RegExp(`^${name}`) });

    it('has only the rows in view, of 50,000', async () => {
      await panel.snapshot(withPoints(points(50_000, { failEvery: 500 })));
      await section('Requests').scrollIntoViewIfNeeded();
      await panel.settle();
      assert.equal(await listed(), '50,000');
      const view = panel.page.locator('.requests-view');
      assert.equal(await view.getAttribute('aria-rowcount'), '50001');
      assert.ok((await panel.page.locator('.rows .row').count()) < 40);
      await view.focus();
      await panel.page.keyboard.press('End');
      await panel.settle();
      assert.ok((await names()).includes('#49999'));
      assert.ok((await panel.page.locator('.rows .row').count()) < 40);
    });

    it('is sorted and filtered as the reader asks', async () => {
      await panel.snapshot(
        withPoints(known(40, (i) => (i === 7 ? { ok: false, ttft: null, e2e: null } : i === 9 ? { ttft: 900 } : {}))),
      );
      await section('Requests').scrollIntoViewIfNeeded();
      await panel.settle();
      assert.deepEqual((await names()).slice(0, 2), ['#0', '#1']);
      await sorter('TTFT').click();
      await panel.settle();
      assert.deepEqual((await names()).slice(0, 2), ['#9', '#39']);
      assert.equal(await section('Requests').locator('[aria-sort="descending"]').count(), 1);
      await sorter('TTFT').click();
      await panel.settle();
      assert.deepEqual((await names()).slice(0, 2), ['#0', '#1']);
      const show = panel.page.locator('vscode-dropdown[aria-label="Requests to list"]');
      await show.click();
      await panel.page.locator('vscode-option', { hasText: 'Failed (1)' }).click();
      await panel.settle();
      assert.deepEqual(await names(), ['#7']);
      await show.click();
      await panel.page.locator('vscode-option', { hasText: 'Over a limit' }).click();
      await panel.settle();
      assert.deepEqual(await names(), ['#9']);
    });

    it('finds what only the files know', async () => {
      await panel.snapshot(withPoints(known(40)));
      await panel.posted();
      await panel.page.locator('.requests vscode-text-field').click();
      await panel.page.keyboard.type('http_429');
      assert.deepEqual(await awaited('find'), [{ type: 'find', ...AT, text: 'http_429' }]);
      await panel.reply({
        type: 'found',
        ...AT,
        text: 'http_429',
        ids: ['sim/steady chat/3', 'sim/steady chat/5'],
        complete: true,
      });
      await section('Requests').scrollIntoViewIfNeeded();
      await panel.settle();
      assert.deepEqual(await names(), ['#3', '#5']);
      for (let i = 0; i < 8; i++) await panel.page.keyboard.press('Backspace');
      await panel.settle();
      assert.equal(await listed(), '40');
    });

    it('shows where the time of a request was spent, and why it failed', async () => {
      const list = known(3, (i) => (i === 1 ? { ok: false, ttft: null, itl: null, itlMax: null, e2e: null } : {}));
      await panel.snapshot(withPoints(list));
      await section('Requests').scrollIntoViewIfNeeded();
      const rows = (await awaited('rows')).flatMap(({ ids }) => ids);
      assert.deepEqual(
        rows,
        list.map(({ request }) => request),
      );
      await panel.reply({ type: 'rows', rows: list.map((point) => rowOf(point)) });
      const first = panel.page.locator('.rows .row').first();
      assert.match(
        (await first.locator('.c-waterfall').getAttribute('aria-label')) ?? '',
        /^wait 3 ms, connect 6 ms, prefill 91 ms, decode \d+ ms$/,
      );
      const widths = await first
        .locator('.phase')
        .evaluateAll((bars) => bars.map((bar) => bar.getBoundingClientRect()).map(({ left, right }) => [left, right]));
      // The shortest of them are wider than their time, or they could not be seen.
      widths.slice(1).forEach(([left = 0], i) => assert.ok(left >= (widths[i]?.[0] ?? 0), JSON.stringify(widths)));
      assert.deepEqual((await panel.texts('.rows .c-outcome'))[1], 'http_429');
      assert.equal(await panel.page.locator('.rows .phase-end:visible').count(), 1);
    });

    it('keeps its order while requests arrive, and offers the new ones', async () => {
      const state = runningState();
      await panel.snapshot(state);
      await section('Requests').scrollIntoViewIfNeeded();
      await sorter('End to end').click();
      await panel.settle();
      const before = await names();
      await panel.delta({ kind: 'points', ...AT, points: known(3, () => ({ e2e: 99_999 })) });
      assert.deepEqual(await names(), before);
      await section('Requests').getByText('Show 3 new').click();
      await panel.settle();
      assert.notDeepEqual(await names(), before);
    });

    it('opens a request with keys alone, steps on, and gives the focus back', async () => {
      await panel.snapshot(withPoints(known(40)));
      await panel.page.locator('.requests-view').focus();
      for (const key of ['ArrowDown', 'ArrowDown', 'Enter']) await panel.page.keyboard.press(key);
      assert.deepEqual(await panel.texts('.dock h2'), ['Request #1']);
      assert.equal(await panel.page.evaluate('document.activeElement.textContent'), 'Request #1');
      await panel.page.locator('.dock vscode-button[aria-label="Next request"]').focus();
      await panel.page.keyboard.press('Enter');
      assert.deepEqual(await panel.texts('.dock h2'), ['Request #2']);
      await panel.page.keyboard.press('Escape');
      assert.equal(await panel.page.locator('.dock').isVisible(), false);
      assert.notEqual(await panel.page.evaluate('document.activeElement.tagName'), 'BODY');
    });

    it('is what a tile leads to', async () => {
      await panel.snapshot(
        withPoints(known(40, (i) => (i === 9 ? { ttft: 900 } : i === 3 ? { ok: false, ttft: null } : {}))),
      );
      await panel.page.locator('.tile', { hasText: 'TTFT p99' }).click();
      await panel.settle();
      assert.deepEqual(await names(), ['#9']);
      await panel.page.locator('.tile', { hasText: 'Error rate' }).click();
      await panel.settle();
      assert.deepEqual(await names(), ['#3']);
    });
  });

  describe('one request', () => {
    const list = known(5);

    beforeEach(async () => {
      panel = await browser.open();
      await panel.snapshot(withPoints(list));
    });

    it('has its instants, prompt, answer and assertions', async () => {
      const [, point] = list;
      assert.ok(point);
      await panel.posted();
      await openRequest(point);
      assert.deepEqual((await asked('request')).at(-1), { type: 'request', id: point.request });
      const part = (title: string) => panel.page.locator(`.dock section[aria-label="${title}"]`);
      const instants = await part('Timeline')
        .locator('tbody tr')
        .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)));
      assert.deepEqual(instants[0], ['scheduled', '0 ms', '']);
      assert.deepEqual(instants[4], ['first token', '101 ms', '+81 ms']);
      assert.match(
        (await part('Timeline').locator('canvas').getAttribute('aria-label')) ?? '',
        /prefill 92 ms.*120 content events/,
      );
      assert.match(
        (await panel.texts('.dock section[aria-label="Prompt"]'))[0] ?? '',
        /system.*shop Acme.*user.*return my shoes/,
      );
      const answer = (await panel.texts('.dock section[aria-label="Answer"]'))[0] ?? '';
      assert.match(answer, /Fail\s*contains\s*does not contain "30 days"/);
      assert.deepEqual(await panel.texts('.dock mark.span-passed'), ['return']);
      assert.equal(await panel.page.locator('.dock .dock-head .link').textContent(), 'Names the return window');
      const { variables } = (await themes()).dark;
      assert.ok((await panel.pixels('.dock canvas', variables['--vscode-charts-blue'] ?? '')) > 50);
    });

    it('moves nothing when it opens', async () => {
      const tops = () =>
        panel.page
          .locator('.tiles:visible, .chart:visible, .requests:visible')
          .evaluateAll((all) => all.map((element) => Math.round(element.getBoundingClientRect().top + window.scrollY)));
      const before = await tops();
      const [point] = list;
      assert.ok(point);
      await openRequest(point);
      assert.deepEqual(await tops(), before);
    });

    it('says so where nothing more is known', async () => {
      const [point] = list;
      assert.ok(point);
      await plot('Time to first token').focus();
      await panel.page.keyboard.press('Home');
      await panel.reply({ type: 'request', id: point.request, detail: null, error: 'The folder of the run is gone.' });
      assert.deepEqual(await panel.texts('.dock-note'), ['The folder of the run is gone.']);
      await panel.snapshot(withPoints(list, { can: { pin: false, rerunFailed: false, files: false } }));
      await panel.posted();
      await plot('Time to first token').focus();
      await panel.page.keyboard.press('End');
      assert.match((await panel.texts('.dock-note'))[0] ?? '', /files of this run are not there/);
      assert.deepEqual(await asked('request'), []);
    });

    it('shows why there is no prompt and no answer', async () => {
      const [point] = list;
      assert.ok(point);
      await openRequest(
        point,
        detailOf(point, {
          prompt: { reason: 'It was made up.' },
          answer: null,
          answerReason: 'Not kept.',
          caseName: null,
        }),
      );
      assert.match((await panel.texts('.dock section[aria-label="Prompt"]'))[0] ?? '', /It was made up\./);
      assert.match((await panel.texts('.dock section[aria-label="Answer"]'))[0] ?? '', /Not kept\./);
    });

    it('never interprets what a file, a model or a server wrote', async () => {
      const [point] = list;
      assert.ok(point);
      const record = recordOf(point, {
        outcome: 'failed',
        finish_reason: CANARY,
        error: { kind: CANARY, message: CANARY },
      });
      const answer = caseRecord({
        outcome: 'failed',
        answer: CANARY,
        reasoning: CANARY,
        reason: CANARY,
        tool_calls: [{ id: '1', name: CANARY, arguments: CANARY }],
        turns: [
          { request: 'a', user: CANARY, answer: CANARY },
          { request: 'b', user: CANARY, answer: null },
        ],
        assertions: [
          {
            ...{ pointer: '/x', type: CANARY, name: CANARY, outcome: 'failed', score: 0.2, severity: 'warning' },
            ...{ reason: 'r', expected: CANARY, spans: [[0, 20]] },
            members: [
              { pointer: '/y', type: CANARY, outcome: 'error', score: null, severity: 'error', reason: CANARY },
            ],
          },
        ],
      });
      const prompt = {
        messages: [
          { role: 'user' as const, content: CANARY },
          { role: 'assistant' as const, content: '', tool_calls: [{ function: { name: CANARY } }] },
        ],
        cutCharacters: 3,
      };
      await panel.reply({
        type: 'rows',
        rows: [rowOf(point, { caseName: CANARY, errorKind: CANARY, outcome: 'failed' })],
      });
      await openRequest(point, { record, answer, prompt, caseName: CANARY, answerReason: '' });
      assert.equal(await panel.page.evaluate('globalThis.canary'), undefined);
      assert.equal(await panel.page.locator('main img, main script, main b').count(), 0);
      const texts = await panel.page.locator('.dock .answer').allTextContents();
      assert.ok(texts.filter((text) => text === CANARY).length >= 4, texts.join('\n'));
    });
  });

  describe('answers', () => {
    beforeEach(async () => {
      panel = await browser.open();
    });

    const rows = () => panel.texts('.cases summary');

    it('are seen while they stream, and get their verdict in place', async () => {
      const state = runningState();
      Object.assign(state.targets[0] ?? {}, { cases: [], streams: [] });
      await panel.snapshot(state);
      const part = (pointer: string, text: string) => ({
        ...{ kind: 'answer' as const, target: 'sim', case: pointer, repeat: 0, name: `Case ${pointer}` },
        text,
      });
      await panel.delta(part('/cases/0', 'You '), part('/cases/1', 'It '));
      await panel.delta(part('/cases/0', 'have 30 days.'));
      assert.deepEqual(await rows(), ['RunningCase /cases/0You have 30 days.', 'RunningCase /cases/1It']);
      assert.match((await panel.texts('.quality .section-head p'))[0] ?? '', /2 being answered$/);
      await panel.page.locator('.cases summary').first().click();
      assert.deepEqual(await panel.texts('.streamed'), ['You have 30 days.', 'It']);
      const element = await panel.page.locator('.cases li').first().elementHandle();
      await panel.delta({ kind: 'case', target: 'sim', record: caseRecord({ name: 'Case /cases/0' }) });
      assert.deepEqual(await rows(), ['PassCase /cases/0', 'RunningCase /cases/1It']);
      assert.equal(await element?.evaluate((node) => node.isConnected), true);
      assert.equal(await panel.page.locator('.cases details[open] .assertions').count(), 1);
      await panel.delta({ kind: 'status', status: 'crashed', statusText: 'The engine died.', verdict: 'error' });
      assert.deepEqual((await rows())[1], 'Cut offCase /cases/1It');
    });

    it('say what was said in a conversation, by the judge, and what is expected', async () => {
      const record = caseRecord({
        outcome: 'failed',
        turns: [
          { request: 'a', user: 'Hello?', answer: 'Hello.' },
          { request: 'b', user: 'And then?', answer: 'Bye.' },
        ],
        answer: 'Bye.',
        assertions: [
          {
            ...{ pointer: '/cases/0/assert/0', type: 'llm-rubric', outcome: 'failed', score: 0.4, severity: 'error' },
            reason: 'It does not say how long.',
            judge: { calls: 2, input_tokens: 300, output_tokens: 40, cost: 0.0012 },
            again: 'passed',
          },
          {
            ...{ pointer: '/cases/0/assert/1', type: 'equals', outcome: 'failed', score: 0, severity: 'warning' },
            ...{ reason: 'differs at character 1', expected: 'Good bye.', spans: [[0, 3]] },
          },
        ],
      });
      await panel.snapshot(runState({ targets: [target({ stages: [], cases: [record] })] }));
      await panel.page.locator('.cases summary').first().click();
      const [text = ''] = await panel.texts('.cases .answer-view');
      assert.match(text, /llm-rubric\s*score 0\.4\s*It does not say how long\./);
      assert.match(text, /judge: 2 requests · 340 tokens · \$0\.0012 · asked once more, the judge said pass/);
      assert.match(text, /equals\s*warning, does not decide\s*differs at character 1.*Expected\s*Good bye\./);
      assert.match(text, /Conversation\s*user\s*Hello\?\s*assistant\s*Hello\.\s*user\s*And then\?\s*assistant\s*Bye\./);
      assert.deepEqual(await panel.texts('.cases mark.span-failed'), ['Bye']);
    });

    it('are fetched as a whole where only their beginning was sent', async () => {
      const answer = 'word '.repeat(4000);
      const record = { ...caseRecord({ answer: `${answer}…` }), answerCharacters: 1_000_000 };
      await panel.snapshot(runState({ targets: [target({ stages: [], cases: [record] })] }));
      await panel.page.locator('.cases summary').first().click();
      await panel.posted();
      await panel.page.getByRole('button', { name: 'Show all 1,000,000 characters' }).click();
      assert.deepEqual(await asked('answer'), [{ type: 'answer', target: 'sim', case: '/cases/0', repeat: 0 }]);
      const whole = 'word '.repeat(200_000);
      await panel.reply({ type: 'answer', target: 'sim', case: '/cases/0', repeat: 0, answer: whole, reasoning: null });
      assert.equal(await panel.page.locator('.cases .answer').textContent(), whole);
      await panel.page.getByRole('button', { name: 'Open in an editor' }).click();
      await panel.reply({ type: 'answer', target: 'sim', case: '/cases/0', repeat: 0, answer: whole, reasoning: null });
      assert.equal((await asked('open-text'))[0]?.text.length, 1_000_000);
    });

    it('are counted, compared and priced', async () => {
      const state = runState({
        baseline: { run: 'r0', started_at: '', pairs: [], regressions: [], improvements: [] },
        targets: [
          target({
            stages: [],
            qualityResult: quality(),
            cost: { total: 0.5, per_request: 0.01, per_1m_output: null, per_good: null },
          }),
        ],
      });
      await panel.snapshot(state);
      const [facts = ''] = await panel.texts('section[aria-label="Quality and cost"]');
      assert.match(facts, /Passed\s*66\.7% · 95% CI 30–90\.3 · n 6/);
      assert.match(facts, /pass@3 100%/);
      assert.match(facts, /Says how long a refund takes 2\/3/);
      assert.match(facts, /disagreed with itself on 1 of 3/);
      assert.match(facts, /\$0\.50 in all · \$0\.01 a request/);
      assert.match((await panel.texts('.comparison summary'))[0] ?? '', /Nothing in common with the baseline r0\./);
      const flaky = panel.page.locator('vscode-checkbox', { hasText: 'Only flaky cases' });
      await flaky.click();
      assert.deepEqual(await panel.texts('.case-name'), ['Says how long a refund takes']);
    });

    it('of a load stage that were wrong are shown on request', async () => {
      const judged = quality({
        passed: 90,
        failed: 10,
        cases: 100,
        pass_rate: 0.9,
        ci: [0.82, 0.95],
        judge: undefined,
      });
      const result = { name: 'steady chat', quality: judged } as never;
      await panel.snapshot(runState({ targets: [target({ stages: [stage({ result })] })] }));
      await panel.posted();
      await panel.page.getByText('Show wrong answers').click();
      assert.deepEqual(await asked('load-answers'), [{ type: 'load-answers', ...AT }]);
      await panel.reply({
        type: 'load-answers',
        ...AT,
        records: [caseRecord({ stage: 'steady chat', outcome: 'failed', answer: 'Wrong.' })],
      });
      await section('Quality and cost').locator('summary').click();
      assert.match((await panel.texts('section[aria-label="Quality and cost"] .answer'))[0] ?? '', /Wrong\./);
    });

    it('never interprets what is compared, counted or streamed', async () => {
      await panel.snapshot(
        runState({
          status: 'running',
          verdict: null,
          caveats: [CANARY],
          baseline: { run: CANARY, started_at: '', pairs: [], regressions: [CANARY], improvements: [], error: CANARY },
          targets: [
            target({
              error: CANARY,
              streams: [{ case: CANARY, repeat: 0, name: CANARY, text: CANARY }],
              qualityResult: quality({
                repeated: [{ case: CANARY, case_id: CANARY, name: CANARY, n: 2, passed: 1, distinct: 2 }],
              }),
              underLoad: {
                low: { stage: CANARY, pass_rate: 1, n: 9 },
                high: { stage: CANARY, pass_rate: 0.5, n: 9 },
                ...{ difference: -0.5, ci: [-0.9, -0.1], verdict: 'worse' },
              },
            }),
          ],
        }),
      );
      for (const summary of await panel.page.locator('.comparison summary, .cases summary').all())
        await summary.click();
      assert.equal(await panel.page.evaluate('globalThis.canary'), undefined);
      assert.equal(await panel.page.locator('main img, main script, main b').count(), 0);
      assert.ok((await panel.page.locator('.streamed').textContent())?.includes('<img'));
    });
  });

  describe('files', () => {
    beforeEach(async () => {
      panel = await browser.open();
      await panel.snapshot(withPoints(known(5)));
      await panel.posted();
    });

    it('are a chart as a picture, and its data as CSV and JSON', async () => {
      const save = section('Time to first token').locator('.menu');
      const choose = async (label: string) => {
        await save.locator('vscode-button').click();
        await save.getByRole('menuitem', { name: label }).click();
        return (await asked('save'))[0] ?? assert.fail(`nothing was saved as ${label}`);
      };
      const csv = await choose('Data (CSV)');
      assert.equal(csv.name, 'Shop assistant-steady chat-Time to first token');
      assert.equal(csv.data.split('\r\n')[0], 't_ms,ttft_ms,completed,warmup,request');
      assert.equal(csv.data.split('\r\n')[1], '1000,100,true,false,sim/steady chat/0');
      const json = JSON.parse((await choose('Data (JSON)')).data) as Record<string, unknown>[];
      assert.deepEqual(json[4]?.ttft_ms, 104);
      const png = await choose('Picture (PNG)');
      assert.equal(Buffer.from(png.data, 'base64').subarray(1, 4).toString(), 'PNG');
    });

    it('are all charts in one picture, and the run as JSON and CSV', async () => {
      const menu = panel.page.locator('.actions .menu');
      const exports = ['Metrics (CSV)', 'Requests (CSV)', 'Report (HTML)', 'Whole run (JSON)'];
      const items = ['Charts as a picture (PNG)', ...exports];
      for (const name of items) {
        await menu.locator('vscode-button').click();
        await menu.getByRole('menuitem', { name }).click();
      }
      const posted = await panel.posted();
      assert.deepEqual(
        posted.flatMap((message) => (message.type === 'export' ? message.what : [])),
        ['metrics', 'requests', 'report', 'run'],
      );
      const picture = posted.find((message) => message.type === 'save');
      assert.ok(picture?.type === 'save' && picture.kind === 'png');
      const bytes = Buffer.from(picture.data, 'base64');
      assert.ok(bytes.readUInt32BE(16) > 800 && bytes.readUInt32BE(20) > 600, 'width and height of the picture');
    });

    it('are chosen with keys alone', async () => {
      const menu = panel.page.locator('.actions .menu');
      await menu.locator('vscode-button').focus();
      await panel.page.keyboard.press('Enter');
      for (const key of ['ArrowDown', 'ArrowUp', 'End', 'Enter']) await panel.page.keyboard.press(key);
      assert.deepEqual(
        (await asked('export')).map(({ what }) => what),
        ['run'],
      );
      assert.equal(await menu.locator('.menu-list').isVisible(), false);
      await panel.page.keyboard.press('Enter');
      await panel.page.keyboard.press('Escape');
      assert.equal(await menu.locator('.menu-list').isVisible(), false);
    });
  });

  describe('states', () => {
    beforeEach(async () => {
      panel = await browser.open();
    });

    it('say what to do with a run that cannot be shown', async () => {
      await panel.snapshot(
        runState({
          ...{ title: 'a-run', status: 'error', verdict: null, startedAt: null, targets: [] },
          statusText: 'run.json has the schema promptrig.run/2. Update Promptrig to open it.',
          advice: 'Its files are untouched.',
        }),
      );
      await panel.posted();
      assert.match(
        (await panel.texts('.notice'))[0] ?? '',
        /Update Promptrig to open it\.\s?Its files are untouched\./,
      );
      assert.equal(await panel.page.locator('.body').isVisible(), false);
      await panel.page.locator('.notice vscode-button').click();
      assert.deepEqual(await panel.posted(), [{ type: 'show-files' }]);
    });

    it('say how much of a stored run is read, and what of it is damaged', async () => {
      await panel.snapshot(runState({ loading: { read: 25, total: 100 }, caveats: ['A line is damaged.'] }));
      const bar = panel.page.getByRole('progressbar', { name: 'Reading the requests of the run' });
      assert.equal(await bar.getAttribute('aria-valuenow'), '25');
      assert.match((await panel.texts('.facts'))[0] ?? '', /Reading its requests: 25%/);
      assert.deepEqual(await panel.texts('.caveats li'), ['A line is damaged.']);
      await panel.delta({ kind: 'run', patch: { loading: null } });
      assert.match((await panel.texts('.facts'))[0] ?? '', /1:00 measured/);
    });

    it('put the errors first where not one request was answered', async () => {
      const list = known(20, () => ({ ok: false, ttft: null, itl: null, itlMax: null, e2e: null }));
      const counts = { scheduled: 20, completed: 0, failed: 20, timed_out: 0, cancelled: 0, truncated: 0 };
      const errors = [{ kind: 'http_429', count: 20, example: 'The server is busy.' }];
      await panel.snapshot(
        runState({
          targets: [target({ cases: [], stages: [stage({ points: list, counts, errors, results: [], history: [] })] })],
        }),
      );
      assert.match(
        (await panel.texts('.errors'))[0] ?? '',
        /None of the 20 requests of this stage got an answer\. The server is busy\./,
      );
      const top = (selector: string) =>
        panel.page.locator(selector).evaluate((element) => element.getBoundingClientRect().top);
      assert.ok((await top('.errors')) < (await top('.requests')));
      assert.equal(await section('Histogram').isVisible(), false);
      assert.equal(await listed(), '20');
    });
  });

  describe('layout', () => {
    it('does not shift while a run streams in, as the browser itself counts it', async () => {
      panel = await browser.open();
      const state = runningState();
      for (const each of state.targets[0]?.stages ?? [])
        Object.assign(each, { points: [], history: [], results: [], errors: [] });
      await panel.snapshot(state);
      await panel.page.evaluate(`globalThis.shifts = [];
        new PerformanceObserver((list) => shifts.push(...list.getEntries().filter((e) => !e.hadRecentInput).map((e) => ({ value: e.value, nodes: e.sources.map(({ node, previousRect: a, currentRect: b }) => (node?.className ?? node?.nodeName) + ' in ' + node?.parentElement?.className + ' ' + [a.x, a.y, a.width, a.height] + ' > ' + [b.x, b.y, b.width, b.height]) }))))
          .observe({ type: 'layout-shift', buffered: false })`);
      const results = stage().results.map((result) => ({ ...result, verdict: 'pass' as const }));
      const samples = history(60_000);
      for (let i = 0; i < 12; i++) {
        const { ttftP50 = 0, ttftP99 = 0, itlP50 = 0, itlP99 = 0 } = samples[i] ?? {};
        await panel.delta(
          { kind: 'points', ...AT, points: points(40, { from: i * 40, failEvery: 13, lengthMs: 18_000 + i * 1000 }) },
          {
            kind: 'stage',
            ...AT,
            patch: {
              elapsedMs: 18_000 + i * 1000,
              rolling: { ttftP50, ttftP99, itlP50, itlP99 },
              results,
              errors: stage().errors.slice(0, i),
              counts: { scheduled: i * 40, completed: i * 39, failed: i, timed_out: 0, cancelled: 0, truncated: 0 },
              rps: 8000 + i,
              inFlight: i * 1000,
            },
          },
        );
      }
      assert.deepEqual(await panel.page.evaluate('shifts'), []);
    });

    for (const width of [1100, 400]) {
      it(`fits ${width} px with a request open and everything shown`, async () => {
        panel = await browser.open({ width });
        const long = 'a-name-without-any-space-'.repeat(8);
        const list = known(30);
        const [point] = list;
        assert.ok(point);
        await panel.snapshot(
          withPoints(list, {
            caveats: [long],
            baseline: { run: long, started_at: '', pairs: [], regressions: [], improvements: [], error: long },
          }),
        );
        await openRequest(
          point,
          detailOf(point, {
            caseName: long,
            record: recordOf(point, { error: { kind: long, message: long }, finish_reason: long }),
            prompt: { messages: [{ role: 'user', content: long }], cutCharacters: 0 },
          }),
        );
        await panel.reply({ type: 'rows', rows: list.map((one) => rowOf(one, { caseName: long })) });
        const overflow = await panel.page.evaluate<number>(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        );
        assert.equal(overflow, 0);
        const outside = await panel.page.locator('.dock').evaluate((dock) => dock.scrollWidth - dock.clientWidth);
        assert.equal(outside, 0);
      });
    }

    it('takes on a new theme in every chart', async () => {
      panel = await browser.open({ theme: 'dark' });
      await panel.page.setViewportSize({ width: 1100, height: 2400 });
      await panel.snapshot(withPoints(known(50)));
      await panel.settle();
      const all = await themes();
      const colors: [string, string][] = [
        ['Share of requests within a latency', '--vscode-charts-blue'],
        ['Rate', '--vscode-charts-blue'],
        ['Concurrency', '--vscode-charts-green'],
        ['Token throughput', '--vscode-charts-purple'],
      ];
      for (const theme of ['light', 'high-contrast'] as const) {
        await panel.setTheme(theme);
        for (const [title, name] of colors) {
          const canvas = `section[aria-label="${title}"] canvas`;
          assert.ok((await panel.pixels(canvas, all[theme].variables[name] ?? '')) > 20, `${title} in ${theme}`);
        }
      }
    });
  });

  describe('accessibility', () => {
    for (const theme of THEMES) {
      it(`has no violation that axe-core finds, in ${theme}`, async () => {
        panel = await browser.open({ theme });
        const list = known(30, (i) => (i === 4 ? { ok: false, ttft: null } : {}));
        const [point] = list;
        assert.ok(point);
        const pair = { first: 'a', second: 'b', cases: 9, only_first: 1, only_second: 8, difference: 0.7, ci: null };
        const more = {
          p_value: 0.01,
          p_adjusted: 0.02,
          verdict: 'second better' as const,
          lost: ['/cases/0'],
          won: [],
        };
        const state = withPoints(list, {
          comparison: { pairs: [{ ...pair, ...more }] },
          caveats: ['A line is damaged.'],
        });
        Object.assign(state.targets[0] ?? {}, {
          qualityResult: quality(),
          streams: [{ case: '/cases/8', repeat: 1, name: 'Streams', text: 'You have' }],
        });
        await panel.snapshot(state);
        await panel.reply({ type: 'rows', rows: list.map((one) => rowOf(one)) });
        await openRequest(point);
        await panel.page.locator('.comparison summary').click();
        await plot('Histogram').focus();
        await panel.page.keyboard.press('End');
        await panel.page.keyboard.press('Enter');
        await panel.settle();
        assert.deepEqual(await panel.accessibilityViolations(), []);
        await panel.page.locator('.actions .menu vscode-button').click();
        assert.deepEqual(await panel.accessibilityViolations(), [], 'with a menu open');
        if (theme !== 'dark') return;
        await panel.page.setViewportSize({ width: 400, height: 900 });
        await panel.settle();
        assert.deepEqual(await panel.accessibilityViolations(), [], 'in 400 px');
        await panel.snapshot(capacityState({ startedAt: '2026-03-03T00:00:00.000Z' }));
        assert.deepEqual(await panel.accessibilityViolations(), [], 'of another run');
      });
    }
  });
});
