import { chromium } from 'playwright-core';
import { findOnPath, runCommand } from './command';
import { runMain } from './main';
import { firstExisting } from './paths';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'];

const macApplications = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
];

/**
 * The path of a Chromium that starts: `CHROME_PATH`, one on PATH, an installed application, or Playwright's own; on a
 * Debian machine where the process is root it is installed when there is none.
 * @throws Error with the one thing to do when there is none and none can be installed.
 */
export async function ensureChromium(): Promise<string> {
  const wanted = process.env.CHROME_PATH;
  if (wanted) {
    if (!(await starts(wanted))) throw new Error(`CHROME_PATH is ${wanted}, which is not a browser that starts.`);
    return wanted;
  }
  const found = await findChromium();
  if (found) return found;
  if (process.platform === 'linux' && process.getuid?.() === 0 && findOnPath('apt-get')) {
    await installChromium();
    const installed = await findChromium();
    if (installed) return installed;
  }
  throw new Error('No Chromium was found: install Chromium or Google Chrome, or set CHROME_PATH to one.');
}

async function findChromium(): Promise<string | undefined> {
  for (const candidate of [
    ...names.map(findOnPath),
    firstExisting(process.platform === 'darwin' ? macApplications : []),
    firstExisting(windowsApplications()),
    firstExisting([chromium.executablePath()]),
  ]) {
    if (candidate && (await starts(candidate))) return candidate;
  }
  return undefined;
}

function windowsApplications(): string[] {
  const folders = [process.env.PROGRAMFILES, process.env['PROGRAMFILES(X86)'], process.env.LOCALAPPDATA];
  return folders.flatMap((folder) => (folder ? [`${folder}\\Google\\Chrome\\Application\\chrome.exe`] : []));
}

/** Some distributions put a program of that name on PATH that only says how to install the real one. */
async function starts(path: string): Promise<boolean> {
  // Chrome on Windows opens a window for --version, and there a file of that name is the browser.
  if (process.platform === 'win32') return firstExisting([path]) !== undefined;
  try {
    return /\d+\.\d+\.\d+/.test(await runCommand(path, ['--version'], { timeoutMs: 30_000 }));
  } catch {
    return false;
  }
}

async function installChromium(): Promise<void> {
  console.log('Installing Chromium with apt-get, once.');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // Another apt-get may hold the lock on a machine that has just started.
  const wait = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3'];
  await runCommand('apt-get', [...wait, 'update'], { env, timeoutMs: 300_000 });
  await runCommand('apt-get', [...wait, 'install', '-y', '--no-install-recommends', 'chromium'], {
    env,
    timeoutMs: 900_000,
  });
}

if (require.main === module) {
  runMain(async () => {
    console.log(`Chromium: ${await ensureChromium()}`);
  });
}
