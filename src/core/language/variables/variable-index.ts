/** Variables of a file: where each is given a value, and where each is read. */
import { variableOf } from '../../dataset/row-case';
import type { FileKind } from '../../spec/document';
import { childPointer } from '../../spec/pointer';
import { mapScalar } from '../../spec/scalar-map';
import { nodeAt, type MapEntry, type MapNode, type ScalarNode, type Span, type TreeNode } from '../../spec/tree';
import { usesOf, type VariableUse } from '../templates/uses';
import { codeUses } from './code-uses';
import { textPlaces, type TextPlace } from './places';

export interface VariableDefinition {
  name: string;
  entry: MapEntry;
  /** The map that it stands in. */
  map: MapNode;
  /** Of the name, without quotes. */
  span: Span;
  /** Index of the case; null for what every case gets. */
  owner: number | null;
  /** `map` of a dataset names variables, too. */
  origin: 'vars' | 'map';
}

export interface VariableUsePlace {
  name: string;
  span: Span;
  pointer: string;
  owner: number | null;
  isJudging: boolean;
  /** Names of the loops around it. */
  within: readonly string[];
}

/** What may stand in the way of renaming. */
export interface TemplateNames {
  pointer: string;
  /** Names that the template reads. */
  read: ReadonlySet<string>;
  /** Names that it gives values itself. */
  assigned: ReadonlySet<string>;
  /** It cannot be read, and the names are a guess. */
  isExact: boolean;
}

export interface VariableIndex {
  definitions: VariableDefinition[];
  uses: VariableUsePlace[];
  templates: TemplateNames[];
  /** References to files with templates. */
  files: TextPlace[];
  /** JavaScript, in place or by reference. */
  code: TextPlace[];
  /** Names that stand where they cannot be replaced in one piece, such as across an escape. */
  unplaced: Set<string>;
}

/**
 * @param anchors spans of anchored scalars by name: a text that is used by alias stands where its anchor is
 */
export function buildVariableIndex(
  root: TreeNode | null,
  source: string,
  kind: FileKind,
  anchors: ReadonlyMap<string, Span>,
): VariableIndex {
  const index: VariableIndex = { definitions: [], uses: [], templates: [], files: [], code: [], unplaced: new Set() };
  if (root?.kind !== 'map') return index;
  if (kind === 'eval') nativeDefinitions(root, source, index);
  else if (kind !== 'workspace') foreignDefinitions(root, source, kind, index);
  for (const place of textPlaces(root, kind)) {
    const node = written(place.node, source, anchors);
    if (node === undefined) continue;
    if (place.kind === 'file') index.files.push({ ...place, node });
    else if (place.kind === 'code') {
      index.code.push({ ...place, node });
      if (!String(node.value).startsWith('file://')) addUses(codeUses(String(node.value)), node, source, place, index);
    } else {
      const { uses, assigned, isExact } = usesOf(String(node.value));
      const read = new Set(uses.map(({ name }) => name));
      index.templates.push({ pointer: place.pointer, read, assigned, isExact });
      addUses(uses, node, source, place, index);
    }
  }
  return index;
}

/** The scalar at the place where it is written. */
function written(node: ScalarNode, source: string, anchors: ReadonlyMap<string, Span>): ScalarNode | undefined {
  const text = source.slice(node.span.start, node.span.end);
  // No scalar starts with an asterisk of its own.
  if (!text.startsWith('*')) return node;
  const span = anchors.get(text.slice(1));
  return span === undefined ? undefined : { ...node, span, style: styleAt(source, span.start) };
}

function styleAt(source: string, start: number): ScalarNode['style'] {
  const styles: Readonly<Record<string, ScalarNode['style']>> = {
    '"': 'double',
    "'": 'single',
    '|': 'literal',
    '>': 'folded',
  };
  return styles[source.charAt(start)] ?? 'plain';
}

function addUses(
  uses: readonly VariableUse[],
  node: ScalarNode,
  source: string,
  { pointer, owner, isJudging }: TextPlace,
  index: VariableIndex,
): void {
  if (uses.length === 0) return;
  const map = mapScalar(node, source);
  for (const { name, offset, within } of uses) {
    const start = map[offset] ?? 0;
    const end = (map[offset + name.length - 1] ?? 0) + 1;
    if (source.slice(start, end) !== name) index.unplaced.add(name);
    else index.uses.push({ name, span: { start, end }, pointer, owner, isJudging, within });
  }
}

function nativeDefinitions(root: MapNode, source: string, index: VariableIndex): void {
  define(nodeAt(root, ['vars']), null, 'vars', source, index);
  define(nodeAt(root, ['dataset', 'map']), null, 'map', source, index);
  const cases = nodeAt(root, ['cases']);
  if (cases?.kind !== 'list') return;
  cases.items.forEach((item, owner) => define(nodeAt(item, ['vars']), owner, 'vars', source, index));
}

function foreignDefinitions(root: MapNode, source: string, kind: FileKind, index: VariableIndex): void {
  if (kind === 'github-models') {
    const data = nodeAt(root, ['testData']);
    if (data?.kind === 'list') data.items.forEach((row, owner) => define(row, owner, 'vars', source, index));
    return;
  }
  const visit = (node: TreeNode, pointer: string): void => {
    if (node.kind === 'list') node.items.forEach((item, at) => visit(item, childPointer(pointer, at)));
    if (node.kind !== 'map') return;
    for (const { key, node: value } of node.entries.values()) {
      if (key === 'vars') define(value, null, 'vars', source, index);
      else visit(value, childPointer(pointer, key));
    }
  };
  visit(root, '');
}

function define(
  node: TreeNode | undefined,
  owner: number | null,
  origin: VariableDefinition['origin'],
  source: string,
  index: VariableIndex,
): void {
  if (node?.kind !== 'map') return;
  for (const entry of node.entries.values()) {
    const name = origin === 'map' ? variableOf(entry.key) : entry.key;
    if (name === undefined || name === '') continue;
    const { start, end } = entry.keySpan;
    const isQuoted = /^["']/.test(source.slice(start, start + 1));
    const inner = isQuoted ? { start: start + 1, end: end - 1 } : { start, end };
    // `vars.name` in a map of columns.
    const span = { start: inner.end - name.length, end: inner.end };
    if (source.slice(span.start, span.end) !== name) index.unplaced.add(name);
    else index.definitions.push({ name, entry, map: node, span, owner, origin });
  }
}
