import * as vscode from 'vscode';
import { DisposableStore } from '../../core/util/disposable';
import { CommandId, type ItemReference } from '../contributions';
import { toRange } from './convert';
import { isEvalDocument, type EvalDocuments } from './documents';
import { summarize } from './line-ends';
import { iconIdOf } from './state-icons';
import type { DocumentStatusModel } from './statuses';

/** Run buttons above the file, each case and each load stage. */
export class RunCodeLenses implements vscode.CodeLensProvider, vscode.Disposable {
  private readonly store = new DisposableStore();
  private readonly changed = this.store.add(new vscode.EventEmitter<void>());
  private running = false;
  private verdicts = new Map<string, string>();

  readonly onDidChangeCodeLenses = this.changed.event;

  constructor(
    private readonly documents: EvalDocuments,
    private readonly model: DocumentStatusModel,
  ) {
    this.store.add(
      model.onDidChange(({ parsed, statuses }) => {
        // The buttons follow the text by themselves (VS Code asks after each edit); only the verdict is news.
        const verdict = summarize(statuses)?.text ?? '';
        const key = parsed.uri.toString();
        if (this.verdicts.get(key) === verdict) return;
        this.verdicts.set(key, verdict);
        this.changed.fire();
      }),
    );
    this.store.add(model.onDidRemove((uri) => this.verdicts.delete(uri.toString())));
  }

  setRunning(running: boolean): void {
    if (this.running === running) return;
    this.running = running;
    this.changed.fire();
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    if (!isEvalDocument(document)) return [];
    const { survey, document: parsed, uri } = this.documents.current(document);
    if (parsed.kind !== 'eval') return [];
    const file: ItemReference = { uri };
    const top = new vscode.Range(survey.nameRange.start.line, 0, survey.nameRange.start.line, 0);
    const lenses: vscode.CodeLens[] = [];
    const add = (
      range: vscode.Range,
      title: string,
      command: CommandId,
      tooltip: string,
      item?: ItemReference,
    ): void => {
      lenses.push(
        new vscode.CodeLens(range, { title, command, tooltip, ...(item === undefined ? {} : { arguments: [item] }) }),
      );
    };

    if (this.running) {
      add(top, '$(debug-stop) Stop', CommandId.stop, 'Stop the run; what was measured is kept');
    } else if (survey.cases.length > 0 || survey.stages.length > 0) {
      add(top, '$(play) Run eval', CommandId.runEval, 'Run the cases, then the load stages', file);
      if (survey.stages.length > 0)
        add(top, '$(dashboard) Run load', CommandId.runLoad, 'Run the load stages only', file);
    }
    const summary = summarize(this.model.get(uri)?.statuses ?? []);
    if (summary !== null) {
      add(top, `$(${iconIdOf(summary.state)}) ${summary.text}`, CommandId.openRunPanel, 'Open the run panel');
    }
    if (this.running) return lenses;
    for (const item of survey.cases) {
      add(toRange(item.anchor), '$(play) Run', CommandId.runCase, `Run the case "${item.name}"`, { uri, id: item.id });
    }
    for (const item of survey.stages) {
      add(toRange(item.anchor), '$(play) Run', CommandId.runStage, `Run the load stage "${item.name}"`, {
        uri,
        id: item.id,
      });
    }
    return lenses;
  }

  dispose(): void {
    this.store.dispose();
  }
}
