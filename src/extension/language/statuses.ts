import * as vscode from 'vscode';
import { DisposableStore } from '../../core/util/disposable';
import type { ResultsStore } from '../engine/results-store';
import type { EvalDocuments, ParsedDocument } from './documents';
import { nodeStatuses, type NodeStatus } from './line-ends';

export interface DocumentStatuses {
  parsed: ParsedDocument;
  statuses: NodeStatus[];
}

/**
 * While results stream in, a file is looked at again after at least this many times of what the last look took: one with ten
 * thousand cases must leave the extension host time for the person who types.
 */
const REST = 4;
const FREE_MS = 10;

/** Joins documents and results: what every place of every open file says. Computed once per change, read by each surface. */
export class DocumentStatusModel implements vscode.Disposable {
  private readonly store = new DisposableStore();
  private readonly known = new Map<string, DocumentStatuses>();
  private readonly dirty = new Map<string, ParsedDocument>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly changed = this.store.add(new vscode.EventEmitter<DocumentStatuses>());
  private readonly removed = this.store.add(new vscode.EventEmitter<vscode.Uri>());
  private tookMs = 0;

  readonly onDidChange = this.changed.event;
  readonly onDidRemove = this.removed.event;

  constructor(
    documents: EvalDocuments,
    private readonly results: ResultsStore,
  ) {
    this.store.add(
      documents.onDidParse((parsed) => {
        // While the text cannot be read there are no places: what is shown moves along with it until it can be read again.
        if (isUnreadable(parsed) && this.known.has(parsed.uri.toString())) return;
        this.compute(parsed);
      }),
    );
    this.store.add(
      documents.onDidClose((uri) => {
        const key = uri.toString();
        this.forgetTimer(key);
        if (this.known.delete(key)) this.removed.fire(uri);
      }),
    );
    this.store.add(
      results.onDidChange((file) => {
        const parsed = documents.get(vscode.Uri.parse(file));
        if (parsed === undefined || (isUnreadable(parsed) && this.known.has(file))) return;
        this.later(file, parsed);
      }),
    );
  }

  /** What is known of a file now. */
  get(uri: vscode.Uri): DocumentStatuses | undefined {
    const key = uri.toString();
    const waiting = this.dirty.get(key);
    if (waiting !== undefined) this.compute(waiting);
    return this.known.get(key);
  }

  dispose(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    this.store.dispose();
  }

  private later(key: string, parsed: ParsedDocument): void {
    if (this.tookMs <= FREE_MS && !this.timers.has(key)) {
      this.compute(parsed);
      return;
    }
    this.dirty.set(key, parsed);
    if (this.timers.has(key)) return;
    this.timers.set(
      key,
      setTimeout(() => {
        this.timers.delete(key);
        const waiting = this.dirty.get(key);
        if (waiting !== undefined) this.compute(waiting);
      }, this.tookMs * REST),
    );
  }

  private compute(parsed: ParsedDocument): void {
    const key = parsed.uri.toString();
    this.dirty.delete(key);
    const startedMs = performance.now();
    const { observations, running } = this.results.get(key);
    const statuses: DocumentStatuses = { parsed, statuses: nodeStatuses(parsed.survey, observations, running) };
    this.known.set(key, statuses);
    this.changed.fire(statuses);
    this.tookMs = performance.now() - startedMs;
  }

  private forgetTimer(key: string): void {
    clearTimeout(this.timers.get(key));
    this.timers.delete(key);
    this.dirty.delete(key);
  }
}

/** Whether a text is no YAML at the moment, which most texts are between two keystrokes. */
function isUnreadable({ document }: ParsedDocument): boolean {
  return document.root === null || document.diagnostics.some(({ code }) => code === 'yaml-syntax');
}
