import * as vscode from 'vscode';

/**
 * Writes a new eval file and opens it; an existing one is never overwritten. Without a folder it is opened unsaved, under a name
 * by which it is known for an eval.
 * @param fileName such as `chat.eval.yaml`
 */
export async function createEvalFile(fileName: string, text: string): Promise<vscode.Uri> {
  const folder = folderOfNewFiles();
  if (folder === undefined) return openUnsaved(fileName, text);
  const target = await freeName(folder, fileName);
  await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(text));
  await vscode.window.showTextDocument(target);
  return target;
}

/** Beside the eval that is open, else at the top of the workspace. */
function folderOfNewFiles(): vscode.Uri | undefined {
  const active = vscode.window.activeTextEditor?.document.uri;
  const isEval = active !== undefined && /\.(?:eval|workload)\.ya?ml$/i.test(active.path);
  if (isEval && vscode.workspace.getWorkspaceFolder(active) !== undefined) return vscode.Uri.joinPath(active, '..');
  return vscode.workspace.workspaceFolders?.[0]?.uri;
}

async function openUnsaved(fileName: string, text: string): Promise<vscode.Uri> {
  const open = new Set(vscode.workspace.textDocuments.map(({ uri }) => uri.path));
  const path = [...names(fileName)].find((name) => !open.has(name)) ?? fileName;
  const document = await vscode.workspace.openTextDocument(vscode.Uri.from({ scheme: 'untitled', path }));
  const editor = await vscode.window.showTextDocument(document);
  await editor.edit((builder) => builder.insert(new vscode.Position(0, 0), text));
  return document.uri;
}

async function freeName(folder: vscode.Uri, fileName: string): Promise<vscode.Uri> {
  for (const name of names(fileName)) {
    const uri = vscode.Uri.joinPath(folder, name);
    if (!(await exists(uri))) return uri;
  }
  throw new Error(vscode.l10n.t('There are too many files called {0} in {1}.', fileName, folder.fsPath));
}

/** `chat.eval.yaml`, `chat-2.eval.yaml`, … */
function* names(fileName: string): Generator<string> {
  yield fileName;
  const [, stem = fileName, extension = ''] = /^(.*?)(\.(?:eval|workload)\.ya?ml)$/i.exec(fileName) ?? [];
  for (let n = 2; n < 1_000; n++) yield `${stem}-${n}${extension}`;
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
