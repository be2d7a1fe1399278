/** Where a pinned baseline lies: a file for each eval and target, found without listing a folder. */
import { createHash } from 'node:crypto';
import * as path from 'node:path';

/** No pattern for eval files matches it. */
export const PINNED_SUFFIX = '.baseline.yaml';
/** Of a name made from a target: long matrices would exceed what file systems bear. */
const LONGEST = 80;
/** Names that Windows keeps for its devices, with or without an extension. */
const DEVICES = /^(?:con|prn|aux|nul|com\d|lpt\d)$/;

/** The folder of all pinned baselines of a workspace. */
export function pinnedFolder(root: string): string {
  return path.join(root, '.promptrig', 'baselines');
}

/**
 * How an eval file is named in its baselines: relative to the workspace's root, with slashes, so that it is the same on every machine.
 * @param evalPath absolute, or relative to the root, as `source.path` of a run
 */
export function pinnedEval(root: string, evalPath: string): string {
  return path.relative(root, path.resolve(root, evalPath)).replaceAll('\\', '/');
}

/** The folder of the baselines of one eval: its path without `.yaml`. An eval outside of the root has a folder of its name there. */
export function pinnedFolderOf(root: string, evalPath: string): string {
  const name = pinnedEval(root, evalPath);
  const segments = name.replace(/\.yaml$/i, '').split('/');
  const isOutside = segments[0] === '..' || path.isAbsolute(name);
  const inside = isOutside ? [`${segments.at(-1)}-${digest(name)}`] : segments;
  return path.join(pinnedFolder(root), ...inside);
}

/** The file of one target of an eval. */
export function pinnedFile(root: string, evalPath: string, target: string): string {
  return path.join(pinnedFolderOf(root, evalPath), `${fileName(target)}${PINNED_SUFFIX}`);
}

/** Two targets never share a file: where the name does not say all (a case that file systems ignore included), a digest does. */
function fileName(target: string): string {
  const plain = target
    .replace(/[^A-Za-z0-9_.=-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, LONGEST);
  const isExact = plain === target && plain === plain.toLowerCase() && !DEVICES.test(plain.split('.')[0] ?? '');
  return isExact ? plain : `${plain === '' ? 'target' : plain}-${digest(target)}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
