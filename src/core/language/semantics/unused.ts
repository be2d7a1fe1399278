/** Variables that get a value and are read by no template. */
import type { Finding } from '../../spec/reporter';
import { nodeAt, type MapEntry, type MapNode, type Span, type TreeNode } from '../../spec/tree';
import { usesOf } from '../templates/uses';
import { codeUses } from '../variables/code-uses';
import { textPlaces } from '../variables/places';
import { removalOf, withoutOverlaps, type Owner } from './removal';

/** The text of a file by its reference; undefined where it is not at hand. */
export type ReadReference = (reference: string, pointer: string) => string | undefined;

/** Assertions that read `context` and `query` by these names. */
const GRADERS = /^(?:not-)?(?:context-(?:faithfulness|recall|relevance)|answer-relevance)$/;

interface Use {
  /** Cases whose variables are read; null for those of every case. */
  owner: number | null;
}

/**
 * A finding for each variable that nothing reads. Null where that cannot be said: a template stands in a file whose text is not
 * at hand, or code reads all variables at once.
 */
export function unusedVariables(
  root: MapNode,
  source: string,
  readReference: ReadReference = () => undefined,
): Finding[] | null {
  const defined = definitions(root);
  if (defined.length === 0) return [];
  const uses = usesIn(root, readReference);
  if (uses === null) return null;
  const isUsed = ({ name, owner }: Defined): boolean => {
    const found = uses.get(name) ?? [];
    return found.some((use) => use.owner === null || owner === null || use.owner === owner);
  };
  const unused = new Map<string, Defined[]>();
  for (const definition of defined) {
    if (isUsed(definition)) continue;
    unused.set(definition.name, [...(unused.get(definition.name) ?? []), definition]);
  }
  return [...unused.values()].flatMap((found) => findingOf(found, source));
}

interface Defined {
  name: string;
  entry: MapEntry;
  /** `vars` itself, with the map that it stands in. */
  vars: Owner;
  owner: number | null;
}

function definitions(root: MapNode): Defined[] {
  const found: Defined[] = [];
  const collect = (parent: TreeNode, owner: number | null): void => {
    const entry = parent.kind === 'map' ? parent.entries.get('vars') : undefined;
    if (parent.kind !== 'map' || entry?.node.kind !== 'map' || entry.merged) return;
    for (const [name, definition] of entry.node.entries) {
      // What is written elsewhere, and used here by alias, may be read there.
      const isHere = definition.keySpan.start >= entry.keySpan.end;
      if (!definition.merged && isHere) found.push({ name, entry: definition, vars: { map: parent, entry }, owner });
    }
  };
  collect(root, null);
  const cases = nodeAt(root, ['cases']);
  if (cases?.kind === 'list') cases.items.forEach((item, index) => collect(item, index));
  return found;
}

function usesIn(root: MapNode, readReference: ReadReference): Map<string, Use[]> | null {
  const uses = new Map<string, Use[]>();
  const add = (name: string, owner: number | null): void => {
    uses.set(name, [...(uses.get(name) ?? []), { owner }]);
  };
  const places = textPlaces(root, 'eval');
  // A file that asks nothing has another fault.
  if (!places.some(({ isJudging }) => !isJudging)) return null;
  for (const { node, pointer, kind, owner } of places) {
    const text = String(node.value);
    const isReference = text.startsWith('file://');
    const content = isReference ? readReference(text, pointer) : text;
    if (content === undefined) return null;
    if (kind === 'code') {
      // `Object.keys(vars)` and the like read every one of them.
      if (/\bvars\b(?!\s*(?:\?\.|\.|\[\s*["'`]))/.test(content)) return null;
      for (const { name } of codeUses(content)) add(name, owner);
    } else {
      for (const { name } of usesOf(content).uses) add(name, owner);
    }
  }
  if (hasGrader(root)) for (const name of ['context', 'query']) add(name, null);
  return uses;
}

function hasGrader(node: TreeNode): boolean {
  if (node.kind === 'scalar') return false;
  if (node.kind === 'list') return node.items.some(hasGrader);
  return [...node.entries.values()].some(
    ({ key, node: value }) =>
      GRADERS.test(key) ||
      (key === 'type' && value.kind === 'scalar' && GRADERS.test(String(value.value))) ||
      hasGrader(value),
  );
}

function findingOf(found: readonly Defined[], source: string): Finding[] {
  const [first] = found;
  if (first === undefined) return [];
  // An alias shows the keys of its anchor: they are one definition, at one place.
  const places = [...new Map(found.map((item) => [item.entry.keySpan.start, item])).values()];
  const cases = new Set(found.flatMap(({ owner }) => owner ?? [])).size;
  const where = cases > 1 ? ` It is set in ${cases} cases.` : '';
  const edits = removals(places, source);
  return [
    {
      code: 'unused-variable',
      message: `No template reads the variable "${first.name}".${where}`,
      span: first.entry.keySpan,
      severity: 'info',
      pointer: first.owner === null ? `/vars/${first.name}` : `/cases/${first.owner}/vars/${first.name}`,
      suggestions:
        edits === null
          ? []
          : [
              {
                title: places.length > 1 ? `Remove "${first.name}" everywhere` : `Remove "${first.name}"`,
                edits: edits.map((span) => ({ span, newText: '' })),
              },
            ],
    },
  ];
}

/** What is cut out to remove definitions; null where one cannot be cut out of its line. */
function removals(places: readonly Defined[], source: string): Span[] | null {
  const spans: Span[] = [];
  for (const { entry, vars } of places) {
    const span = removalOf(entry, vars, source);
    if (span === null) return null;
    spans.push(span);
  }
  return withoutOverlaps(spans);
}
