import * as vscode from 'vscode';
import type { ContextKey } from './contributions';

/** Sets keys of when-clauses, each only when its value changes. */
export class ContextKeys {
  private readonly values = new Map<ContextKey, boolean>();

  constructor(private readonly onError: (error: unknown) => void) {}

  set(key: ContextKey, value: boolean): void {
    if ((this.values.get(key) ?? false) === value) return;
    this.values.set(key, value);
    vscode.commands.executeCommand('setContext', key, value).then(undefined, this.onError);
  }
}
