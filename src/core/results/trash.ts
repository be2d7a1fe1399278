/** Deleted runs, kept for a while so that a deletion can be taken back. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { PromptrigError } from '../util/errors';

/** Inside of the folder of runs, so that moving into it is a rename on the same disk: a run is either here or there, never half. */
export const TRASH = '.trash';
const KEPT_MS = 24 * 3_600_000;

export interface TrashedRun {
  /** Where it was. */
  dir: string;
  /** Where it is. */
  trashed: string;
}

/** A run in the trash, with the instant at which it got there. */
export interface DeletedRun extends TrashedRun {
  deletedAt: Date;
}

/** Moves the folder of a run into the trash beside it. */
export async function trashRun(dir: string, nowMs: number): Promise<TrashedRun> {
  const trash = path.join(path.dirname(dir), TRASH);
  await fs.mkdir(trash, { recursive: true });
  // When it was deleted stands in its name: a rename does not change the time of the folder.
  const trashed = path.join(trash, `${nowMs}-${path.basename(dir)}`);
  await fs.rename(dir, trashed);
  return { dir, trashed };
}

/** Puts a run back to where it was. @throws PromptrigError where another one has its place by now, or the trash was emptied */
export async function restoreRun({ dir, trashed }: TrashedRun): Promise<void> {
  if (await isThere(dir))
    throw new PromptrigError(
      'results_write',
      `There is a run called ${path.basename(dir)} again. Move that one away first.`,
    );
  try {
    await fs.rename(trashed, dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new PromptrigError('not_found', `${path.basename(dir)} is no longer in the trash.`, { cause: error });
  }
}

/** What can be had back of one folder of runs, the last deleted first. */
export async function listTrash(runsDir: string): Promise<DeletedRun[]> {
  const trash = path.join(runsDir, TRASH);
  const found = (await namesIn(trash)).flatMap((name): DeletedRun[] => {
    const [, atMs, id] = /^(\d+)-(.+)$/.exec(name) ?? [];
    if (atMs === undefined || id === undefined) return [];
    return [{ dir: path.join(runsDir, id), trashed: path.join(trash, name), deletedAt: new Date(Number(atMs)) }];
  });
  return found.sort((a, b) => b.deletedAt.getTime() - a.deletedAt.getTime());
}

/** Removes for good what was deleted more than a day ago. */
export async function emptyTrash(runsDir: string, nowMs: number): Promise<void> {
  const trash = path.join(runsDir, TRASH);
  const names = await namesIn(trash);
  let left = names.length;
  for (const name of names) {
    const atMs = Number(/^(\d+)-/.exec(name)?.[1] ?? Number.NaN);
    // What nobody here has put there is not ours to remove.
    if (!(nowMs - atMs > KEPT_MS)) continue;
    await fs.rm(path.join(trash, name), { recursive: true, force: true });
    left--;
  }
  if (left > 0) return;
  try {
    await fs.rmdir(trash);
  } catch (error) {
    // Another window has put something there meanwhile, or has removed it itself.
    if (!['ENOTEMPTY', 'ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

async function namesIn(trash: string): Promise<string[]> {
  try {
    return await fs.readdir(trash);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function isThere(file: string): Promise<boolean> {
  try {
    await fs.lstat(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
