import * as vscode from 'vscode';
import { DisposableStore } from '../../core/util/disposable';
import { SOURCE, toRange, toSeverity } from './convert';
import { findingsOf, type ResultFinding } from './result-findings';
import type { DocumentStatusModel } from './statuses';

/** Failed assertions and missed SLOs in Problems, until they are stale or run again. */
export class ResultProblems implements vscode.Disposable {
  private readonly store = new DisposableStore();
  private readonly collection = this.store.add(vscode.languages.createDiagnosticCollection('promptrig-results'));
  private readonly shown = new Map<string, string>();

  constructor(model: DocumentStatusModel) {
    this.store.add(
      model.onDidChange(({ parsed, statuses }) => {
        const findings = statuses.flatMap(findingsOf);
        const key = parsed.uri.toString();
        const picture = JSON.stringify(findings.map(({ range, message, severity }) => [range, message, severity]));
        if ((this.shown.get(key) ?? '[]') === picture) return;
        this.shown.set(key, picture);
        this.collection.set(parsed.uri, findings.map(toProblem));
      }),
    );
    this.store.add(
      model.onDidRemove((uri) => {
        this.shown.delete(uri.toString());
        this.collection.delete(uri);
      }),
    );
  }

  dispose(): void {
    this.store.dispose();
  }
}

function toProblem({ range, message, code, severity }: ResultFinding): vscode.Diagnostic {
  const diagnostic = new vscode.Diagnostic(toRange(range), message, toSeverity(severity));
  diagnostic.source = SOURCE;
  diagnostic.code = code;
  return diagnostic;
}
