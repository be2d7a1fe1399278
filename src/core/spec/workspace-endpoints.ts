import type { EvalDocument } from './parse';
import { isWithin, pointerKeys } from './pointer';
import type { EndpointSpec } from './schema-endpoint';
import { endpointsOf, located } from './spec-lists';

export interface WorkspaceEndpoint {
  /** Place in the list, as the file has it. */
  index: number;
  spec: EndpointSpec;
  /** What is wrong with it, so that it cannot be used; null where nothing is. */
  problem: string | null;
}

/** The endpoints of a `promptrig.yaml` that have at least a name. */
export function workspaceEndpoints({ workspace, diagnostics }: EvalDocument): WorkspaceEndpoint[] {
  return located(workspace?.endpoints, '/endpoints').map(({ value, pointer }) => {
    const fault = diagnostics.find(
      (found) => found.severity === 'error' && found.pointer !== undefined && isWithin(found.pointer, pointer),
    );
    return { index: Number(pointerKeys(pointer)[1]), spec: value, problem: fault?.message ?? null };
  });
}

/** The endpoints that an eval file describes in place. */
export function endpointsInPlace({ spec }: EvalDocument): { pointer: string; spec: EndpointSpec }[] {
  if (spec === null) return [];
  return endpointsOf(spec).flatMap(({ value, pointer }) =>
    typeof value === 'string' ? [] : [{ pointer, spec: value }],
  );
}
