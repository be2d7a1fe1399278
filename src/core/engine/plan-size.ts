/** Whether a plan can be stored: it is written as one JSON text, whose length is bounded by what a text of JavaScript can hold. */
import type { CasePlan, RequestTemplate, TargetPlan } from '../../protocol/plan';
import { formatCount } from '../../protocol/format';
import type { PlanProblems } from './plan-problems';

/** Half of the longest text of V8, with room for what is not estimated. */
export const MAX_PLAN_CHARACTERS = 250_000_000;
/** Smaller plans are not looked at. */
const LOOKED_AT_FROM = 1_000;
const MEASURED = 200;

/** Refuses a run whose cases, times its targets and stages, come to more than can be stored. */
export function checkSize(targets: readonly TargetPlan[], problems: PlanProblems): void {
  const lists = targets.flatMap(({ cases, loadCases = [], stages }) => [
    cases,
    loadCases,
    ...stages.map(({ requestPool }) => requestPool),
  ]);
  const most = Math.max(0, ...lists.map((list) => list.length));
  if (most < LOOKED_AT_FROM) return;
  const characters = lists.reduce((sum, list) => sum + estimate(list), 0);
  if (characters <= MAX_PLAN_CHARACTERS) return;
  const fitting = Math.floor((most * MAX_PLAN_CHARACTERS * 0.8) / characters);
  problems.at(
    'too-many-cases',
    `${formatCount(most)} cases for ${formatCount(targets.length)} ${targets.length === 1 ? 'target' : 'targets'} and their load stages come to about ${Math.round(characters / 1e6)} MB, which is more than a run can store: take a "sample" of about ${formatCount(fitting)}.`,
    '/dataset',
  );
}

const known = new WeakMap<object, number>();

/** Characters of a list as indented JSON, from members all over it. Targets share their lists. */
function estimate(list: readonly (CasePlan | RequestTemplate)[]): number {
  const before = known.get(list);
  if (before !== undefined) return before;
  const step = Math.max(1, Math.floor(list.length / MEASURED));
  let characters = 0;
  let count = 0;
  for (let i = 0; i < list.length; i += step) {
    characters += JSON.stringify(list[i], null, 2).length * 1.3;
    count++;
  }
  const total = count === 0 ? 0 : (characters / count) * list.length;
  known.set(list, total);
  return total;
}
