/**
 * `npm run screenshots [-- WORD…]`: pictures of each scene in each theme in `screenshots/THEME/`. Words select scenes and
 * themes by name: `npm run screenshots -- run-panel light`.
 */
import { readdirSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { launchBrowser } from './browser';
import { copyExamples } from './examples-copy';
import { runMain } from './main';
import { repositoryRoot } from './paths';
import type { Scene } from './scene';
import { openWindow, themes, type Theme } from './session';

const outputRoot = join(repositoryRoot, 'screenshots');

async function main(): Promise<number> {
  const words = process.argv.slice(2);
  const allThemes = (Object.keys(themes) as Theme[]).filter((theme) => theme !== 'high-contrast-light');
  const wantedThemes = words.filter((word): word is Theme => word in themes);
  const wantedScenes = words.filter((word) => !(word in themes));
  const scenes = (await discoverScenes()).filter(
    ({ name }) => wantedScenes.length === 0 || wantedScenes.some((word) => name.includes(word)),
  );
  if (scenes.length === 0) throw new Error(`No scene is called ${wantedScenes.join(' or ')}.`);

  // Ending by `exit` lets the server of the window that is open be ended, too.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const browser = await launchBrowser();
  let failed = 0;
  try {
    for (const scene of scenes) {
      for (const theme of wantedThemes.length > 0 ? wantedThemes : allThemes) {
        if (!(await take(scene, theme, browser))) failed += 1;
      }
    }
  } finally {
    await browser.close();
  }
  if (failed > 0) console.error(`${failed} of the scenes could not be taken.`);
  return failed === 0 ? 0 : 1;
}

async function discoverScenes(): Promise<Scene[]> {
  const folder = join(__dirname, 'scenes');
  const names = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  return Promise.all(
    names.sort().map(async (name) => {
      const { scene } = (await import(join(folder, name))) as { scene?: Scene };
      if (!scene) throw new Error(`scenes/${name} does not export a scene.`);
      return scene;
    }),
  );
}

/** Plays one scene in one theme; a scene that fails leaves a picture of where it stopped and lets the next one go on. */
async function take(scene: Scene, theme: Theme, browser: Browser): Promise<boolean> {
  const folder = join(outputRoot, theme);
  const stopped = join(folder, `${scene.name}-FAILED.png`);
  await mkdir(folder, { recursive: true });
  await rm(stopped, { force: true });
  const examples = await copyExamples();
  const startedAt = Date.now();
  try {
    const { viewport, settings } = scene;
    const window = await openWindow({ folder: examples.folder, theme, viewport, settings, browser });
    try {
      const capture = async (name: string, selector?: string): Promise<void> => {
        const path = join(folder, `${name}.png`);
        await window.screenshot(path, selector);
        console.log(path);
      };
      await scene.run({ ...window, capture });
    } catch (error) {
      await window.screenshot(stopped);
      throw error;
    } finally {
      await window.close();
    }
    console.log(`${scene.name} (${theme}): ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
    return true;
  } catch (error) {
    console.error(`${scene.name} (${theme}) failed; ${stopped}\n`, error);
    return false;
  } finally {
    await examples.remove();
  }
}

runMain(main);
