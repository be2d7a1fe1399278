/** The finished run against its baseline: the run that the file names, else what is pinned for its targets. */
import type { BaselineFile } from '../../protocol/baseline';
import type { RunPlan, TargetPlan } from '../../protocol/plan';
import type { BaselineComparison, RunJson } from '../../protocol/run-json';
import { readRun, readPlan } from '../results/store';
import { messageOf, PromptrigError } from '../util/errors';
import { baselinesOfRun } from './baseline-file-run';
import { compareBaselines } from './regression';

/**
 * Compares a run whose records are on disk. What cannot be read is said, and costs nothing of what was measured: the comparison then
 * has an `error` and leaves the run undecided.
 * @param dir folder of the run's records
 * @returns null where there is no baseline, and for a part of a run: its whole is compared when it is merged
 */
export async function compareToBaseline(plan: RunPlan, run: RunJson, dir: string): Promise<BaselineComparison | null> {
  const { baseline, pinned = [], shard } = plan;
  if (shard !== undefined || (baseline === undefined && pinned.length === 0)) return null;
  try {
    const now = await baselinesOfRun(dir, run, plan, new Date().toISOString());
    const before = baseline === undefined ? pinned : await baselinesIn(baseline.dir);
    const { confidence, policy, purpose, regress: rules = [] } = plan;
    const compared = compareBaselines(before, now, {
      ...{ confidence, policy, purpose, rules },
      matchLone: baseline !== undefined,
    });
    return {
      ...located(compared, plan.targets),
      ...(baseline === undefined ? { pinned: usedOf(pinned, now) } : { run: baseline.run }),
    };
  } catch (error) {
    return {
      run: baseline?.run ?? pinned[0]?.pinned.run ?? '',
      started_at: '',
      pairs: [],
      regressions: [],
      improvements: [],
      error: `The baseline could not be compared with: ${messageOf(error)}`,
      verdict: plan.purpose === 'selection' ? 'pass' : 'inconclusive',
    };
  }
}

/** An earlier run in the form of baselines. @throws PromptrigError as the run's files do */
async function baselinesIn(dir: string): Promise<BaselineFile[]> {
  const run = await readRun(dir);
  return baselinesOfRun(dir, run, await planOf(dir), run.started_at);
}

/** Older runs, and those kept in version control, may have none: their load is known by its pattern and rate alone. */
export async function planOf(dir: string): Promise<RunPlan | null> {
  try {
    return await readPlan(dir);
  } catch (error) {
    if (error instanceof PromptrigError && error.code === 'not_found') return null;
    throw error;
  }
}

/** The pinned baselines that have a counterpart in the run, for its result. */
export function usedOf(pinned: readonly BaselineFile[], now: readonly BaselineFile[]): BaselineComparison['pinned'] {
  return pinned
    .filter(({ target }) => now.some((each) => each.target === target))
    .map(({ target, pinned: { run, at, commit } }) => ({ target, run, at, commit }));
}

/** Cases by their pointers in the file, as everything else of a result names them; baselines know their ids alone. */
function located(compared: BaselineComparison, targets: readonly TargetPlan[]): BaselineComparison {
  const pointers = new Map(
    targets.map(({ id, cases }) => [id, new Map(cases.map((item) => [item.id, item.pointer]))] as const),
  );
  return {
    ...compared,
    pairs: compared.pairs.map((pair) => {
      const ofTarget = pointers.get(pair.second);
      const at = (ids: readonly string[]): string[] => ids.map((id) => ofTarget?.get(id) ?? id);
      return { ...pair, lost: at(pair.lost), won: at(pair.won) };
    }),
  };
}
