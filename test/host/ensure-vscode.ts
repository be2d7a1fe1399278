import { ensureChromium } from './ensure-chromium';
import { displayCommand, downloadDesktop } from './desktop';
import { ensureServer } from './install-server';
import { runMain } from './main';
import { launcherPath } from './paths';

export interface Vscode {
  kind: 'desktop' | 'server';
  /** What test-electron starts as VS Code. */
  executable: string;
  /** Words before the command that starts it: `xvfb-run …` where there is no display. */
  prefix: string[];
}

/**
 * A VS Code that runs extension tests: the desktop one where it can be downloaded and shown, else the one of the npm
 * registry behind a launcher that takes the same arguments. `PROMPTRIG_VSCODE=desktop|server` chooses.
 * @throws Error with what is missing when neither can be had.
 */
export async function ensureVscode(): Promise<Vscode> {
  const wanted = process.env.PROMPTRIG_VSCODE;
  if (wanted && wanted !== 'desktop' && wanted !== 'server') {
    throw new Error(`PROMPTRIG_VSCODE is ${wanted}; it can be desktop or server.`);
  }
  if (wanted !== 'server') {
    const executable = await downloadDesktop();
    if (executable) return { kind: 'desktop', executable, prefix: displayCommand() ?? [] };
    if (wanted === 'desktop') {
      throw new Error('Desktop VS Code cannot be downloaded from here, or there is no display and no xvfb-run.');
    }
  }
  await ensureServer();
  await ensureChromium();
  return { kind: 'server', executable: launcherPath, prefix: [] };
}

if (require.main === module) {
  runMain(async () => {
    const { kind, executable } = await ensureVscode();
    console.log(`VS Code (${kind}): ${executable}`);
  });
}
