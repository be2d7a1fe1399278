import * as vscode from 'vscode';
import { DisposableStore } from '../../core/util/disposable';
import { SOURCE, toRange, toSeverity } from './convert';
import type { NodeStatus } from './line-ends';
import type { DocumentStatusModel } from './statuses';

/** Failed assertions and missed SLOs in Problems, until they are stale or run again. */
export class ResultProblems implements vscode.Disposable {
  private readonly store = new DisposableStore();
  private readonly collection = this.store.add(vscode.languages.createDiagnosticCollection('promptrig-results'));
  private readonly shown = new Map<string, string>();

  constructor(model: DocumentStatusModel) {
    this.store.add(
      model.onDidChange(({ parsed, statuses }) => {
        const problems = statuses.flatMap(problemsOf);
        const key = parsed.uri.toString();
        const picture = JSON.stringify(problems.map((item) => [item.range, item.message, item.severity]));
        if ((this.shown.get(key) ?? '[]') === picture) return;
        this.shown.set(key, picture);
        this.collection.set(parsed.uri, problems);
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

function problemsOf(status: NodeStatus): vscode.Diagnostic[] {
  if (status.state !== 'failed' && status.state !== 'warning' && status.state !== 'error') return [];
  const problems: vscode.Diagnostic[] = [];
  for (const { observation, stale } of status.placed) {
    if (stale) continue;
    if (observation.kind === 'assertion' && observation.sample !== null) {
      const { failed, error } = observation.tally;
      if (failed === 0 && error === 0) continue;
      const { sample, tally, target } = observation;
      const of = tally.passed + failed + error;
      const count = of > 1 ? ` (${failed + error} of ${of} answers)` : '';
      problems.push(
        problem(
          status,
          `${sample.case} on ${target}${count}: ${sample.reason}`,
          failed > 0 ? `assertion-${observation.type}` : 'assertion-error',
          toSeverity(observation.severity),
        ),
      );
    } else if (observation.kind === 'slo' && observation.result.verdict === 'fail') {
      const { result, stage, target } = observation;
      problems.push(
        problem(
          status,
          `${result.expr} missed on ${target}${result.expr.startsWith('quality.') ? '' : `, stage ${stage}`}: ${result.reason}`,
          'slo-missed',
          toSeverity(result.severity),
        ),
      );
    } else if (observation.kind === 'curve' && ['fail', 'error'].includes(observation.curve.verdict)) {
      const { curve, target } = observation;
      problems.push(
        problem(
          status,
          `${curve.stage} on ${target}: ${curve.conclusion}`,
          `${curve.kind}-${curve.verdict === 'fail' ? 'missed' : 'error'}`,
          vscode.DiagnosticSeverity.Error,
        ),
      );
    } else if (observation.kind === 'case' && observation.tally.error > 0 && observation.tally.failed === 0) {
      const { sample, target } = observation;
      problems.push(
        problem(
          status,
          `${sample.case} on ${target} got no answer: ${sample.reason}`,
          'case-error',
          vscode.DiagnosticSeverity.Error,
        ),
      );
    }
  }
  return problems;
}

function problem(
  status: NodeStatus,
  message: string,
  code: string,
  severity: vscode.DiagnosticSeverity,
): vscode.Diagnostic {
  const { node } = status;
  // A whole case underlined would bury its own assertions: its first line stands for it.
  const range = node.kind === 'case' || node.kind === 'stage' ? node.anchor : node.range;
  const diagnostic = new vscode.Diagnostic(toRange(range), message, severity);
  diagnostic.source = SOURCE;
  diagnostic.code = code;
  return diagnostic;
}
