/** What the panel hands out: pictures, tables and files of the run, where the person says. */
import * as path from 'node:path';
import * as fs from 'node:fs/promises';
import * as vscode from 'vscode';
import { messageOf } from '../../core/util/errors';
import type { RunPanelToHost } from '../../protocol/run-panel';
import { parts } from '../parts/load';

type Save = Extract<RunPanelToHost, { type: 'save' }>;
type Export = Extract<RunPanelToHost, { type: 'export' }>;

const FILTERS: Record<Save['kind'] | 'html', Record<string, string[]>> = {
  png: { [vscode.l10n.t('Picture')]: ['png'] },
  csv: { CSV: ['csv'] },
  json: { JSON: ['json'] },
  html: { HTML: ['html'] },
};

/** Asks where to, and writes what the panel drew or listed. */
export async function saveFromPanel({ name, kind, data }: Save, folder: vscode.Uri | null): Promise<void> {
  await ask(`${fileName(name)}.${kind}`, FILTERS[kind], folder, (file) =>
    fs.writeFile(file, kind === 'png' ? Buffer.from(data, 'base64') : data),
  );
}

/** Asks where to, and writes a text that was made of what the panel shows. */
export async function saveText(
  name: string,
  ending: 'json' | 'md',
  text: string,
  folder: vscode.Uri | null,
): Promise<void> {
  const filters: Record<string, string[]> = ending === 'json' ? FILTERS.json : { Markdown: ['md'] };
  await ask(`${fileName(name)}.${ending}`, filters, folder, (file) => fs.writeFile(file, text));
}

/** Asks where to, and writes a file of the run in `dir`. */
export async function exportFromPanel({ what }: Export, dir: string, folder: vscode.Uri | null): Promise<void> {
  const { exportName, exportRun } = parts();
  const name = exportName(what, path.basename(dir));
  const kind = what === 'run' ? 'json' : what === 'report' ? 'html' : 'csv';
  await ask(name, FILTERS[kind], folder, (file) => exportRun(dir, what, file));
}

/** Opens a text in an editor of its own, as text and nothing else. */
export async function openText(text: string): Promise<void> {
  const document = await vscode.workspace.openTextDocument({ content: text, language: 'plaintext' });
  await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.One, preview: true });
}

async function ask(
  name: string,
  filters: Record<string, string[]>,
  folder: vscode.Uri | null,
  write: (file: string) => Promise<void>,
): Promise<void> {
  const target = await vscode.window.showSaveDialog({
    filters,
    ...(folder === null ? {} : { defaultUri: vscode.Uri.joinPath(folder, name) }),
  });
  if (target === undefined) return;
  try {
    await write(target.fsPath);
  } catch (error) {
    await vscode.window.showErrorMessage(
      vscode.l10n.t(
        '{0} could not be written: {1}. Choose another place.',
        path.basename(target.fsPath),
        messageOf(error),
      ),
    );
    return;
  }
  const open = vscode.l10n.t('Open');
  const chosen = await vscode.window.showInformationMessage(
    vscode.l10n.t('{0} is saved.', path.basename(target.fsPath)),
    open,
  );
  if (chosen === open) await vscode.commands.executeCommand('vscode.open', target);
}

/** A name is made of titles of the file and the run: nothing of them may lead to another folder. */
function fileName(name: string): string {
  const safe = name.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[.-]+|[.-]+$/g, '');
  return safe === '' ? 'promptrig' : safe.slice(0, 100);
}
