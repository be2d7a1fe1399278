/** Which files of a folder are ours, by the names that the format fixes. */
import type { FileKind } from './document';

/** Globs of every file that is found, relative to a workspace folder. */
export const DEFAULT_INCLUDE: readonly string[] = [
  '**/*.{eval,workload}.{yaml,yml}',
  '**/promptfooconfig.{yaml,yml}',
  '**/*.promptfoo.yaml',
  '**/*.prompt.{yml,yaml}',
  'promptrig.yaml',
];

export const DEFAULT_EXCLUDE: readonly string[] = [
  '**/node_modules/**',
  '**/.git/**',
  '**/.hg/**',
  '**/.svn/**',
  '**/.jj/**',
  '**/CVS/**',
  '**/.promptrig/**',
];

export const WORKSPACE_FILE = 'promptrig.yaml';

const KINDS: readonly [RegExp, FileKind][] = [
  [/^promptrig\.yaml$/, 'workspace'],
  [/(?:^|\.)promptfooconfig\.ya?ml$/, 'promptfoo'],
  [/\.promptfoo\.ya?ml$/, 'promptfoo'],
  [/\.prompt\.ya?ml$/, 'github-models'],
  [/\.(?:eval|workload)\.ya?ml$/, 'eval'],
];

/** What a file is by its name; null for one that is none of ours. Case does not matter, as on most desktops. */
export function kindOf(path: string): FileKind | null {
  const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1).toLowerCase();
  return KINDS.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}

export interface DiscoverOptions {
  /** Globs relative to the root; by default those of the format. */
  include?: readonly string[];
  /** Added to what is always left out. */
  exclude?: readonly string[];
}

/**
 * Absolute paths, with forward slashes, of the files below `root` that the globs name, sorted. Links to folders are not
 * followed: a loop of them would never end. Rejects where `root` cannot be read.
 */
export async function discoverFiles(root: string, options: DiscoverOptions = {}): Promise<string[]> {
  // Loaded here, so that the editor, which has a file search of its own, does not pay for it at start.
  const { glob } = await import('tinyglobby');
  const found = await glob([...(options.include ?? DEFAULT_INCLUDE)], {
    cwd: root,
    ignore: [...DEFAULT_EXCLUDE, ...(options.exclude ?? [])],
    absolute: true,
    onlyFiles: true,
    followSymbolicLinks: false,
    expandDirectories: false,
    dot: false,
  });
  return found.map((path) => path.replaceAll('\\', '/')).sort();
}
