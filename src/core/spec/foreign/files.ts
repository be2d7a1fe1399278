/** Files that an imported file refers to. Reading is asynchronous and converting is not: what is missing is noted, and read between two conversions. */
import { messageOf } from '../../util/errors';
import { sourceFile, type SourceFile } from './source';
import type { ForeignIo } from './types';

export type FileState =
  { kind: 'file'; file: SourceFile } | { kind: 'missing' } | { kind: 'unreadable'; reason: string };

/** A slip in a glob should not read a whole disk into memory. */
const MOST_FILES = 2_000;
const MOST_BYTES = 20 * 1024 * 1024;
/** A file refers to files that refer to files: deeper than this is a loop. */
const MOST_ROUNDS = 10;

export class ForeignFiles {
  private readonly files = new Map<string, FileState>();
  private readonly globs = new Map<string, readonly string[]>();
  private readonly wantedFiles = new Set<string>();
  private readonly wantedGlobs = new Set<string>();

  /** The file at an absolute path; undefined where it has not been read yet, which `fetch` then does. */
  read(path: string): FileState | undefined {
    const known = this.files.get(path);
    if (known === undefined) this.wantedFiles.add(path);
    return known;
  }

  /** Paths that an absolute glob matches; undefined where that is not known yet. */
  list(pattern: string): readonly string[] | undefined {
    const known = this.globs.get(pattern);
    if (known === undefined) this.wantedGlobs.add(pattern);
    return known;
  }

  /** Whether something was asked for that is not there yet. */
  get isPending(): boolean {
    return this.wantedFiles.size > 0 || this.wantedGlobs.size > 0;
  }

  /**
   * Converts again and again, reading in between what the last conversion asked for, until nothing is missing. Whatever is
   * asked for after the last round is said to be unreadable.
   */
  async settle<T>(io: ForeignIo, convert: () => T): Promise<T> {
    for (let round = 1; ; round++) {
      const result = convert();
      if (!this.isPending) return result;
      await this.fetch(io, round >= MOST_ROUNDS);
    }
  }

  private async fetch(io: ForeignIo, last: boolean): Promise<void> {
    const patterns = [...this.wantedGlobs];
    const paths = [...this.wantedFiles];
    this.wantedGlobs.clear();
    this.wantedFiles.clear();
    if (last) {
      for (const pattern of patterns) this.globs.set(pattern, []);
      for (const path of paths)
        this.files.set(path, { kind: 'unreadable', reason: 'files refer to each other in a circle' });
      return;
    }
    await Promise.all([
      ...patterns.map(async (pattern) => {
        this.globs.set(pattern, await listed(io, pattern));
      }),
      ...paths.map(async (path, index) => {
        const full = this.files.size + index >= MOST_FILES;
        this.files.set(
          path,
          full ? { kind: 'unreadable', reason: `more than ${MOST_FILES} files are referred to` } : await load(io, path),
        );
      }),
    ]);
  }
}

async function listed(io: ForeignIo, pattern: string): Promise<readonly string[]> {
  try {
    return (await io.glob(pattern)).slice(0, MOST_FILES);
  } catch {
    // A folder that cannot be listed has no files to offer: the reference is reported as matching nothing.
    return [];
  }
}

async function load(io: ForeignIo, path: string): Promise<FileState> {
  try {
    const content = await io.readFile(path);
    if (content.length > MOST_BYTES)
      return { kind: 'unreadable', reason: `it is larger than ${MOST_BYTES / 1024 / 1024} MB` };
    const text = typeof content === 'string' ? content : new TextDecoder('utf-8').decode(content);
    return { kind: 'file', file: sourceFile(path, text) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'missing' };
    return { kind: 'unreadable', reason: messageOf(error) };
  }
}
