/** Digests of what is written at a place, whatever stands around it. */
import type { EvalDocument } from '../../core/spec/parse';
import { digest } from '../../core/spec/naming';
import { pointerKeys } from '../../core/spec/pointer';
import type { TreeNode } from '../../core/spec/tree';

/**
 * A function from JSON pointers to digests of their values; undefined where nothing stands. Unlike `nodeHash` it leaves out the
 * prompt and the case around an assertion: the inputs of a result tell of those, and here they would make every assertion of a
 * case look edited when the case is renamed. Of imported files, whose pointers are not those of the text, it is `nodeHash`.
 */
export function valueHashOf(document: EvalDocument): (pointer: string) => string | undefined {
  const { root, kind } = document;
  if (kind === 'promptfoo' || kind === 'github-models') return (pointer) => document.nodeHash(pointer);
  return (pointer) => {
    let node: TreeNode | undefined = root ?? undefined;
    for (const key of pointerKeys(pointer)) {
      if (node?.kind === 'map') node = node.entries.get(key)?.node;
      else if (node?.kind === 'list') node = node.items[Number(key)];
      else return undefined;
    }
    return node === undefined ? undefined : digest(plainOf(node));
  };
}

function plainOf(node: TreeNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(plainOf);
  // A list of pairs: a key such as `__proto__` is a key like any other.
  return { entries: [...node.entries].map(([key, { node: value }]) => [key, plainOf(value)]).sort(byKey) };
}

function byKey([a]: unknown[], [b]: unknown[]): number {
  return String(a) < String(b) ? -1 : 1;
}
