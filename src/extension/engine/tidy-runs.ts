/** Keeps the folder of runs within its limits, once a run of this window is over. */
import * as path from 'node:path';
import * as vscode from 'vscode';
import { pinnedFolder } from '../../core/compare/pinned-path';
import { applyRetention, type RemovedRun } from '../../core/results/retention';
import { retentionLimits } from '../../core/results/retention-limits';
import { restoreRun } from '../../core/results/trash';
import { messageOf, PromptrigError } from '../../core/util/errors';
import { setting } from '../config';
import { CONFIG_SECTION } from '../contributions';
import type { WorkspaceFiles } from '../language/workspace-files';
import type { Tell } from '../messages';
import { limitsOfSettings } from './retention-settings';

/** That runs are removed is said once in a workspace; from then on the log says it. */
const SAID = 'promptrig.retentionSaid';

export interface TidyParts {
  workspaceFiles: WorkspaceFiles;
  state: vscode.Memento;
  tell: Tell;
  log: vscode.LogOutputChannel;
  /** Runs that are on show. */
  inUse: () => string[];
  refresh: () => void;
}

/** @param uri the eval that was run @param dir the folder of its run. Never rejects for the state of the disk. */
export async function tidyRuns(uri: vscode.Uri, dir: string, parts: TidyParts): Promise<void> {
  const { workspaceFiles, log } = parts;
  const folder = vscode.workspace.getWorkspaceFolder(uri);
  const shared = (await workspaceFiles.load(uri))?.workspace?.retention;
  const limits = retentionLimits(
    shared,
    limitsOfSettings({
      keepCount: setting('runs.keepCount', folder?.uri),
      keepDays: setting('runs.keepDays', folder?.uri),
      keepSize: setting('runs.keepSize', folder?.uri),
    }),
  );
  const runsDir = path.dirname(dir);
  try {
    const { removed, problems } = await applyRetention({
      runsDir,
      // Runs of files outside of every folder are never pinned.
      baselinesDir: pinnedFolder(folder?.uri.fsPath ?? path.dirname(runsDir)),
      limits,
      nowMs: Date.now(),
      inUse: [dir, ...parts.inUse()],
    });
    for (const problem of problems) log.warn(problem);
    if (removed.length === 0) return;
    log.info(`Moved to the trash, for a day: ${removed.map(({ id, why }) => `${id} (${why})`).join(', ')}.`);
    parts.refresh();
    await say(removed, shared !== undefined, parts);
  } catch (error) {
    if (!(error instanceof PromptrigError)) throw error;
    log.warn(error.message);
  }
}

async function say(removed: readonly RemovedRun[], isShared: boolean, parts: TidyParts): Promise<void> {
  const { state, tell, refresh } = parts;
  if (state.get<boolean>(SAID) === true) return;
  await state.update(SAID, true);
  const count =
    removed.length === 1
      ? vscode.l10n.t('An old run was removed, to keep within the limits of this folder.')
      : vscode.l10n.t('{0} old runs were removed, to keep within the limits of this folder.', removed.length);
  const where = isShared
    ? vscode.l10n.t('They are in promptrig.yaml ("retention").')
    : vscode.l10n.t('They are settings.');
  tell('info', `${count} ${where}`, {
    [vscode.l10n.t('Undo')]: async () => {
      for (const run of removed) {
        try {
          await restoreRun(run);
        } catch (error) {
          tell('error', vscode.l10n.t('A run could not be put back: {0}', messageOf(error)));
        }
      }
      refresh();
    },
    ...(isShared
      ? {}
      : {
          [vscode.l10n.t('Open Settings')]: () =>
            vscode.commands.executeCommand('workbench.action.openSettings', `${CONFIG_SECTION}.runs.keep`),
        }),
  });
}
