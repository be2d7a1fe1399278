/** Which stage of each contender is meant by the stage that is shown. */
import type { CompareStage } from '../../protocol/compare-panel';
import type { ComparedStage } from './compared-run';
import type { Entry } from './panel-source';
import { matchStages } from './stage-match';

export interface CommonStages {
  /** Those of load first. */
  stages: CompareStage[];
  /** The one that is compared where nobody chooses: load that all have, else what most have. */
  preferred: string | null;
  /** The counterpart of a stage; null where a contender has none. */
  of(stage: string | null, entry: Entry): ComparedStage | null;
}

/**
 * Stages by the names that the base gives them: those of the reference, or, where it measured nothing, of the first that did.
 * Other runs may call the same load by another name.
 */
export function commonStages(entries: readonly Entry[], reference: Entry | null): CommonStages {
  const base =
    reference !== null && reference.target.compared.stages.length > 0
      ? reference
      : (entries.find(({ target }) => target.compared.stages.length > 0) ?? null);
  if (base === null) return { stages: [], preferred: null, of: () => null };
  const own = base.target.compared.stages;
  const counterparts = new Map<string, Map<string, ComparedStage>>(own.map(({ name }) => [name, new Map()]));
  for (const entry of entries) {
    const pairs =
      entry === base
        ? own.map((stage): [ComparedStage, ComparedStage] => [stage, stage])
        : matchStages(own, entry.target.compared.stages).matched;
    for (const [ours, theirs] of pairs) counterparts.get(ours.name)?.set(entry.id, theirs);
  }
  const measuring = entries.filter(({ target }) => target.compared.stages.length > 0).length;
  const sharedBy = ({ name }: ComparedStage): number => counterparts.get(name)?.size ?? 0;
  const shared = own.filter((stage) => sharedBy(stage) > 1 || measuring < 2);
  const ordered = [...shared.filter(({ isCases }) => !isCases), ...shared.filter(({ isCases }) => isCases)];
  const most = Math.max(0, ...ordered.map(sharedBy));
  return {
    stages: ordered.map(({ name }) => ({ name, load: base.target.loads.get(name) ?? '' })),
    preferred: ordered.find((stage) => sharedBy(stage) === most)?.name ?? null,
    of: (stage, entry) => (stage === null ? null : (counterparts.get(stage)?.get(entry.id) ?? null)),
  };
}
