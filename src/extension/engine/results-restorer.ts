import * as vscode from 'vscode';
import { messageOf } from '../../core/util/errors';
import { DisposableStore } from '../../core/util/disposable';
import type { EvalDocuments, ParsedDocument } from '../language/documents';
import type { Planner } from './planner';
import type { ReferencedFiles } from '../language/referenced-files';
import type { ClearedResults } from './cleared-results';
import { parts } from '../parts/load';
import type { FileResults, ResultsStore } from './results-store';

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
    private readonly referenced: ReferencedFiles,
    private readonly cleared: ClearedResults,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.store.add(documents.onDidParse((parsed) => this.restore(parsed)));
    this.store.add(results.onDidClear((file) => cleared.add(file, new Date().toISOString())));
  }

  restore(parsed: ParsedDocument): void {
    const file = parsed.uri.toString();
    if (this.asked.has(file) || parsed.uri.scheme !== 'file') return;
    this.asked.add(file);
    this.queue = this.queue.then(async () => {
      try {
        const results = await parts().loadObservations(
          this.planner.runsDirectory(parsed.uri),
          this.planner.sourcePath(parsed.uri),
          parsed.document.sha256,
          parsed.survey,
          (dir, error) => this.log.warn(`The results in ${dir} were passed over: ${messageOf(error)}`),
        );
        if (results === null || this.cleared.has(file, results.last?.startedAt ?? '')) return;
        await this.doubt(file, results);
        this.results.restore(file, results);
      } catch (error) {
        this.log.warn(`Earlier results of ${parsed.uri.fsPath} could not be read: ${messageOf(error)}`);
      }
    });
  }

  /** A run of the command line did not note what the files held that the eval refers to: one that was changed since tells. */
  private async doubt(file: string, { observations, last }: FileResults): Promise<void> {
    const unknown = observations.filter(({ files }) => files === undefined);
    if (unknown.length === 0 || last === null) return;
    if (!(await this.referenced.hasChangedSince(file, Date.parse(last.startedAt)))) return;
    for (const observation of unknown) observation.files = 'changed since';
  }

  dispose(): void {
    this.store.dispose();
  }
}
