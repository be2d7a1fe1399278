/** Lists of a spec with the pointer of each item in the file, whichever way they were written. */
import type { EvalSpec, EndpointRef } from './schema';
import type { AssertionSpec } from './schema-assertion';
import type { CaseSpec } from './schema-case';
import type { SloItemSpec, SloSpec, StageSpec } from './schema-load';
import { originalIndex } from './cleaned';
import { childPointer } from './pointer';

export interface Located<T> {
  value: T;
  pointer: string;
}

/** The items of a cleaned list; what could not be used of it is left out, and does not shift the pointers of the rest. */
export function located<T>(items: readonly T[] | undefined, pointer: string): Located<T>[] {
  return (items ?? []).map((value, index) => ({
    value,
    pointer: childPointer(pointer, originalIndex(items ?? [], index)),
  }));
}

export function casesOf(spec: EvalSpec): Located<CaseSpec>[] {
  return located(spec.cases, '/cases');
}

export function stagesOf(spec: EvalSpec): Located<StageSpec>[] {
  if (spec.load === undefined) return [];
  return Array.isArray(spec.load) ? located(spec.load, '/load') : [{ value: spec.load, pointer: '/load' }];
}

export function endpointsOf(spec: EvalSpec): Located<EndpointRef>[] {
  return located(spec.endpoints, '/endpoints');
}

export function slosOf(slo: SloSpec | undefined, pointer: string): Located<SloItemSpec>[] {
  if (slo === undefined) return [];
  return typeof slo === 'string' ? [{ value: slo, pointer }] : located(slo, pointer);
}

export function assertionsOf(list: AssertionSpec[] | undefined, pointer: string): Located<AssertionSpec>[] {
  return located(list, pointer);
}

/** The text of an SLO item, and the pointer at which that text stands. */
export function sloText({ value, pointer }: Located<SloItemSpec>): Located<string> {
  return typeof value === 'string' ? { value, pointer } : { value: value.expr, pointer: childPointer(pointer, 'expr') };
}

/** Whether an SLO item can only be a preset's name: it has no operator. */
export function isPresetName(text: string): boolean {
  return !/[<>=≤≥]/.test(text);
}
