/** Which stages a run was in the middle of when its result was last stored. */
import type { RunJson, StageInProgress } from '../../protocol/run-json';

export function stagesInProgress({ in_progress: stages }: Pick<RunJson, 'in_progress'>): StageInProgress[] {
  if (stages === undefined) return [];
  return Array.isArray(stages) ? stages : [stages];
}

/** @param stages without any, the key is not there */
export function setInProgress(run: Pick<RunJson, 'in_progress'>, stages: readonly StageInProgress[]): void {
  const [first, ...others] = stages;
  if (first === undefined) delete run.in_progress;
  else run.in_progress = others.length === 0 ? first : [...stages];
}
