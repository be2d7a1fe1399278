import * as path from 'node:path';
import * as vscode from 'vscode';
import { DisposableStore } from '../../core/util/disposable';
import { messageOf } from '../../core/util/errors';
import { CommandId, TreeItemContext, TreeItemMark, ViewId, type ItemReference } from '../contributions';
import type { FileResults, ResultsStore } from '../engine/results-store';
import type { ParsedDocument } from '../language/documents';
import { spokenState, withoutSign, type ItemState } from '../language/item-state';
import { nodeStatuses, summarize, type StatusSummary } from '../language/line-ends';
import { iconColorOf, iconIdOf } from '../language/state-icons';
import { ENDPOINT_MIME } from './endpoints-tree';
import { shownOf, tagCounts, type Shown, type TaggedFile } from './eval-filter';
import type { EvalIndex, IndexedFile } from './eval-index';
import { RowStates } from './row-states';

/** A row of the tree, and what its commands are told. */
export interface EvalRow extends ItemReference {
  kind: 'file' | 'case' | 'stage';
}

/** Rows are redrawn at most this often while results stream in, in ms. */
const REDRAW_MS = 250;
/** The filter outlives the window. */
const FILTER_STATE = 'promptrig.evalsFilter';
/** The pointer that stands for every row of a dataset. */
const DATASET_ID = '/dataset';

export interface EvalsTreeParts {
  index: EvalIndex;
  results: ResultsStore;
  state: vscode.Memento;
  /** Called with each file that is listed, so that its stored results can be looked up. */
  onListed: (file: IndexedFile) => void;
  /** Whether only some evals are shown. */
  onFiltered: (isFiltered: boolean) => void;
  /** Not before the workspace has been searched: what stands in for the rows would take the focus and lose it to them. */
  onNone: (areNone: boolean) => void;
  /** An endpoint was dropped on a row. */
  onDrop: (row: EvalRow, endpoints: string[]) => void;
  log: vscode.LogOutputChannel;
}

/** Files > cases and load stages, each with its state and its result in one line. */
export class EvalsTree
  implements vscode.TreeDataProvider<EvalRow>, vscode.TreeDragAndDropController<EvalRow>, vscode.Disposable
{
  private readonly store = new DisposableStore();
  private readonly changed = this.store.add(new vscode.EventEmitter<EvalRow | undefined>());
  /** Rows are kept, since VS Code knows them by identity. */
  private readonly rows = new Map<string, EvalRow>();
  private readonly cache = new Map<string, { parsed: ParsedDocument; results: FileResults; states: RowStates }>();
  private readonly dirty = new Set<string>();
  private redrawTimer: NodeJS.Timeout | undefined;
  private files = new Map<string, IndexedFile>();
  /** Tags whose evals are shown; all of them where there are none. */
  private wanted: string[];
  readonly view: vscode.TreeView<EvalRow>;

  readonly onDidChangeTreeData = this.changed.event;
  readonly dragMimeTypes: string[] = [];
  readonly dropMimeTypes = [ENDPOINT_MIME];

  constructor(private readonly parts: EvalsTreeParts) {
    const { index, results, state } = parts;
    this.wanted = state.get<string[]>(FILTER_STATE, []);
    this.view = this.store.add(
      vscode.window.createTreeView(ViewId.evals, {
        treeDataProvider: this,
        dragAndDropController: this,
        showCollapseAll: true,
        canSelectMany: true,
      }),
    );
    this.showFilter();
    this.store.add(
      index.onDidChange((uri) => {
        if (uri === undefined) this.changed.fire(undefined);
        else this.onFile(uri);
      }),
    );
    this.store.add(results.onDidChange((file) => this.redraw(file)));
    this.store.add(vscode.workspace.onDidGrantWorkspaceTrust(() => this.changed.fire(undefined)));
    this.store.add(
      this.view.onDidChangeVisibility(({ visible }) => {
        if (visible) this.flush();
      }),
    );
  }

  async getChildren(row?: EvalRow): Promise<EvalRow[]> {
    if (row === undefined) return this.roots();
    const file = this.files.get(row.uri.toString());
    const survey = file?.parsed?.survey;
    if (row.kind !== 'file' || file === undefined || survey === undefined) return [];
    const shown = this.shown(file);
    const cases = survey.cases.filter(({ id }) => typeof shown === 'string' || shown.has(id));
    // Stages have no tags of their own: they are shown with the whole file.
    const stages = shown === 'all' ? survey.stages : [];
    return [
      ...cases.map(({ id }) => this.row({ kind: 'case', uri: row.uri, id })),
      ...stages.map(({ id }) => this.row({ kind: 'stage', uri: row.uri, id })),
    ];
  }

  getParent(row: EvalRow): EvalRow | undefined {
    return row.kind === 'file' ? undefined : this.row({ kind: 'file', uri: row.uri });
  }

  getTreeItem(row: EvalRow): vscode.TreeItem {
    const file = this.files.get(row.uri.toString());
    return row.kind === 'file' || file === undefined ? this.fileItem(row, file) : this.childItem(row, file);
  }

  /** The cases of a file that the filter leaves; null where it shows the file whole. */
  casesShown(uri: vscode.Uri): string[] | null {
    const file = this.files.get(uri.toString());
    const shown = file === undefined ? 'all' : this.shown(file);
    return typeof shown === 'string' ? null : [...shown];
  }

  async handleDrop(row: EvalRow | undefined, data: vscode.DataTransfer): Promise<void> {
    if (row === undefined) return;
    for (const [type, item] of data) {
      // VS Code puts an empty text of the same type before ours.
      const text = type === ENDPOINT_MIME ? await item.asString() : '';
      const names: unknown = text === '' ? null : JSON.parse(text);
      if (!Array.isArray(names)) continue;
      this.parts.onDrop(
        row,
        (names as unknown[]).filter((name) => typeof name === 'string'),
      );
      return;
    }
  }

  /** Lets the person choose tags; those that are chosen stay until they are changed. */
  async askForFilter(): Promise<void> {
    const files = (await this.parts.index.list()).map(tagsOf);
    const tags = tagCounts(files);
    const missing = this.wanted.filter((tag) => !tags.some((known) => known.tag === tag));
    if (tags.length + missing.length === 0) {
      await vscode.window.showInformationMessage(
        vscode.l10n.t('No eval has tags. Give one "tags: [smoke]" to filter by it.'),
      );
      return;
    }
    const items = [...tags, ...missing.map((tag) => ({ tag, files: 0 }))].map(({ tag, files: count }) => ({
      label: tag,
      description: count === 1 ? vscode.l10n.t('1 file') : vscode.l10n.t('{0} files', count),
      picked: this.wanted.includes(tag),
    }));
    const picked = await vscode.window.showQuickPick(items, {
      title: vscode.l10n.t('Filter Evals by Tag'),
      placeHolder: vscode.l10n.t('Evals and cases with one of these tags are shown; none shows all'),
      canPickMany: true,
      matchOnDescription: true,
    });
    if (picked !== undefined) await this.setFilter(picked.map(({ label }) => label));
  }

  async setFilter(tags: string[]): Promise<void> {
    this.wanted = tags;
    this.showFilter();
    this.changed.fire(undefined);
    await this.parts.state.update(FILTER_STATE, tags.length === 0 ? undefined : tags);
  }

  dispose(): void {
    clearTimeout(this.redrawTimer);
    this.store.dispose();
  }

  private async roots(): Promise<EvalRow[]> {
    const { index, onListed, log } = this.parts;
    let files: IndexedFile[];
    try {
      files = await index.list();
    } catch (error) {
      log.error(`Eval files could not be listed: ${messageOf(error)}`);
      this.view.message = vscode.l10n.t('The eval files could not be listed: {0}', messageOf(error));
      return [];
    }
    this.files = new Map(files.map((file) => [file.uri.toString(), file]));
    for (const file of files) onListed(file);
    this.parts.onNone(files.length === 0);
    const shown = files.filter((file) => this.shown(file) !== 'none');
    this.view.message = this.messageFor(files, shown.length);
    this.showBadge();
    return shown.map((file) => this.row({ kind: 'file', uri: file.uri }));
  }

  /** What a person must know before what is listed makes sense; undefined where there is nothing. */
  private messageFor(files: readonly IndexedFile[], shown: number): string | undefined {
    const { problem } = this.parts.index;
    if (problem !== null) return problem;
    if (files.length === 0) return undefined;
    if (shown === 0)
      return this.wanted.length === 1
        ? vscode.l10n.t('No eval has the tag {0}.', this.wanted.join())
        : vscode.l10n.t('No eval has one of the tags {0}.', this.wanted.join(', '));
    if (!vscode.workspace.isTrusted) return vscode.l10n.t('Evals are shown, not run: this workspace is not trusted.');
    if (files.every(({ uri }) => uri.scheme !== 'file'))
      return vscode.l10n.t('Evals are shown, not run: results need a folder on disk, and this workspace has none.');
    return undefined;
  }

  private showFilter(): void {
    this.view.description = this.wanted.length === 0 ? '' : vscode.l10n.t('tag: {0}', this.wanted.join(', '));
    this.parts.onFiltered(this.wanted.length > 0);
  }

  private shown(file: IndexedFile): Shown {
    return shownOf(tagsOf(file), this.wanted);
  }

  private fileItem(row: EvalRow, file: IndexedFile | undefined): vscode.TreeItem {
    const survey = file?.parsed?.survey;
    const where = vscode.workspace.asRelativePath(row.uri);
    const label = survey?.name || path.basename(row.uri.path);
    const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.Collapsed);
    item.id = row.uri.toString();
    item.resourceUri = row.uri;
    const errors = errorsOf(file);
    const summary = this.summary(file);
    const problem =
      file?.error ??
      (errors === 0 ? null : errors === 1 ? vscode.l10n.t('1 problem') : vscode.l10n.t('{0} problems', errors));
    const shown = file === undefined ? 'all' : this.shown(file);
    const part =
      typeof shown === 'string' ? null : vscode.l10n.t('{0} of {1} cases', shown.size, survey?.cases.length ?? 0);
    item.description = [problem ?? summary?.text ?? where, part].filter((text) => text !== null).join(' · ');
    item.iconPath =
      problem !== null ? icon('error') : summary === null ? new vscode.ThemeIcon('beaker') : icon(summary.state);
    const spoken =
      problem !== null
        ? `${vscode.l10n.t('Cannot be run')}, ${problem}`
        : summary === null
          ? `${vscode.l10n.t('Not run yet')}, ${where}`
          : spokenState(summary.state, summary.text);
    const isVirtual = row.uri.scheme !== 'file';
    const whyNot = isVirtual ? vscode.l10n.t('It is not on disk, so it is shown and not run.') : null;
    const onlyShown = part === null ? null : vscode.l10n.t('Running it runs the cases that are shown: {0}.', part);
    item.tooltip = [where, problem ?? summary?.text ?? vscode.l10n.t('not run yet'), onlyShown, whyNot]
      .filter((line) => line !== null)
      .join('\n');
    item.contextValue = [
      // Stages that are not shown are not run from here either.
      part === null && (survey?.stages.length ?? 0) > 0 ? TreeItemContext.fileWithLoad : TreeItemContext.file,
      ...(isVirtual ? [TreeItemMark.virtual] : []),
      ...(this.isRunning(row) ? [TreeItemMark.running] : []),
    ].join('.');
    item.accessibilityInformation = {
      label: [label, spoken, part].filter((text) => text !== null && text !== '').join(', '),
    };
    if (survey !== undefined && survey.cases.length + survey.stages.length === 0) {
      item.collapsibleState = vscode.TreeItemCollapsibleState.None;
    }
    item.command = { command: CommandId.revealItem, title: vscode.l10n.t('Open'), arguments: [row] };
    return item;
  }

  private childItem(row: EvalRow, file: IndexedFile): vscode.TreeItem {
    const states = this.states(file);
    const node = row.kind === 'file' ? undefined : states?.node(row.kind, row.id ?? '');
    const label = node?.name ?? row.id ?? '';
    const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.None);
    item.id = keyOf(row);
    item.contextValue = [
      row.kind === 'case' ? TreeItemContext.case : TreeItemContext.stage,
      ...(row.uri.scheme === 'file' ? [] : [TreeItemMark.virtual]),
      ...(this.isRunning(row) ? [TreeItemMark.running] : []),
    ].join('.');
    item.command = { command: CommandId.revealItem, title: vscode.l10n.t('Open'), arguments: [row] };
    const status = node === undefined ? null : (states?.state(node) ?? null);
    const kind = row.kind === 'stage' ? 'stage' : row.id === DATASET_ID ? 'dataset' : 'case';
    const plain = { stage: 'dashboard', dataset: 'database', case: 'circle-outline' }[kind];
    const what = {
      stage: vscode.l10n.t('load stage'),
      dataset: vscode.l10n.t('dataset'),
      case: vscode.l10n.t('case'),
    }[kind];
    item.iconPath = status === null ? new vscode.ThemeIcon(plain) : icon(status.state);
    item.description = status === null ? (kind === 'case' ? '' : what) : withoutSign(status.text);
    item.tooltip = `${label}${status === null ? '' : `\n${status.text}`}`;
    const spoken = status === null ? vscode.l10n.t('Not run yet') : spokenState(status.state, status.text);
    item.accessibilityInformation = { label: `${what} ${label}, ${spoken}` };
    return item;
  }

  /** Computed once for each state of file and results: every row of the file asks. */
  private states(file: IndexedFile | undefined): RowStates | null {
    if (file?.parsed == null) return null;
    const key = file.uri.toString();
    const results = this.parts.results.get(key);
    const cached = this.cache.get(key);
    if (cached?.parsed === file.parsed && cached.results === results) return cached.states;
    const { survey } = file.parsed;
    const { observations, running } = results;
    const isEmpty = observations.length === 0 && running === null;
    const states = new RowStates(survey, isEmpty ? [] : nodeStatuses(survey, observations, running));
    this.cache.set(key, { parsed: file.parsed, results, states });
    return states;
  }

  private summary(file: IndexedFile | undefined): StatusSummary | null {
    const states = this.states(file);
    return states === null ? null : summarize([...states.statuses]);
  }

  private isRunning({ kind, uri, id }: EvalRow): boolean {
    const { running } = this.parts.results.get(uri.toString());
    if (running === null || kind === 'file') return running !== null;
    return running.subjects.has(kind === 'case' ? `case:${id ?? ''}` : `stage:${id ?? ''}`);
  }

  /** How many evals fail, on the view's icon: seen while the view is closed. */
  private showBadge(): void {
    let failing = 0;
    for (const file of this.files.values()) {
      const state = this.summary(file)?.state;
      if (state === 'failed' || state === 'error') failing++;
    }
    const badge =
      failing === 0
        ? undefined
        : {
            value: failing,
            tooltip: failing === 1 ? vscode.l10n.t('1 failing eval') : vscode.l10n.t('{0} failing evals', failing),
          };
    if (this.view.badge?.value !== badge?.value) this.view.badge = badge;
  }

  /** A file says something else: with other tags it may be shown or not. */
  private onFile(uri: vscode.Uri): void {
    const key = uri.toString();
    const before = this.files.get(key);
    const now = this.parts.index.get(uri);
    if (now !== undefined) this.files.set(key, now);
    const isSame = before !== undefined && now !== undefined && this.wanted.length === 0;
    if (isSame) this.redraw(key);
    else this.changed.fire(undefined);
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
    if (this.dirty.size > 0) this.showBadge();
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

function tagsOf(file: IndexedFile): TaggedFile {
  const { spec, outline } = file.parsed?.document ?? {};
  return { tags: spec?.tags ?? [], cases: outline?.cases ?? [] };
}

function errorsOf(file: IndexedFile | undefined): number {
  return file?.parsed?.document.diagnostics.filter(({ severity }) => severity === 'error').length ?? 0;
}

function keyOf(row: EvalRow): string {
  return row.kind === 'file' ? row.uri.toString() : `${row.uri.toString()}#${row.kind}:${row.id ?? ''}`;
}

function icon(state: ItemState): vscode.ThemeIcon {
  return new vscode.ThemeIcon(iconIdOf(state), new vscode.ThemeColor(iconColorOf(state)));
}
