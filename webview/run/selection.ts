/** Which target and stage the panel shows: the reader's choice, else what happens now, else what went worst. */
import type { StageView, TargetView } from './store';
import { worstOf } from './verdicts';

export interface Choice {
  target: string | null;
  stage: string | null;
}

export interface Shown {
  target: TargetView;
  /** Null where the target has no stage: a run of cases only. */
  stage: StageView | null;
}

/**
 * Resolves a choice; a choice that no longer exists is as good as none. `previous` is what was shown before: with nothing
 * chosen and nothing running it stays, so that a view does not jump when its run ends.
 */
export function resolveChoice(targets: readonly TargetView[], choice: Choice, previous: Choice): Shown | null {
  const target =
    targets.find(({ id }) => id === choice.target) ??
    targets.find(({ stages }) => stages.some(({ data }) => data.status === 'running')) ??
    targets.find(({ id }) => id === previous.target) ??
    worst(targets, (candidate) => candidate.stages.flatMap(({ data }) => data.results).concat(candidate.quality.slo));
  if (target === null || target === undefined) return null;
  const { stages } = target;
  const stage =
    stages.find(({ data }) => data.name === choice.stage && target.id === choice.target) ??
    stages.find(({ data }) => data.status === 'running') ??
    (target.id === previous.target ? stages.find(({ data }) => data.name === previous.stage) : undefined) ??
    worst(stages, ({ data }) => data.results);
  return { target, stage };
}

function worst<T>(items: readonly T[], results: (item: T) => Parameters<typeof worstOf>[0]): T | null {
  let found: T | null = null;
  let rank = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const own = worstOf(results(item));
    if (own < rank) {
      rank = own;
      found = item;
    }
  }
  return found;
}
