import * as vscode from 'vscode';
import type { Diagnostic, TextEdit, TextRange } from '../../core/spec/document';
import type { Severity } from '../../protocol/plan';

export const SOURCE = 'promptrig';

export function toRange(range: TextRange): vscode.Range {
  return new vscode.Range(range.start.line, range.start.character, range.end.line, range.end.character);
}

export function fromRange({ start, end }: vscode.Range): TextRange {
  return {
    start: { line: start.line, character: start.character },
    end: { line: end.line, character: end.character },
  };
}

export function toSeverity(severity: Severity): vscode.DiagnosticSeverity {
  switch (severity) {
    case 'error':
      return vscode.DiagnosticSeverity.Error;
    case 'warning':
      return vscode.DiagnosticSeverity.Warning;
    case 'info':
      return vscode.DiagnosticSeverity.Information;
  }
}

export function toDiagnostic(diagnostic: Diagnostic): vscode.Diagnostic {
  const out = new vscode.Diagnostic(toRange(diagnostic.range), diagnostic.message, toSeverity(diagnostic.severity));
  out.source = SOURCE;
  out.code = diagnostic.code;
  if (diagnostic.code === 'unused-variable') out.tags = [vscode.DiagnosticTag.Unnecessary];
  return out;
}

export function toTextEdit(edit: TextEdit): vscode.TextEdit {
  return vscode.TextEdit.replace(toRange(edit.range), edit.newText);
}
