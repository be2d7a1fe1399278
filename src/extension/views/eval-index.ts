import * as path from 'node:path';
import * as vscode from 'vscode';
import { DEFAULT_EXCLUDE, kindOf } from '../../core/spec/discover';
import { DisposableStore } from '../../core/util/disposable';
import { messageOf } from '../../core/util/errors';
import { affects, setting } from '../config';
import { parseText, type EvalDocuments, type ParsedDocument } from '../language/documents';
import { specBundle } from '../spec/load';
import { FileIndex, type IndexEntry } from './file-index';
import { joinGlobs } from './globs';
import { walkFiles } from './walk-files';

const MAX_FILES = 2_000;
/** Folders come in numbers, as in a checkout: the search waits for the last of them, in ms. */
const FOLDER_MS = 500;

export interface IndexedFile {
  uri: vscode.Uri;
  /** Null while it is unread or where it cannot be read. */
  parsed: ParsedDocument | null;
  /** Why it could not be read. */
  error: string | null;
}

/**
 * The eval files of the workspace. Nothing is searched or watched until somebody asks for them; from then on each file is
 * read again when it changes, and no other.
 */
export class EvalIndex implements vscode.Disposable {
  private readonly store = new DisposableStore();
  private readonly changed = this.store.add(new vscode.EventEmitter<vscode.Uri | undefined>());
  private readonly moved = this.store.add(new vscode.EventEmitter<{ from: vscode.Uri; to: vscode.Uri }>());
  private readonly files: FileIndex<ParsedDocument>;
  /** Of the keys, since making a URI costs more than looking one up. */
  private readonly uris = new Map<string, vscode.Uri>();
  private loading: Promise<void> | null = null;
  private watchers = new DisposableStore();
  private folderTimer: NodeJS.Timeout | undefined;
  /** By folder, whether a relative path is excluded. */
  private readonly leftOut = new Map<string, (path: string) => boolean>();
  private trouble: string | null = null;

  /** A file that changed; undefined where the list did. */
  readonly onDidChange = this.changed.event;
  /** A file that was renamed or moved; what is known of it belongs to its new place. */
  readonly onDidMove = this.moved.event;

  constructor(
    private readonly documents: EvalDocuments,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.files = this.store.add(
      new FileIndex<ParsedDocument>({
        open: (key) => documents.get(this.uriOf(key)),
        stat: async (key) => vscode.workspace.fs.stat(this.uriOf(key)),
        read: async (key) => new TextDecoder().decode(await vscode.workspace.fs.readFile(this.uriOf(key))),
        parse: (key, text) => parseText(this.uriOf(key), text, 0),
        digestOf: (parsed) => parsed.document.sha256,
        nowMs: () => performance.now(),
        giveWay: () => new Promise((resolve) => setImmediate(resolve)),
      }),
    );
    this.store.add(
      this.files.onDidChange((change) =>
        this.changed.fire(change.kind === 'list' ? undefined : this.uriOf(change.key)),
      ),
    );
    this.store.add(
      this.files.onDidMove(({ from, to }) => this.moved.fire({ from: this.uriOf(from), to: this.uriOf(to) })),
    );
    this.store.add(documents.onDidParse((parsed) => this.files.take(parsed.uri.toString(), parsed)));
    // What was not saved when an editor closed is not what the file says.
    this.store.add(
      documents.onDidClose((uri) => {
        if (this.files.has(uri.toString())) this.follow(uri, () => this.files.touch(uri.toString()));
      }),
    );
    this.store.add(
      vscode.workspace.onDidRenameFiles(({ files }) => {
        for (const { oldUri, newUri } of files) {
          // One that was opened and run before anybody looked at the list has results to take along as well.
          if (!this.files.has(oldUri.toString())) this.moved.fire({ from: oldUri, to: newUri });
          const isListed = (key: string): boolean => this.isListed(this.uriOf(key));
          this.follow(newUri, () => this.files.rename(oldUri.toString(), newUri.toString(), isListed));
        }
      }),
    );
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

  /** Why not all files are listed; null where they are. */
  get problem(): string | null {
    return this.trouble;
  }

  /** The files by path; the first call searches. */
  async list(): Promise<IndexedFile[]> {
    this.loading ??= this.discover();
    await this.loading;
    return this.files.list().map((entry) => this.fileOf(entry));
  }

  /** A file that is listed, as far as it is known now. */
  get(uri: vscode.Uri): IndexedFile | undefined {
    const entry = this.files.get(uri.toString());
    return entry === undefined ? undefined : this.fileOf(entry);
  }

  /** Searches anew. A search that ends after a later one has begun is forgotten. */
  refresh(): void {
    this.loading = this.discover();
    this.loading.then(
      () => undefined,
      (error: unknown) => this.log.error(`Eval files could not be searched: ${messageOf(error)}`),
    );
  }

  dispose(): void {
    clearTimeout(this.folderTimer);
    this.watchers.dispose();
    this.store.dispose();
  }

  private async discover(): Promise<void> {
    this.watchers.dispose();
    const watchers = new DisposableStore();
    this.watchers = watchers;
    const troubles: string[] = [];
    const found = await Promise.all(
      (vscode.workspace.workspaceFolders ?? []).map(async (folder) => {
        const include = setting('files.include', folder.uri);
        if (include.length === 0) return [];
        const exclude = [...DEFAULT_EXCLUDE, ...setting('files.exclude', folder.uri), ...hidden(folder.uri)];
        // Watched before the search ends: a file that is made meanwhile is in one of the two.
        this.watch(watchers, folder, joinGlobs(include));
        this.leftOut.set(folder.uri.toString(), specBundle().globMatcher(exclude));
        try {
          return await search(folder, include, exclude, (what) => troubles.push(what));
        } catch (error) {
          troubles.push(vscode.l10n.t('The folder {0} could not be searched: {1}', folder.name, messageOf(error)));
          return [];
        }
      }),
    );
    if (this.watchers !== watchers) return this.loading ?? undefined;
    for (const trouble of troubles) this.log.warn(trouble);
    this.trouble = troubles[0] ?? null;
    const keys = found
      .flat()
      .filter(isEvalFile)
      .map((uri) => this.keyOf(uri));
    await this.files.replace(keys);
  }

  private watch(watchers: DisposableStore, folder: vscode.WorkspaceFolder, include: string): void {
    const watcher = watchers.add(
      vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(folder, include), false, false, true),
    );
    const changed = (uri: vscode.Uri): void => {
      if (!this.isListed(uri)) return;
      this.follow(uri, () => this.files.touch(this.keyOf(uri)));
    };
    watchers.add(watcher.onDidCreate(changed));
    watchers.add(watcher.onDidChange(changed));
    // Of a folder that is deleted, moved or unpacked its files are not told: deletions are looked at whatever they are of, and
    // what may be a new folder has the search begin anew.
    const all = watchers.add(
      vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(folder, '**'), false, true),
    );
    watchers.add(
      all.onDidDelete((uri) => {
        // First what it said is noted, by which it is known again at its new place.
        this.files.remove(uri.toString());
        this.documents.deleted(uri);
      }),
    );
    watchers.add(
      all.onDidCreate((uri) => {
        if (!path.posix.basename(uri.path).includes('.')) this.onNewFolder(folder, uri);
      }),
    );
  }

  private onNewFolder(folder: vscode.WorkspaceFolder, uri: vscode.Uri): void {
    // Each run makes a folder.
    if (this.leftOut.get(folder.uri.toString())?.(`${relativePath(folder, uri)}/x`) === true) return;
    clearTimeout(this.folderTimer);
    this.folderTimer = setTimeout(() => {
      const look = async (): Promise<void> => {
        const { type } = await vscode.workspace.fs.stat(uri);
        if ((type & vscode.FileType.Directory) !== 0) this.refresh();
      };
      // It may have gone again.
      look().catch((error: unknown) => this.log.debug(messageOf(error)));
    }, FOLDER_MS);
  }

  /** Follows what happens to a file, if files are followed at all. */
  private follow(uri: vscode.Uri, action: () => Promise<void>): void {
    const { loading } = this;
    if (loading === null) return;
    // A change during the search would be overwritten by what the search has read before it.
    loading.then(action).catch((error: unknown) => {
      this.log.error(`${uri.toString(true)} could not be read: ${messageOf(error)}`);
    });
  }

  /** Whether a file would be found by a search. Watchers take no exclude. */
  private isListed(uri: vscode.Uri): boolean {
    const folder = vscode.workspace.getWorkspaceFolder(uri);
    if (folder === undefined || !isEvalFile(uri)) return false;
    return this.leftOut.get(folder.uri.toString())?.(relativePath(folder, uri)) !== true;
  }

  private fileOf({ key, parsed, error }: IndexEntry<ParsedDocument>): IndexedFile {
    return { uri: this.uriOf(key), parsed, error };
  }

  private keyOf(uri: vscode.Uri): string {
    const key = uri.toString();
    this.uris.set(key, uri);
    return key;
  }

  private uriOf(key: string): vscode.Uri {
    const known = this.uris.get(key);
    if (known !== undefined) return known;
    const uri = vscode.Uri.parse(key);
    this.uris.set(key, uri);
    return uri;
  }
}

function relativePath(folder: vscode.WorkspaceFolder, uri: vscode.Uri): string {
  return uri.path.slice(folder.uri.path.length).replace(/^\/+/, '');
}

async function search(
  folder: vscode.WorkspaceFolder,
  include: readonly string[],
  exclude: readonly string[],
  onTrouble: (what: string) => void,
): Promise<vscode.Uri[]> {
  if (folder.uri.scheme === 'file') {
    const pattern = new vscode.RelativePattern(folder, joinGlobs(include));
    const found = await vscode.workspace.findFiles(pattern, joinGlobs(exclude), MAX_FILES);
    if (found.length >= MAX_FILES)
      onTrouble(
        vscode.l10n.t(
          'Only the first {0} eval files of {1} are listed. Narrow "promptrig.files.include".',
          MAX_FILES,
          folder.name,
        ),
      );
    return found;
  }
  const isWanted = specBundle().globMatcher(include);
  const isLeftOut = specBundle().globMatcher(exclude);
  const { paths, complete } = await walkFiles({
    readFolder: async (path) =>
      (await vscode.workspace.fs.readDirectory(vscode.Uri.joinPath(folder.uri, path))).map(([name, type]) => ({
        name,
        isFolder: (type & vscode.FileType.Directory) !== 0,
        isLink: (type & vscode.FileType.SymbolicLink) !== 0,
      })),
    isWanted,
    // `**/node_modules/**` names what is inside of the folder.
    isLeftOut: (path) => isLeftOut(path.endsWith('/') ? `${path}x` : path),
    onError: (path, error) =>
      onTrouble(vscode.l10n.t('The folder {0}/{1} could not be read: {2}', folder.name, path, messageOf(error))),
  });
  if (!complete)
    onTrouble(vscode.l10n.t('{0} is large: not all of its folders were searched for eval files.', folder.name));
  return paths.map((path) => vscode.Uri.joinPath(folder.uri, path));
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
