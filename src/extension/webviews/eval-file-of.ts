import * as path from 'node:path';
import * as vscode from 'vscode';

/**
 * The eval file of a stored run, where it is still there: results name it relative to its workspace folder.
 * @param dir the folder of the run @param name the file as its result names it
 */
export async function evalFileOf(dir: string, name: string): Promise<vscode.Uri | null> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const holding = folders.filter(({ uri }) => !path.relative(uri.fsPath, dir).startsWith('..'));
  const candidates = path.isAbsolute(name)
    ? [vscode.Uri.file(name)]
    : [...holding, ...folders].map(({ uri }) => vscode.Uri.joinPath(uri, name));
  for (const candidate of candidates) {
    try {
      await vscode.workspace.fs.stat(candidate);
      return candidate;
    } catch (error) {
      if (!(error instanceof vscode.FileSystemError)) throw error;
    }
  }
  return null;
}
