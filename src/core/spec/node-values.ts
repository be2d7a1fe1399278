/** Values of a map's keys as the checks need them: undefined where the key is missing, or its type is wrong and reported. */
import type { MapNode } from './tree';
import { parseDurationMs } from './units';

export function textOf(node: MapNode, key: string): string | undefined {
  const value = node.entries.get(key)?.node;
  return value?.kind === 'scalar' && typeof value.value === 'string' ? value.value : undefined;
}

export function numberOf(node: MapNode, key: string): number | undefined {
  const value = node.entries.get(key)?.node;
  return value?.kind === 'scalar' && typeof value.value === 'number' ? value.value : undefined;
}

/** Ms. */
export function durationOf(node: MapNode, key: string): number | undefined {
  const text = textOf(node, key);
  return text === undefined ? undefined : (parseDurationMs(text) ?? undefined);
}
