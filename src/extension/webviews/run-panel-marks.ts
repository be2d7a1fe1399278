/** What people have said of a run, for its panel. Knows no editor. */
import { pinnedHeads } from '../../core/compare/pinned-heads';
import { readNotes } from '../../core/results/notes';
import { readRun } from '../../core/results/store';
import { messageOf, PromptrigError } from '../../core/util/errors';
import type { RunPanelMarks } from '../../protocol/run-panel';

/**
 * @param roots the folders whose baselines the run may be pinned as
 * @param onProblem told in a sentence what could not be read; the rest is shown all the same
 */
export async function marksOf(
  dir: string,
  roots: readonly string[],
  onProblem: (sentence: string) => void,
): Promise<RunPanelMarks> {
  const tolerated = async <T>(work: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof PromptrigError)) throw error;
      onProblem(messageOf(error));
      return otherwise;
    }
  };
  const notes = await tolerated(() => readNotes(dir), { note: '', keep: false });
  const id = await tolerated(async () => (await readRun(dir)).id, null);
  const pinned = new Set<string>();
  for (const root of roots) {
    const heads = await tolerated(() => pinnedHeads(root), []);
    for (const { run, target } of heads) if (run === id) pinned.add(target);
  }
  return { ...notes, pinned: [...pinned] };
}
