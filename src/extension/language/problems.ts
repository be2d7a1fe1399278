import * as vscode from 'vscode';
import type { Diagnostic } from '../../core/spec/document';
import { DisposableStore } from '../../core/util/disposable';
import type { Planner } from '../engine/planner';
import { fromRange, toDiagnostic, toTextEdit, toRange } from './convert';
import type { EvalDocuments, ParsedDocument } from './documents';
import type { SchemaNeighbour } from './features/schema-neighbour';
import type { SemanticProblems } from './features/semantic-problems';
import { shownBeside } from './features/shown-problems';

/** Planning renders every template: it waits until the person pauses. */
const PLAN_DEBOUNCE_MS = 500;

/** What is wrong with the files themselves: what the parser and, in a trusted workspace, the planner say. */
export class SpecProblems implements vscode.Disposable, vscode.CodeActionProvider {
  static readonly metadata: vscode.CodeActionProviderMetadata = {
    providedCodeActionKinds: [vscode.CodeActionKind.QuickFix],
  };

  private readonly store = new DisposableStore();
  private readonly collection = this.store.add(vscode.languages.createDiagnosticCollection('promptrig'));
  private readonly found = new Map<string, { version: number; diagnostics: Diagnostic[] }>();
  /** Files named by the problems of another one, such as `promptrig.yaml`. */
  private readonly elsewhere = new Map<string, vscode.Uri[]>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  /** What was last found that is well-formed and not meant. */
  private readonly semantic = new Map<string, Diagnostic[]>();
  /** What is shown of each file, so that showing the same again starts nothing. */
  private readonly shown = new Map<string, string>();

  constructor(
    private readonly documents: EvalDocuments,
    private readonly planner: Planner,
    private readonly semantics: SemanticProblems,
    private readonly neighbour: SchemaNeighbour,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.store.add(documents.onDidParse((parsed) => this.onParse(parsed)));
    this.store.add(neighbour.onDidChange((uris) => uris.forEach((uri) => this.show(uri))));
    this.store.add(documents.onDidClose((uri) => this.forget(uri)));
    this.store.add(
      vscode.workspace.onDidGrantWorkspaceTrust(() => {
        for (const parsed of documents.all) this.onParse(parsed);
      }),
    );
  }

  /** Shows what stops a run, at once; the counts are what a message needs. */
  publish(parsed: ParsedDocument, planned: Diagnostic[]): void {
    clearTimeout(this.timers.get(parsed.uri.toString()));
    this.set(parsed, [...parsed.document.diagnostics, ...planned]);
  }

  provideCodeActions(
    document: vscode.TextDocument,
    range: vscode.Range,
    context: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    const known = this.found.get(document.uri.toString());
    // Edits made for an older text would land in the wrong place.
    if (known === undefined || known.version !== document.version) return [];
    const actions: vscode.CodeAction[] = [];
    for (const diagnostic of known.diagnostics) {
      if (diagnostic.suggestions.length === 0 || toRange(diagnostic.range).intersection(range) === undefined) continue;
      const solved = context.diagnostics.filter(
        (item) => item.message === diagnostic.message && item.range.isEqual(toRange(diagnostic.range)),
      );
      for (const suggestion of diagnostic.suggestions) {
        const action = new vscode.CodeAction(suggestion.title, vscode.CodeActionKind.QuickFix);
        action.edit = new vscode.WorkspaceEdit();
        action.edit.set(document.uri, suggestion.edits.map(toTextEdit));
        action.diagnostics = solved;
        action.isPreferred = diagnostic.suggestions.length === 1;
        actions.push(action);
      }
    }
    return actions;
  }

  dispose(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.store.dispose();
  }

  private onParse(parsed: ParsedDocument): void {
    const key = parsed.uri.toString();
    clearTimeout(this.timers.get(key));
    // What the planner said of the last version stays until it has spoken again, or its squiggles would flicker on each key.
    const plans = vscode.workspace.isTrusted && parsed.document.spec !== null;
    if (!plans || !this.found.has(key)) this.set(parsed, parsed.document.diagnostics);
    this.timers.set(
      key,
      setTimeout(() => {
        this.timers.delete(key);
        this.check(parsed, plans).catch((error: unknown) => {
          this.log.error(error instanceof Error ? error : String(error));
        });
      }, PLAN_DEBOUNCE_MS),
    );
  }

  private async check(parsed: ParsedDocument, plans: boolean): Promise<void> {
    const { plan, diagnostics } = plans
      ? await this.planner.plan(parsed, {})
      : { plan: null, diagnostics: [] as Diagnostic[] };
    const semantic = await this.semantics.of(parsed, plan);
    // A newer parse has its own check on the way.
    if (this.documents.get(parsed.uri)?.version !== parsed.version) return;
    this.semantic.set(parsed.uri.toString(), semantic);
    this.set(parsed, [...parsed.document.diagnostics, ...diagnostics]);
  }

  private set(parsed: ParsedDocument, diagnostics: Diagnostic[]): void {
    const key = parsed.uri.toString();
    const unique = [
      ...new Map(
        [...diagnostics, ...(this.semantic.get(key) ?? [])].map((item) => [
          `${item.path} ${JSON.stringify(item.range)} ${item.code} ${item.message}`,
          item,
        ]),
      ).values(),
    ];
    const own = unique.filter((item) => item.path === parsed.document.path);
    this.found.set(key, { version: parsed.version, diagnostics: own });
    this.show(parsed.uri);

    for (const uri of this.elsewhere.get(key) ?? []) this.collection.delete(uri);
    const others = new Map<string, Diagnostic[]>();
    for (const item of unique) {
      // An open file speaks for itself.
      if (item.path === parsed.document.path || this.documents.get(vscode.Uri.file(item.path)) !== undefined) continue;
      others.set(item.path, [...(others.get(item.path) ?? []), item]);
    }
    for (const [path, items] of others) this.collection.set(vscode.Uri.file(path), items.map(toDiagnostic));
    this.elsewhere.set(
      key,
      [...others.keys()].map((path) => vscode.Uri.file(path)),
    );
  }

  /** Shows what was found in a file, but for what another extension says at the same place. */
  private show(uri: vscode.Uri): void {
    const key = uri.toString();
    const known = this.found.get(key);
    if (known === undefined) return;
    const shown = shownBeside(known.diagnostics, this.neighbour.problemsIn(uri).map(fromRange));
    const state = `${known.version} ${JSON.stringify(shown)}`;
    if (this.shown.get(key) === state) return;
    this.shown.set(key, state);
    this.collection.set(uri, shown.map(toDiagnostic));
  }

  private forget(uri: vscode.Uri): void {
    this.semantic.delete(uri.toString());
    this.shown.delete(uri.toString());
    clearTimeout(this.timers.get(uri.toString()));
    this.timers.delete(uri.toString());
    this.found.delete(uri.toString());
    this.collection.delete(uri);
    for (const other of this.elsewhere.get(uri.toString()) ?? []) this.collection.delete(other);
    this.elsewhere.delete(uri.toString());
  }
}
