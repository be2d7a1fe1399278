import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import picomatch from 'picomatch';

/** Folders in which nobody means to find tests. */
const LEFT_OUT: ReadonlySet<string> = new Set(['node_modules', '.git', '.hg', '.svn', '.jj', '.promptrig']);
const DEEPEST = 20;

/** Sorted absolute paths of the files that an absolute glob matches. Links to folders are not followed. */
export async function globFiles(pattern: string): Promise<string[]> {
  const forward = pattern.replaceAll('\\', '/');
  const { base } = picomatch.scan(forward);
  const matches = picomatch(forward);
  const found: string[] = [];
  await walk(base === '' ? '/' : base, 0, (path) => {
    if (matches(path.replaceAll('\\', '/'))) found.push(path);
  });
  return found.sort();
}

async function walk(folder: string, depth: number, visit: (path: string) => void): Promise<void> {
  if (depth > DEEPEST) return;
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isFile()) visit(path);
    else if (entry.isDirectory() && !LEFT_OUT.has(entry.name)) await walk(path, depth + 1, visit);
  }
}
