/** Edits of the file that answer a result: relax a limit, accept an answer, skip a case. Plain data; each can be undone. */
import type { Suggestion, TextPosition, TextRange } from '../../core/spec/document';
import type { EvalDocument } from '../../core/spec/parse';
import { pointerKeys } from '../../core/spec/pointer';
import type { MapNode, ScalarNode, TreeNode } from '../../core/spec/tree';
import type { NodeStatus } from './line-ends';
import type { AssertionObservation, SloObservation } from './observations';
import { relaxedSlo } from './relax-slo';
import type { ResultFinding } from './result-findings';
import { l10n } from '../l10n';

/** A file with its text, whose positions count in UTF-16 units. */
export interface EditableFile {
  document: Pick<EvalDocument, 'root' | 'kind' | 'rangeOf' | 'rangeWithin'>;
  text: string;
  slice(range: TextRange): string;
}

/** What could be changed in the file about a finding, the best first. Nothing where the text does not allow a small edit. */
export function editsFor(finding: ResultFinding, file: EditableFile, caseStatus: NodeStatus | undefined): Suggestion[] {
  // The pointers of an imported file are not those of its text.
  if (file.document.kind !== 'eval') return [];
  const { observation } = finding;
  const found: (Suggestion | null)[] = [];
  if (observation.kind === 'slo') found.push(relax(finding.status, file));
  if (observation.kind === 'assertion') found.push(accept(finding.status, observation, file));
  if (caseStatus !== undefined) found.push(skip(caseStatus, finding.observation.at, file));
  return found.filter((item): item is Suggestion => item !== null);
}

function relax({ node, placed }: NodeStatus, file: EditableFile): Suggestion | null {
  const { document } = file;
  const missed = placed.flatMap(({ observation, stale }) =>
    !stale && observation.kind === 'slo' && observation.result.verdict === 'fail' ? [observation] : [],
  );
  // One text that stands for several limits is a preset's name: it has no limit to be moved.
  if (new Set(missed.map(({ result }) => result.expr)).size !== 1) return null;
  const values = missed.flatMap(({ result }: SloObservation) => (result.value === null ? [] : [result.value]));
  const at = nodeAt(document.root, node.pointer);
  const isMap = at?.kind === 'map';
  const scalar = isMap ? at.entries.get('expr')?.node : at;
  if (scalar?.kind !== 'scalar' || typeof scalar.value !== 'string') return null;
  const pointer = isMap ? `${node.pointer}/expr` : node.pointer;
  const change = relaxedSlo(scalar.value, values);
  if (change === null) return null;
  const range = document.rangeWithin(pointer, change.offset, change.length);
  // What is written by an alias has no number at its place.
  const written = scalar.value.slice(change.offset, change.offset + change.length);
  if (range === undefined || file.slice(range) !== written) return null;
  const relaxed =
    scalar.value.slice(0, change.offset) + change.newText + scalar.value.slice(change.offset + change.length);
  return {
    title: l10n.t('Relax to the measured value: {0}', relaxed.trim()),
    edits: [{ range, newText: change.newText }],
  };
}

/**
 * Takes the answer for what `equals` expects. Only where all answers were this one, so that the assertion holds afterwards, and
 * only in a case of its own: of several cases the same answer would be a coincidence.
 */
function accept(status: NodeStatus, observation: AssertionObservation, file: EditableFile): Suggestion | null {
  const { node, placed } = status;
  if (observation.type !== 'equals' || node.scope === 'file') return null;
  const all = placed.flatMap((item) => (item.observation.kind === 'assertion' ? [item.observation] : []));
  const answers = new Set(all.map(({ sample }) => sample?.actual ?? sample?.answer));
  const [answer] = answers;
  const isOne =
    answers.size === 1 && all.every(({ sameAnswer, sample }) => sameAnswer === true && sample?.cut !== true);
  if (!isOne || answer === undefined || answer === '' || all.some(({ tally }) => tally.passed > 0)) return null;
  // It would be read as a template or as the name of a file.
  if (/\{[{%#]/.test(answer) || answer.startsWith('file://')) return null;
  const { document } = file;
  const map = nodeAt(document.root, node.pointer);
  if (map?.kind !== 'map') return null;
  const key = map.entries.has('type') ? 'value' : 'equals';
  const entry = map.entries.get(key);
  if (entry === undefined || entry.merged || entry.node.kind !== 'scalar' || entry.node.value === null) return null;
  const range = document.rangeOf(`${node.pointer}/${key}`);
  // What is written by an alias is shared with other places.
  if (range === undefined || file.slice(range).startsWith('*')) return null;
  return {
    title: l10n.t('Accept this answer: {0}', short(answer)),
    edits: [{ range, newText: quotedAs(entry.node.style, answer) }],
  };
}

/** Leaves a case out, with a reason that its author can better. */
function skip({ node }: NodeStatus, at: string, file: EditableFile): Suggestion | null {
  const map = nodeAt(file.document.root, node.pointer);
  // The rows of a dataset are not written here, and neither is what an alias stands for.
  if (map?.kind !== 'map' || map.entries.has('skip') || !node.pointer.startsWith('/cases/')) return null;
  const first = firstWritten(map);
  const range = first === undefined ? undefined : file.document.rangeOf(`${node.pointer}/${escaped(first)}`, 'key');
  if (range === undefined || !isInside(range, node.range)) return null;
  const { start } = range;
  // Written into the file, which people of several languages share.
  const entry = `skip: failed on ${at.slice(0, 10)}`;
  const eol = file.text.includes('\r\n') ? '\r\n' : '\n';
  const newText = map.flow ? `${entry}, ` : `${entry}${eol}${' '.repeat(start.character)}`;
  return { title: l10n.t('Skip the case "{0}"', short(node.name)), edits: [{ range: { start, end: start }, newText }] };
}

/** The key that is written first; those that come in through a merge stand elsewhere. */
function firstWritten(map: MapNode): string | undefined {
  const own = [...map.entries.values()].filter(({ merged }) => !merged);
  return own.sort((a, b) => a.keySpan.start - b.keySpan.start)[0]?.key;
}

function nodeAt(root: TreeNode | null, pointer: string): TreeNode | undefined {
  let node: TreeNode | undefined = root ?? undefined;
  for (const key of pointerKeys(pointer)) {
    if (node?.kind === 'map') node = node.entries.get(key)?.node;
    else if (node?.kind === 'list') node = node.items[Number(key)];
    else return undefined;
  }
  return node;
}

function isInside({ start, end }: TextRange, outer: TextRange): boolean {
  const isBefore = (a: TextPosition, b: TextPosition): boolean =>
    a.line < b.line || (a.line === b.line && a.character <= b.character);
  return isBefore(outer.start, start) && isBefore(end, outer.end);
}

/** In single quotes where the text was and can be, else as JSON, which is YAML. */
function quotedAs(style: ScalarNode['style'], text: string): string {
  if (style === 'single' && !/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text))
    return `'${text.replaceAll("'", "''")}'`;
  return JSON.stringify(text);
}

function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

function short(text: string): string {
  const flat = text.replace(/\s+/g, ' ').trim();
  return flat.length <= 50 ? flat : `${flat.slice(0, 49)}…`;
}
