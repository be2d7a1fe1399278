import * as vscode from 'vscode';

const EXAMPLE = 'chatbot.eval.yaml';

/** Writes an example into the workspace and opens it. An existing file is never overwritten. */
export async function createExample(extensionUri: vscode.Uri): Promise<vscode.Uri | undefined> {
  const folder = vscode.workspace.workspaceFolders?.[0];
  if (folder === undefined) return openExample(extensionUri);
  const content = await vscode.workspace.fs.readFile(examples(extensionUri, EXAMPLE));
  let target = vscode.Uri.joinPath(folder.uri, EXAMPLE);
  for (let n = 2; await exists(target); n++) {
    target = vscode.Uri.joinPath(folder.uri, EXAMPLE.replace('.eval.', `-${n}.eval.`));
  }
  await vscode.workspace.fs.writeFile(target, content);
  await vscode.window.showTextDocument(target);
  return target;
}

/** Opens the example of the walkthrough, the one in which everything passes. */
export async function openFirstRun(extensionUri: vscode.Uri): Promise<vscode.Uri> {
  const uri = examples(extensionUri, 'first-run.eval.yaml');
  await vscode.window.showTextDocument(uri, { viewColumn: vscode.ViewColumn.Beside });
  return uri;
}

/** Opens one of the examples that come with the extension. */
export async function openExample(extensionUri: vscode.Uri): Promise<vscode.Uri | undefined> {
  const entries = await vscode.workspace.fs.readDirectory(examples(extensionUri));
  const names = entries.map(([name]) => name).filter((name) => name.endsWith('.eval.yaml'));
  const name = await vscode.window.showQuickPick(names, {
    title: vscode.l10n.t('Open an Example'),
    placeHolder: vscode.l10n.t('Each runs on the built-in simulator, with no key and no network'),
  });
  if (name === undefined) return undefined;
  const uri = examples(extensionUri, name);
  await vscode.window.showTextDocument(uri);
  return uri;
}

function examples(extensionUri: vscode.Uri, ...names: string[]): vscode.Uri {
  return vscode.Uri.joinPath(extensionUri, 'media', 'examples', ...names);
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
