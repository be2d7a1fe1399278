import * as vscode from 'vscode';
import type { ItemReference } from '../contributions';
import { toRange } from '../language/convert';
import type { EvalDocuments } from '../language/documents';

/** Opens the file at a case or stage; at its top where none is named. */
export async function revealItem(documents: EvalDocuments, item: ItemReference): Promise<void> {
  const document = await vscode.workspace.openTextDocument(item.uri);
  const { survey } = documents.current(document);
  const node = [...survey.cases, ...survey.stages].find((candidate) => candidate.id === item.id);
  await show(document, node === undefined ? undefined : toRange(node.anchor));
}

/** Opens the file at the node of a JSON pointer. */
export async function revealPointer(documents: EvalDocuments, uri: vscode.Uri, pointer: string): Promise<void> {
  const document = await vscode.workspace.openTextDocument(uri);
  const range = documents.current(document).document.rangeOf(pointer);
  await show(document, range === undefined ? undefined : toRange(range));
}

async function show(document: vscode.TextDocument, range: vscode.Range | undefined): Promise<void> {
  // Where the file is open already, its own column is meant, not the one of a panel that has the focus.
  const open = vscode.window.visibleTextEditors.find((editor) => editor.document === document);
  await vscode.window.showTextDocument(document, {
    viewColumn: open?.viewColumn ?? vscode.ViewColumn.One,
    ...(range === undefined ? {} : { selection: new vscode.Range(range.start, range.start) }),
  });
}
