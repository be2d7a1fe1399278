import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { discoverFiles } from '../core/spec/discover';
import { messageOf } from '../core/util/errors';
import { CliError } from './exit-code';
import { shownPath } from './workspace-root';

export interface FoundFile {
  /** Absolute. */
  path: string;
  /** Named on the command line, rather than found in a folder. */
  named: boolean;
}

/**
 * The files that paths stand for: a file itself, whatever its name, and those of a folder that the format's names cover. Each once, in
 * the order of the arguments. Throws CliError for a path that is not there and where nothing was found.
 */
export async function findFiles(paths: readonly string[], cwd: string): Promise<FoundFile[]> {
  const found = new Map<string, FoundFile>();
  for (const given of paths) {
    const absolute = path.resolve(cwd, given);
    const isFolder = await fs.stat(absolute).then(
      (stats) => stats.isDirectory(),
      (error: NodeJS.ErrnoException) => {
        const why = error.code === 'ENOENT' ? 'There is no such file or folder' : messageOf(error);
        throw new CliError(`${given}: ${why}.`);
      },
    );
    if (!isFolder) {
      found.set(absolute, { path: absolute, named: true });
      continue;
    }
    for (const file of await discoverFiles(absolute)) {
      const native = path.normalize(file);
      if (!found.has(native)) found.set(native, { path: native, named: false });
    }
  }
  if (found.size === 0) {
    const where = paths.map((given) => shownPath(path.resolve(cwd, given), cwd)).join(', ');
    throw new CliError(`No eval files were found in ${where}. They are called *.eval.yaml or *.workload.yaml.`);
  }
  return [...found.values()];
}
