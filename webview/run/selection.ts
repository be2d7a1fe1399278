/** Which target and stage the panel shows: the reader's choice, else what happens now, else what went worst. */
import type { StageView, TargetView } from './store';
import { isWhole } from './curve-model';
import { rankOfRun, worstOf } from '../words';

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
    worst(targets, (candidate) =>
      Math.min(worstOf(candidate.quality.slo), ...candidate.stages.map((stage) => rankOfStage(candidate, stage))),
    );
  if (target === null || target === undefined) return null;
  const { stages } = target;
  const stage =
    stages.find(({ data }) => data.name === choice.stage && target.id === choice.target) ??
    runningNow(stages) ??
    (target.id === previous.target ? lastShown(stages, previous.stage) : undefined) ??
    worst(stages, (candidate) => rankOfStage(target, candidate));
  return { target, stage };
}

/** A step rather than the stage that it is a part of; between two steps the one before, so that the view does not flicker. */
function runningNow(stages: readonly StageView[]): StageView | undefined {
  const running = stages.filter(({ data }) => data.status === 'running');
  const measured = running.find((stage) => !isWhole(stage));
  const [whole] = running;
  if (measured !== undefined || whole === undefined) return measured;
  return stages.findLast(({ data }) => data.partOf === whole.data.name) ?? whole;
}

/** What was shown; a step that nobody chose makes way for what all of them say together. */
function lastShown(stages: readonly StageView[], name: string | null): StageView | undefined {
  const stage = stages.find(({ data }) => data.name === name);
  if (stage?.data.partOf === undefined) return stage;
  return stages.find(({ data }) => data.name === stage.data.partOf) ?? stage;
}

/** What the steps of a sweep miss is not missed by the run: their stage's curve stands for them. */
function rankOfStage({ curves }: TargetView, stage: StageView): number {
  if (stage.data.partOf !== undefined) return NEVER;
  if (!isWhole(stage)) return worstOf(stage.data.results);
  const curve = curves.find((candidate) => candidate.stage === stage.data.name);
  return curve === undefined ? worstOf([]) : rankOfRun(curve.verdict);
}

const NEVER = 9;

function worst<T>(items: readonly T[], rankOf: (item: T) => number): T | null {
  let found: T | null = null;
  let rank = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const own = rankOf(item);
    if (own < rank) {
      rank = own;
      found = item;
    }
  }
  return found;
}
