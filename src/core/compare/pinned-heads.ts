/**
 * Which runs are pinned, from the first lines of the baselines: a list of runs needs no more, and there may be a hundred files. What
 * cannot be used as a baseline (a merge conflict, a later version) names its runs all the same.
 */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { messageOf, PromptrigError } from '../util/errors';
import { PINNED_SUFFIX, pinnedFolder } from './pinned-path';

export interface PinnedHead {
  /** Absolute. */
  path: string;
  run: string;
  eval: string;
  target: string;
  /** Both sides of a merge are in it. */
  conflict: boolean;
}

/** Comment, names and origin; a commit or a machine with a long name included. */
const HEAD_BYTES = 8_192;

/**
 * What each baseline below a workspace's root is made of; of one with a merge conflict, both sides.
 * @throws PromptrigError `unreadable` where a folder or a file cannot be read
 */
export async function pinnedHeads(root: string): Promise<PinnedHead[]> {
  const folder = pinnedFolder(root);
  try {
    const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile() && entry.name.endsWith(PINNED_SUFFIX))
      .map((entry) => path.join(entry.parentPath, entry.name))
      .sort();
    return (await Promise.all(files.map(async (file) => headsOf(file, await headText(file))))).flat();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    throw new PromptrigError('unreadable', `The baselines in ${folder} could not be read: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

/** @param text the beginning of a baseline */
export function headsOf(file: string, text: string): PinnedHead[] {
  const all = (pattern: RegExp): string[] => [
    ...new Set([...text.matchAll(pattern)].map(([, value = '']) => scalarOf(value))),
  ];
  const [evalPath = ''] = all(/^eval: (.+)$/gm);
  const [target = ''] = all(/^target: (.+)$/gm);
  const conflict = /^(?:<{7}|={7}|>{7})(?= |$)/m.test(text);
  return all(/^ {2}run: (.+)$/gm).map((run) => ({ path: file, run, eval: evalPath, target, conflict }));
}

async function headText(file: string): Promise<string> {
  const handle = await fs.open(file);
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.toString('utf8', 0, bytesRead).replaceAll('\r\n', '\n');
  } finally {
    await handle.close();
  }
}

/** A text as the writer of baselines puts it: plain, or as JSON. */
function scalarOf(value: string): string {
  const trimmed = value.trim();
  if (!trimmed.startsWith('"')) return trimmed;
  try {
    return String(JSON.parse(trimmed));
  } catch (error) {
    // Cut off or edited by hand: as it stands it still says more than nothing.
    if (error instanceof SyntaxError) return trimmed;
    throw error;
  }
}
