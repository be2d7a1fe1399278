/** Variables in files that an eval file refers to: prompts, whole or as messages in JSON or YAML, and code. */
import { parseDocument } from 'yaml';
import { mapScalar } from '../../spec/scalar-map';
import { buildTree, type ScalarNode, type Span, type TreeNode } from '../../spec/tree';
import { usesOf, type TemplateUses, type VariableUse } from '../templates/uses';
import { codeUses } from './code-uses';

export interface FileUses {
  uses: { name: string; span: Span; within: readonly string[] }[];
  /** Names that templates give values themselves. */
  assigned: Set<string>;
  unplaced: Set<string>;
  /** Names in a template that cannot be read. */
  doubtful: Set<string>;
}

/** The variables that a file's text reads. */
export function usesInFile(path: string, text: string, isCode: boolean): FileUses {
  const found: FileUses = { uses: [], assigned: new Set(), unplaced: new Set(), doubtful: new Set() };
  if (isCode) {
    for (const use of codeUses(text)) found.uses.push({ ...use, span: spanOf(use) });
    return found;
  }
  const messages = /\.(?:json|ya?ml)$/i.test(path) ? contents(text) : undefined;
  if (messages === undefined) {
    const read = usesOf(text);
    note(read, found);
    for (const use of read.uses) found.uses.push({ ...use, span: spanOf(use) });
    return found;
  }
  for (const node of messages) {
    const read = usesOf(String(node.value));
    note(read, found);
    if (read.uses.length === 0) continue;
    const map = mapScalar(node, text);
    for (const { name, offset, within } of read.uses) {
      const start = map[offset] ?? 0;
      const span = { start, end: (map[offset + name.length - 1] ?? 0) + 1 };
      if (text.slice(span.start, span.end) === name) found.uses.push({ name, span, within });
      else found.unplaced.add(name);
    }
  }
  return found;
}

function spanOf({ name, offset }: VariableUse): Span {
  return { start: offset, end: offset + name.length };
}

function note({ uses, assigned, isExact }: TemplateUses, found: FileUses): void {
  for (const name of assigned) found.assigned.add(name);
  if (!isExact) for (const { name } of uses) found.doubtful.add(name);
}

/** The texts of a list of messages; undefined where the file holds something else, which then is one text. */
function contents(text: string): ScalarNode[] | undefined {
  let root: TreeNode | null;
  try {
    const document = parseDocument(text, { version: '1.2', merge: true, uniqueKeys: false, prettyErrors: false });
    if (document.errors.length > 0) return undefined;
    root = buildTree(document, text).root;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  if (root?.kind !== 'list') return undefined;
  const nodes = root.items.map((item) => (item.kind === 'map' ? item.entries.get('content')?.node : undefined));
  const texts = nodes.filter((node) => node?.kind === 'scalar' && typeof node.value === 'string');
  return texts.length === root.items.length ? (texts as ScalarNode[]) : undefined;
}
