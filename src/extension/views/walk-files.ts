/** Finds files in a file system that the editor's search does not reach: virtual workspaces have a directory listing and no more. */

/** Folders read at once. */
const AT_ONCE = 6;
/** A repository of this many entries is not searched to its end: each folder may be a request to a server. */
const MAX_ENTRIES = 20_000;

export interface WalkOptions {
  /** Names and kinds of what is in a folder, by its path relative to the root (empty for the root). Rejects where it cannot be read. */
  readFolder(path: string): Promise<{ name: string; isFolder: boolean; isLink: boolean }[]>;
  isWanted(path: string): boolean;
  isLeftOut(path: string): boolean;
  /** A folder that cannot be read is passed over, and said. */
  onError(path: string, error: unknown): void;
}

/** Paths relative to the root; `complete` is false where the bound was reached. */
export async function walkFiles(options: WalkOptions): Promise<{ paths: string[]; complete: boolean }> {
  const paths: string[] = [];
  let entries = 0;
  const visit = async (folder: string): Promise<string[]> => {
    const below: string[] = [];
    try {
      for (const { name, isFolder, isLink } of await options.readFolder(folder)) {
        entries++;
        const path = folder === '' ? name : `${folder}/${name}`;
        // Links are not followed: a loop of them would never end.
        if (isFolder && !isLink && !options.isLeftOut(`${path}/`)) below.push(path);
        if (!isFolder && options.isWanted(path) && !options.isLeftOut(path)) paths.push(path);
      }
    } catch (error) {
      options.onError(folder, error);
    }
    return below;
  };
  let level = [''];
  while (level.length > 0) {
    const next: string[] = [];
    for (let i = 0; i < level.length; i += AT_ONCE) {
      if (entries >= MAX_ENTRIES) return { paths: paths.sort(), complete: false };
      next.push(...(await Promise.all(level.slice(i, i + AT_ONCE).map(visit))).flat());
    }
    level = next;
  }
  return { paths: paths.sort(), complete: true };
}
