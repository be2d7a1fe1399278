import * as vscode from 'vscode';
import { DEFAULT_EXCLUDE, kindOf } from '../../core/spec/discover';
import { DisposableStore } from '../../core/util/disposable';
import { messageOf } from '../../core/util/errors';
import { affects, setting } from '../config';
import { parseText, type EvalDocuments, type ParsedDocument } from '../language/documents';

const MAX_FILES = 2_000;
/** Larger files are listed, not read: the list must not freeze the extension host. */
const MAX_BYTES = 2_000_000;
const READ_AT_ONCE = 8;

export interface IndexedFile {
  uri: vscode.Uri;
  /** Null while it is unread or where it cannot be read. */
  parsed: ParsedDocument | null;
  /** Why it could not be read. */
  error: string | null;
}

/** The eval files of the workspace. Nothing is searched or watched until somebody asks for them. */
export class EvalIndex implements vscode.Disposable {
  private readonly store = new DisposableStore();
  private readonly changed = this.store.add(new vscode.EventEmitter<vscode.Uri | undefined>());
  private files = new Map<string, IndexedFile>();
  private loading: Promise<void> | null = null;
  private watchers = new DisposableStore();

  /** A file that changed; undefined where the list did. */
  readonly onDidChange = this.changed.event;

  constructor(
    private readonly documents: EvalDocuments,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.store.add(documents.onDidParse((parsed) => this.onParse(parsed)));
    this.store.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (this.loading === null) return;
        if (!affects(event, 'files.include', 'files.exclude') && !event.affectsConfiguration('files.exclude')) return;
        this.refresh();
      }),
    );
    this.store.add(
      vscode.workspace.onDidChangeWorkspaceFolders(() => {
        if (this.loading !== null) this.refresh();
      }),
    );
  }

  /** The files by path; the first call searches. */
  async list(): Promise<IndexedFile[]> {
    this.loading ??= this.discover();
    await this.loading;
    return [...this.files.values()].sort((a, b) => (a.uri.path < b.uri.path ? -1 : 1));
  }

  /** Searches anew. */
  refresh(): void {
    this.loading = this.discover();
    this.loading.then(
      () => this.changed.fire(undefined),
      (error: unknown) => this.log.error(`Eval files could not be searched: ${messageOf(error)}`),
    );
  }

  dispose(): void {
    this.watchers.dispose();
    this.store.dispose();
  }

  private async discover(): Promise<void> {
    this.watchers.dispose();
    this.watchers = new DisposableStore();
    const found = new Map<string, IndexedFile>();
    for (const folder of vscode.workspace.workspaceFolders ?? []) {
      const exclude = `{${[...DEFAULT_EXCLUDE, ...setting('files.exclude', folder.uri), ...hidden(folder.uri)].join(',')}}`;
      for (const glob of setting('files.include', folder.uri)) {
        const pattern = new vscode.RelativePattern(folder, glob);
        for (const uri of await vscode.workspace.findFiles(pattern, exclude, MAX_FILES)) {
          if (isEvalFile(uri)) found.set(uri.toString(), { uri, parsed: null, error: null });
        }
        this.watch(pattern);
      }
    }
    const files = [...found.values()];
    for (let i = 0; i < files.length; i += READ_AT_ONCE) {
      await Promise.all(files.slice(i, i + READ_AT_ONCE).map((file) => this.read(file)));
    }
    this.files = found;
  }

  private watch(pattern: vscode.RelativePattern): void {
    const watcher = this.watchers.add(vscode.workspace.createFileSystemWatcher(pattern));
    const changed = (uri: vscode.Uri): void => {
      this.onDisk(uri).catch((error: unknown) =>
        this.log.error(`${uri.fsPath} could not be read: ${messageOf(error)}`),
      );
    };
    this.watchers.add(watcher.onDidCreate(changed));
    this.watchers.add(watcher.onDidChange(changed));
    this.watchers.add(
      watcher.onDidDelete((uri) => {
        if (this.files.delete(uri.toString())) this.changed.fire(undefined);
      }),
    );
  }

  private async onDisk(uri: vscode.Uri): Promise<void> {
    if (!isEvalFile(uri) || DEFAULT_EXCLUDE.some((glob) => uri.path.includes(glob.slice(2, -2)))) return;
    // An open file is followed by its document.
    if (this.files.has(uri.toString()) && this.documents.get(uri) !== undefined) return;
    const isNew = !this.files.has(uri.toString());
    const file: IndexedFile = { uri, parsed: null, error: null };
    await this.read(file);
    this.files.set(uri.toString(), file);
    this.changed.fire(isNew ? undefined : uri);
  }

  private async read(file: IndexedFile): Promise<void> {
    const open = this.documents.get(file.uri);
    if (open !== undefined) {
      file.parsed = open;
      return;
    }
    try {
      const { size } = await vscode.workspace.fs.stat(file.uri);
      if (size > MAX_BYTES) {
        file.error = 'too large to be listed';
        return;
      }
      const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(file.uri));
      file.parsed = parseText(file.uri, text, 0);
    } catch (error) {
      file.error = messageOf(error);
    }
  }

  private onParse(parsed: ParsedDocument): void {
    const file = this.files.get(parsed.uri.toString());
    if (file === undefined) return;
    file.parsed = parsed;
    file.error = null;
    this.changed.fire(parsed.uri);
  }
}

/** Shared settings are not an eval: they have nothing to run. */
function isEvalFile(uri: vscode.Uri): boolean {
  const kind = kindOf(uri.path);
  return kind !== null && kind !== 'workspace';
}

/** `findFiles` ignores `files.exclude` once it is given an exclude of its own. */
function hidden(scope: vscode.Uri): string[] {
  const globs = vscode.workspace.getConfiguration('files', scope).get<Record<string, unknown>>('exclude', {});
  return Object.entries(globs).flatMap(([glob, on]) => (on === true ? [glob] : []));
}
