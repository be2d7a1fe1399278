/** Deleted runs, kept for a while so that a deletion can be taken back. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';

/** Inside of the folder of runs, so that moving into it is a rename on the same disk. */
const TRASH = '.trash';
const KEPT_MS = 24 * 3_600_000;

export interface TrashedRun {
  /** Where it was. */
  dir: string;
  /** Where it is. */
  trashed: string;
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

/** Puts a run back to where it was. @throws where another one has its place by now */
export async function restoreRun({ dir, trashed }: TrashedRun): Promise<void> {
  await fs.rename(trashed, dir);
}

/** Removes for good what was deleted more than a day ago. */
export async function emptyTrash(runsDir: string, nowMs: number): Promise<void> {
  const trash = path.join(runsDir, TRASH);
  let names: string[];
  try {
    names = await fs.readdir(trash);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  let left = names.length;
  for (const name of names) {
    const atMs = Number(/^(\d+)-/.exec(name)?.[1] ?? Number.NaN);
    // What nobody here has put there is not ours to remove.
    if (!(nowMs - atMs > KEPT_MS)) continue;
    await fs.rm(path.join(trash, name), { recursive: true, force: true });
    left--;
  }
  if (left === 0) await fs.rmdir(trash);
}
