import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { FileReference } from '../../core/spec/file-references';
import { DisposableStore } from '../../core/util/disposable';
import { messageOf } from '../../core/util/errors';
import type { FileInputs } from './file-inputs';

/** Of larger files size and time of the last change stand for their content: a dataset may be a gigabyte. */
const MOST_READ_BYTES = 1_000_000;
/** Files of one eval that are followed. */
const MOST_FILES = 200;
/** A file that is written in several steps is read once they are over, in ms. */
const SETTLE_MS = 100;

interface Entry {
  digest: string | undefined;
  mtimeMs: number;
  reading: Promise<void>;
  owners: Set<string>;
  watch: DisposableStore;
  timer: NodeJS.Timeout | undefined;
}

/**
 * The prompts, datasets, schemas and scripts that open eval files refer to: whether they are still what they were when a result was
 * measured. Only what is on disk counts, since that is what a run reads.
 */
export class ReferencedFiles implements vscode.Disposable {
  private readonly store = new DisposableStore();
  private readonly entries = new Map<string, Entry>();
  private readonly paths = new Map<string, ReadonlySet<string>>();
  private readonly changed = this.store.add(new vscode.EventEmitter<ReadonlySet<string>>());

  /** Fires with the URIs, as text, of eval files that refer to a file whose content is known now, or is another one. */
  readonly onDidChange = this.changed.event;

  constructor(private readonly log: vscode.LogOutputChannel) {}

  /** Follows the files that an eval file refers to from now on, and no others. Says what is known of them at once. */
  follow(owner: string, references: readonly FileReference[]): FileInputs {
    const inputs = references.filter(({ isGlob }) => !isGlob).slice(0, MOST_FILES);
    const wanted = new Set(inputs.map((reference) => reference.path));
    for (const file of this.paths.get(owner) ?? []) if (!wanted.has(file)) this.leave(owner, file);
    this.paths.set(owner, wanted);
    for (const file of wanted) this.entry(file).owners.add(owner);
    return { inputs, digestOf: (file) => this.entries.get(file)?.digest };
  }

  /** Resolves once all files of an eval file have been read. */
  async settled(owner: string): Promise<void> {
    await Promise.all(
      [...(this.paths.get(owner) ?? [])].map((file) => this.entries.get(file)?.reading ?? Promise.resolve()),
    );
  }

  /** Whether one of the files of an eval file has been changed since an instant, by the time that its folder tells. */
  async hasChangedSince(owner: string, instantMs: number): Promise<boolean> {
    await this.settled(owner);
    return [...(this.paths.get(owner) ?? [])].some((file) => (this.entries.get(file)?.mtimeMs ?? 0) > instantMs);
  }

  release(owner: string): void {
    for (const file of this.paths.get(owner) ?? []) this.leave(owner, file);
    this.paths.delete(owner);
  }

  dispose(): void {
    for (const { watch, timer } of this.entries.values()) {
      clearTimeout(timer);
      watch.dispose();
    }
    this.entries.clear();
    this.store.dispose();
  }

  private entry(file: string): Entry {
    const known = this.entries.get(file);
    if (known !== undefined) return known;
    const watch = new DisposableStore();
    const entry: Entry = {
      digest: undefined,
      mtimeMs: 0,
      reading: Promise.resolve(),
      owners: new Set(),
      watch,
      timer: undefined,
    };
    this.entries.set(file, entry);
    const folder = vscode.Uri.file(path.dirname(file));
    // A name is a pattern here: its signs stand for themselves.
    const name = path.basename(file).replace(/[[\]{}*?]/g, '?');
    const watcher = watch.add(vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(folder, name)));
    const again = (): void => {
      clearTimeout(entry.timer);
      entry.timer = setTimeout(() => this.read(file, entry), SETTLE_MS);
    };
    for (const event of [watcher.onDidCreate, watcher.onDidChange, watcher.onDidDelete]) watch.add(event(again));
    this.read(file, entry);
    return entry;
  }

  private read(file: string, entry: Entry): void {
    entry.reading = contentOf(file).then(
      ({ digest, mtimeMs }) => {
        entry.mtimeMs = mtimeMs;
        if (entry.digest === digest) return;
        entry.digest = digest;
        if (this.entries.get(file) === entry) this.changed.fire(entry.owners);
      },
      (error: unknown) => {
        // Without its content nothing is known to have changed; the run itself says what it cannot read.
        this.log.warn(`${file} could not be read: ${messageOf(error)}`);
      },
    );
  }

  private leave(owner: string, file: string): void {
    const entry = this.entries.get(file);
    if (entry === undefined) return;
    entry.owners.delete(owner);
    if (entry.owners.size > 0) return;
    clearTimeout(entry.timer);
    entry.watch.dispose();
    this.entries.delete(file);
  }
}

/** A file that is not there is as good a content as any: it may have been there when a result was measured. */
async function contentOf(file: string): Promise<{ digest: string; mtimeMs: number }> {
  try {
    const { size, mtimeMs, isDirectory } = await stat(file);
    if (isDirectory) return { digest: 'folder', mtimeMs: 0 };
    if (size > MOST_READ_BYTES) return { digest: `${size} bytes of ${mtimeMs}`, mtimeMs };
    const hash = createHash('sha256').update(await fs.readFile(file));
    return { digest: hash.digest('hex').slice(0, 16), mtimeMs };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { digest: 'absent', mtimeMs: 0 };
    throw error;
  }
}

async function stat(file: string): Promise<{ size: number; mtimeMs: number; isDirectory: boolean }> {
  const stats = await fs.stat(file);
  return { size: stats.size, mtimeMs: stats.mtimeMs, isDirectory: stats.isDirectory() };
}
