import * as vscode from 'vscode';
import { DisposableStore } from '../../core/util/disposable';
import type { ResultsStore } from '../engine/results-store';
import type { EvalDocuments, ParsedDocument } from './documents';
import { nodeStatuses, type NodeStatus } from './line-ends';

export interface DocumentStatuses {
  parsed: ParsedDocument;
  statuses: NodeStatus[];
}

/** Joins documents and results: what every place of every open file says. Computed once per change, read by each surface. */
export class DocumentStatusModel implements vscode.Disposable {
  private readonly store = new DisposableStore();
  private readonly known = new Map<string, DocumentStatuses>();
  private readonly changed = this.store.add(new vscode.EventEmitter<DocumentStatuses>());
  private readonly removed = this.store.add(new vscode.EventEmitter<vscode.Uri>());

  readonly onDidChange = this.changed.event;
  readonly onDidRemove = this.removed.event;

  constructor(
    documents: EvalDocuments,
    private readonly results: ResultsStore,
  ) {
    this.store.add(documents.onDidParse((parsed) => this.compute(parsed)));
    this.store.add(
      documents.onDidClose((uri) => {
        if (this.known.delete(uri.toString())) this.removed.fire(uri);
      }),
    );
    this.store.add(
      results.onDidChange((file) => {
        const parsed = documents.get(vscode.Uri.parse(file));
        if (parsed !== undefined) this.compute(parsed);
      }),
    );
  }

  get(uri: vscode.Uri): DocumentStatuses | undefined {
    return this.known.get(uri.toString());
  }

  dispose(): void {
    this.store.dispose();
  }

  private compute(parsed: ParsedDocument): void {
    const { observations, running } = this.results.get(parsed.uri.toString());
    const statuses: DocumentStatuses = { parsed, statuses: nodeStatuses(parsed.survey, observations, running) };
    this.known.set(parsed.uri.toString(), statuses);
    this.changed.fire(statuses);
  }
}
