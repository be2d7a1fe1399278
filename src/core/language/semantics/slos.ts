/** The SLOs of a file, each with where it is judged. */
import { parseSloExpression, type ParsedSlo } from '../../metrics/slo';
import { childPointer } from '../../spec/pointer';
import { readSlo, type WorkspacePresets } from '../../spec/spec-slo';
import { nodeAt, type MapNode, type TreeNode } from '../../spec/tree';

export interface Stage {
  node: MapNode;
  pointer: string;
  name: string;
}

export interface FoundSlo {
  parsed: ParsedSlo;
  /** The preset that it comes from. */
  preset?: string;
  /** The item of the list. */
  node: TreeNode;
  pointer: string;
  /** The stage whose own it is; null for the file's. */
  stage: Stage | null;
}

export interface FoundSlos {
  slos: FoundSlo[];
  stages: Stage[];
}

export function slosIn(root: MapNode, presets: WorkspacePresets): FoundSlos {
  const stages = stagesIn(root);
  return {
    stages,
    slos: [
      ...listed(nodeAt(root, ['slo']), '/slo', null, presets),
      ...stages.flatMap((stage) => listed(nodeAt(stage.node, ['slo']), `${stage.pointer}/slo`, stage, presets)),
    ],
  };
}

function stagesIn(root: MapNode): Stage[] {
  const load = nodeAt(root, ['load']);
  const nodes =
    load?.kind === 'list'
      ? load.items.map((node, index) => ({ node, pointer: childPointer('/load', index) }))
      : load === undefined
        ? []
        : [{ node: load, pointer: '/load' }];
  return nodes.flatMap(({ node, pointer }) => {
    if (node.kind !== 'map') return [];
    const name = textOf(node, 'name') ?? textOf(node, 'pattern') ?? 'load';
    return [{ node, pointer, name }];
  });
}

function listed(
  node: TreeNode | undefined,
  pointer: string,
  stage: Stage | null,
  presets: WorkspacePresets,
): FoundSlo[] {
  if (node === undefined) return [];
  const items =
    node.kind === 'list'
      ? node.items.map((item, index) => ({ item, at: childPointer(pointer, index) }))
      : [{ item: node, at: pointer }];
  return items.flatMap(({ item, at }): FoundSlo[] => {
    const text = item.kind === 'map' ? textOf(item, 'expr') : scalarText(item);
    if (text === undefined) return [];
    const read = readSlo(text, presets);
    if (read.kind === 'expression') return [{ parsed: read.parsed, node: item, pointer: at, stage }];
    if (read.kind !== 'preset') return [];
    return read.slos.flatMap((expression) => {
      const parsed = parseSloExpression(expression);
      return parsed.ok ? [{ parsed, preset: read.name, node: item, pointer: at, stage }] : [];
    });
  });
}

function scalarText(node: TreeNode): string | undefined {
  return node.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined;
}

export function textOf(node: TreeNode | undefined, key: string): string | undefined {
  const value = node === undefined ? undefined : nodeAt(node, [key]);
  return value === undefined ? undefined : scalarText(value);
}
