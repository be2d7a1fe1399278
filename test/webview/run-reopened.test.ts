/** A run panel that is closed while its run goes on, with the extension's own reducer and sender at the other end. */
import assert from 'node:assert/strict';
import { DeltaSender } from '../../src/extension/webviews/delta-sender';
import { RunPanelModel } from '../../src/extension/webviews/run-panel-state';
import { toWire } from '../../src/protocol/run-panel-wire';
import type { EngineEvent } from '../../src/protocol/events';
import { systemClock } from '../../src/core/util/clock';
import { point, record, tick } from '../unit/extension/support';
import { PanelBrowser, type PanelPage } from './panel-page';

const BEGINNING: EngineEvent[] = [
  {
    ...{ type: 'run-started', runId: 'r', dir: '/runs/r', name: 'chat' },
    targets: [{ id: 'sim', endpoint: 'sim', model: 'm', prompt: 'default', stages: ['load'] }],
  },
  {
    ...{ type: 'stage-started', target: 'sim', stage: 'load', pattern: 'poisson', plannedMs: 10_000 },
    ...{ plannedRequests: null, warmupMs: 0, cooldownMs: 0, rate: 8, slos: [] },
  },
];

describe('run panel: closed in the middle of a run', function () {
  this.timeout(60_000);
  let browser: PanelBrowser;
  before(async () => {
    browser = await PanelBrowser.start();
  });
  after(async () => {
    await browser.stop();
  });

  /** A panel that is open: what it posts reaches the sender, and what the sender posts reaches it. */
  class Opened {
    readonly sender: DeltaSender;
    private sent: Promise<void> = Promise.resolve();

    constructor(
      model: RunPanelModel,
      readonly panel: PanelPage,
    ) {
      this.sender = new DeltaSender(
        () => model.state,
        (message) => {
          this.sent = this.sent.then(() => panel.page.evaluate(`fakeHost.send(${JSON.stringify(toWire(message))})`));
        },
        systemClock,
      );
    }

    /** Hands over messages until the page shows what is wanted. */
    async until(shown: () => Promise<boolean>): Promise<void> {
      for (let i = 0; i < 200; i++) {
        for (const message of await this.panel.posted()) this.sender.onMessage(message);
        await this.sent;
        if (await shown()) return;
        await this.panel.page.waitForTimeout(25);
      }
      assert.fail('the page does not show it');
    }

    async listed(count: string): Promise<void> {
      await this.until(async () => (await this.panel.texts('.requests .section-head p'))[0] === count);
    }
  }

  it('shows the run as it is by then when it is opened again, and goes on', async () => {
    const model = new RunPanelModel();
    model.begin('chat', 'chat.eval.yaml', '2026-01-01T00:00:00.000Z', []);
    model.apply(BEGINNING);
    const first = new Opened(model, await browser.open());
    first.sender.push(model.apply([tick(1, 1000, [point(100), point(200)])]));
    await first.listed('2');
    await first.panel.close();
    first.sender.dispose();

    // Nobody looks: answers end, one is under way, a request fails.
    first.sender.push(model.apply([tick(2, 2000, [point(1100)])]));
    model.apply([{ type: 'case-finished', record: record('/cases/0', 'first', []) }]);
    model.apply([{ type: 'answer-delta', target: 'sim', case: '/cases/1', repeat: 0, text: 'The begin' }]);
    model.apply([tick(3, 3000, [point(2100, { ok: false, ttft: null, itl: null, itlMax: null, e2e: null })])]);

    const second = new Opened(model, await browser.open());
    await second.listed('4');
    const { panel } = second;
    assert.equal((await panel.texts('.facts .badge'))[0], 'Running');
    assert.match((await panel.texts('section.quality .section-head'))[0] ?? '', /1 of 1 passed · 1 being answered/);
    assert.match((await panel.texts('section.quality .cases > li'))[1] ?? '', /The begin/);
    second.sender.push(model.apply([tick(4, 4000, [point(3100)])]));
    second.sender.push(
      model.apply([{ type: 'answer-delta', target: 'sim', case: '/cases/1', repeat: 0, text: 'ning' }]),
    );
    await second.listed('5');
    await second.until(async () => /The beginning/.test((await panel.texts('section.quality .cases > li'))[1] ?? ''));
    second.sender.push(model.end('completed', '', null));
    await second.until(async () => (await panel.texts('.facts .badge'))[0] === 'Completed');
    assert.deepEqual(panel.errors, []);
    assert.deepEqual(await panel.violations(), []);
    second.sender.dispose();
    await panel.close();
  });
});
