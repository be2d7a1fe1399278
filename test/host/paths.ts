import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The package's root: the folder with package.json. */
export const repositoryRoot = resolve(__dirname, '../..');

/** Everything downloaded for tests; ignored by git, safe to delete. */
export const cacheRoot = join(repositoryRoot, '.vscode-test');

/** Where a window that failed leaves its last screenshot and logs. */
export const diagnosticsRoot = join(cacheRoot, 'diagnostics');

/** The program that test-electron starts in place of desktop VS Code. */
export const launcherPath = join(repositoryRoot, 'test/host/launcher.cjs');

export const examplesFolder = join(repositoryRoot, 'media/examples');

/** The first of the paths that exists. */
export function firstExisting(paths: Iterable<string | undefined>): string | undefined {
  for (const path of paths) {
    if (path && existsSync(path)) return path;
  }
  return undefined;
}
