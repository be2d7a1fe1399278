import * as path from 'node:path';
import * as vscode from 'vscode';
import { DisposableStore } from '../../core/util/disposable';
import { CommandId, TreeItemContext, ViewId, type ItemReference } from '../contributions';
import type { ResultsStore } from '../engine/results-store';
import { worst, type ItemState } from '../language/item-state';
import { nodeStatuses, summarize, type NodeStatus } from '../language/line-ends';
import { iconColorOf, iconIdOf } from '../language/state-icons';
import type { SurveyNode } from '../language/survey';
import type { EvalIndex, IndexedFile } from './eval-index';

/** A row of the tree, and what its commands are told. */
export interface EvalRow extends ItemReference {
  kind: 'file' | 'case' | 'stage';
}

/** Rows are redrawn at most this often while results stream in, in ms. */
const REDRAW_MS = 250;

/** Files > cases and load stages, each with its state and its result in one line. */
export class EvalsTree implements vscode.TreeDataProvider<EvalRow>, vscode.Disposable {
  private readonly store = new DisposableStore();
  private readonly changed = this.store.add(new vscode.EventEmitter<EvalRow | undefined>());
  /** Rows are kept, since VS Code knows them by identity. */
  private readonly rows = new Map<string, EvalRow>();
  private readonly dirty = new Set<string>();
  private redrawTimer: NodeJS.Timeout | undefined;
  private files = new Map<string, IndexedFile>();

  readonly onDidChangeTreeData = this.changed.event;

  constructor(
    private readonly index: EvalIndex,
    private readonly results: ResultsStore,
    /** Called with each file that is listed, so that its stored results can be looked up. */
    private readonly onListed: (file: IndexedFile) => void,
  ) {
    const view = this.store.add(
      vscode.window.createTreeView(ViewId.evals, { treeDataProvider: this, showCollapseAll: true }),
    );
    this.store.add(
      index.onDidChange((uri) => {
        if (uri === undefined) this.changed.fire(undefined);
        else this.redraw(uri.toString());
      }),
    );
    this.store.add(results.onDidChange((file) => this.redraw(file)));
    this.store.add(
      view.onDidChangeVisibility(({ visible }) => {
        if (visible) this.flush();
      }),
    );
  }

  async getChildren(row?: EvalRow): Promise<EvalRow[]> {
    if (row === undefined) {
      const files = await this.index.list();
      this.files = new Map(files.map((file) => [file.uri.toString(), file]));
      for (const file of files) this.onListed(file);
      return files.map((file) => this.row({ kind: 'file', uri: file.uri }));
    }
    const survey = this.files.get(row.uri.toString())?.parsed?.survey;
    if (row.kind !== 'file' || survey === undefined) return [];
    return [
      ...survey.cases.map(({ id }) => this.row({ kind: 'case', uri: row.uri, id })),
      ...survey.stages.map(({ id }) => this.row({ kind: 'stage', uri: row.uri, id })),
    ];
  }

  getParent(row: EvalRow): EvalRow | undefined {
    return row.kind === 'file' ? undefined : this.row({ kind: 'file', uri: row.uri });
  }

  getTreeItem(row: EvalRow): vscode.TreeItem {
    const file = this.files.get(row.uri.toString());
    return row.kind === 'file' || file === undefined ? this.fileItem(row, file) : this.childItem(row, file);
  }

  dispose(): void {
    clearTimeout(this.redrawTimer);
    this.store.dispose();
  }

  private fileItem(row: EvalRow, file: IndexedFile | undefined): vscode.TreeItem {
    const survey = file?.parsed?.survey;
    const where = vscode.workspace.asRelativePath(row.uri);
    const label = survey?.name || path.basename(row.uri.path);
    const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.Collapsed);
    item.id = row.uri.toString();
    item.resourceUri = row.uri;
    item.contextValue = (survey?.stages.length ?? 0) > 0 ? TreeItemContext.fileWithLoad : TreeItemContext.file;
    const errors =
      file?.parsed?.document.diagnostics.filter((diagnostic) => diagnostic.severity === 'error').length ?? 0;
    const summary = survey === undefined ? null : summarize(this.statuses(file));
    item.description =
      file?.error ?? (errors > 0 ? `${errors} problem${errors === 1 ? '' : 's'}` : (summary?.text ?? where));
    item.tooltip = `${where}${summary === null ? '' : `\n${summary.text}`}`;
    item.iconPath =
      errors > 0 ? icon('error') : summary === null ? new vscode.ThemeIcon('beaker') : icon(summary.state);
    item.accessibilityInformation = { label: `${label}, ${item.description}` };
    if (survey !== undefined && survey.cases.length + survey.stages.length === 0) {
      item.collapsibleState = vscode.TreeItemCollapsibleState.None;
    }
    item.command = { command: CommandId.revealItem, title: 'Open', arguments: [row] };
    return item;
  }

  private childItem(row: EvalRow, file: IndexedFile): vscode.TreeItem {
    const survey = file.parsed?.survey;
    const node = (row.kind === 'case' ? survey?.cases : survey?.stages)?.find((candidate) => candidate.id === row.id);
    const label = node?.name ?? row.id ?? '';
    const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.None);
    item.id = keyOf(row);
    item.contextValue = row.kind === 'case' ? TreeItemContext.case : TreeItemContext.stage;
    item.command = { command: CommandId.revealItem, title: 'Open', arguments: [row] };
    const status = node === undefined ? null : this.status(node, file);
    item.iconPath =
      status === null ? new vscode.ThemeIcon(row.kind === 'case' ? 'circle-outline' : 'dashboard') : icon(status.state);
    item.description = status?.text.replace(/^\S\s/, '') ?? (row.kind === 'stage' ? 'load stage' : '');
    item.tooltip = `${node?.name ?? ''}${status === null ? '' : `\n${status.text}`}`;
    item.accessibilityInformation = { label: `${row.kind} ${label}, ${item.description}` };
    return item;
  }

  /** A row stands for what is written inside of it: a stage that ran but missed its SLO is not a pass. */
  private status(node: SurveyNode, file: IndexedFile): { state: ItemState; text: string } | null {
    const inside = this.statuses(file).filter((status) => status.node.scope === node.scope);
    const [own] = inside.filter((status) => status.node === node);
    const parts = inside.filter((status) => status.node !== node);
    if (own === undefined && parts.length === 0) return null;
    const state = worst(inside.map((status) => status.state));
    if (own !== undefined && own.state === state) return own;
    return parts.find((status) => status.state === state) ?? own ?? null;
  }

  private statuses(file: IndexedFile | undefined): NodeStatus[] {
    if (file?.parsed == null) return [];
    const { observations, running } = this.results.get(file.uri.toString());
    return observations.length === 0 && running === null ? [] : nodeStatuses(file.parsed.survey, observations, running);
  }

  private redraw(file: string): void {
    this.dirty.add(file);
    this.redrawTimer ??= setTimeout(() => this.flush(), REDRAW_MS);
  }

  private flush(): void {
    clearTimeout(this.redrawTimer);
    this.redrawTimer = undefined;
    for (const file of this.dirty) {
      const row = this.rows.get(file);
      if (row !== undefined) this.changed.fire(row);
    }
    this.dirty.clear();
  }

  private row(row: EvalRow): EvalRow {
    const key = keyOf(row);
    const known = this.rows.get(key);
    if (known !== undefined) return known;
    this.rows.set(key, row);
    return row;
  }
}

function keyOf(row: EvalRow): string {
  return row.kind === 'file' ? row.uri.toString() : `${row.uri.toString()}#${row.kind}:${row.id ?? ''}`;
}

function icon(state: ItemState): vscode.ThemeIcon {
  return new vscode.ThemeIcon(iconIdOf(state), new vscode.ThemeColor(iconColorOf(state)));
}
