import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { downloadAndUnzipVSCode } from '@vscode/test-electron';
import { findOnPath } from './command';
import { cacheRoot, repositoryRoot } from './paths';

const downloadSite = 'https://update.code.visualstudio.com';
const probeTimeoutMs = 3_000;

/** How a program that needs a display can be started here; undefined where it cannot. */
export function displayCommand(): string[] | undefined {
  if (process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY) return [];
  const xvfb = findOnPath('xvfb-run');
  return xvfb ? [xvfb, '--auto-servernum'] : undefined;
}

/**
 * Desktop VS Code of the oldest version the extension supports, downloaded once into `.vscode-test`; undefined where it
 * cannot be downloaded or has no display to show itself on.
 */
export async function downloadDesktop(): Promise<string | undefined> {
  if (displayCommand() === undefined || !(await isReachable(downloadSite))) return undefined;
  return downloadAndUnzipVSCode({
    version: process.env.PROMPTRIG_VSCODE_VERSION ?? (await oldestSupportedVersion()),
    cachePath: cacheRoot,
  });
}

async function oldestSupportedVersion(): Promise<string> {
  const manifest = JSON.parse(await readFile(join(repositoryRoot, 'package.json'), 'utf8')) as {
    engines: { vscode: string };
  };
  return manifest.engines.vscode.replace(/^\D+/, '');
}

async function isReachable(url: string): Promise<boolean> {
  try {
    await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(probeTimeoutMs) });
    return true;
  } catch {
    // Any failure means the same here: the other VS Code is used.
    return false;
  }
}
