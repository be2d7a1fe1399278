import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { isScalar, parseDocument, visit } from 'yaml';

export interface References {
  /** Absolute paths of what may be files that the eval depends on; of folders with a separator at the end. */
  paths: Set<string>;
  globs: { folder: string; pattern: string }[];
}

const PREFIX = 'file://';
/** Longer texts are prompts and no paths. */
const LONGEST_PATH = 1024;
/** Larger files hold data and no references. */
const LARGEST_FILE = 1024 * 1024;
const DEEPEST = 4;

/**
 * Every text of a YAML file that could be the path of a file, and the same of the YAML and JSON files that it names. Nothing is
 * said about which key may hold a path: a text that happens to be the path of a file that has changed costs one run too many, one
 * that is overlooked would pass a change unseen. A file that is not there or cannot be read has no references.
 */
export async function collectReferences(file: string): Promise<References> {
  const found: References = { paths: new Set(), globs: [] };
  await collect(file, 0, found, new Set());
  return found;
}

async function collect(file: string, depth: number, found: References, seen: Set<string>): Promise<void> {
  if (seen.has(file) || depth > DEEPEST) return;
  seen.add(file);
  const folder = path.dirname(file);
  for (const text of await textsOf(file)) {
    const isReference = text.startsWith(PREFIX);
    // `file://checks.js:name` names what a file exports.
    const name = (isReference ? text.slice(PREFIX.length) : text).replace(/(?<=\.[cm]?[jt]s):[\w$]+$/, '');
    if (name === '') continue;
    if (/[*?{[]/.test(name) && (isReference || /^[^\s]+\.\w+$/.test(name))) {
      found.globs.push({ folder, pattern: name.replace(/^\.\//, '') });
    }
    const absolute = path.resolve(folder, name);
    found.paths.add(absolute);
    if (!isReference) continue;
    found.paths.add(absolute + path.sep);
    if (/\.(?:ya?ml|json)$/i.test(name)) await collect(absolute, depth + 1, found, seen);
  }
}

async function textsOf(file: string): Promise<string[]> {
  let source: string;
  try {
    if ((await fs.stat(file)).size > LARGEST_FILE) return [];
    source = await fs.readFile(file, 'utf8');
  } catch (error) {
    // What is missing is said with its place when the file is planned.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'EACCES' || code === 'ENOTDIR' || code === 'EINVAL')
      return [];
    throw error;
  }
  const texts: string[] = [];
  visit(parseDocument(source, { merge: true, logLevel: 'silent', uniqueKeys: false }), {
    Scalar(_key, node) {
      if (
        isScalar(node) &&
        typeof node.value === 'string' &&
        node.value.length <= LONGEST_PATH &&
        !/[\r\n\0]/.test(node.value)
      ) {
        texts.push(node.value);
      }
    },
  });
  return texts;
}
