import * as vscode from 'vscode';
import type { LanguageDocument } from '../../../core/language/language-document';
import { languageBundle } from '../../spec/load';

/** The texts that features were last asked about: VS Code asks several of them about one version. */
export class LanguageTexts implements vscode.Disposable {
  private readonly known = new Map<string, { version: number; text: LanguageDocument }>();
  private readonly closed = vscode.workspace.onDidCloseTextDocument(({ uri }) => this.known.delete(uri.toString()));

  get(document: vscode.TextDocument): LanguageDocument {
    const key = document.uri.toString();
    const known = this.known.get(key);
    if (known?.version === document.version) return known.text;
    const { LanguageDocument: Text } = languageBundle();
    const text = new Text(document.getText(), document.uri.fsPath, known?.text);
    this.known.set(key, { version: document.version, text });
    return text;
  }

  dispose(): void {
    this.closed.dispose();
  }
}
