import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { buildPlan, type PlanSelection } from '../../core/engine/plan';
import type { Diagnostic } from '../../core/spec/document';
import { parseEvalFile, type EvalDocument } from '../../core/spec/parse';
import type { RunPlan } from '../../protocol/plan';
import { setting } from '../config';
import type { ParsedDocument } from '../language/documents';

const WORKSPACE_FILE = 'promptrig.yaml';

export interface Planned {
  plan: RunPlan | null;
  /** The planner's own; the parser's are in the document. */
  diagnostics: Diagnostic[];
}

/** Plans runs of open files: finds the folder's shared settings and where results go. */
export class Planner {
  constructor(private readonly globalStorage: vscode.Uri) {}

  /** Resolves everything that the file names. Never sends anything. */
  async plan(parsed: ParsedDocument, select: PlanSelection): Promise<Planned> {
    const { plan, diagnostics } = await buildPlan({
      document: parsed.document,
      workspace: await this.workspaceDocument(parsed.uri),
      select,
      runsDir: this.runsDirectory(parsed.uri),
      readFile: (file) => fs.readFile(file),
      now: new Date(),
      overrides: {},
    });
    return { plan, diagnostics };
  }

  /** Absolute folder of the results of runs of `uri`. A file outside of every workspace folder keeps them in our own storage. */
  runsDirectory(uri: vscode.Uri): string {
    const folder = vscode.workspace.getWorkspaceFolder(uri);
    return folder === undefined
      ? path.join(this.globalStorage.fsPath, 'runs')
      : path.resolve(folder.uri.fsPath, setting('runsDirectory', folder.uri));
  }

  private async workspaceDocument(uri: vscode.Uri): Promise<EvalDocument | undefined> {
    const folder = vscode.workspace.getWorkspaceFolder(uri);
    if (folder === undefined) return undefined;
    const file = path.join(folder.uri.fsPath, WORKSPACE_FILE);
    // Unsaved changes count: the person sees them.
    const open = vscode.workspace.textDocuments.find((document) => document.uri.fsPath === file);
    if (open !== undefined) return parseEvalFile(open.getText(), file);
    try {
      return parseEvalFile(await fs.readFile(file, 'utf8'), file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }
}
