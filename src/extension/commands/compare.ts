import { createHash } from 'node:crypto';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { listRuns, readRun } from '../../core/results/store';
import { PromptrigError } from '../../core/util/errors';
import type { Planner } from '../engine/planner';
import type { RunController, RunEnd } from '../engine/run-controller';
import { l10n } from '../l10n';
import type { Tell } from '../messages';
import { wordOf } from '../views/run-summary';
import type { RunRow, RunsTree } from '../views/runs-tree';
import type { CompareItem, ComparePanel } from '../webviews/compare-panel';
import { CommandId } from '../contributions';

/** Runs looked at for the last comparison of a file. */
const MOST_RUNS = 50;

export interface CompareCommandParts {
  tree: RunsTree;
  panel: ComparePanel;
  controller: RunController;
  planner: Planner;
  tell: Tell;
}

interface Choice extends vscode.QuickPickItem {
  item?: CompareItem;
  /** Asks for a file. */
  file?: true;
}

/** What the commands that compare do. */
export class CompareCommands {
  constructor(private readonly parts: CompareCommandParts) {}

  /**
   * The targets of a file side by side: of its run that goes on; else of its last run, where that is of the file as it is now, since
   * running costs time and money; else of a run that is started.
   */
  async targets(uri: vscode.Uri | null): Promise<RunEnd | undefined> {
    const { panel, controller, tell } = this.parts;
    if (uri === null) {
      tell('info', l10n.t('Open an eval file (`*.eval.yaml`) to compare its targets, or create an example.'), {
        [l10n.t('Create an Example')]: () => vscode.commands.executeCommand(CommandId.createExample),
      });
      return undefined;
    }
    if (panel.showLive(uri)) return undefined;
    const dir = await this.lastComparison(uri);
    if (dir !== null) {
      await panel.show([{ kind: 'run', dir }], { uri });
      return undefined;
    }
    return controller.run({ uri, what: 'file', show: 'compare' });
  }

  /** One run against another that is asked for. */
  async run(argument: unknown): Promise<void> {
    const first = isRun(argument) ? argument : await this.pickRun(l10n.t('Compare Run'));
    if (first === undefined) return;
    const item: CompareItem = { kind: 'run', dir: first.dir };
    const other = await this.ask(l10n.t('Compare with'), [item], await this.hasSeveralTargets(first.dir));
    if (other !== undefined) await this.parts.panel.show([item, ...other]);
  }

  /** Several runs, of a selection or as the person picks them. */
  async runs(argument: unknown, selected: unknown): Promise<void> {
    const rows = Array.isArray(selected) ? (selected as unknown[]).filter(isRun) : [];
    if (rows.length === 1 || (rows.length === 0 && isRun(argument))) return this.run(rows[0] ?? argument);
    const picked = rows.length > 1 ? rows : await this.pickRuns();
    if (picked.length > 0) await this.parts.panel.show(picked.map(({ dir }) => ({ kind: 'run', dir })));
  }

  /** What to add to a comparison; undefined where the person changes their mind. */
  async pick(shown: readonly CompareItem[]): Promise<CompareItem[] | undefined> {
    return this.ask(l10n.t('Add to Comparison'), shown, false);
  }

  private async ask(
    title: string,
    without: readonly CompareItem[],
    alone: boolean,
  ): Promise<CompareItem[] | undefined> {
    const known = new Set(without.flatMap((item) => (item.kind === 'run' ? [path.resolve(item.dir)] : [])));
    const rows = (await this.choices()).filter(
      ({ item }) => item?.kind !== 'run' || !known.has(path.resolve(item.dir)),
    );
    const own: Choice[] = alone ? [{ label: l10n.t('$(git-compare) Only its own targets, side by side') }] : [];
    const file: Choice = { label: l10n.t('$(file) A file of GuideLLM, vLLM or AIPerf…'), file: true };
    const picked = await vscode.window.showQuickPick([...own, file, ...rows], {
      title,
      matchOnDescription: true,
      matchOnDetail: true,
    });
    if (picked === undefined) return undefined;
    if (picked.file === true) return this.askForFile(title);
    return picked.item === undefined ? [] : [picked.item];
  }

  private async askForFile(title: string): Promise<CompareItem[] | undefined> {
    const files = await vscode.window.showOpenDialog({
      title,
      canSelectMany: true,
      filters: { [l10n.t('Results')]: ['json', 'jsonl', 'yaml', 'yml'] },
    });
    return files?.map(({ fsPath }) => ({ kind: 'file', path: fsPath }));
  }

  private async pickRun(title: string): Promise<{ dir: string } | undefined> {
    const choices = await this.choicesOrTell();
    const picked = await vscode.window.showQuickPick(choices, { title, matchOnDescription: true, matchOnDetail: true });
    return picked?.item?.kind === 'run' ? picked.item : undefined;
  }

  private async pickRuns(): Promise<{ dir: string }[]> {
    const choices = await this.choicesOrTell();
    const picked = await vscode.window.showQuickPick(choices, {
      title: l10n.t('Compare Runs'),
      placeHolder: l10n.t('Choose two or more'),
      canPickMany: true,
      matchOnDescription: true,
      matchOnDetail: true,
    });
    return (picked ?? []).flatMap(({ item }) => (item?.kind === 'run' ? [item] : []));
  }

  private async choicesOrTell(): Promise<Choice[]> {
    const choices = await this.choices();
    if (choices.length === 0)
      this.parts.tell('info', l10n.t('There is no run yet in this window’s folders. Run an eval first.'));
    return choices;
  }

  private async choices(): Promise<Choice[]> {
    const { tree } = this.parts;
    const days = await tree.getChildren();
    const rows = (await Promise.all(days.map((day) => tree.getChildren(day)))).flat();
    const runs = rows.filter((row): row is RunRow => row.kind === 'run');
    const choices = await Promise.all(
      runs.map(async (row): Promise<Choice[]> => {
        const summary = await tree.read(row);
        if (summary.state === 'broken') return [];
        return [
          {
            label: summary.name,
            description: [wordOf(summary), summary.result].filter((part) => part !== '').join(' · '),
            detail: summary.startedAt.toLocaleString(),
            item: { kind: 'run', dir: row.dir },
          },
        ];
      }),
    );
    return choices.flat();
  }

  /** The newest run of the file on several of its targets, where the file has not changed since. */
  private async lastComparison(uri: vscode.Uri): Promise<string | null> {
    const { planner } = this.parts;
    if (uri.scheme !== 'file') return null;
    const runsDir = planner.runsDirectory(uri);
    const name = planner.sourcePath(uri);
    const document = await vscode.workspace.openTextDocument(uri);
    const sha256 = createHash('sha256').update(document.getText()).digest('hex');
    for (const id of (await listRuns(runsDir)).slice(0, MOST_RUNS)) {
      const dir = path.join(runsDir, id);
      const run = await readOrNull(dir);
      if (run?.source.path !== name || run.targets.length < 2) continue;
      return run.source.sha256 === sha256 && run.status === 'completed' ? dir : null;
    }
    return null;
  }

  private async hasSeveralTargets(dir: string): Promise<boolean> {
    return ((await readOrNull(dir))?.targets.length ?? 0) > 1;
  }
}

/** Null of a run that cannot be read, which is then nothing to go by: its row says so. */
async function readOrNull(dir: string): Promise<Awaited<ReturnType<typeof readRun>> | null> {
  try {
    const run = await readRun(dir);
    return Array.isArray(run.targets) && run.source !== undefined ? run : null;
  } catch (error) {
    if (error instanceof PromptrigError) return null;
    throw error;
  }
}

/** A row of the Runs view, or what a link says of a run. */
function isRun(value: unknown): value is { dir: string } {
  if (typeof value !== 'object' || value === null || !('kind' in value) || !('dir' in value)) return false;
  return value.kind === 'run' && typeof value.dir === 'string';
}
