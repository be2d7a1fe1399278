import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { PlanSelection } from '../../core/engine/plan';
import type { Diagnostic } from '../../core/spec/document';
import type { RunPlan } from '../../protocol/plan';
import { setting } from '../config';
import type { UserEndpoints } from '../endpoints/user-endpoints';
import type { ParsedDocument } from '../language/documents';
import type { WorkspaceFiles } from '../language/workspace-files';
import { specBundle } from '../spec/load';

export interface Planned {
  plan: RunPlan | null;
  /** The planner's own; the parser's are in the document. */
  diagnostics: Diagnostic[];
}

/** Plans runs of open files: with the folder's shared settings, and with the place that its results go to. */
export class Planner {
  constructor(
    private readonly globalStorage: vscode.Uri,
    private readonly workspaceFiles: WorkspaceFiles,
    private readonly userEndpoints: UserEndpoints,
  ) {}

  /** Resolves everything that the file names. Sends nothing; but it renders templates, so only where the workspace is trusted. */
  async plan(parsed: ParsedDocument, select: PlanSelection): Promise<Planned> {
    const root = vscode.workspace.getWorkspaceFolder(parsed.uri)?.uri.fsPath;
    const workspace = await this.workspaceFiles.load(parsed.uri);
    const { plan, diagnostics } = await specBundle().buildPlan({
      document: parsed.document,
      ...(workspace === undefined ? {} : { workspace }),
      userEndpoints: this.userEndpoints.usable,
      select,
      runsDir: this.runsDirectory(parsed.uri),
      readFile: (file) => fs.readFile(file),
      now: new Date(),
      // Whoever trusts a workspace trusts its code; it still runs in a process that can reach nothing.
      allowCode: vscode.workspace.isTrusted,
      editorModels: true,
      overrides: {},
      ...(root === undefined ? {} : { root }),
    });
    return { plan, diagnostics };
  }

  /** The file as the results of its runs name it. */
  sourcePath(uri: vscode.Uri): string {
    const folder = vscode.workspace.getWorkspaceFolder(uri);
    return folder === undefined ? uri.fsPath : path.relative(folder.uri.fsPath, uri.fsPath).replaceAll('\\', '/');
  }

  /** Absolute folder of the results of files outside of every workspace folder. */
  get looseRunsDirectory(): string {
    return path.join(this.globalStorage.fsPath, 'runs');
  }

  /** Absolute folder of the results of runs of `uri`. A file outside of every workspace folder keeps them in our own storage. */
  runsDirectory(uri: vscode.Uri): string {
    const folder = vscode.workspace.getWorkspaceFolder(uri);
    return folder === undefined
      ? this.looseRunsDirectory
      : path.resolve(folder.uri.fsPath, setting('runsDirectory', folder.uri));
  }
}
