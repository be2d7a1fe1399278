import * as vscode from 'vscode';
import type { TextRange } from '../../core/spec/document';
import { SOURCE, toRange, toTextEdit } from './convert';
import { isEvalDocument, type EvalDocuments } from './documents';
import { LinkedCommand, linkedRun, type LinkContext } from './hover-links';
import { parts } from '../parts/load';
import type { EditableFile } from './result-edits';
import { findingsOf, type ResultFinding } from './result-findings';
import type { DocumentStatuses, DocumentStatusModel } from './statuses';

/** Quick fixes for what results complain about. Those that change the text are edits of it, so that undo takes them back. */
export class ResultFixes implements vscode.CodeActionProvider {
  static readonly metadata: vscode.CodeActionProviderMetadata = {
    providedCodeActionKinds: [vscode.CodeActionKind.QuickFix],
  };

  constructor(
    private readonly documents: EvalDocuments,
    private readonly model: DocumentStatusModel,
    private readonly links: (uri: vscode.Uri) => LinkContext,
  ) {}

  async provideCodeActions(
    document: vscode.TextDocument,
    range: vscode.Range,
    context: vscode.CodeActionContext,
    token: vscode.CancellationToken,
  ): Promise<vscode.CodeAction[]> {
    if (context.only !== undefined && !context.only.contains(vscode.CodeActionKind.QuickFix)) return [];
    if (!isEvalDocument(document)) return [];
    // The editor asks once after an edit, sooner than the text is parsed by itself.
    if ((await this.documents.latest(document, token)) === undefined) return [];
    const known = this.model.get(document.uri);
    // Edits made for an older text would land in the wrong place.
    if (known === undefined || known.parsed.version !== document.version) return [];
    const findings = known.statuses
      .filter(({ node }) => toRange(node.range).intersection(range) !== undefined)
      .flatMap(findingsOf)
      .filter((finding) => toRange(finding.range).intersection(range) !== undefined);
    const file: EditableFile = {
      document: known.parsed.document,
      text: known.parsed.text,
      slice: (part: TextRange) => document.getText(toRange(part)),
    };
    const actions = new Map<string, vscode.CodeAction>();
    const add = (title: string, finding: ResultFinding, make: (action: vscode.CodeAction) => void): void => {
      const solved = context.diagnostics.filter(
        (item) =>
          item.source === SOURCE && item.message === finding.message && item.range.isEqual(toRange(finding.range)),
      );
      const before = actions.get(title);
      if (before !== undefined) {
        before.diagnostics = [...(before.diagnostics ?? []), ...solved];
        return;
      }
      const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
      action.diagnostics = solved;
      make(action);
      actions.set(title, action);
    };
    for (const finding of findings) {
      for (const { title, edits } of parts().editsFor(finding, file, caseOf(finding, known))) {
        add(title, finding, (action) => {
          action.edit = new vscode.WorkspaceEdit();
          action.edit.set(document.uri, edits.map(toTextEdit));
        });
      }
      const pin = this.pin(document.uri, finding);
      if (pin !== null) add(pin.title, finding, (action) => (action.command = pin));
    }
    return [...actions.values()];
  }

  /** Takes what was measured as what is held against from now on. */
  private pin(uri: vscode.Uri, { code, observation }: ResultFinding): vscode.Command | null {
    const { run } = observation;
    if (run === undefined || (code !== 'baseline-regression' && code !== 'slo-missed')) return null;
    const links = this.links(uri);
    if (!links.hasCommand(LinkedCommand.pinBaseline)) return null;
    return {
      title: vscode.l10n.t('Pin this run as the baseline'),
      command: LinkedCommand.pinBaseline,
      arguments: [linkedRun(run, links)],
    };
  }
}

/** The case that a finding is about, where it is one: a case, or an assertion in one. */
function caseOf(
  { status, observation }: ResultFinding,
  { statuses }: DocumentStatuses,
): ResultFinding['status'] | undefined {
  if (observation.kind !== 'assertion' && observation.kind !== 'case') return undefined;
  if (status.node.scope === 'file') return undefined;
  return statuses.find(({ node }) => node.kind === 'case' && node.scope === status.node.scope);
}
