import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { fileReferences, type FileReference } from '../core/spec/file-references';
import { pinnedFolderOf, PINNED_SUFFIX } from '../core/compare/pinned-path';
import { parseEvalFile } from '../core/spec/parse';
import { nodeAt } from '../core/spec/tree';
import { workspaceRoot } from './workspace-root';

/** Larger files hold data and no references. */
const LARGEST_FILE = 1024 * 1024;
const DEEPEST = 4;

/**
 * Every file that an eval file refers to, and that the YAML and JSON files among those refer to in turn. A file that is not there or
 * cannot be read has no references: that is said, with its place, when it is planned.
 */
export async function collectReferences(file: string): Promise<FileReference[]> {
  // What is pinned for it judges it: where that changes, so may the verdict.
  const pinned = pinnedFolderOf(workspaceRoot(path.dirname(file), path.dirname(file)), file);
  const found: FileReference[] = [{ path: path.join(pinned, `*${PINNED_SUFFIX}`), isGlob: true, pointer: '' }];
  await collect(file, 0, found, new Set());
  return found;
}

async function collect(file: string, depth: number, found: FileReference[], seen: Set<string>): Promise<void> {
  if (seen.has(file) || depth > DEEPEST) return;
  seen.add(file);
  const text = await textOf(file);
  if (text === null) return;
  const document = parseEvalFile(text, file);
  const own = fileReferences(document);
  const baseline = document.root === null ? undefined : nodeAt(document.root, ['baseline']);
  if (baseline?.kind === 'scalar' && typeof baseline.value === 'string') {
    own.push({ path: path.resolve(path.dirname(file), baseline.value), isGlob: false, pointer: '/baseline' });
  }
  found.push(...own);
  for (const reference of own) {
    if (!reference.isGlob && /\.(?:ya?ml|json)$/i.test(reference.path))
      await collect(reference.path, depth + 1, found, seen);
  }
}

async function textOf(file: string): Promise<string | null> {
  try {
    return (await fs.stat(file)).size > LARGEST_FILE ? null : await fs.readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== undefined && ['ENOENT', 'EISDIR', 'EACCES', 'ENOTDIR', 'EINVAL'].includes(code)) return null;
    throw error;
  }
}
