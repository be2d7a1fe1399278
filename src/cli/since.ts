import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { WORKSPACE_FILE } from '../core/spec/discover';
import { referencesTo } from '../core/spec/file-references';
import { CliError } from './exit-code';
import type { FoundFile } from './find-files';
import { git } from './git';
import { collectReferences } from './references';
import { gitRoot } from './repository-path';
import { shownPath, workspaceRoot } from './workspace-root';

export interface Changed {
  files: FoundFile[];
  /** How many of the files given have not changed. */
  leftOut: number;
}

/**
 * The eval files that have changed since a revision: those that differ from it themselves, or that refer to a file that does
 * (a prompt, a dataset, a schema, the workspace's `promptrig.yaml`), files that git does not know yet included.
 * @throws CliError where git, a repository or the revision is missing
 */
export async function changedSince(files: readonly FoundFile[], revision: string, cwd: string): Promise<Changed> {
  const repositories = new Map<string, Promise<ReadonlySet<string>>>();
  const kept: FoundFile[] = [];
  for (const file of files) {
    // Git answers with real paths, whatever links led here.
    const real = await fs.realpath(file.path);
    const root = gitRoot(path.dirname(real));
    if (root === undefined) {
      throw new CliError(`--since needs a git repository, and ${shownPath(file.path, cwd)} is in none.`);
    }
    const changed = repositories.get(root) ?? changedFiles(root, revision);
    repositories.set(root, changed);
    if (await touches(real, cwd, await changed)) kept.push(file);
  }
  return { files: kept, leftOut: files.length - kept.length };
}

/** Absolute paths of what differs from a revision, in the work tree as it is. */
async function changedFiles(root: string, revision: string): Promise<ReadonlySet<string>> {
  const top = await git(root, ['rev-parse', '--show-toplevel']);
  if (!top.ok) throw new CliError(`--since needs a git repository, and git refuses ${root}: ${top.reason}.`);
  const commit = await git(root, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]);
  if (!commit.ok) {
    throw new CliError(
      `--since ${revision}: git knows no such revision here. Fetch it first; in CI, check out the whole history (fetch-depth: 0).`,
    );
  }
  const folder = path.normalize(top.stdout.replace(/\r?\n$/, ''));
  const lists = await Promise.all([
    git(folder, ['diff', '--name-only', '--no-renames', '-z', commit.stdout.trim(), '--']),
    git(folder, ['ls-files', '--others', '--exclude-standard', '-z']),
  ]);
  const found = new Set<string>();
  for (const { ok, stdout, reason } of lists) {
    if (!ok) throw new CliError(`--since ${revision}: git could not list the changes: ${reason}.`);
    for (const name of stdout.split('\0')) if (name !== '') found.add(path.join(folder, name));
  }
  return found;
}

async function touches(file: string, cwd: string, changed: ReadonlySet<string>): Promise<boolean> {
  if (changed.has(file)) return true;
  const shared = path.join(workspaceRoot(path.dirname(file), cwd), WORKSPACE_FILE);
  for (const owner of [file, shared]) {
    if (changed.has(owner)) return true;
    const references = await collectReferences(owner);
    for (const name of changed) if (referencesTo(references, name).length > 0) return true;
  }
  return false;
}
