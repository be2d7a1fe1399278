/** What mocha does around the whole suite: a picture of each failure, and the end of the window. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { diagnosticsRoot } from '../host/paths';
import { closeSharedWindow, currentWindow } from './window';

export const mochaHooks = {
  async afterEach(this: Mocha.Context): Promise<void> {
    const test = this.currentTest;
    if (test?.state !== 'failed') return;
    const window = await currentWindow();
    if (window === undefined) return;
    await mkdir(diagnosticsRoot, { recursive: true });
    const name = test.fullTitle().replace(/[^a-z0-9]+/gi, '-');
    const path = join(diagnosticsRoot, `ui-${name}.png`);
    await window.screenshot(path);
    console.log(`The window looked like this: ${path}`);
  },
  async afterAll(this: Mocha.Context): Promise<void> {
    this.timeout(30_000);
    await closeSharedWindow();
  },
};
