import type { PlainValue } from './tree';

/** The cleaned value, or `INVALID` where nothing of it can be used. */
export type Cleaned = PlainValue | typeof INVALID;
export const INVALID = Symbol('invalid');

/** For arrays that lost unusable items: the index in the file of each item that is left. */
const originalIndexes = new WeakMap<readonly unknown[], readonly (number | string)[]>();

/**
 * The index in the file of item `index` of a cleaned list; of an imported file a key such as `3#2`, where several items stem
 * from one place.
 */
export function originalIndex(items: readonly unknown[], index: number): number | string {
  return originalIndexes.get(items)?.[index] ?? index;
}

/** Remembers where the items of a cleaned list come from. */
export function rememberIndexes(items: readonly unknown[], indexes: readonly (number | string)[]): void {
  if (indexes.some((original, index) => original !== index)) originalIndexes.set(items, indexes);
}
