/** The other files that an eval file depends on, told from its text: for editors that watch them. */
import { dirname, resolve, sep } from 'node:path';
import picomatch from 'picomatch';
import type { EvalDocument } from './parse';
import { childPointer } from './pointer';
import type { TreeNode } from './tree';

export interface FileReference {
  /** Absolute; of a glob, absolute as well. */
  path: string;
  isGlob: boolean;
  /** JSON pointer of the text that names it. */
  pointer: string;
}

const PREFIX = 'file://';
/** Longer texts are prompts and no paths. */
const LONGEST_PATH = 1024;
/** Keys of the native format whose value is a path without `file://`. */
const PATHS = /^\/(?:dataset|dataset\/path|load(?:\/\d+)?\/file)$/;

/**
 * What the texts of a file refer to: whatever begins with `file://`, and the values that are paths by their key. In imported
 * formats, whose keys are many, every text that looks like the path of a file counts: one too many costs a needless run, one
 * that is overlooked leaves a result on show that no longer holds.
 */
export function fileReferences({ root, path, kind }: Pick<EvalDocument, 'root' | 'path' | 'kind'>): FileReference[] {
  const folder = dirname(path);
  const isForeign = kind === 'promptfoo' || kind === 'github-models';
  const found: FileReference[] = [];
  const visit = (node: TreeNode, pointer: string): void => {
    if (node.kind === 'list') {
      node.items.forEach((item, index) => visit(item, childPointer(pointer, index)));
      return;
    }
    if (node.kind === 'map') {
      for (const { key, node: value } of node.entries.values()) visit(value, childPointer(pointer, key));
      return;
    }
    const { value } = node;
    if (typeof value !== 'string' || value === '' || value.length > LONGEST_PATH || /[\r\n\0]/.test(value)) return;
    const isReference = value.startsWith(PREFIX);
    if (!isReference && !PATHS.test(pointer) && !(isForeign && /^[^\s{}]+\.\w+$/.test(value))) return;
    // `file://checks.js:name` names what a file exports.
    const name = (isReference ? value.slice(PREFIX.length) : value).replace(/(?<=\.[cm]?[jt]s):[\w$.]+$/, '');
    if (name === '') return;
    found.push({ path: resolve(folder, name), isGlob: /[*?{[]/.test(name), pointer });
  };
  if (root !== null) visit(root, '');
  return found;
}

/** The pointers of the texts that refer to `file` (absolute), or to a folder or a glob that it is in. */
export function referencesTo(references: readonly FileReference[], file: string): string[] {
  return references
    .filter(({ path, isGlob }) =>
      isGlob
        ? picomatch(path.replaceAll('\\', '/'), { dot: true })(file.replaceAll('\\', '/'))
        : path === file || file.startsWith(path + sep),
    )
    .map(({ pointer }) => pointer);
}
