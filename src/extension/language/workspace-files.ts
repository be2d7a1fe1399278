import * as vscode from 'vscode';
import { WORKSPACE_FILE } from '../../core/spec/discover';
import type { EvalDocument } from '../../core/spec/parse';
import { DisposableStore } from '../../core/util/disposable';
import { messageOf } from '../../core/util/errors';
import { specBundle } from '../spec/load';

/** Unsaved changes are read once the person pauses, in ms. */
const DEBOUNCE_MS = 300;

interface Entry {
  loading: Promise<void>;
  loaded: boolean;
  document: EvalDocument | undefined;
}

/** The `promptrig.yaml` of each workspace folder, which the folder's eval files refer to. Read when first asked for. */
export class WorkspaceFiles implements vscode.Disposable {
  private readonly store = new DisposableStore();
  private readonly entries = new Map<string, Entry>();
  private readonly changed = this.store.add(new vscode.EventEmitter<vscode.WorkspaceFolder>());
  private timer: NodeJS.Timeout | undefined;

  /** A folder's shared settings were read for the first time or have changed. */
  readonly onDidChange = this.changed.event;

  constructor(private readonly log: vscode.LogOutputChannel) {
    this.store.add(
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        const folder = vscode.workspace.getWorkspaceFolder(document.uri);
        if (folder === undefined || document.uri.toString() !== fileOf(folder).toString()) return;
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.reload(folder), DEBOUNCE_MS);
      }),
    );
  }

  /** What is known at once; undefined until it has been read. `document` is undefined where the folder has no such file. */
  known(uri: vscode.Uri): { document: EvalDocument | undefined } | undefined {
    const folder = vscode.workspace.getWorkspaceFolder(uri);
    if (folder === undefined) return { document: undefined };
    const entry = this.entry(folder);
    return entry.loaded ? { document: entry.document } : undefined;
  }

  async load(uri: vscode.Uri): Promise<EvalDocument | undefined> {
    const folder = vscode.workspace.getWorkspaceFolder(uri);
    if (folder === undefined) return undefined;
    const entry = this.entry(folder);
    await entry.loading;
    return entry.document;
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.store.dispose();
  }

  private entry(folder: vscode.WorkspaceFolder): Entry {
    const known = this.entries.get(folder.uri.toString());
    if (known !== undefined) return known;
    const watcher = this.store.add(
      vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(folder, WORKSPACE_FILE)),
    );
    for (const event of [watcher.onDidCreate, watcher.onDidChange, watcher.onDidDelete]) {
      this.store.add(event(() => this.reload(folder)));
    }
    return this.reload(folder);
  }

  private reload(folder: vscode.WorkspaceFolder): Entry {
    const before = this.entries.get(folder.uri.toString());
    const entry: Entry = { loading: Promise.resolve(), loaded: before?.loaded ?? false, document: before?.document };
    this.entries.set(folder.uri.toString(), entry);
    entry.loading = this.read(folder).then((document) => {
      entry.document = document;
      entry.loaded = true;
      if (this.entries.get(folder.uri.toString()) === entry) this.changed.fire(folder);
    });
    return entry;
  }

  private async read(folder: vscode.WorkspaceFolder): Promise<EvalDocument | undefined> {
    const uri = fileOf(folder);
    // Unsaved changes count: the person sees them. What is saved is as it is on disk, or is there no more: VS Code keeps a document
    // for minutes after its editor has closed and its file was deleted.
    const unsaved = vscode.workspace.textDocuments.find(
      (document) => document.isDirty && document.uri.toString() === uri.toString(),
    );
    try {
      const text = unsaved?.getText() ?? new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
      return specBundle().parseEvalFile(text, uri.fsPath);
    } catch (error) {
      const isAbsent = error instanceof vscode.FileSystemError && error.code === 'FileNotFound';
      if (!isAbsent) this.log.warn(`${uri.fsPath} could not be read: ${messageOf(error)}`);
      return undefined;
    }
  }
}

function fileOf(folder: vscode.WorkspaceFolder): vscode.Uri {
  return vscode.Uri.joinPath(folder.uri, WORKSPACE_FILE);
}
