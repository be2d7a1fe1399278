import { startSimulator } from '../../../src/core/sim/server';
import type { Scene } from '../scene';

/** The form that leads to an endpoint, step by step, down to its test. */
export const scene: Scene = {
  name: 'add-endpoint',
  viewport: { width: 1280, height: 800 },
  run: async (window) => {
    const server = await startSimulator({ ttftMs: 40, itlMs: 2 }, { model: 'small-model-8b' });
    const input = window.page.locator('.quick-input-widget:visible');
    const asks = (title: string | RegExp): Promise<void> =>
      input.locator('.quick-input-title', { hasText: title }).waitFor();
    const choose = (text: string): Promise<void> =>
      input.locator('.monaco-list-row', { hasText: text }).first().click();
    const capture = async (name: string): Promise<void> => {
      await window.page.waitForTimeout(500);
      await window.capture(name);
    };
    try {
      await window.executeCommand('promptrig.endpoints.focus');
      await window.runCommand('Promptrig: Add Endpoint');
      await asks(/\(1\/6\)/);
      await capture('add-endpoint-1');
      await choose('vLLM');
      await asks(/\(2\/6\)/);
      await input.locator('input.input:visible').first().fill('ftp://nowhere');
      await input.getByText('must start with http').first().waitFor();
      await capture('add-endpoint-2-refused');
      await input.locator('input.input:visible').first().fill(server.url);
      await window.page.keyboard.press('Enter');
      await asks(/\(3\/6\)/);
      await capture('add-endpoint-3');
      await choose('No key');
      await asks(/\(4\/6\)/);
      await input.locator('.monaco-list-row', { hasText: 'small-model-8b' }).first().waitFor();
      await capture('add-endpoint-4');
      await choose('small-model-8b');
      await asks(/\(5\/6\)/);
      await capture('add-endpoint-5');
      await window.page.keyboard.press('Enter');
      await asks(/\(6\/6\)/);
      await capture('add-endpoint-6');
      await choose('promptrig.yaml of this workspace');
      await asks(/test vllm/);
      await input
        .locator('.monaco-list-row', { hasText: /TTFT [\d.]+ ms/ })
        .first()
        .waitFor();
      await capture('add-endpoint-test');
    } finally {
      await server.close();
    }
  },
};
