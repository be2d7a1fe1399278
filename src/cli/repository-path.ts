import * as fs from 'node:fs';
import * as path from 'node:path';
import type { CliIo } from './io';

/**
 * A file as CI names it: relative to the checkout, with forward slashes. The checkout is what the CI system says it is, else the
 * nearest ancestor with `.git`, else the current folder; a file outside of it keeps its absolute path.
 */
export function repositoryPath(file: string, { env, cwd }: Pick<CliIo, 'env' | 'cwd'>): string {
  const roots = [env.GITHUB_WORKSPACE, env.CI_PROJECT_DIR, gitRoot(path.dirname(file)), cwd];
  for (const root of roots) {
    if (root === undefined || root === '') continue;
    const relative = path.relative(root, file);
    if (relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative))
      return relative.replaceAll('\\', '/');
  }
  return file.replaceAll('\\', '/');
}

/** The nearest ancestor that holds `.git` (a file in a worktree or submodule); undefined where there is none. */
export function gitRoot(start: string): string | undefined {
  for (let folder = path.resolve(start); ; folder = path.dirname(folder)) {
    if (fs.existsSync(path.join(folder, '.git'))) return folder;
    if (folder === path.dirname(folder)) return undefined;
  }
}
