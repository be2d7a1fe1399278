import type { PlainValue } from './tree';

/** The cleaned value, or `INVALID` where nothing of it can be used. */
export type Cleaned = PlainValue | typeof INVALID;
export const INVALID = Symbol('invalid');

/** For arrays that lost unusable items: the index in the file of each item that is left. */
const originalIndexes = new WeakMap<readonly unknown[], number[]>();

/** The index in the file of item `index` of a cleaned list. */
export function originalIndex(items: readonly unknown[], index: number): number {
  return originalIndexes.get(items)?.[index] ?? index;
}

/** Remembers where the items of a cleaned list come from. */
export function rememberIndexes(items: readonly unknown[], indexes: number[]): void {
  if (indexes.some((original, index) => original !== index)) originalIndexes.set(items, indexes);
}
