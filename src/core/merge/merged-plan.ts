import type { RunPlan, TargetPlan } from '../../protocol/plan';
import type { RunPart } from './parts';

/**
 * The whole plan again. Parts are runs of neighbours of it, so that its order is theirs, one after the other.
 * @param parts in the order of their index
 */
export function mergedPlan(parts: readonly RunPart[], runId: string, outDir: string): RunPlan {
  const [first] = parts as [RunPart, ...RunPart[]];
  const targets = new Map<string, TargetPlan>();
  for (const { plan } of parts) {
    for (const target of plan.targets) {
      const known = targets.get(target.id);
      if (known === undefined) {
        targets.set(target.id, { ...target });
        continue;
      }
      known.cases = [...known.cases, ...target.cases];
      known.stages = [...known.stages, ...target.stages];
      if (target.loadCases !== undefined) known.loadCases = [...(known.loadCases ?? []), ...target.loadCases];
    }
  }
  for (const target of targets.values()) {
    // Those that another part asks are among the cases again.
    const asked = new Set(target.cases.map(({ pointer }) => pointer));
    const others = new Map((target.loadCases ?? []).map((item) => [item.pointer, item]));
    for (const pointer of asked) others.delete(pointer);
    if (others.size > 0) target.loadCases = [...others.values()];
    else delete target.loadCases;
  }
  const plan: RunPlan = { ...first.plan, runId, outDir, targets: [...targets.values()] };
  delete plan.shard;
  return plan;
}
