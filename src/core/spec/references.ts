/** Endpoint names of an eval file against the endpoints that there are. */
import { nearest } from '../metrics/nearest';
import type { Reporter } from './reporter';
import { childPointer } from './pointer';
import { nodeAt, type MapNode, type TreeNode } from './tree';

/** The endpoint that is always there. */
export const BUILTIN_ENDPOINT = 'sim';

export function checkEndpointNames(root: MapNode, known: readonly string[], report: Reporter): void {
  const list = nodeAt(root, ['endpoints']);
  if (list?.kind === 'list')
    list.items.forEach((node, index) => checkName(node, childPointer('/endpoints', index), known, report));
  const judge = nodeAt(root, ['judge']);
  if (judge !== undefined) checkName(judge, '/judge', known, report);
}

function checkName(node: TreeNode, pointer: string, known: readonly string[], report: Reporter): void {
  if (node.kind !== 'scalar' || typeof node.value !== 'string') return;
  if (node.value === BUILTIN_ENDPOINT || known.includes(node.value)) return;
  const names = [...known, BUILTIN_ENDPOINT];
  const near = nearest(node.value, names);
  report.add({
    code: 'unknown-endpoint',
    message:
      `There is no endpoint called "${node.value}". ` +
      (near[0] === undefined
        ? `Known are ${[...new Set(names)].slice(0, 8).join(', ')}; define it in promptrig.yaml or in place.`
        : `Did you mean "${near[0]}"?`),
    span: node.span,
    severity: 'error',
    pointer,
    replacements: near,
  });
}
