import * as path from 'node:path';
import * as vscode from 'vscode';
import { pinnedHeads, type PinnedHead } from '../../core/compare/pinned-heads';
import { pinnedFolder } from '../../core/compare/pinned-path';
import { newestOfEach, slugOf } from '../../core/results/run-slug';
import { mainSeries, sparkline, trendWords } from '../../core/results/sparkline';
import { emptyTrash } from '../../core/results/trash';
import { TrendHistory } from '../../core/results/trends';
import { DisposableStore } from '../../core/util/disposable';
import { messageOf } from '../../core/util/errors';
import { formatSeconds, formatValue } from '../../protocol/format';
import { affects } from '../config';
import { CommandId, TreeItemContext, TreeItemMark } from '../contributions';
import type { Planner } from '../engine/planner';
import type { RunController } from '../engine/run-controller';
import { escapeMarkdown } from '../language/markdown';
import { groupByDay, type RunDay } from './run-days';
import { RunHistory, type StoredRun } from './run-history';
import { iconOf, matchesText, wordOf, type RunSummary } from './run-summary';

/** A row of a run, and what its commands are told. */
export interface RunRow {
  kind: 'run';
  /** Absolute folder of the run. */
  dir: string;
  id: string;
  run: StoredRun;
}

export type RunsRow = RunRow | { kind: 'day'; day: RunDay<StoredRun> };

/** What watchers tell of a run that goes on is looked at this often, in ms. */
const REFRESH_MS = 1_000;

export interface RunsTreeParts {
  planner: Planner;
  controller: RunController;
  /** Whether only some runs are shown. */
  onFiltered: (isFiltered: boolean) => void;
  log: vscode.LogOutputChannel;
}

/** Where the rows are shown. */
export interface RunsTreeView {
  view: Pick<vscode.TreeView<RunsRow>, 'message' | 'description'>;
  changed: Pick<vscode.EventEmitter<RunsRow | undefined>, 'fire'>;
}

/**
 * The runs that are stored in the folders of this window, by day. Each is read when its row is drawn. Made when the view is first
 * looked at; see runs-view.ts.
 */
export class RunsTree implements vscode.Disposable {
  private readonly store = new DisposableStore();
  private readonly view: RunsTreeView['view'];
  private readonly changed: RunsTreeView['changed'];
  private readonly history = new RunHistory();
  private readonly rows = new Map<string, RunRow>();
  private readonly days = new Map<string, RunsRow & { kind: 'day' }>();
  private watchers = new DisposableStore();
  private watched = '';
  private filter = '';
  private timer: NodeJS.Timeout | undefined;
  private readonly dirty = new Set<string>();
  private listChanged = false;
  /** The folder of the run in progress. */
  private active: string | null = null;
  private trashLooked = false;
  private readonly trends = new TrendHistory();
  /** Newest first, whatever the filter says. */
  private listed: StoredRun[] = [];
  /** Of each eval the newest run: its row shows how it has gone. */
  private newest = new Set<string>();
  /** Baselines by the run that they are made of. */
  private pins = new Map<string, PinnedHead[]>();

  constructor(
    private readonly parts: RunsTreeParts,
    { view, changed }: RunsTreeView,
  ) {
    const { controller } = parts;
    this.view = view;
    this.changed = changed;
    this.active = controller.outDir;
    this.store.add(
      controller.onDidStart(({ plan }) => {
        this.active = plan.outDir;
        this.later(null);
      }),
    );
    this.store.add(
      controller.onDidEnd(({ dir }) => {
        this.active = null;
        if (dir !== null) this.later(dir);
      }),
    );
    this.store.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (affects(event, 'runsDirectory')) this.refresh();
      }),
    );
    this.store.add(vscode.workspace.onDidChangeWorkspaceFolders(() => this.refresh()));
  }

  /** Whether a folder is that of the run in progress. */
  isActive(dir: string): boolean {
    return this.active === dir;
  }

  /** Looks at the folders again. */
  refresh(): void {
    this.changed.fire(undefined);
  }

  async getChildren(row?: RunsRow): Promise<RunsRow[]> {
    if (row === undefined) return this.roots();
    return row.kind === 'day' ? row.day.runs.map((run) => this.row(run)) : [];
  }

  getParent(row: RunsRow): RunsRow | undefined {
    if (row.kind === 'day') return undefined;
    return [...this.days.values()].find(({ day }) => day.runs.some(({ dir }) => dir === row.dir));
  }

  /** The baselines that a run is pinned as. */
  pinsOf({ runId }: RunSummary): readonly PinnedHead[] {
    return this.pins.get(runId) ?? [];
  }

  /** The folders of runs of this window. */
  get runsDirs(): string[] {
    const { planner } = this.parts;
    // Of files outside of every folder, too.
    return [...new Set([...folders().map(({ uri }) => planner.runsDirectory(uri)), planner.looseRunsDirectory])];
  }

  async getTreeItem(row: RunsRow): Promise<vscode.TreeItem> {
    if (row.kind === 'day') return this.dayItem(row.day);
    const summary = await this.history.read(row.run);
    return this.runItem(row, summary, await this.trendOf(row, summary));
  }

  /** What a run says; for commands. */
  read(row: RunRow): Promise<RunSummary> {
    return this.history.read(row.run);
  }

  /** Filters while the person types; leaving the box empty, or by Escape, shows what was shown before. */
  async askForFilter(): Promise<void> {
    const input = vscode.window.createInputBox();
    const before = this.filter;
    input.title = vscode.l10n.t('Filter Runs');
    input.placeholder = vscode.l10n.t(
      'Words in the name, file, target, model, tag, verdict, commit or note, such as: chat failed',
    );
    input.value = before;
    await new Promise<void>((resolve) => {
      let accepted = false;
      input.onDidChangeValue((value) => this.setFilter(value));
      input.onDidAccept(() => {
        accepted = true;
        input.hide();
      });
      input.onDidHide(() => {
        if (!accepted) this.setFilter(before);
        resolve();
        input.dispose();
      });
      input.show();
    });
  }

  setFilter(filter: string): void {
    const text = filter.trim();
    if (text === this.filter) return;
    this.filter = text;
    this.view.description = text;
    this.parts.onFiltered(text !== '');
    this.changed.fire(undefined);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.watchers.dispose();
    this.store.dispose();
  }

  private async roots(): Promise<RunsRow[]> {
    const { log } = this.parts;
    const dirs = this.runsDirs;
    this.watch(dirs);
    await this.readPins();
    let runs: StoredRun[];
    try {
      runs = await this.history.list(dirs);
    } catch (error) {
      log.error(messageOf(error));
      this.view.message = messageOf(error);
      return [];
    }
    this.tidy(dirs);
    this.listed = runs;
    this.newest = new Set([...newestOfEach(runs)].map(({ dir }) => dir));
    const shown = await this.filtered(runs);
    this.view.message =
      runs.length > 0 && shown.length === 0 ? vscode.l10n.t('No run matches "{0}".', this.filter) : undefined;
    const days = groupByDay(shown, ({ startedAt }) => startedAt, new Date());
    const rows = days.map((day) => {
      const row = this.days.get(day.id) ?? { kind: 'day' as const, day };
      row.day = day;
      return row;
    });
    this.days.clear();
    for (const row of rows) this.days.set(row.day.id, row);
    return rows;
  }

  private async filtered(runs: StoredRun[]): Promise<StoredRun[]> {
    if (this.filter === '') return runs;
    const summaries = await Promise.all(runs.map((run) => this.history.read(run)));
    return runs.filter((_, index) => {
      const summary = summaries[index];
      return summary !== undefined && matchesText(summary, this.filter, this.marksOf(summary));
    });
  }

  /** A baseline that cannot be read takes no run out of the list. */
  private async readPins(): Promise<void> {
    const pins = new Map<string, PinnedHead[]>();
    for (const { uri } of folders()) {
      try {
        for (const head of await pinnedHeads(uri.fsPath)) pins.set(head.run, [...(pins.get(head.run) ?? []), head]);
      } catch (error) {
        this.parts.log.warn(messageOf(error));
      }
    }
    this.pins = pins;
  }

  private watch(dirs: readonly string[]): void {
    const identity = [...dirs, ...folders().map(({ uri }) => uri.fsPath)].join('\n');
    if (identity === this.watched) return;
    this.watched = identity;
    this.watchers.dispose();
    this.watchers = new DisposableStore();
    for (const dir of dirs) {
      const watcher = this.watchers.add(
        vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(vscode.Uri.file(dir), '*/run.json')),
      );
      this.watchers.add(watcher.onDidCreate(() => this.later(null)));
      this.watchers.add(watcher.onDidDelete(() => this.later(null)));
      this.watchers.add(watcher.onDidChange((uri) => this.later(vscode.Uri.joinPath(uri, '..').fsPath)));
      // A folder that is deleted is told of alone, without its files: that of a run, of all runs, or the one around them.
      const base = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(dir))?.uri ?? vscode.Uri.file(dir);
      const names = path.relative(base.fsPath, dir).split(path.sep);
      const patterns = names.map((_, index) => names.slice(0, index + 1).join('/')).filter((one) => one !== '');
      for (const pattern of [...patterns, [...patterns.slice(-1), '*'].join('/')]) {
        const folders = this.watchers.add(
          vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(base, pattern), true, true),
        );
        this.watchers.add(folders.onDidDelete(() => this.later(null)));
      }
    }
    for (const { uri } of folders()) {
      const pattern = new vscode.RelativePattern(vscode.Uri.file(pinnedFolder(uri.fsPath)), '**/*.baseline.yaml');
      const watcher = this.watchers.add(vscode.workspace.createFileSystemWatcher(pattern));
      for (const event of [watcher.onDidCreate, watcher.onDidChange, watcher.onDidDelete])
        this.watchers.add(event(() => this.later(null)));
    }
  }

  /** Runs of another window, or of the command line, are written several times a second. */
  private later(dir: string | null): void {
    if (dir === null) this.listChanged = true;
    else this.dirty.add(dir);
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      const rows = [...this.dirty].map((one) => this.rows.get(one));
      const isNew = this.listChanged || this.filter !== '' || rows.includes(undefined);
      this.dirty.clear();
      this.listChanged = false;
      if (isNew) this.changed.fire(undefined);
      else for (const row of rows) this.changed.fire(row);
    }, REFRESH_MS);
  }

  /** Once a window: deletions of days ago are made final. */
  private tidy(dirs: readonly string[]): void {
    if (this.trashLooked) return;
    this.trashLooked = true;
    const work = async (): Promise<void> => {
      for (const dir of dirs) await emptyTrash(dir, Date.now());
    };
    work().catch((error: unknown) => this.parts.log.warn(`Deleted runs could not be removed: ${messageOf(error)}`));
  }

  /** What the row says of a run besides its verdict. */
  private marksOf(summary: RunSummary): string[] {
    return [
      ...(this.pinsOf(summary).length > 0 ? [vscode.l10n.t('pinned as baseline')] : []),
      ...(summary.keep ? [vscode.l10n.t('kept')] : []),
    ];
  }

  private row(run: StoredRun): RunRow {
    const known = this.rows.get(run.dir) ?? { kind: 'run', dir: run.dir, id: run.id, run };
    known.run = run;
    this.rows.set(run.dir, known);
    return known;
  }

  private dayItem(day: RunDay<StoredRun>): vscode.TreeItem {
    const [first] = this.days.keys();
    const isOpen = day.id === first || this.filter !== '';
    const item = new vscode.TreeItem(
      day.label,
      isOpen ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.Collapsed,
    );
    item.id = day.id;
    const count = day.runs.length === 1 ? vscode.l10n.t('1 run') : vscode.l10n.t('{0} runs', day.runs.length);
    item.description = count;
    item.accessibilityInformation = { label: `${day.label}, ${count}` };
    return item;
  }

  /** How the eval of a run has gone, as a line of blocks and in words; null of rows that do not show it. */
  private async trendOf({ dir, id }: RunRow, summary: RunSummary): Promise<RowTrend | null> {
    if (!this.newest.has(dir) || summary.state !== 'finished') return null;
    const runsDir = path.dirname(dir);
    const slug = slugOf(id);
    const ids = this.listed.filter((run) => path.dirname(run.dir) === runsDir && slugOf(run.id) === slug);
    const trends = await this.trends.among(
      ids.map((run) => run.id),
      runsDir,
      summary.source,
      [],
      ROW_TREND,
    );
    const series = mainSeries(trends);
    const words = series === null ? null : trendWords(series);
    if (series === null || words === null) return null;
    return {
      line: `${sparkline(series.values)} ${words.name}`,
      words: vscode.l10n.t(
        '{0} over {1} runs: from {2} to {3}, between {4} and {5}',
        words.name,
        words.runs,
        words.first,
        words.last,
        words.low,
        words.high,
      ),
    };
  }

  private runItem(row: RunRow, summary: RunSummary, trend: RowTrend | null): vscode.TreeItem {
    const item = new vscode.TreeItem(summary.name, vscode.TreeItemCollapsibleState.None);
    const isActive = this.active === row.dir;
    const word = isActive ? vscode.l10n.t('running') : wordOf(summary);
    const time = summary.startedAt.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hour12: false });
    const length = summary.elapsedMs === null ? '' : durationText(summary.elapsedMs);
    const marks = this.marksOf(summary);
    const note = summary.note === '' ? '' : `“${shortened(summary.note)}”`;
    const parts = [word, ...marks, note, summary.result, time, length].filter((part) => part !== '');
    item.id = row.dir;
    const said = parts.join(' · ');
    item.description = trend === null ? said : `${said} · ${trend.line}`;
    const isPinned = this.pinsOf(summary).length > 0;
    const { icon, color } = isActive ? { icon: 'loading~spin', color: 'testing.iconQueued' } : iconOf(summary);
    // The verdict keeps its word and its colour.
    item.iconPath = new vscode.ThemeIcon(isPinned ? 'pinned' : icon, new vscode.ThemeColor(color));
    const mark = {
      finished: TreeItemMark.finished,
      running: isActive ? TreeItemMark.running : TreeItemMark.unfinished,
      broken: TreeItemMark.broken,
    }[summary.state];
    item.contextValue = [
      TreeItemContext.run,
      mark,
      ...(isPinned ? [TreeItemMark.pinned] : []),
      ...(summary.keep ? [TreeItemMark.kept] : []),
    ].join('.');
    item.tooltip = tooltipOf(summary, word, length, this.pinsOf(summary), trend);
    // Blocks are no words.
    const spoken = trend === null ? said : `${said} · ${trend.words}`;
    item.accessibilityInformation = { label: vscode.l10n.t('Run {0}, {1}', summary.name, spoken) };
    if (summary.state !== 'broken')
      item.command = { command: CommandId.openRun, title: vscode.l10n.t('Open'), arguments: [row] };
    return item;
  }
}

function durationText(ms: number): string {
  return ms < 10_000 ? formatValue(ms, 'ms') : formatSeconds(ms / 1000);
}

interface RowTrend {
  line: string;
  words: string;
}

/** A row has room for a dozen blocks. */
const ROW_TREND = { runs: 12, examined: 24 };

/** Of a note, in a row. */
const SHOWN_CHARACTERS = 60;

function shortened(note: string): string {
  const line = note.replace(/\s+/g, ' ');
  return line.length <= SHOWN_CHARACTERS ? line : `${line.slice(0, SHOWN_CHARACTERS)}…`;
}

function folders(): vscode.WorkspaceFolder[] {
  return (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
}

function tooltipOf(
  summary: RunSummary,
  word: string,
  length: string,
  pins: readonly PinnedHead[],
  trend: RowTrend | null,
): vscode.MarkdownString {
  const commit = summary.commit?.slice(0, 10) ?? '';
  const facts: [string, string][] = [
    [vscode.l10n.t('Verdict'), word],
    [vscode.l10n.t('Note'), summary.note],
    [vscode.l10n.t('Baseline of'), [...new Set(pins.map(({ target }) => target))].join(', ')],
    [vscode.l10n.t('Result'), summary.result],
    [vscode.l10n.t('Trend'), trend?.words ?? ''],
    [vscode.l10n.t('File'), summary.source],
    [vscode.l10n.t('Targets'), summary.targets.join(', ')],
    [vscode.l10n.t('Models'), summary.models.join(', ')],
    [vscode.l10n.t('Tags'), summary.tags.join(', ')],
    [vscode.l10n.t('Commit'), summary.dirty ? vscode.l10n.t('{0}, with changes', commit) : commit],
    [vscode.l10n.t('Started'), summary.startedAt.toLocaleString()],
    [vscode.l10n.t('Took'), length],
    [vscode.l10n.t('Folder'), summary.id],
  ];
  const lines = facts.filter(([, text]) => text !== '').map(([label, text]) => `${label}: ${escapeMarkdown(text)}`);
  return new vscode.MarkdownString([`**${escapeMarkdown(summary.name)}**`, ...lines].join('\n\n'));
}
