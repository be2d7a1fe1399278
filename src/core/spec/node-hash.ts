/** Digests of a file's nodes with what influences their results, by which a stale result is told from a current one. */
import { parseSloExpression } from '../metrics/slo';
import { digest } from './naming';
import { pointerKeys } from './pointer';
import { nodeAt, toPlain, type PlainValue, type TreeNode } from './tree';

/** Keys of the file that shape every answer. */
const PROMPT_KEYS = ['prompt', 'messages', 'prompts', 'params', 'matrix', 'vars'];

/**
 * Digest of the node at `pointer`; undefined where there is none. Formatting, comments and the order of keys do not matter.
 * Of a case: the case, the prompt, the variables and the assertions of the file. Of an assertion: itself and what makes the
 * answer. Of an SLO: its expression. Of anything else: its value.
 */
export function hashNode(root: TreeNode | null, pointer: string): string | undefined {
  const keys = pointerKeys(pointer);
  const node = nodeAt(root, keys);
  if (node === undefined) return undefined;
  const value = toPlain(node);
  if (isSlo(keys)) return digest(['slo', sloIdentity(value)]);
  if (keys[0] === 'cases' && keys.length >= 2) {
    const owner = toPlain(nodeAt(root, keys.slice(0, 2)) ?? node);
    if (keys.length === 2) return digest(['case', context(root), plainAt(root, ['assert']), owner]);
    if ((keys[2] === 'assert' && keys.length >= 4) || (keys[2] === 'turns' && keys[4] === 'assert' && keys.length >= 6))
      return digest(['assertion', context(root), withoutAssert(owner), value]);
  }
  // Of the rows of a dataset only the key is known here.
  if (keys[0] === 'dataset' && keys.length === 1)
    return digest(['dataset', context(root), plainAt(root, ['assert']), value]);
  if (keys[0] === 'assert' && keys.length === 2) {
    const cases = plainAt(root, ['cases']);
    return digest(['assertion', context(root), Array.isArray(cases) ? cases.map(withoutAssert) : null, value]);
  }
  return digest(value);
}

function isSlo(keys: readonly string[]): boolean {
  const at = keys.lastIndexOf('slo');
  if (at < 0 || keys.length - at > 2) return false;
  return at === 0 || keys[0] === 'load';
}

function sloIdentity(value: PlainValue): PlainValue {
  const text = value !== null && typeof value === 'object' && !Array.isArray(value) ? (value.expr ?? null) : value;
  if (typeof text !== 'string') return text;
  const parsed = parseSloExpression(text);
  return parsed.ok ? parsed.expr : text.trim();
}

function context(root: TreeNode | null): PlainValue[] {
  return PROMPT_KEYS.map((key) => plainAt(root, [key]));
}

function plainAt(root: TreeNode | null, keys: string[]): PlainValue {
  const node = nodeAt(root, keys);
  return node === undefined ? null : toPlain(node);
}

function withoutAssert(value: PlainValue): PlainValue {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== 'assert'));
}
