/**
 * The files of a workspace with what they say, kept up to date one file at a time. Knows no editor: where files are and how they
 * are read is handed to it, so that tests and benches run what the editor runs.
 */
import { Emitter } from '../../core/util/emitter';
import type { Disposable } from '../../core/util/disposable';
import { messageOf } from '../../core/util/errors';
import { l10n } from '../l10n';

/** Files are read this many at once: enough to hide the latency of a disk, too few to starve other extensions. */
const READ_AT_ONCE = 8;
/** Parsing gives way to others of the same process after this long, in ms. */
const SLICE_MS = 8;
/** Larger files are listed, not read: the list must not freeze the extension host. */
const MAX_BYTES = 2_000_000;
/** A file that disappears and one that appears with the same content within this time are one that was moved, in ms. */
const MOVE_MS = 2_000;

export interface IndexEntry<P> {
  /** A URI. */
  readonly key: string;
  /** Null while it is unread or where it cannot be read. */
  parsed: P | null;
  /** Why it could not be read. */
  error: string | null;
}

export interface FileStamp {
  mtime: number;
  size: number;
}

export interface IndexSource<P> {
  /** What an open editor says, saved or not; undefined where the file is not open. */
  open(key: string): P | undefined;
  stat(key: string): Promise<FileStamp>;
  read(key: string): Promise<string>;
  parse(key: string, text: string): P;
  /** Digest of the file's text. */
  digestOf(parsed: P): string;
  nowMs(): number;
  /** Lets the rest of the process have its turn. */
  giveWay(): Promise<void>;
}

/** What changed: one file, or which files there are. */
export type IndexChange = { kind: 'file'; key: string } | { kind: 'list' };

interface Kept<P> extends IndexEntry<P> {
  /** Of the file as it was read; null where an open editor says more. */
  stamp: FileStamp | null;
  /** Counts the attempts to read it: of two at once the later one counts. */
  attempt: number;
}

interface Trace {
  digest: string;
  atMs: number;
}

export class FileIndex<P> implements Disposable {
  private readonly entries = new Map<string, Kept<P>>();
  private readonly gone = new Map<string, Trace>();
  private readonly came = new Map<string, Trace>();
  private readonly changed = new Emitter<IndexChange>();
  private readonly moved = new Emitter<{ from: string; to: string }>();
  private sliceStartMs = 0;

  readonly onDidChange = this.changed.event;
  /** Fires before the change of the list that it leads to. */
  readonly onDidMove = this.moved.event;

  constructor(private readonly source: IndexSource<P>) {}

  get size(): number {
    return this.entries.size;
  }

  get(key: string): IndexEntry<P> | undefined {
    return this.entries.get(key);
  }

  has(key: string): boolean {
    return this.entries.has(key);
  }

  /** By path. */
  list(): IndexEntry<P>[] {
    return [...this.entries.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** Takes what a search found for all that there is; reads what is new or has changed since it was read, open files first. */
  async replace(keys: Iterable<string>): Promise<void> {
    const found = new Set(keys);
    for (const key of [...this.entries.keys()]) if (!found.has(key)) this.entries.delete(key);
    const waiting: Kept<P>[] = [];
    for (const key of found) {
      const entry = this.entries.get(key) ?? this.add(key);
      if (!this.takeOpen(entry)) waiting.push(entry);
    }
    const readNext = async (): Promise<void> => {
      for (let entry = waiting.shift(); entry !== undefined; entry = waiting.shift()) await this.load(entry);
    };
    await Promise.all(Array.from({ length: READ_AT_ONCE }, readNext));
    this.changed.fire({ kind: 'list' });
  }

  /** The file was made or changed on disk. An open one is followed by its editor. */
  async touch(key: string): Promise<void> {
    const known = this.entries.get(key);
    if (known !== undefined && this.takeOpen(known)) return;
    const entry = known ?? this.add(key);
    if (!(await this.load(entry)) && known !== undefined) return;
    if (this.entries.get(key) !== entry) return;
    if (known !== undefined) {
      this.changed.fire({ kind: 'file', key });
      return;
    }
    this.noteArrival(entry);
    this.changed.fire({ kind: 'list' });
  }

  /** The file was deleted, or the folder with everything in it: of a folder watchers do not tell the files. */
  remove(key: string): void {
    const gone = [...this.entries.values()].filter((entry) => entry.key === key || entry.key.startsWith(`${key}/`));
    if (gone.length === 0) return;
    for (const entry of gone) {
      this.entries.delete(entry.key);
      if (entry.parsed !== null) this.noteDeparture(entry.key, this.source.digestOf(entry.parsed));
    }
    this.changed.fire({ kind: 'list' });
  }

  /**
   * The editor has renamed a file, or a folder with everything in it.
   * @param isListed whether a file belongs here at its new place
   */
  async rename(from: string, to: string, isListed: (key: string) => boolean = () => true): Promise<void> {
    let left = false;
    const moves: [Kept<P>, Kept<P>][] = [];
    for (const entry of [...this.entries.values()]) {
      if (entry.key !== from && !entry.key.startsWith(`${from}/`)) continue;
      this.entries.delete(entry.key);
      // A watcher may have told of the new place before.
      const target = to + entry.key.slice(from.length);
      left ||= !isListed(target);
      if (!isListed(target)) continue;
      moves.push([entry, this.entries.get(target) ?? this.add(target)]);
    }
    if (moves.length === 0 && !left) return;
    for (const [old, moved] of moves) {
      // Until it is read at its new place, which what it says may name.
      moved.parsed ??= old.parsed;
      this.moved.fire({ from: old.key, to: moved.key });
    }
    for (const [, moved] of moves) if (!this.takeOpen(moved)) await this.load(moved);
    this.changed.fire({ kind: 'list' });
  }

  /** An open editor was parsed. */
  take(key: string, parsed: P): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.set(entry, parsed);
    this.changed.fire({ kind: 'file', key });
  }

  dispose(): void {
    this.changed.dispose();
    this.moved.dispose();
    this.entries.clear();
  }

  private add(key: string): Kept<P> {
    const entry: Kept<P> = { key, parsed: null, error: null, stamp: null, attempt: 0 };
    this.entries.set(key, entry);
    return entry;
  }

  private takeOpen(entry: Kept<P>): boolean {
    const open = this.source.open(entry.key);
    if (open === undefined) return false;
    this.set(entry, open);
    return true;
  }

  private set(entry: Kept<P>, parsed: P): void {
    entry.attempt++;
    entry.parsed = parsed;
    entry.error = null;
    entry.stamp = null;
  }

  /** Resolves to whether anything of the entry is new. */
  private async load(entry: Kept<P>): Promise<boolean> {
    const attempt = ++entry.attempt;
    const isLate = (): boolean => entry.attempt !== attempt;
    const { key } = entry;
    let parsed: P | null = null;
    let error: string | null = null;
    let stamp: FileStamp | null = null;
    try {
      stamp = await this.source.stat(key);
      if (isLate()) return false;
      const before = entry.stamp;
      if (before !== null && before.mtime === stamp.mtime && before.size === stamp.size) return false;
      if (stamp.size > MAX_BYTES) {
        error = l10n.t('has {0} MB: too large to be listed', (stamp.size / 1e6).toFixed(1));
      } else {
        const text = await this.source.read(key);
        await this.slice();
        if (isLate()) return false;
        parsed = this.source.parse(key, text);
      }
    } catch (caught) {
      error = messageOf(caught);
    }
    if (isLate()) return false;
    Object.assign(entry, { parsed, error, stamp });
    return true;
  }

  private async slice(): Promise<void> {
    const { source } = this;
    if (source.nowMs() - this.sliceStartMs <= SLICE_MS) return;
    await source.giveWay();
    this.sliceStartMs = source.nowMs();
  }

  /** Watchers tell a move as a deletion and a creation, in either order. */
  private noteArrival({ key, parsed }: Kept<P>): void {
    if (parsed === null) return;
    const digest = this.source.digestOf(parsed);
    const from = this.recent(this.gone, digest);
    if (from !== undefined) {
      this.gone.delete(from);
      this.moved.fire({ from, to: key });
      return;
    }
    this.came.set(key, { digest, atMs: this.source.nowMs() });
  }

  private noteDeparture(key: string, digest: string): void {
    this.came.delete(key);
    const to = this.recent(this.came, digest);
    if (to !== undefined) {
      this.came.delete(to);
      this.moved.fire({ from: key, to });
      return;
    }
    this.gone.set(key, { digest, atMs: this.source.nowMs() });
  }

  private recent(traces: Map<string, Trace>, digest: string): string | undefined {
    const sinceMs = this.source.nowMs() - MOVE_MS;
    for (const [key, trace] of traces) if (trace.atMs < sinceMs) traces.delete(key);
    return [...traces].find(([, trace]) => trace.digest === digest)?.[0];
  }
}
