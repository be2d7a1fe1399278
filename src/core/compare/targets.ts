/** The targets of one run against each other. */
import type { RunPlan } from '../../protocol/plan';
import type { Comparison, TargetResult } from '../../protocol/run-json';
import { selectionOf } from './constraint';
import { matrixTrends } from './matrix';
import { qualityPairs, type TargetOutcomes } from './pairs';
import { paretoOf } from './pareto';

/** Null where there is nothing to compare. */
export function compareTargets(
  plan: RunPlan,
  results: readonly TargetResult[],
  outcomes: readonly TargetOutcomes[],
): Comparison | null {
  // In the order of the file's own names, whatever order was drawn for the run: two runs then list the same pairs.
  const ordered = [...outcomes].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const pairs = qualityPairs(ordered, plan.confidence);
  const matrix = matrixTrends(plan.targets, results);
  const byName = [...results].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const pareto = paretoOf(byName);
  const selection = pareto === null ? null : selectionOf(byName, pareto.axes, pareto.stage ?? null);
  if (pairs.length === 0 && matrix.length === 0 && pareto === null) return null;
  return {
    pairs,
    ...(matrix.length === 0 ? {} : { matrix }),
    ...(pareto === null ? {} : { pareto }),
    ...(selection === null ? {} : { selection }),
  };
}
