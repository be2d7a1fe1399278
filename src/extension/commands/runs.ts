import * as path from 'node:path';
import * as vscode from 'vscode';
import { RUN_FILES } from '../../core/results/files';
import { isLiveRun } from '../../core/results/live';
import { readRun } from '../../core/results/store';
import { listTrash, restoreRun, trashRun, type TrashedRun } from '../../core/results/trash';
import { exportRun } from '../../core/run-panel/export';
import { messageOf, PromptrigError } from '../../core/util/errors';
import type { Tell } from '../messages';
import { reportParts } from '../parts/report-parts';
import { dateOf } from '../views/run-summary';
import type { RunsTree } from '../views/runs-tree';
import type { RunPanel } from '../webviews/run-panel';
import { rowOf, RunRows } from './run-rows';

export interface RunCommandParts {
  tree: RunsTree;
  panel: RunPanel;
  tell: Tell;
}

/** What the commands of the Runs view do. */
export class RunCommands {
  private readonly rows: RunRows;

  constructor(private readonly parts: RunCommandParts) {
    this.rows = new RunRows(parts.tree, parts.tell);
  }

  async open(argument: unknown): Promise<void> {
    const row = await this.rows.one(argument, vscode.l10n.t('Open Run'));
    if (row !== undefined) await this.parts.panel.show(row.dir);
  }

  /** Opens the panel at one request of a run: where a hover has found it. */
  async openRequest(argument: unknown): Promise<void> {
    const row = rowOf(argument);
    if (row === undefined) return this.open(argument);
    const request = requestOf(argument);
    await this.parts.panel.show(row.dir, false, request);
  }

  /** Moves runs out of sight; they can be had back for a day. */
  async delete(argument: unknown, selected: unknown): Promise<void> {
    const { tell, tree } = this.parts;
    const rows = await this.rows.several(argument, selected, vscode.l10n.t('Delete Run'));
    const [first] = rows;
    if (first === undefined) return;
    const deleted: TrashedRun[] = [];
    const { name } = await tree.read(first);
    let inProgress = false;
    try {
      for (const { dir } of rows) {
        if (tree.isActive(dir) || (await isWorkedOn(dir))) inProgress = true;
        else deleted.push(await trashRun(dir, Date.now()));
      }
    } catch (error) {
      tell('error', vscode.l10n.t('A run could not be deleted: {0}', messageOf(error)));
    }
    tree.refresh();
    if (inProgress) tell('warning', vscode.l10n.t('The run in progress is not deleted: stop it first.'));
    if (deleted.length === 0) return;
    const what =
      deleted.length > 1
        ? vscode.l10n.t('{0} runs are deleted.', deleted.length)
        : rows.length === 1
          ? vscode.l10n.t('The run "{0}" is deleted.', name)
          : vscode.l10n.t('1 run is deleted.');
    tell('info', what, {
      [vscode.l10n.t('Undo')]: () => this.putBack(deleted),
    });
  }

  /** What was deleted within the last day, by the person or for being old. */
  async restore(): Promise<void> {
    const { tell, tree } = this.parts;
    const deleted = (await Promise.all(tree.runsDirs.map(listTrash))).flat();
    deleted.sort((a, b) => b.deletedAt.getTime() - a.deletedAt.getTime());
    if (deleted.length === 0) {
      tell('info', vscode.l10n.t('No run was deleted within the last day.'));
      return;
    }
    const items = deleted.map((run) => {
      const id = path.basename(run.dir);
      return {
        label: id.replace(/^\d{8}T\d{6}Z-/, ''),
        description: dateOf(id)?.toLocaleString() ?? '',
        detail: vscode.l10n.t('deleted {0}', run.deletedAt.toLocaleString()),
        run,
      };
    });
    const picked = await vscode.window.showQuickPick(items, {
      title: vscode.l10n.t('Restore Deleted Runs'),
      placeHolder: vscode.l10n.t('Deleted runs are kept for a day'),
      canPickMany: true,
      matchOnDescription: true,
      matchOnDetail: true,
    });
    if (picked !== undefined) await this.putBack(picked.map(({ run }) => run));
  }

  /** Each for itself: one that cannot be had back takes no other with it. */
  private async putBack(runs: readonly TrashedRun[]): Promise<void> {
    const { tell, tree } = this.parts;
    for (const run of runs) {
      try {
        await restoreRun(run);
      } catch (error) {
        tell('error', vscode.l10n.t('A run could not be put back: {0}', messageOf(error)));
      }
    }
    tree.refresh();
  }

  async reveal(argument: unknown): Promise<void> {
    const row = await this.rows.one(argument, vscode.l10n.t('Reveal Run in File Explorer'));
    if (row === undefined) return;
    await vscode.commands.executeCommand('revealFileInOS', vscode.Uri.file(row.dir));
  }

  /** Saves a copy of what was measured somewhere else. */
  async export(argument: unknown): Promise<void> {
    const { tell } = this.parts;
    const row = await this.rows.one(argument, vscode.l10n.t('Export Run'));
    if (row === undefined) return;
    const folder = vscode.Uri.file(row.dir);
    const there = new Set((await vscode.workspace.fs.readDirectory(folder)).map(([name]) => name));
    const items = [
      { label: RUN_FILES.run, description: vscode.l10n.t('the result: metrics, SLOs, verdicts') },
      { label: RUN_FILES.requests, description: vscode.l10n.t('every request with its instants') },
      { label: RUN_FILES.cases, description: vscode.l10n.t('every answer with its assertions') },
      { label: RUN_FILES.plan, description: vscode.l10n.t('what was planned') },
    ].filter(({ label }) => there.has(label));
    const report = {
      label: 'report.html',
      description: vscode.l10n.t('the run panel as one page, for any browser'),
    };
    const whole = { label: row.id, description: vscode.l10n.t('the whole folder') };
    const picked = await vscode.window.showQuickPick([report, ...items, whole], { title: vscode.l10n.t('Export Run') });
    if (picked === undefined) return;
    const isFolder = picked === whole;
    const kind = picked === report ? 'HTML' : vscode.l10n.t('Results');
    const [home] = vscode.workspace.workspaceFolders ?? [];
    const name = isFolder ? row.id : `${row.id}-${picked.label}`;
    const target = await vscode.window.showSaveDialog({
      title: vscode.l10n.t('Export {0}', picked.label),
      defaultUri: home === undefined ? vscode.Uri.file(name) : vscode.Uri.joinPath(home.uri, name),
      filters: isFolder ? {} : { [kind]: [path.extname(picked.label).slice(1)] },
    });
    if (target === undefined) return;
    const source = isFolder ? folder : vscode.Uri.joinPath(folder, picked.label);
    try {
      if (picked === report) {
        await exportRun(row.dir, 'report', target.fsPath, reportParts());
        return;
      }
      // The dialog has asked about a file that is there.
      await vscode.workspace.fs.copy(source, target, { overwrite: true });
    } catch (error) {
      tell('error', vscode.l10n.t('{0} could not be saved to {1}: {2}', picked.label, target.fsPath, messageOf(error)));
    }
  }
}

/** Whether another window, or the command line, is still at it. */
async function isWorkedOn(dir: string): Promise<boolean> {
  try {
    return await isLiveRun(dir, await readRun(dir), Date.now());
  } catch (error) {
    // One that cannot be read can be deleted all the same.
    if (error instanceof PromptrigError) return false;
    throw error;
  }
}

function requestOf(argument: unknown): string | undefined {
  if (typeof argument !== 'object' || argument === null || !('request' in argument)) return undefined;
  return typeof argument.request === 'string' ? argument.request : undefined;
}
