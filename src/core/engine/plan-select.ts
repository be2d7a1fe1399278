/** Which parts of a file a run is about. */
import type { EvalDocument } from '../spec/parse';
import type { EvalSpec } from '../spec/schema';
import { casesOf, stagesOf } from '../spec/spec-lists';
import type { LocatedCase } from './plan-cases';
import { subStageNames, type LocatedStage } from './plan-stages';

export interface PlanSelection {
  /** Ids, names or pointers. */
  cases?: string[];
  /** Names (of sub-stages too), ids or pointers. */
  stages?: string[];
  /** Of a file or a case; a file whose own tag matches is run whole. */
  tags?: string[];
  /** Names of endpoints. */
  endpoints?: string[];
  /** By default what the other choices speak of, and everything where there are none. */
  what?: 'all' | 'cases' | 'load';
}

export function whatOf(select: PlanSelection): 'all' | 'cases' | 'load' {
  if (select.what !== undefined) return select.what;
  const hasCases = (select.cases?.length ?? 0) > 0;
  const hasStages = (select.stages?.length ?? 0) > 0;
  return hasCases === hasStages ? 'all' : hasCases ? 'cases' : 'load';
}

/** The cases in place, those to be skipped included. */
export function inlineCases(document: EvalDocument, spec: EvalSpec): LocatedCase[] {
  const named = new Map(document.outline.cases.map((item) => [item.pointer, item]));
  return casesOf(spec).map(({ value, pointer }): LocatedCase => {
    const item = named.get(pointer);
    return { value, pointer, id: item?.id ?? pointer, name: item?.name ?? pointer };
  });
}

/** The pointer that stands for every row of the dataset. */
const DATASET_POINTER = '/dataset';

/** Whether a case is asked for, by tag, and by its id, name or pointer where cases are asked for so. */
export function isSelected(item: LocatedCase, spec: EvalSpec, select: PlanSelection): boolean {
  if (!matchesTags(spec, item.value.tags, select)) return false;
  const wanted = select.cases ?? [];
  if (wanted.length === 0) return true;
  if (item.row !== undefined && wanted.includes(DATASET_POINTER)) return true;
  return wanted.includes(item.id) || wanted.includes(item.name) || wanted.includes(item.pointer);
}

/** Whether the rows of the dataset can be among what is asked for. */
export function mayTakeRows(inline: readonly LocatedCase[], select: PlanSelection): boolean {
  const wanted = select.cases ?? [];
  const known = new Set(inline.flatMap(({ id, name, pointer }) => [id, name, pointer]));
  return wanted.length === 0 || wanted.some((text) => !known.has(text));
}

/** `only` counts where no case was asked for by name. */
export function narrowedByOnly(cases: readonly LocatedCase[], select: PlanSelection): LocatedCase[] {
  const only = (select.cases ?? []).length > 0 ? [] : cases.filter(({ value }) => value.only === true);
  return only.length > 0 ? only : [...cases];
}

/** The stages of a run. Stages have no tags of their own: with tags they run where the file's match. */
export function stageFilter(document: EvalDocument, spec: EvalSpec, select: PlanSelection): LocatedStage[] {
  if (whatOf(select) === 'cases') return [];
  const named = new Map(document.outline.stages.map((item) => [item.pointer, item]));
  const wanted = select.stages ?? [];
  return stagesOf(spec)
    .map(({ value, pointer }): LocatedStage => {
      const item = named.get(pointer);
      return { value, pointer, id: item?.id ?? pointer };
    })
    .filter(() => matchesTags(spec, [], select))
    .flatMap((stage): LocatedStage[] => {
      if (wanted.length === 0) return [stage];
      const { id, pointer, value } = stage;
      if (wanted.includes(id) || wanted.includes(pointer) || (value.name !== undefined && wanted.includes(value.name)))
        return [stage];
      const subStages = subStageNames(stage).filter((name) => wanted.includes(name));
      return subStages.length > 0 ? [{ ...stage, only: subStages }] : [];
    });
}

function matchesTags(spec: EvalSpec, own: readonly string[] | undefined, select: PlanSelection): boolean {
  const wanted = select.tags ?? [];
  if (wanted.length === 0) return true;
  return [...(spec.tags ?? []), ...(own ?? [])].some((tag) => wanted.includes(tag));
}
