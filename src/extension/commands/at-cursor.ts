import * as vscode from 'vscode';
import { CommandId } from '../contributions';
import type { RunController } from '../engine/run-controller';
import { isEvalDocument, type EvalDocuments } from '../language/documents';
import { itemAtLine, nextResultLine } from '../language/places';
import type { DocumentStatusModel } from '../language/statuses';
import type { Tell } from '../messages';

export interface CursorParts {
  documents: EvalDocuments;
  statuses: DocumentStatusModel;
  controller: RunController;
  tell: Tell;
}

type CursorId = (typeof CommandId)['runAtCursor' | 'nextResult' | 'previousResult'];

/** Commands that mean what the cursor is in: for who works without a mouse. */
export function cursorHandlers(parts: CursorParts): Record<CursorId, () => unknown> {
  const { documents, controller, tell } = parts;
  return {
    [CommandId.runAtCursor]: async () => {
      const editor = evalEditor();
      if (editor === undefined) return undefined;
      const { document, selection } = editor;
      const item = itemAtLine(documents.current(document).survey, selection.active.line);
      if (item === undefined) {
        tell('info', vscode.l10n.t('Put the cursor into a case or a load stage to run it.'));
        return undefined;
      }
      const what = item.kind === 'stage' ? 'stage' : 'case';
      return controller.run({ uri: document.uri, what, id: item.id });
    },
    [CommandId.nextResult]: () => go(parts, 'next'),
    [CommandId.previousResult]: () => go(parts, 'previous'),
  };
}

function go({ statuses, tell }: CursorParts, direction: 'next' | 'previous'): void {
  const editor = evalEditor();
  if (editor === undefined) return;
  const found = statuses.get(editor.document.uri)?.statuses ?? [];
  const line = nextResultLine(found, editor.selection.active.line, direction);
  if (line === null) {
    tell('info', vscode.l10n.t('No result of this file needs a look.'));
    return;
  }
  const at = new vscode.Position(line, editor.document.lineAt(line).firstNonWhitespaceCharacterIndex);
  editor.selection = new vscode.Selection(at, at);
  editor.revealRange(new vscode.Range(at, at), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}

function evalEditor(): vscode.TextEditor | undefined {
  const editor = vscode.window.activeTextEditor;
  return editor !== undefined && isEvalDocument(editor.document) ? editor : undefined;
}
