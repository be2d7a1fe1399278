/** The tests of a file as plain data: what the tree is to show, made from what the parser says. */
import type { PlanOutline } from '../../core/engine/plan-outline';
import type { TextRange } from '../../core/spec/document';
import type { ParsedDocument } from '../language/documents';
import { itemId, subjectKey, type TestData, type TestSubject } from './test-data';
import { l10n } from '../l10n';

export interface TestNode {
  /** Unique among its siblings: from the author's names, never from a position. */
  id: string;
  label: string;
  description?: string;
  /** Order of siblings that have no place in the file. */
  sortText?: string;
  range: TextRange | null;
  data: TestData;
  /** Made when the node is expanded or run; absent for a leaf. */
  children?: () => TestNode[];
}

/** More rows than these are one line with their counts. */
export const MAX_ROWS = 1_000;

export interface Row {
  id: string;
  name: string;
}

/** What only a run tells of a file. */
export interface Learned {
  /** Targets of an imported file, which cannot be told without reading other files. */
  targets: readonly string[];
  /** Rows of the dataset; null where it has not been read, or has too many. */
  rows: readonly Row[] | null;
}

export const NOTHING_LEARNED: Learned = { targets: [], rows: null };

/** The children of a file: its cases, its dataset, the SLOs on them, and its load stages. */
export function fileNodes(
  { uri, survey, document }: Pick<ParsedDocument, 'uri' | 'survey' | 'document'>,
  outline: PlanOutline | null,
  learned: Learned,
): TestNode[] {
  const file = uri.toString();
  const targets = outline?.targets ?? learned.targets;
  const { dataset } = document.outline;
  const nodes = survey.cases
    .filter(({ pointer }) => pointer !== dataset?.pointer)
    .map(({ id, name, range }) => subjectNode(file, { kind: 'case', id }, name, range, targets));
  if (dataset !== undefined) nodes.push(datasetNode(file, dataset.name, dataset.range, targets, learned.rows));
  const [slo] = survey.nodes.filter(({ kind, scope }) => kind === 'slo' && scope === 'file');
  if (outline?.hasCaseSlos === true) {
    const node = subjectNode(file, { kind: 'slos' }, l10n.t('SLOs'), slo?.range ?? null, targets);
    nodes.push({ ...node, description: l10n.t('on all cases') });
  }
  if (survey.stages.length > 0) {
    const stages = survey.stages.map(({ id, name, range }) =>
      subjectNode(file, { kind: 'stage', id }, name, range, targets),
    );
    nodes.push({
      id: 'load',
      label: l10n.t('load'),
      range: document.rangeOf('/load', 'key') ?? null,
      data: { kind: 'load', file },
      children: () => stages,
    });
  }
  return nodes;
}

function subjectNode(
  file: string,
  subject: TestSubject,
  label: string,
  range: TextRange | null,
  targets: readonly string[],
): TestNode {
  const node = { id: itemId(subjectKey(subject)), label, range };
  if (targets.length <= 1) return { ...node, data: { kind: 'subject', file, subject, target: targets[0] ?? null } };
  return {
    ...node,
    data: { kind: 'subject', file, subject, target: null },
    children: () => targets.map((target, index) => targetNode(file, subject, target, index)),
  };
}

/** Without a range of its own: it stands where its parent does, which has the icon in the gutter. */
function targetNode(file: string, subject: TestSubject, target: string, index: number): TestNode {
  return {
    id: itemId(`target:${target}`),
    label: target,
    sortText: sortText(index),
    range: null,
    data: { kind: 'subject', file, subject, target },
  };
}

function datasetNode(
  file: string,
  label: string,
  range: TextRange,
  targets: readonly string[],
  rows: readonly Row[] | null,
): TestNode {
  const subject: TestSubject = { kind: 'dataset' };
  if (rows === null || rows.length === 0 || rows.length > MAX_ROWS) {
    return { ...subjectNode(file, subject, label, range, targets), description: l10n.t('dataset') };
  }
  return {
    id: subjectKey(subject),
    label,
    description: rows.length === 1 ? l10n.t('dataset, 1 row') : l10n.t('dataset, {0} rows', rows.length),
    range,
    data: { kind: 'subject', file, subject, target: null },
    children: () =>
      rows.map(({ id, name }, index) => ({
        ...subjectNode(file, { kind: 'row', id }, name, null, targets),
        sortText: sortText(index),
      })),
  };
}

function sortText(index: number): string {
  return String(index).padStart(6, '0');
}
