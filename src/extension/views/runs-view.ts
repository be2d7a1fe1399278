import * as vscode from 'vscode';
import { DisposableStore } from '../../core/util/disposable';
import { ViewId } from '../contributions';
import { parts } from '../parts/load';
import type { RunsRow, RunsTree, RunsTreeParts } from './runs-tree';

/** The Runs view as it has to be there from the start; its rows come from a part that is loaded when they are first asked for. */
export class RunsView implements vscode.TreeDataProvider<RunsRow>, vscode.Disposable {
  private readonly store = new DisposableStore();
  private readonly changed = this.store.add(new vscode.EventEmitter<RunsRow | undefined>());
  private made: RunsTree | undefined;
  readonly onDidChangeTreeData = this.changed.event;
  readonly view: vscode.TreeView<RunsRow>;

  constructor(private readonly options: RunsTreeParts) {
    this.view = this.store.add(
      vscode.window.createTreeView(ViewId.runs, {
        treeDataProvider: this,
        showCollapseAll: true,
        canSelectMany: true,
      }),
    );
  }

  get tree(): RunsTree {
    this.made ??= this.store.add(new (parts().RunsTree)(this.options, { view: this.view, changed: this.changed }));
    return this.made;
  }

  getChildren(row?: RunsRow): Promise<RunsRow[]> {
    return this.tree.getChildren(row);
  }

  getParent(row: RunsRow): RunsRow | undefined {
    return this.tree.getParent(row);
  }

  getTreeItem(row: RunsRow): Promise<vscode.TreeItem> {
    return this.tree.getTreeItem(row);
  }

  /** What others know of a run may have changed; a view that nobody has looked at reads it later anyway. */
  refresh(): void {
    this.changed.fire(undefined);
  }

  dispose(): void {
    this.store.dispose();
  }
}
