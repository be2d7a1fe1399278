import * as path from 'node:path';
import * as vscode from 'vscode';
import { DisposableStore } from '../../core/util/disposable';
import type { ParsedDocument } from '../language/documents';
import { specBundle } from '../spec/load';

/** Watchers of one file; a list of a hundred prompts is watched by its folder's glob, not one by one. */
const MAX_WATCHED = 64;

/** Follows the files that eval files with results refer to: a prompt that is edited elsewhere outdates them like one in place. */
export class ReferenceWatch implements vscode.Disposable {
  private readonly watched = new Map<string, { key: string; watchers: DisposableStore }>();

  /** @param onDidChange called with the eval file's URI and the absolute path of the file that has changed */
  constructor(private readonly onDidChange: (file: string, changed: string) => void) {}

  /** Watches what the file refers to now, in place of what it did. */
  follow({ uri, document }: ParsedDocument): void {
    const file = uri.toString();
    const paths = [
      ...new Set(
        specBundle()
          .fileReferences(document)
          .map((reference) => reference.path),
      ),
    ];
    const shown = paths.slice(0, MAX_WATCHED);
    const key = shown.join('\n');
    if (this.watched.get(file)?.key === key) return;
    this.forget(file);
    const watchers = new DisposableStore();
    this.watched.set(file, { key, watchers });
    for (const one of shown) {
      const watcher = watchers.add(vscode.workspace.createFileSystemWatcher(patternOf(one)));
      const changed = (at: vscode.Uri): void => this.onDidChange(file, at.fsPath);
      watchers.add(watcher.onDidChange(changed));
      watchers.add(watcher.onDidCreate(changed));
      watchers.add(watcher.onDidDelete(changed));
    }
  }

  forget(file: string): void {
    this.watched.get(file)?.watchers.dispose();
    this.watched.delete(file);
  }

  dispose(): void {
    for (const file of [...this.watched.keys()]) this.forget(file);
  }
}

/** Of a file its own name, of a glob the part that is one. */
function patternOf(absolute: string): vscode.RelativePattern {
  const forward = absolute.replaceAll('\\', '/');
  const at = forward.search(/[*?{[]/);
  const split = forward.lastIndexOf('/', at < 0 ? forward.length : at);
  const folder = forward.slice(0, split) || '/';
  return new vscode.RelativePattern(vscode.Uri.file(path.normalize(folder)), forward.slice(split + 1));
}
