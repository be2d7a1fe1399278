/** The targets of several runs on one front, and the choice among them under the SLOs that the runs were judged by. */
import type { RunComparison } from '../../protocol/run-comparison';
import type { ComparedRun, ComparedStage } from './compared-run';
import { select } from './constraint';
import { comparedCandidate } from './panel-candidate';
import { limitsOf, mainAxes } from './panel-front';
import { requirementOf } from './panel-select';
import { seriesInterval } from './panel-tests';
import { paretoFront } from './pareto';
import { matchStages } from './stage-match';

type Choice = Pick<RunComparison, 'pareto' | 'selection' | 'candidates'>;

/** Nothing where one of the targets was not measured on two axes at least: a front that leaves runs out would mislead. */
export function choiceOfRuns(runs: readonly ComparedRun[], confidence: number): Choice {
  const entries = runs.flatMap(({ id, tool, path, targets }, run) =>
    targets.map((target) => ({ id: `${tool === 'promptrig' ? id : path}/${target.id}`, run, target })),
  );
  const stages = stagesOf(entries.map(({ target }) => target));
  const interval = (series: Float64Array | null, share: number): [number, number] | null =>
    series === null ? null : seriesInterval(series, share, confidence);
  const candidates = entries.map(({ id, target }, index) =>
    comparedCandidate(id, target, stages?.[index] ?? null, interval),
  );
  const axes = mainAxes(candidates).filter((axis) => candidates.every(({ values }) => values.has(axis)));
  if (candidates.length < 2 || axes.length < 2) return {};
  const { front, dominated } = paretoFront(candidates, axes);
  const requirements = limitsOf(candidates).flatMap(({ expr }) => {
    const read = requirementOf(expr);
    return 'requirement' in read ? read.requirement : [];
  });
  const name = stages?.[0]?.name;
  return {
    pareto: {
      axes,
      ...(name === undefined ? {} : { stage: name }),
      points: candidates.map(({ id, values }) => ({ id, values: axes.map((axis) => values.get(axis)?.value ?? null) })),
      front,
      dominated,
    },
    ...(requirements.length === 0 ? {} : { selection: select(candidates, axes, requirements) }),
    candidates: entries.map(({ id, run, target }) => ({ id, run, target: target.id })),
  };
}

/** The first load stage that all have, else the cases; null where there is none. */
function stagesOf(targets: readonly { stages: ComparedStage[] }[]): ComparedStage[] | null {
  const [first, ...others] = targets;
  const own = first?.stages ?? [];
  for (const stage of [...own.filter(({ isCases }) => !isCases), ...own.filter(({ isCases }) => isCases)]) {
    const theirs = others.flatMap(
      (target) => matchStages(own, target.stages).matched.find(([ours]) => ours === stage)?.[1] ?? [],
    );
    if (theirs.length === others.length) return [stage, ...theirs];
  }
  return null;
}
