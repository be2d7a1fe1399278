import assert from 'node:assert/strict';
import { PanelBrowser, type PanelPage } from './panel-page';
import { points, runState, stage, target } from './run-fixture';

const CAN = { pin: true, rerunFailed: false, files: true };

describe('run panel: marks and requests that a reader comes for', function () {
  this.timeout(60_000);
  let browser: PanelBrowser;
  let panel: PanelPage;

  before(async () => {
    browser = await PanelBrowser.start();
  });

  after(async () => {
    await browser.stop();
  });

  beforeEach(async () => {
    panel = await browser.open();
  });

  afterEach(async () => {
    try {
      assert.deepEqual(panel.errors, []);
      assert.deepEqual(await panel.violations(), []);
    } finally {
      await panel.close();
    }
  });

  it('pins a run, says that it is pinned, and unpins it', async () => {
    await panel.snapshot(runState({ can: CAN, marks: { pinned: [], note: '', keep: false } }));
    await panel.posted();
    await panel.page.locator('vscode-button', { hasText: 'Pin as baseline' }).click();
    assert.deepEqual(await panel.posted(), [{ type: 'pin' }]);
    assert.equal(await panel.page.locator('.marks .codicon-pinned').isVisible(), false);
    await panel.delta({ kind: 'run', patch: { marks: { pinned: ['sim'], note: '', keep: false } } });
    assert.match((await panel.texts('.marks'))[0] ?? '', /^Pinned as baseline/);
    await panel.posted();
    await panel.page.locator('vscode-button', { hasText: 'Unpin baseline' }).click();
    assert.deepEqual(await panel.posted(), [{ type: 'unpin' }]);
  });

  it('shows a note as the text it is, and asks for another', async () => {
    const note = '<img src=x onerror="boom()"> after the new prompt';
    await panel.snapshot(runState({ can: CAN, marks: { pinned: [], note, keep: true } }));
    assert.deepEqual(await panel.texts('.note-text'), [note]);
    assert.equal(await panel.page.locator('.marks', { hasText: 'Kept' }).isVisible(), true);
    await panel.posted();
    await panel.page.locator('button', { hasText: 'Edit note' }).click();
    assert.deepEqual(await panel.posted(), [{ type: 'note' }]);
    assert.deepEqual(await panel.accessibilityViolations(), []);
  });

  it('opens the request that the reader came for once it is there, and once only', async () => {
    const request = 'sim/steady chat/7';
    const quiet = stage({ points: [] });
    const state = runState({ focus: { request, number: 1 }, loading: { read: 0, total: 9 } });
    state.targets = [target({ stages: [quiet] })];
    await panel.snapshot(state);
    const dock = panel.page.locator('.dock');
    assert.equal(await dock.isVisible(), false);
    await panel.delta(
      { kind: 'points', target: 'sim', stage: 'steady chat', points: points(40) },
      { kind: 'run', patch: { loading: null } },
    );
    assert.equal(await dock.isVisible(), true);
    assert.match((await panel.texts('.dock h2'))[0] ?? '', /Request .*7$/);
    const asked = await panel.posted();
    assert.ok(asked.some((message) => message.type === 'request' && message.id === request));
    await panel.page.keyboard.press('Escape');
    await panel.delta({ kind: 'run', patch: { caveats: [] } });
    assert.equal(await dock.isVisible(), false);
    await panel.delta({ kind: 'run', patch: { focus: { request: 'sim/steady chat/9', number: 2 } } });
    assert.match((await panel.texts('.dock h2'))[0] ?? '', /Request .*9$/);
  });

  it('asks for a request by its id where it was left out of the charts', async () => {
    const state = runState({ focus: { request: 'sim/steady chat/999999', number: 1 }, loading: null });
    await panel.snapshot(state);
    const asked = await panel.posted();
    assert.ok(asked.some((message) => message.type === 'request' && message.id === 'sim/steady chat/999999'));
  });
});
