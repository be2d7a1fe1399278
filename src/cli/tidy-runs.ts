/** Keeps the folders of runs within what `promptrig.yaml` says, once a command has added to them. */
import * as path from 'node:path';
import { plain } from '../core/report/plain';
import { painter } from '../core/report/style';
import { applyRetention, type RetentionResult } from '../core/results/retention';
import { retentionLimits } from '../core/results/retention-limits';
import { TRASH } from '../core/results/trash';
import { WORKSPACE_FILE } from '../core/spec/discover';
import { PromptrigError } from '../core/util/errors';
import type { CliIo } from './io';
import { wantsColour } from './io';
import { readWorkspace, type PlannedFile } from './planned-files';
import { runsFolder, shownPath, workspaceRoot } from './workspace-root';

/**
 * Moves old runs of the workspaces of `files` to the trash. What cannot be tidied is said and changes no verdict: the run that was
 * asked for is over.
 */
export async function tidyRuns(io: CliIo, files: readonly Pick<PlannedFile, 'path'>[], quiet: boolean): Promise<void> {
  const paint = painter(wantsColour(io.stderr, io.env));
  const say = (text: string): void => void io.stderr.write(`${paint('unsure', 'note:')} ${plain(text)}\n`);
  for (const root of new Set(files.map(({ path: file }) => workspaceRoot(path.dirname(file), io.cwd)))) {
    const runsDir = runsFolder(root, undefined, io.cwd);
    try {
      const shared = await readWorkspace(path.join(root, WORKSPACE_FILE));
      const result = await applyRetention({
        runsDir,
        baselinesDir: path.join(root, '.promptrig', 'baselines'),
        limits: retentionLimits(shared?.document.workspace?.retention),
        nowMs: Date.now(),
      });
      if (!quiet && result.removed.length > 0) say(removedText(result, shownPath(path.join(runsDir, TRASH), io.cwd)));
      for (const problem of result.problems) say(problem);
    } catch (error) {
      if (!(error instanceof PromptrigError)) throw error;
      say(error.message);
    }
  }
}

function removedText({ removed }: RetentionResult, trash: string): string {
  const what = removed.length === 1 ? 'One old run was' : `${removed.length} old runs were`;
  return `${what} moved to ${trash}, to be removed for good in a day ("retention" of ${WORKSPACE_FILE} says what is kept).`;
}
