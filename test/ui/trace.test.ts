import assert from 'node:assert/strict';
import { startSimulator, type Simulator } from '../../src/core/sim/server';
import { everythingShown } from './shown';
import { until } from './until';
import { freshWorkbench } from './window';
import type { Workbench } from './workbench';

const KEY = 'sk-canary-of-the-trace-3141';

describe('the trace of one case', () => {
  let bench: Workbench;
  let server: Simulator;

  before(async function () {
    this.timeout(120_000);
    // A server of the worst kind repeats the key.
    const script = [{ match: 'key', answer: `Your key is ${KEY}.` }];
    server = await startSimulator({ ttftMs: 40, itlMs: 2, answer: 'script', script }, { apiKey: KEY });
    bench = await freshWorkbench();
    await bench.open(
      'traced.eval.yaml',
      `name: Traced
endpoints:
  - name: far
    url: ${server.url}
    model: small
    headers: { x-team: blue }
prompt: "Question: {{ question }}"
cases:
  - name: asked
    vars: { question: what is my key }
    assert:
      - contains: key
`,
    );
  });
  after(() => server.close());

  it('shows the request as it was sent, without the key', async () => {
    const { page } = bench;
    // The key of an endpoint is set by the command of the same name.
    await bench.window.runCommand('Promptrig: Set API Key for Endpoint');
    await bench.choose('far');
    await bench.quickInput.locator('input[type="password"]').waitFor();
    await bench.type(KEY);
    await page.keyboard.press('Enter');
    await bench.quickInput.waitFor({ state: 'detached' });
    await bench.window.openFile('traced.eval.yaml');
    await bench.run(() => bench.pressLens('Debug'));
    assert.equal(server.requests().at(-1)?.outcome, 'completed');
    await bench.window.executeCommand('testing.showMostRecentOutput');
    // The output is a terminal, which has only what is in view in its document.
    const terminal = page.locator('.part.panel .xterm-screen').first();
    await terminal.waitFor();
    const shown = await until(
      'the trace is there',
      async () => {
        await terminal.hover();
        await page.mouse.wheel(0, -10_000);
        const text = (await page.locator('.part.panel .xterm-rows').allInnerTexts())
          .join('\n')
          .replaceAll('\u00a0', ' ');
        return /chat\/completions/.test(text) && /authorization/i.test(text) && text;
      },
      async () => page.locator('.part.panel').innerText(),
    );
    assert.match(shown, /x-team: blue/);
    assert.match(shown, /authorization: /i);
    for (const [where, text] of await everythingShown(bench)) {
      const at = text.indexOf(KEY);
      assert.equal(at, -1, `${where} shows the key: …${text.slice(Math.max(0, at - 200), at)}`);
    }
  });
});
