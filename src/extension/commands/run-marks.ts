import * as path from 'node:path';
import * as vscode from 'vscode';
import { MAX_NOTE_CHARACTERS, writeNotes, type RunNotes } from '../../core/results/notes';
import { PromptrigError } from '../../core/util/errors';
import type { Planner } from '../engine/planner';
import type { Tell } from '../messages';
import type { RunsTree } from '../views/runs-tree';
import { PinFlow } from './pin-flow';
import { RunRows, selectedRows } from './run-rows';

export interface RunMarkParts {
  tree: RunsTree;
  planner: Planner;
  tell: Tell;
  /** The panel shows what is said of its run, too. */
  panel: { refreshMarks(dir: string): void };
}

/** What a person says of runs: that one is the baseline, a note, that it is to be kept. */
export class RunMarks {
  private readonly rows: RunRows;
  private readonly flow: PinFlow;

  constructor(private readonly parts: RunMarkParts) {
    const { tree, planner, tell } = parts;
    this.rows = new RunRows(tree, tell);
    this.flow = new PinFlow({
      tell,
      confirm: async (question, detail, yes) =>
        (await vscode.window.showWarningMessage(question, { modal: true, detail }, yes)) === yes,
      showFiles,
      rootOf: (dir) => rootOf(dir, planner),
      changed: (dir) => this.changed(dir),
    });
  }

  async pin(argument: unknown, selected: unknown): Promise<void> {
    const title = vscode.l10n.t('Pin as Baseline');
    const dir = await this.single(argument, selected, title);
    if (dir !== null) await this.flow.pin(dir);
  }

  async unpin(argument: unknown, selected: unknown): Promise<void> {
    const dir = await this.single(argument, selected, vscode.l10n.t('Unpin Baseline'));
    if (dir !== null) await this.flow.unpin(dir);
  }

  /** A note comes with the argument from the panel; else it is asked for. Empty takes it away. */
  async note(argument: unknown): Promise<void> {
    const row = await this.rows.one(argument, vscode.l10n.t('Write Note on Run'));
    if (row === undefined) return;
    const given = noteOf(argument);
    if (given !== undefined) {
      await this.write([row.dir], { note: given });
      return;
    }
    const { name, note: before } = await this.parts.tree.read(row);
    const note = await vscode.window.showInputBox({
      title: vscode.l10n.t('Note on "{0}"', name),
      prompt: vscode.l10n.t(
        'Shown in the Runs view and the run panel, and found by its filter. A run with a note is kept.',
      ),
      value: before,
      validateInput: (text) =>
        text.length > MAX_NOTE_CHARACTERS
          ? vscode.l10n.t('A note has at most {0} characters.', MAX_NOTE_CHARACTERS)
          : undefined,
    });
    if (note !== undefined) await this.write([row.dir], { note });
  }

  async keep(argument: unknown, selected: unknown, keep: boolean): Promise<void> {
    const title = keep ? vscode.l10n.t('Keep Run') : vscode.l10n.t('Stop Keeping Run');
    const rows = await this.rows.several(argument, selected, title);
    await this.write(
      rows.map(({ dir }) => dir),
      { keep },
    );
  }

  private async write(dirs: readonly string[], change: Partial<RunNotes>): Promise<void> {
    for (const dir of dirs) {
      try {
        await writeNotes(dir, change);
      } catch (error) {
        if (!(error instanceof PromptrigError)) throw error;
        this.parts.tell('error', error.message);
        // What is wrong with the folder of one is most likely wrong with all.
        break;
      } finally {
        this.changed(dir);
      }
    }
  }

  /** A baseline is one run: which of several would be anyone's guess. */
  private async single(argument: unknown, selected: unknown, title: string): Promise<string | null> {
    const rows = selectedRows(selected);
    if (rows.length > 1) {
      this.parts.tell(
        'info',
        vscode.l10n.t(
          '{0} runs are selected, and a baseline is made of one. Select the one that later runs are held against.',
          rows.length,
        ),
      );
      return null;
    }
    const row = rows[0] ?? (await this.rows.one(argument, title));
    return row?.dir ?? null;
  }

  private changed(dir: string): void {
    this.parts.tree.refresh();
    this.parts.panel.refreshMarks(dir);
  }
}

/** The folder whose results a run is among, else the one that it lies in. */
function rootOf(dir: string, planner: Planner): string | null {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
  const among = folders.find(({ uri }) => path.relative(planner.runsDirectory(uri), path.dirname(dir)) === '');
  const around = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(dir));
  return (among ?? around)?.uri.fsPath ?? null;
}

async function showFiles(files: readonly string[]): Promise<void> {
  const [first, ...others] = files;
  if (first === undefined) return;
  const items = files.map((file) => ({ label: path.basename(file), description: path.dirname(file), file }));
  const picked =
    others.length === 0
      ? { file: first }
      : await vscode.window.showQuickPick(items, { title: vscode.l10n.t('Show File of Which Target?') });
  if (picked !== undefined) await vscode.window.showTextDocument(vscode.Uri.file(picked.file));
}

function noteOf(argument: unknown): string | undefined {
  if (typeof argument !== 'object' || argument === null || !('note' in argument)) return undefined;
  return typeof argument.note === 'string' ? argument.note : undefined;
}
