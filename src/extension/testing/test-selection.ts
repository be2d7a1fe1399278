/** From the leaves that a person chose to the runs that cover them. */
import type { Uri } from 'vscode';
import type { RunRequest } from '../engine/run-preparation';
import { subjectKey, type TestSubject } from './test-data';
import type { TestLeaf } from './test-tree';

/** One run, and the leaves that it is asked to decide. */
export interface Batch {
  request: RunRequest;
  leaves: TestLeaf[];
}

/** The planner's name for all rows of a dataset. */
const DATASET_ID = '/dataset';

/**
 * The runs of one file: one where everything is chosen, else those of the cases before those of the load, for a load stage
 * draws from all cases while a choice of cases narrows them.
 * @param all every leaf of the file
 * @param wanted some of them
 * @param hasExcluded whether a person has said which not to run: then nothing is run beyond what is wanted
 */
export function batchesOf(
  uri: Uri,
  all: readonly TestLeaf[],
  wanted: readonly TestLeaf[],
  hasExcluded = false,
): Batch[] {
  const chosen = hasExcluded ? withoutPartial(all, wanted) : wanted;
  if (chosen.length === 0) return [];
  if (chosen.length === all.length) return [{ request: { uri, what: 'file' }, leaves: [...chosen] }];
  const isStage = ({ subject }: TestLeaf): boolean => subject.kind === 'stage';
  const isCase = (leaf: TestLeaf): boolean => !isStage(leaf);
  const targets = new Set(all.flatMap(({ target }) => (target === null ? [] : [target])));
  const part = (of: (leaf: TestLeaf) => boolean, whole: 'cases' | 'load', some: 'case' | 'stage'): Batch[] => {
    const own = chosen.filter(of);
    if (own.length === 0) return [];
    if (own.length === all.filter(of).length) return [{ request: { uri, what: whole }, leaves: own }];
    return byTargets(own).map((leaves) => {
      const ids = [...new Set(leaves.flatMap(({ subject }) => idOf(subject)))];
      const request: RunRequest = { uri, what: some, ...(ids.length === 1 ? { id: ids[0] } : { ids }) };
      return { request: { ...request, ...narrowed(leaves, targets) }, leaves };
    });
  };

  // SLOs on all cases need all cases, of the targets that they were chosen for.
  const overall = chosen.filter(({ subject }) => subject.kind === 'slos');
  const isOverall = chosen.filter(isCase).length < all.filter(isCase).length && overall.length > 0;
  if (!isOverall) return [...part(isCase, 'cases', 'case'), ...part(isStage, 'load', 'stage')];
  const covered = new Set(overall.map(({ target }) => target));
  const under = (leaf: TestLeaf): boolean => isCase(leaf) && covered.has(leaf.target);
  const request: RunRequest = { uri, what: 'cases', ...narrowed(overall, targets) };
  return [
    { request, leaves: chosen.filter(under) },
    ...part((leaf) => isCase(leaf) && !under(leaf), 'cases', 'case').map((batch) => ({
      ...batch,
      request: { ...batch.request, ...narrowed(batch.leaves, targets) },
    })),
    ...part(isStage, 'load', 'stage'),
  ];
}

/** The run that shows one case on one target in full. */
export function debugBatch(uri: Uri, leaf: TestLeaf): Batch {
  const [id] = idOf(leaf.subject);
  return {
    request: {
      uri,
      what: 'case',
      ...(id === undefined ? {} : { id }),
      ...(leaf.target === null ? {} : { targets: [leaf.target] }),
      trace: true,
    },
    leaves: [leaf],
  };
}

function idOf(subject: TestSubject): string[] {
  switch (subject.kind) {
    case 'case':
    case 'row':
    case 'stage':
      return [subject.id];
    case 'dataset':
      return [DATASET_ID];
    case 'slos':
      return [];
  }
}

/** Without the SLOs on all cases where not all cases of their target are wanted: they could not be judged. */
function withoutPartial(all: readonly TestLeaf[], wanted: readonly TestLeaf[]): TestLeaf[] {
  const items = new Set(wanted.map(({ item }) => item));
  const partial = new Set(
    all.flatMap(({ item, subject, target }) => (subject.kind === 'stage' || items.has(item) ? [] : [target])),
  );
  return wanted.filter(({ subject, target }) => subject.kind !== 'slos' || !partial.has(target));
}

/** Groups of leaves whose subjects are wanted on the same targets: a run has each of its subjects on each of its targets. */
function byTargets(leaves: readonly TestLeaf[]): TestLeaf[][] {
  const subjects = grouped(leaves, ({ subject }) => subjectKey(subject));
  const groups = grouped(subjects, (own) => JSON.stringify(own.map(({ target }) => target).sort()));
  return groups.map((group) => group.flat());
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

/** Nothing where all targets of the file are wanted, or none is known. */
function narrowed(leaves: readonly TestLeaf[], all: ReadonlySet<string>): Pick<RunRequest, 'targets'> {
  const wanted = new Set(leaves.flatMap(({ target }) => (target === null ? [] : [target])));
  return wanted.size === 0 || wanted.size === all.size ? {} : { targets: [...wanted] };
}
