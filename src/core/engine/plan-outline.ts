/** What a run of a file would consist of, told from the file alone: nothing is read, rendered or sent. */
import type { EvalDocument } from '../spec/parse';
import type { EndpointSpec } from '../spec/schema-endpoint';
import { casesOf } from '../spec/spec-lists';
import { EndpointBook } from './plan-endpoints';
import { matrixOf } from './plan-matrix';
import { PlanProblems } from './plan-problems';
import { variantNames } from './plan-prompts';
import { routeSlos } from './plan-slos';
import { targetId } from './plan-targets';

export interface PlanOutline {
  /** Ids of the targets in the order of the file: those that `buildPlan` gives them. Those whose endpoint is unknown are left out. */
  targets: string[];
  /** Whether SLOs of the file are judged on its cases. */
  hasCaseSlos: boolean;
}

/**
 * The outline of a file's run; null where it cannot be told without reading other files (imported formats) or nothing of the
 * file is usable. What is wrong with the file is left to `buildPlan` to say.
 * @param sources `promptrig.yaml` and the endpoints of the user's settings
 */
export function planOutline(
  document: EvalDocument,
  sources: { workspace?: EvalDocument; userEndpoints?: readonly EndpointSpec[] } = {},
): PlanOutline | null {
  const { spec } = document;
  if (document.foreign !== undefined || spec === null || document.kind === 'workspace') return null;
  const problems = new PlanProblems(document);
  const variants = variantNames(spec);
  const combinations = matrixOf(spec.matrix, problems);
  const targets = new EndpointBook(spec, { document, ...sources }, problems)
    .targets()
    .flatMap(({ plan }) =>
      variants.flatMap((name) =>
        combinations.map((combination) => targetId(plan.name, { name }, variants.length, combination)),
      ),
    );
  const hasCases = casesOf(spec).length > 0 || spec.dataset !== undefined;
  const presets = sources.workspace?.workspace?.presets ?? {};
  const slos = hasCases ? routeSlos(spec, { what: 'all', presets, stages: [], problems }).cases : [];
  return { targets: [...new Set(targets)], hasCaseSlos: slos.length > 0 };
}
