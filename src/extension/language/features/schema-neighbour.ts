import * as vscode from 'vscode';
import { DisposableStore } from '../../../core/util/disposable';

const YAML_EXTENSION = 'redhat.vscode-yaml';

/**
 * What an extension for YAML shows in our files, since our schema is contributed to it: keys and words with their descriptions,
 * symbols, folding, and what the schema forbids. Where it is active, what it shows is not shown a second time by us.
 */
export class SchemaNeighbour implements vscode.Disposable {
  private readonly store = new DisposableStore();
  private readonly changed = this.store.add(new vscode.EventEmitter<readonly vscode.Uri[]>());

  /** What it has to say about these files has changed. */
  readonly onDidChange = this.changed.event;

  constructor() {
    this.store.add(
      vscode.languages.onDidChangeDiagnostics(({ uris }) => {
        if (this.isActive) this.changed.fire(uris);
      }),
    );
  }

  get isActive(): boolean {
    return vscode.extensions.getExtension(YAML_EXTENSION)?.isActive === true;
  }

  /** Ranges in which it has found fault with a file. */
  problemsIn(uri: vscode.Uri): vscode.Range[] {
    if (!this.isActive) return [];
    return vscode.languages
      .getDiagnostics(uri)
      .filter(({ source }) => source !== undefined && /^yaml(?:-schema)?\b/i.test(source))
      .map(({ range }) => range);
  }

  dispose(): void {
    this.store.dispose();
  }
}
