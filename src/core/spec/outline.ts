/** The places of a file that surfaces attach to: cases, assertions, stages, SLOs, endpoints. Made from the tree, so that it
 * survives errors elsewhere in the file. */
import type { EvalOutline, OutlineItem } from './document';
import type { TextLines } from './lines';
import { canonicalJson, nameCase, nameStage, shortText, UniqueIds } from './naming';
import { childPointer } from './pointer';
import { nodeAt, toPlain, type PlainValue, type TreeNode } from './tree';

/** The outline of an eval or workspace file; `root` null gives an empty one. */
export function buildOutline(root: TreeNode | null, lines: TextLines, fallbackName: string): EvalOutline {
  const name = nodeAt(root, ['name']);
  const hasName = name?.kind === 'scalar' && name.value !== null;
  const at = { lines };
  return {
    name: hasName ? String(name.value) : fallbackName,
    nameRange: hasName ? lines.range(name.span.start, name.span.end) : firstLine(root, lines),
    cases: buildCases(root, at),
    ...buildDataset(root, at),
    assertions: buildAssertions(nodeAt(root, ['assert']), '/assert', at),
    stages: buildStages(root, at),
    slos: buildSlos(nodeAt(root, ['slo']), '/slo', at),
    endpoints: buildEndpoints(root, at),
  };
}

interface Context {
  lines: TextLines;
}

function firstLine(root: TreeNode | null, lines: TextLines) {
  const start = root?.span.start ?? 0;
  return lines.range(start, root === null ? start : lines.lineEnd(start));
}

function item(
  node: TreeNode,
  pointer: string,
  id: string,
  name: string,
  tags: string[],
  { lines }: Context,
): OutlineItem {
  const { start, end } = node.span;
  return {
    pointer,
    id,
    name,
    range: lines.range(start, end),
    anchor: lines.range(start, Math.min(end, lines.lineEnd(start))),
    tags,
  };
}

function children(node: TreeNode | undefined, pointer: string): { node: TreeNode; pointer: string }[] {
  if (node?.kind !== 'list') return [];
  return node.items.map((child, index) => ({ node: child, pointer: childPointer(pointer, index) }));
}

function tagsOf(node: TreeNode): string[] {
  const tags = nodeAt(node, ['tags']);
  if (tags?.kind !== 'list') return [];
  return tags.items.flatMap((tag) => (tag.kind === 'scalar' && typeof tag.value === 'string' ? [tag.value] : []));
}

function buildCases(root: TreeNode | null, context: Context): EvalOutline['cases'] {
  const ids = new UniqueIds();
  return children(nodeAt(root, ['cases']), '/cases').map(({ node, pointer }) => {
    const { name, id } = nameCase(toPlain(node));
    return {
      ...item(node, pointer, ids.take(id), name, tagsOf(node), context),
      assertions: caseAssertions(node, pointer, context),
    };
  });
}

/** Those of the case, then those of its turns. */
function caseAssertions(node: TreeNode, pointer: string, context: Context): OutlineItem[] {
  const ids = new UniqueIds();
  const turns = children(nodeAt(node, ['turns']), `${pointer}/turns`).flatMap((turn, index) =>
    buildAssertions(nodeAt(turn.node, ['assert']), `${turn.pointer}/assert`, context, ids, `turn ${index + 1}: `),
  );
  return [...buildAssertions(nodeAt(node, ['assert']), `${pointer}/assert`, context, ids), ...turns];
}

function buildAssertions(
  list: TreeNode | undefined,
  pointer: string,
  context: Context,
  ids = new UniqueIds(),
  prefix = '',
): OutlineItem[] {
  return children(list, pointer).map((child) => {
    const name = `${prefix}${nameAssertion(toPlain(child.node))}`;
    return item(child.node, child.pointer, ids.take(name), name, [], context);
  });
}

/** The dataset as a whole: its rows stand in another file. */
function buildDataset(root: TreeNode | null, context: Context): Pick<EvalOutline, 'dataset'> {
  const node = nodeAt(root, ['dataset']);
  const path = node?.kind === 'map' ? nodeAt(node, ['path']) : node;
  if (node === undefined || path?.kind !== 'scalar' || typeof path.value !== 'string') return {};
  return { dataset: item(node, '/dataset', path.value, path.value, [], context) };
}

function nameAssertion(data: PlainValue): string {
  if (data === null || typeof data !== 'object' || Array.isArray(data)) return shortText(data);
  if (typeof data.name === 'string') return data.name;
  const [type, value] =
    typeof data.type === 'string' ? [data.type, data.value ?? data.threshold] : (Object.entries(data)[0] ?? ['', null]);
  if (value === undefined || value === null) return type;
  return shortText(`${type} ${typeof value === 'string' ? value : canonicalJson(value)}`);
}

function buildStages(root: TreeNode | null, context: Context): EvalOutline['stages'] {
  const load = nodeAt(root, ['load']);
  const stages = load?.kind === 'map' ? [{ node: load as TreeNode, pointer: '/load' }] : children(load, '/load');
  const ids = new UniqueIds();
  return stages.map(({ node, pointer }) => {
    const { name, id } = nameStage(toPlain(node));
    return {
      ...item(node, pointer, ids.take(id), name, tagsOf(node), context),
      slos: buildSlos(nodeAt(node, ['slo']), `${pointer}/slo`, context),
    };
  });
}

function buildSlos(slo: TreeNode | undefined, pointer: string, context: Context): OutlineItem[] {
  if (slo === undefined) return [];
  const items = slo.kind === 'list' ? children(slo, pointer) : [{ node: slo, pointer }];
  const ids = new UniqueIds();
  return items.flatMap((child) => {
    const data = toPlain(child.node);
    const isMap = data !== null && typeof data === 'object' && !Array.isArray(data);
    const text = isMap ? data.expr : data;
    if (typeof text !== 'string') return [];
    const name = isMap && typeof data.name === 'string' ? data.name : text;
    return [item(child.node, child.pointer, ids.take(text), name, [], context)];
  });
}

function buildEndpoints(root: TreeNode | null, context: Context): OutlineItem[] {
  const ids = new UniqueIds();
  return children(nodeAt(root, ['endpoints']), '/endpoints').flatMap(({ node, pointer }) => {
    const named = node.kind === 'map' ? node.entries.get('name')?.node : node;
    if (named?.kind !== 'scalar' || named.value === null) return [];
    const name = String(named.value);
    return [item(node, pointer, ids.take(name), name, [], context)];
  });
}
