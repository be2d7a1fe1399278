/** Takes the baselines that a run was pinned as away again. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { messageOf, PromptrigError } from '../util/errors';
import { pinnedHeads } from './pinned-heads';
import { pinnedFolder } from './pinned-path';

export interface UnpinnedFile {
  path: string;
  /** What it held, to put it back. */
  text: string;
}

/**
 * Removes the baselines of a run.
 * @returns what was removed; nothing where the run is not pinned
 * @throws PromptrigError `unsupported` of a file with a merge conflict, whose other side would go with it; `results_write` where one
 * cannot be removed
 */
export async function unpinBaselines(root: string, run: string): Promise<UnpinnedFile[]> {
  const heads = (await pinnedHeads(root)).filter((head) => head.run === run);
  const conflict = heads.find((head) => head.conflict);
  if (conflict !== undefined) {
    throw new PromptrigError(
      'unsupported',
      `${conflict.path} holds both sides of a merge conflict, of which this run is one. Resolve it first, or pin another run in its place.`,
    );
  }
  const removed: UnpinnedFile[] = [];
  for (const file of new Set(heads.map((head) => head.path))) {
    try {
      const text = await fs.readFile(file, 'utf8');
      await fs.rm(file);
      removed.push({ path: file, text });
    } catch (error) {
      throw new PromptrigError('results_write', `The baseline ${file} could not be removed: ${messageOf(error)}.`, {
        cause: error,
      });
    }
    await removeEmpty(path.dirname(file), pinnedFolder(root));
  }
  return removed;
}

/** Puts removed baselines back where nothing has taken their place. */
export async function repinBaselines(files: readonly UnpinnedFile[]): Promise<void> {
  for (const { path: file, text } of files) {
    try {
      await fs.mkdir(path.dirname(file), { recursive: true });
      await fs.writeFile(file, text, { flag: 'wx' });
    } catch (error) {
      const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST';
      const why = isThere ? 'another run was pinned meanwhile' : messageOf(error);
      throw new PromptrigError('results_write', `The baseline ${file} could not be put back: ${why}.`, {
        cause: error,
      });
    }
  }
}

/** Version control keeps no empty folders, so neither do we. */
async function removeEmpty(folder: string, top: string): Promise<void> {
  if (!folder.startsWith(top + path.sep)) return;
  try {
    await fs.rmdir(folder);
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST', 'ENOENT', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return;
    throw error;
  }
  await removeEmpty(path.dirname(folder), top);
}
