import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startSimulator, type Simulator } from '../../src/core/sim/server';
import { until } from './until';
import { everythingShown } from './shown';
import { freshWorkbench } from './window';
import type { Workbench } from './workbench';

const KEY = 'sk-canary-of-the-form-2718';
const MODEL = 'small-model-8b';

describe('the guided way to an endpoint', () => {
  let bench: Workbench;
  let server: Simulator;

  before(async function () {
    this.timeout(120_000);
    server = await startSimulator({ ttftMs: 40, itlMs: 2 }, { apiKey: KEY, model: MODEL });
    bench = await freshWorkbench();
    await bench.showSidebar();
  });
  after(() => server.close());

  const begin = async (): Promise<void> => {
    const header = bench.pane('Endpoints').locator('.pane-header');
    await header.hover();
    await header.locator('.action-label[aria-label^="Add Endpoint"]').click();
    await bench.asks(/Add Endpoint \(1\/6\)/);
  };

  it('writes nothing when it is left by Escape', async () => {
    await begin();
    await bench.choose('vLLM');
    await bench.asks(/address \(2\/6\)/);
    await bench.page.keyboard.press('Escape');
    await bench.quickInput.waitFor({ state: 'detached' });
    await assert.rejects(readFile(join(bench.folder, 'promptrig.yaml')), { code: 'ENOENT' });
  });

  it('leads back without losing what was said, and refuses what cannot be an address', async () => {
    await begin();
    await bench.choose('vLLM');
    await bench.asks(/address \(2\/6\)/);
    assert.equal(await bench.inputValue(), 'http://127.0.0.1:8000/v1');
    await bench.type('ftp://nowhere');
    await bench.quickInput.getByText('must start with http').first().waitFor();
    await bench.page.keyboard.press('Enter');
    await bench.asks(/address \(2\/6\)/);
    await bench.type(server.url);
    await bench.page.keyboard.press('Enter');
    await bench.asks(/API key \(3\/6\)/);
    await bench.goBack();
    await bench.asks(/address \(2\/6\)/);
    assert.equal(await bench.inputValue(), server.url);
    await bench.page.keyboard.press('Enter');
    await bench.asks(/API key \(3\/6\)/);
  });

  it('takes a key that nobody sees, and lists the models that the server has', async () => {
    await bench.choose('Secret store');
    await bench.quickInput.locator('input[type="password"]').waitFor();
    await bench.type(KEY);
    await bench.page.keyboard.press('Enter');
    await bench.asks(/model \(4\/6\)/);
    await until(
      'the model is listed',
      async () => (await bench.choices()).some((choice) => choice.startsWith(MODEL)),
      () => bench.choices(),
    );
    await bench.choose(MODEL);
    await bench.asks(/name \(5\/6\)/);
    assert.equal(await bench.inputValue(), 'vllm');
    await bench.page.keyboard.press('Enter');
    await bench.asks(/where to save it \(6\/6\)/);
  });

  it('ends with one request and its time, and the endpoint where it was said to be', async () => {
    await bench.choose('promptrig.yaml of this workspace');
    await bench.asks(/test vllm/);
    await until(
      'the test has come out well',
      async () => (await bench.choices()).some((choice) => /TTFT [\d.]+ ms/.test(choice)),
      () => bench.choices(),
    );
    assert.equal(server.requests().at(-1)?.outcome, 'completed');
    await bench.page.keyboard.press('Enter');
    await bench.quickInput.waitFor({ state: 'detached' });
    const written = await readFile(join(bench.folder, 'promptrig.yaml'), 'utf8');
    assert.match(written, /name: vllm/);
    assert.ok(written.includes(server.url) && written.includes(MODEL), written);
    assert.ok(!written.includes(KEY));
    await until(
      'its row says so',
      async () => (await bench.rows('Endpoints')).some((said) => /^Endpoint vllm, ok · TTFT [\d.]+ ms/.test(said)),
      () => bench.rows('Endpoints'),
    );
  });

  it('has kept the key for runs, and shows it nowhere', async () => {
    await bench.open(
      'remote.eval.yaml',
      `name: Shop\nendpoints: [vllm]\nprompt: Say something.\ncases:\n  - name: anything\n    assert:\n      - not-contains: nothing of the kind\n`,
    );
    const before = server.requests().length;
    await bench.run(() => bench.pressLens('Run eval'));
    assert.ok(
      server
        .requests()
        .slice(before)
        .every(({ outcome }) => outcome === 'completed'),
    );
    assert.ok(server.requests().length > before);
    for (const [where, text] of await everythingShown(bench)) {
      const at = text.indexOf(KEY);
      assert.equal(at, -1, `${where} shows the key: …${text.slice(Math.max(0, at - 200), at)}`);
    }
  });
});
