import * as vscode from 'vscode';
import { DisposableStore } from '../../core/util/disposable';
import type { ItemReference } from '../contributions';
import { toRange } from './convert';
import { isEvalDocument, type EvalDocuments } from './documents';
import { lensesOf, type LensPlan, type LensSituation } from './lenses';
import { summarize } from './line-ends';
import { iconIdOf } from './state-icons';
import type { DocumentStatusModel } from './statuses';

/** A lens that gets its command when it comes into view: of ten thousand cases most never do. */
class PlannedLens extends vscode.CodeLens {
  constructor(
    range: vscode.Range,
    readonly plan: LensPlan,
    readonly uri: vscode.Uri,
  ) {
    super(range);
  }
}

/** Run buttons above the file, each case, each load stage and each endpoint. */
export class RunCodeLenses implements vscode.CodeLensProvider<vscode.CodeLens>, vscode.Disposable {
  private readonly store = new DisposableStore();
  private readonly changed = this.store.add(new vscode.EventEmitter<void>());
  private running = false;
  private verdicts = new Map<string, string>();

  readonly onDidChangeCodeLenses = this.changed.event;

  constructor(
    private readonly documents: EvalDocuments,
    private readonly model: DocumentStatusModel,
    private readonly hasCommand: (id: string) => boolean,
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

  async provideCodeLenses(
    document: vscode.TextDocument,
    token: vscode.CancellationToken,
  ): Promise<vscode.CodeLens[] | undefined> {
    if (!isEvalDocument(document)) return [];
    const parsed = await this.documents.latest(document, token);
    if (parsed === undefined) return undefined;
    const { uri } = parsed;
    const summary = summarize(this.model.get(uri)?.statuses ?? []);
    const situation: LensSituation = {
      running: this.running,
      verdict: summary === null ? null : { icon: iconIdOf(summary.state), text: summary.text },
      hasCommand: this.hasCommand,
    };
    return lensesOf(parsed, situation).map((plan) => new PlannedLens(toRange(plan.range), plan, uri));
  }

  resolveCodeLens(lens: vscode.CodeLens): vscode.CodeLens {
    if (!(lens instanceof PlannedLens)) return lens;
    const { title, tooltip, command, item } = lens.plan;
    const argument: ItemReference | undefined =
      item === null ? undefined : { uri: lens.uri, ...(item.id === undefined ? {} : { id: item.id }) };
    lens.command = { title, tooltip, command, ...(argument === undefined ? {} : { arguments: [argument] }) };
    return lens;
  }

  dispose(): void {
    this.store.dispose();
  }
}
