import * as fs from 'node:fs';
import * as path from 'node:path';
import { WORKSPACE_FILE } from '../core/spec/discover';

/**
 * The folder that results and `promptrig.yaml` belong to: the nearest ancestor of `start` (itself included) that holds
 * `promptrig.yaml` or `.git`; else `cwd`. Both commands and the editor so agree on one `.promptrig` folder per repository.
 */
export function workspaceRoot(start: string, cwd: string): string {
  for (let folder = path.resolve(start); ; folder = path.dirname(folder)) {
    if ([WORKSPACE_FILE, '.git'].some((name) => fs.existsSync(path.join(folder, name)))) return folder;
    if (folder === path.dirname(folder)) return cwd;
  }
}

/** Where runs are stored: `out` (relative to `cwd`) where it is given, else `.promptrig/runs` under the workspace's root. */
export function runsFolder(root: string, out: string | undefined, cwd: string): string {
  return out === undefined ? path.join(root, '.promptrig', 'runs') : path.resolve(cwd, out);
}

/** A path as a person would type it here: relative where it lies below `cwd`, else as it is. */
export function shownPath(file: string, cwd: string): string {
  const relative = path.relative(cwd, file);
  return relative === '' || relative.startsWith('..') || path.isAbsolute(relative) ? file : relative;
}
