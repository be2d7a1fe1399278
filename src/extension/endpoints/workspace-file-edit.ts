import * as vscode from 'vscode';
import { WORKSPACE_FILE } from '../../core/spec/discover';
import type { SourceEdit } from '../../core/spec/edit/source-edit';
import { PromptrigError } from '../../core/util/errors';

/** The shared settings of a folder. */
export function workspaceFileOf(folder: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(folder, WORKSPACE_FILE);
}

/**
 * Changes the `promptrig.yaml` of a folder, which is made where there is none: one edit that one undo takes back. A file without
 * unsaved changes is saved; else what is unsaved stays the person's to save.
 * @throws PromptrigError where the file cannot be changed
 */
export async function editWorkspaceFile(
  folder: vscode.Uri,
  change: (text: string) => SourceEdit[],
): Promise<vscode.TextDocument> {
  const uri = workspaceFileOf(folder);
  const edit = new vscode.WorkspaceEdit();
  const isThere = await exists(uri);
  const open = isThere ? await vscode.workspace.openTextDocument(uri) : undefined;
  const hadChanges = open?.isDirty ?? false;
  if (open === undefined) edit.createFile(uri, { ignoreIfExists: true });
  for (const { offset, length, newText } of change(open?.getText() ?? '')) {
    const start = open?.positionAt(offset) ?? new vscode.Position(0, 0);
    const end = open?.positionAt(offset + length) ?? start;
    edit.replace(uri, new vscode.Range(start, end), newText);
  }
  if (!(await vscode.workspace.applyEdit(edit)))
    throw new PromptrigError(
      'unreadable',
      vscode.l10n.t('{0} could not be changed. Is the folder read-only?', WORKSPACE_FILE),
    );
  const document = open ?? (await vscode.workspace.openTextDocument(uri));
  if (!hadChanges && document.isDirty && !(await document.save()))
    throw new PromptrigError(
      'unreadable',
      vscode.l10n.t('{0} was changed, but could not be saved. Save it by hand.', WORKSPACE_FILE),
    );
  return document;
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch (error) {
    if (error instanceof vscode.FileSystemError && error.code === 'FileNotFound') return false;
    throw error;
  }
}
