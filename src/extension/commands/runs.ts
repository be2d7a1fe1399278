import * as path from 'node:path';
import * as vscode from 'vscode';
import { RUN_FILES } from '../../core/results/files';
import { exportRun } from '../../core/run-panel/export';
import { messageOf } from '../../core/util/errors';
import type { Tell } from '../messages';
import { restoreRun, trashRun, type TrashedRun } from '../../core/results/trash';
import { wordOf } from '../views/run-summary';
import type { RunRow, RunsTree } from '../views/runs-tree';
import { reportParts } from '../parts/report-parts';
import type { RunPanel } from '../webviews/run-panel';

export interface RunCommandParts {
  tree: RunsTree;
  panel: RunPanel;
  tell: Tell;
}

/** What the commands of the Runs view do. */
export class RunCommands {
  constructor(private readonly parts: RunCommandParts) {}

  async open(argument: unknown): Promise<void> {
    const row = await this.rowOf(argument, vscode.l10n.t('Open Run'));
    if (row !== undefined) await this.parts.panel.show(row.dir);
  }

  /** Moves runs out of sight; they can be had back until the day is over. */
  async delete(argument: unknown, selected: unknown): Promise<void> {
    const { tell, tree } = this.parts;
    const rows = await this.rowsOf(argument, selected, vscode.l10n.t('Delete Run'));
    const [first] = rows;
    if (first === undefined) return;
    const deleted: TrashedRun[] = [];
    const { name } = await tree.read(first);
    try {
      for (const { dir } of rows) if (!tree.isActive(dir)) deleted.push(await trashRun(dir, Date.now()));
    } catch (error) {
      tell('error', vscode.l10n.t('A run could not be deleted: {0}', messageOf(error)));
    }
    tree.refresh();
    if (rows.some(({ dir }) => tree.isActive(dir)))
      tell('warning', vscode.l10n.t('The run in progress is not deleted: stop it first.'));
    if (deleted.length === 0) return;
    const what =
      deleted.length > 1
        ? vscode.l10n.t('{0} runs are deleted.', deleted.length)
        : rows.length === 1
          ? vscode.l10n.t('The run "{0}" is deleted.', name)
          : vscode.l10n.t('1 run is deleted.');
    tell('info', what, {
      [vscode.l10n.t('Undo')]: async () => {
        try {
          for (const run of deleted) await restoreRun(run);
        } catch (error) {
          tell('error', vscode.l10n.t('A run could not be put back: {0}', messageOf(error)));
        }
        tree.refresh();
      },
    });
  }

  async reveal(argument: unknown): Promise<void> {
    const row = await this.rowOf(argument, vscode.l10n.t('Reveal Run in File Explorer'));
    if (row === undefined) return;
    await vscode.commands.executeCommand('revealFileInOS', vscode.Uri.file(row.dir));
  }

  /** Saves a copy of what was measured somewhere else. */
  async export(argument: unknown): Promise<void> {
    const { tell } = this.parts;
    const row = await this.rowOf(argument, vscode.l10n.t('Export Run'));
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

  /** The run of a row; of the palette, the one that is selected, else the one that the person picks. */
  private async rowOf(argument: unknown, title: string): Promise<RunRow | undefined> {
    if (isRunRow(argument)) return argument;
    return this.pick(title);
  }

  private async rowsOf(argument: unknown, selected: unknown, title: string): Promise<RunRow[]> {
    const rows = Array.isArray(selected) ? (selected as unknown[]).filter(isRunRow) : [];
    if (rows.length > 0) return rows;
    const row = await this.rowOf(argument, title);
    return row === undefined ? [] : [row];
  }

  private async pick(title: string): Promise<RunRow | undefined> {
    const { tree, tell } = this.parts;
    const days = await tree.getChildren();
    const rows = (await Promise.all(days.map((day) => tree.getChildren(day)))).flat().filter(isRunRow);
    if (rows.length === 0) {
      tell('info', vscode.l10n.t('There is no run yet in this window’s folders. Run an eval first.'));
      return undefined;
    }
    const items = await Promise.all(
      rows.map(async (row) => {
        const summary = await tree.read(row);
        return {
          label: summary.name,
          description: [wordOf(summary), summary.result].filter((part) => part !== '').join(' · '),
          detail: summary.startedAt.toLocaleString(),
          row,
        };
      }),
    );
    const picked = await vscode.window.showQuickPick(items, { title, matchOnDescription: true, matchOnDetail: true });
    return picked?.row;
  }
}

function isRunRow(value: unknown): value is RunRow {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'run' && 'dir' in value;
}
