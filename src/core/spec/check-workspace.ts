/** What the schema cannot say of `promptrig.yaml`. */
import { nearest } from '../metrics/nearest';
import { checkEndpoint } from './check-endpoint';
import { checkRegress } from './check-regress';
import { checkExpression } from './check-slo';
import { checkNames } from './checks';
import { childPointer } from './pointer';
import type { Reporter } from './reporter';
import { nodeAt, type MapNode } from './tree';

export function checkWorkspaceFile(root: MapNode, source: string, report: Reporter): void {
  const list = nodeAt(root, ['endpoints']);
  const endpoints =
    list?.kind === 'list'
      ? list.items.map((node, index) => ({ node, pointer: childPointer('/endpoints', index) }))
      : [];
  endpoints.forEach(({ node, pointer }) => checkEndpoint(node, pointer, false, report));
  checkNames(endpoints, 'endpoint', report);
  const presets = nodeAt(root, ['presets']);
  if (presets?.kind === 'map') {
    for (const { key, node } of presets.entries.values()) {
      if (node.kind !== 'list') continue;
      const pointer = childPointer('/presets', key);
      node.items.forEach((item, index) => checkExpression(item, childPointer(pointer, index), source, report));
    }
  }
  checkRegress(nodeAt(root, ['defaults', 'regress']), '/defaults/regress', report);
  checkDefaultEndpoint(
    root,
    endpoints.flatMap(({ node }) => nameOfEndpoint(nodeAt(node, ['name']))),
    report,
  );
}

function nameOfEndpoint(node: ReturnType<typeof nodeAt>): string[] {
  return node?.kind === 'scalar' && typeof node.value === 'string' ? [node.value] : [];
}

/** The user's own endpoints are unknown here, so a name that is near to none may be one of theirs: no more than a warning. */
function checkDefaultEndpoint(root: MapNode, names: string[], report: Reporter): void {
  for (const key of ['endpoint', 'judge']) {
    const node = nodeAt(root, ['defaults', key]);
    if (node?.kind !== 'scalar' || typeof node.value !== 'string') continue;
    const known = [...names, 'sim'];
    const near = nearest(node.value, known);
    if (known.includes(node.value) || near[0] === undefined) continue;
    report.add({
      code: 'unknown-endpoint',
      message: `There is no endpoint called "${node.value}" in this file. Did you mean "${near[0]}"?`,
      span: node.span,
      severity: 'warning',
      pointer: `/defaults/${key}`,
      replacements: near,
    });
  }
}
