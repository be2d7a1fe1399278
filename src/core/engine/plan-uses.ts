import type { AssertionPlan, CasePlan, EndpointPlan, RunPlan } from '../../protocol/plan';
import { needsModel } from '../quality/needs-model';

/**
 * Every endpoint that a run sends something to, each once: those of its targets and those of its judges. Keys are collected,
 * and hosts asked for, by this list.
 */
export function endpointsOfPlan(plan: RunPlan): EndpointPlan[] {
  const found = new Map<string, EndpointPlan>();
  const add = (endpoint: EndpointPlan): void => {
    if (!found.has(endpoint.name)) found.set(endpoint.name, endpoint);
  };
  for (const target of plan.targets) add(target.endpoint);
  const judged = plan.targets.flatMap(({ cases, loadCases = [] }) => [...cases, ...loadCases]).some(hasModel);
  // A judge that nothing asks is no reason to want its key.
  if (plan.judge !== undefined && judged) add(plan.judge.endpoint);
  const own = (assertion: AssertionPlan): void => {
    if (assertion.judge !== undefined) add(assertion.judge.endpoint);
    for (const member of assertion.members ?? []) own(member);
  };
  for (const { cases, loadCases = [] } of plan.targets) {
    for (const item of [...cases, ...loadCases]) for (const assertion of assertionsOf(item)) own(assertion);
  }
  return [...found.values()];
}

function assertionsOf({ assertions, turns = [] }: CasePlan): AssertionPlan[] {
  return [...assertions, ...turns.flatMap((turn) => turn.assertions)];
}

function hasModel(item: CasePlan): boolean {
  return assertionsOf(item).some(needsModel);
}
