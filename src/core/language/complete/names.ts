/** Names that a file gives things, from its text as far as it can be made out. */
import type { ApiKind } from '../../../protocol/plan';
import { BUILTIN_ENDPOINT } from '../../spec/references';
import {
  childOf,
  everyNode,
  itemsOf,
  nodeAtPath,
  scalarText,
  textAt,
  type LooseNode,
  type LooseTree,
} from '../loose/nodes';
import { wordsOf } from '../templates/words';
import type { KnownEndpoint, LanguageContext } from '../types';

/** An endpoint as it is described by a node. */
export function endpointOf(tree: LooseTree, node: LooseNode | undefined): KnownEndpoint | undefined {
  const name = textAt(tree, node, 'name');
  if (name === undefined || name === '') return undefined;
  const api = textAt(tree, node, 'api') ?? (childOf(node, 'sim') === undefined ? undefined : 'sim');
  const url = textAt(tree, node, 'url');
  const model = textAt(tree, node, 'model');
  return {
    name,
    ...(api === undefined ? {} : { api: api as ApiKind }),
    ...(url === undefined ? {} : { url }),
    ...(model === undefined ? {} : { model }),
  };
}

/** Endpoints that the file itself describes. */
export function ownEndpoints(tree: LooseTree): KnownEndpoint[] {
  return itemsOf(childOf(tree.root, 'endpoints')).flatMap((node) => endpointOf(tree, node) ?? []);
}

export interface EndpointChoice extends KnownEndpoint {
  from: 'this file' | 'promptrig.yaml' | 'settings' | 'built in';
}

/** Endpoints that can be named in the file, each once; those nearest to it win. */
export function namedEndpoints(tree: LooseTree, context: LanguageContext): EndpointChoice[] {
  const shared = context.workspace?.workspace?.endpoints ?? [];
  const all: EndpointChoice[] = [
    ...ownEndpoints(tree).map((endpoint) => ({ ...endpoint, from: 'this file' as const })),
    ...shared.map(({ name, api, url, model, sim }): EndpointChoice => {
      const kind = api ?? (sim === undefined ? undefined : 'sim');
      return {
        name,
        ...(kind === undefined ? {} : { api: kind }),
        ...(url === undefined ? {} : { url }),
        ...(model === undefined ? {} : { model }),
        from: 'promptrig.yaml',
      };
    }),
    ...(context.userEndpoints ?? []).map((endpoint) => ({ ...endpoint, from: 'settings' as const })),
    { name: BUILTIN_ENDPOINT, api: 'sim', from: 'built in' },
  ];
  return [...new Map([...all].reverse().map((endpoint) => [endpoint.name, endpoint])).values()].reverse();
}

/** Names of anchors, in the order of the text. */
export function anchorsOf(tree: LooseTree): string[] {
  return [...everyNode(tree.root)].flatMap(({ node }) => node.anchor ?? []);
}

/** Tags of the file and of its cases. */
export function tagsOf(tree: LooseTree): string[] {
  const lists = [
    childOf(tree.root, 'tags'),
    ...itemsOf(childOf(tree.root, 'cases')).map((node) => childOf(node, 'tags')),
  ];
  return [...new Set(lists.flatMap((list) => textsOf(tree, list)))];
}

export function textsOf(tree: LooseTree, list: LooseNode | undefined): string[] {
  return itemsOf(list).flatMap((node) => (node.kind === 'scalar' ? [scalarText(tree, node)] : []));
}

export interface VariableValue {
  /** Index of the case; null for those of the file. */
  owner: number | null;
  node: LooseNode | null;
}

/** Variables with the values that they are given, those of the file first. */
export function variablesOf(tree: LooseTree): Map<string, VariableValue[]> {
  const found = new Map<string, VariableValue[]>();
  const collect = (node: LooseNode | undefined, owner: number | null): void => {
    if (node?.kind !== 'map') return;
    for (const { key, value } of node.entries) {
      if (!isVariableName(key)) continue;
      const values = found.get(key);
      if (values === undefined) found.set(key, [{ owner, node: value }]);
      else values.push({ owner, node: value });
    }
  };
  collect(childOf(tree.root, 'vars'), null);
  const cases = childOf(tree.root, 'cases');
  if (cases?.kind === 'list') cases.items.forEach(({ value }, owner) => collect(childOf(value, 'vars'), owner));
  return found;
}

function isVariableName(key: string): boolean {
  return /^[A-Za-z_$][\w$]*$/.test(key);
}

/** Names that templates of the file read, in the order of the text. */
export function readNames(tree: LooseTree): string[] {
  const names = new Set<string>();
  for (const { node } of everyNode(tree.root)) {
    if (node.kind !== 'scalar' || node.style === 'alias') continue;
    const text = tree.text.slice(node.start, node.end);
    if (/\{[{%]/.test(text)) for (const { name } of wordsOf(text)) names.add(name);
  }
  return [...names];
}

/** Path of the dataset, as it is written. */
export function datasetPath(tree: LooseTree): string | undefined {
  const node = childOf(tree.root, 'dataset');
  return node?.kind === 'scalar' ? scalarText(tree, node) : textAt(tree, node, 'path');
}

/** Variables that the rows of the dataset bring, as far as its columns are known. */
export function datasetVariables(tree: LooseTree, columns: readonly string[]): string[] {
  const map = nodeAtPath(tree.root, ['dataset', 'map']);
  if (map?.kind !== 'map') return [...columns];
  const used = new Set(map.entries.flatMap(({ value }) => (value?.kind === 'scalar' ? [scalarText(tree, value)] : [])));
  return [
    ...new Set([
      ...map.entries.map(({ key }) => key.replace(/^vars\./, '')),
      ...columns.filter((name) => !used.has(name)),
    ]),
  ];
}
