/** What the tests read of a panel's page: it has no names that a locator of the window would find. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Frame } from 'playwright-core';
import { repositoryRoot } from '../host/paths';

/** What axe-core finds in the page of a panel, as `rule: element` lines. */
export async function accessibilityViolations(frame: Frame): Promise<string[]> {
  const loaded = await frame.evaluate<boolean>("typeof axe !== 'undefined'");
  // Evaluated rather than added as a script: the page's policy rightly refuses a script without its nonce.
  if (!loaded) await frame.evaluate(await readFile(join(repositoryRoot, 'node_modules/axe-core/axe.min.js'), 'utf8'));
  return frame.evaluate<string[]>(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html.slice(0, 200))))`);
}

/** Texts of what matches, each on one line. */
export async function textsOf(frame: Frame, selector: string): Promise<string[]> {
  const texts = await frame.locator(selector).allTextContents();
  return texts.map((text) => text.replace(/\s+/g, ' ').trim());
}
