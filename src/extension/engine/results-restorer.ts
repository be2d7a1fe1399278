import * as vscode from 'vscode';
import { messageOf } from '../../core/util/errors';
import { DisposableStore } from '../../core/util/disposable';
import type { EvalDocuments, ParsedDocument } from '../language/documents';
import type { Planner } from './planner';
import { loadObservations, type ResultsStore } from './results-store';

/** Brings back what the last runs of a file said when it is opened or listed, once per file and window. */
export class ResultsRestorer implements vscode.Disposable {
  private readonly store = new DisposableStore();
  private readonly asked = new Set<string>();
  /** One after the other: a sidebar of many files must not read them all at once. */
  private queue: Promise<void> = Promise.resolve();

  constructor(
    documents: EvalDocuments,
    private readonly planner: Planner,
    private readonly results: ResultsStore,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.store.add(documents.onDidParse((parsed) => this.restore(parsed)));
  }

  restore(parsed: ParsedDocument): void {
    const file = parsed.uri.toString();
    if (this.asked.has(file) || parsed.uri.scheme !== 'file') return;
    this.asked.add(file);
    this.queue = this.queue.then(async () => {
      try {
        const results = await loadObservations(
          this.planner.runsDirectory(parsed.uri),
          this.planner.sourcePath(parsed.uri),
          parsed.document.sha256,
          parsed.survey,
        );
        if (results !== null) this.results.restore(file, results);
      } catch (error) {
        this.log.warn(`Earlier results of ${parsed.uri.fsPath} could not be read: ${messageOf(error)}`);
      }
    });
  }

  dispose(): void {
    this.store.dispose();
  }
}
