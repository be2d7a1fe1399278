import * as vscode from 'vscode';
import { DisposableStore } from '../../core/util/disposable';
import type { EvalDocument } from '../../core/spec/parse';
import type { WorkspaceFiles } from '../language/workspace-files';
import { specBundle } from '../spec/load';
import { knownEndpoints, type FolderEndpoints, type KnownEndpoint } from './known-endpoints';
import type { UserEndpoints } from './user-endpoints';

/** The endpoints of this window: of each folder, of the person, and the built-in one. */
export class EndpointList implements vscode.Disposable {
  private readonly store = new DisposableStore();
  private readonly changed = this.store.add(new vscode.EventEmitter<void>());
  private trouble: string | null = null;

  readonly onDidChange = this.changed.event;

  constructor(
    private readonly workspaceFiles: WorkspaceFiles,
    private readonly userEndpoints: UserEndpoints,
  ) {
    this.store.add(workspaceFiles.onDidChange(() => this.changed.fire()));
    this.store.add(userEndpoints.onDidChange(() => this.changed.fire()));
    this.store.add(vscode.workspace.onDidChangeWorkspaceFolders(() => this.changed.fire()));
  }

  /** What is wrong with a file that endpoints come from; null where nothing is. Of the last call of `list`. */
  get problem(): string | null {
    return this.trouble;
  }

  async list(): Promise<KnownEndpoint[]> {
    const { workspaceEndpoints, resolveEndpoint } = specBundle();
    const troubles: string[] = [];
    const folders = await Promise.all(
      (vscode.workspace.workspaceFolders ?? []).map(async (folder): Promise<FolderEndpoints> => {
        const document = await this.workspaceFiles.load(folder.uri);
        const problem = document === undefined ? null : problemOf(document, folder);
        if (problem !== null) troubles.push(problem);
        return {
          folder: folder.uri.toString(),
          folderName: folder.name,
          path: folder.uri.fsPath,
          endpoints: document === undefined ? [] : workspaceEndpoints(document),
          defaultName: document?.workspace?.defaults?.endpoint,
        };
      }),
    );
    this.trouble = troubles[0] ?? null;
    return knownEndpoints(folders, this.userEndpoints.list, resolveEndpoint);
  }

  /** The endpoint that a file of a folder means by a name. */
  async find(name: string, scope?: vscode.Uri): Promise<KnownEndpoint | undefined> {
    const folder = scope === undefined ? undefined : vscode.workspace.getWorkspaceFolder(scope)?.uri.toString();
    const named = (await this.list()).filter((endpoint) => endpoint.name === name);
    const own = named.find(({ place }) => place.kind === 'workspace' && place.folder === folder);
    return own ?? named.find(({ place }) => folder === undefined || place.kind !== 'workspace') ?? named[0];
  }

  dispose(): void {
    this.store.dispose();
  }
}

function problemOf({ diagnostics }: EvalDocument, folder: vscode.WorkspaceFolder): string | null {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  if (first === undefined) return null;
  const several = (vscode.workspace.workspaceFolders?.length ?? 0) > 1;
  const where = several ? vscode.l10n.t('promptrig.yaml of {0}', folder.name) : 'promptrig.yaml';
  return errors.length === 1
    ? vscode.l10n.t('{0}, line {1}: {2}', where, first.range.start.line + 1, first.message)
    : vscode.l10n.t(
        '{0} has {1} problems; the first, in line {2}: {3}',
        where,
        errors.length,
        first.range.start.line + 1,
        first.message,
      );
}
