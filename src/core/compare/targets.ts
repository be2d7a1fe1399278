/** The targets of one run against each other. */
import type { RunPlan } from '../../protocol/plan';
import type { Comparison, TargetResult } from '../../protocol/run-json';
import { matrixTrends } from './matrix';
import { qualityPairs, type TargetOutcomes } from './pairs';

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
  if (pairs.length === 0 && matrix.length === 0) return null;
  return { pairs, ...(matrix.length === 0 ? {} : { matrix }) };
}
