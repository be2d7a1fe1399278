import * as vscode from 'vscode';
import type { ParsedFile } from '../../../core/language/rename';
import { languageBundle } from '../../spec/load';
import { toRange, toTextEdit } from '../convert';
import { isEvalDocument, type EvalDocuments } from '../documents';
import type { LanguageTexts } from './language-texts';
import { uriOf, type Surroundings } from './surroundings';

/** Shown where files beside the eval are changed: other evals may use them as well. */
const ELSEWHERE: vscode.WorkspaceEditEntryMetadata = {
  needsConfirmation: true,
  label: vscode.l10n.t('Rename in files that the eval refers to'),
  description: vscode.l10n.t('Other evals may refer to them as well'),
};

/** References and rename of variables. */
export class EvalVariables implements vscode.ReferenceProvider, vscode.RenameProvider {
  constructor(
    private readonly documents: EvalDocuments,
    private readonly texts: LanguageTexts,
    private readonly surroundings: Surroundings,
  ) {}

  async provideReferences(
    document: vscode.TextDocument,
    position: vscode.Position,
    context: vscode.ReferenceContext,
  ): Promise<vscode.Location[]> {
    if (!isEvalDocument(document)) return [];
    const offset = document.offsetAt(position);
    const found = await languageBundle().referencesAt(
      this.parsed(document),
      offset,
      this.surroundings.of(document.uri),
    );
    if (found === undefined) return [];
    const locations = context.includeDeclaration ? [...found.definitions, ...found.uses] : found.uses;
    return locations.map(({ path, range }) => new vscode.Location(this.uri(document, path), toRange(range)));
  }

  prepareRename(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): { range: vscode.Range; placeholder: string } | undefined {
    if (!isEvalDocument(document)) return undefined;
    const target = languageBundle().renameTargetAt(this.parsed(document), document.offsetAt(position));
    // VS Code shows the message of a rejection beside the cursor.
    if (!target.ok) throw new Error(target.reason);
    return { range: toRange(target.range), placeholder: target.name };
  }

  async provideRenameEdits(
    document: vscode.TextDocument,
    position: vscode.Position,
    newName: string,
  ): Promise<vscode.WorkspaceEdit | undefined> {
    if (!isEvalDocument(document)) return undefined;
    const result = await languageBundle().renameAt(
      this.parsed(document),
      document.offsetAt(position),
      newName,
      this.surroundings.of(document.uri),
    );
    if (!result.ok) throw new Error(result.reason);
    const edit = new vscode.WorkspaceEdit();
    for (const { path, edits } of result.edits) {
      const uri = this.uri(document, path);
      if (uri === document.uri) edit.set(uri, edits.map(toTextEdit));
      else for (const { range, newText } of edits) edit.replace(uri, toRange(range), newText, ELSEWHERE);
    }
    return edit;
  }

  private parsed(document: vscode.TextDocument): ParsedFile {
    return { document: this.texts.get(document), root: this.documents.current(document).document.root };
  }

  private uri(document: vscode.TextDocument, path: string): vscode.Uri {
    return path === document.uri.fsPath ? document.uri : uriOf(document.uri, path);
  }
}
