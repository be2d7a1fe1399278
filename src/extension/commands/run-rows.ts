import * as path from 'node:path';
import * as vscode from 'vscode';
import type { Tell } from '../messages';
import { dateOf, wordOf } from '../views/run-summary';
import type { RunRow, RunsTree } from '../views/runs-tree';

/** The runs that a command is about: of a row, a link or a panel, else of the person's choice. */
export class RunRows {
  constructor(
    private readonly tree: RunsTree,
    private readonly tell: Tell,
  ) {}

  /** The run of a row; of the palette, the one that the person picks. */
  async one(argument: unknown, title: string): Promise<RunRow | undefined> {
    return rowOf(argument) ?? this.pick(title);
  }

  async several(argument: unknown, selected: unknown, title: string): Promise<RunRow[]> {
    const rows = selectedRows(selected);
    if (rows.length > 0) return rows;
    const row = await this.one(argument, title);
    return row === undefined ? [] : [row];
  }

  private async pick(title: string): Promise<RunRow | undefined> {
    const { tree, tell } = this;
    const days = await tree.getChildren();
    const rows = (await Promise.all(days.map((day) => tree.getChildren(day))))
      .flat()
      .flatMap((row) => rowOf(row) ?? []);
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
          detail: [summary.startedAt.toLocaleString(), summary.note].filter((part) => part !== '').join(' · '),
          row,
        };
      }),
    );
    const picked = await vscode.window.showQuickPick(items, { title, matchOnDescription: true, matchOnDetail: true });
    return picked?.row;
  }
}

export function selectedRows(selected: unknown): RunRow[] {
  return Array.isArray(selected) ? (selected as unknown[]).flatMap((one) => rowOf(one) ?? []) : [];
}

/** A row of the view as it is; a link, a quick fix and the panel name the folder alone. */
export function rowOf(value: unknown): RunRow | undefined {
  if (typeof value !== 'object' || value === null || !('dir' in value) || typeof value.dir !== 'string')
    return undefined;
  if ('kind' in value && value.kind === 'run' && 'run' in value) return value as RunRow;
  const { dir } = value;
  const id = path.basename(dir);
  return { kind: 'run', dir, id, run: { dir, id, startedAt: dateOf(id) ?? new Date(0) } };
}
