/** Where something is defined: endpoints, presets, variables, anchors and files. */
import type { EvalDocument } from '../spec/parse';
import { childPointer } from '../spec/pointer';
import type { Span } from '../spec/tree';
import { cursorAt, type Cursor } from './cursor';
import type { LanguageDocument } from './language-document';
import { referenceIn } from './links';
import { childOf, everyNode, itemsOf, scalarText, type Path } from './loose/nodes';
import { patternOf, usedPath } from './slots';
import { wordAt } from './templates/word-at';
import type { Definition, LanguageContext } from './types';

const START = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

/** The definitions of what lies at `offset`; none where nothing is defined elsewhere. */
export function definitionAt(document: LanguageDocument, offset: number, context: LanguageContext = {}): Definition[] {
  const cursor = cursorAt(document.loose, offset);
  const { scalar } = cursor;
  if (cursor.at !== 'value' || scalar === null) return [];
  const path = usedPath(document.loose, cursor.path);
  const text = scalarText(document.loose, scalar);
  const origin = document.range(cursor.span);
  if (scalar.style === 'alias') return anchorOf(document, text.slice(1).trim(), origin);
  const variable = variableAt(document, cursor, path);
  if (variable !== null) return variable;
  const reference = referenceIn(document, path, text);
  if (reference !== undefined) return [{ path: document.resolve(reference), range: START, origin }];
  const pattern = patternOf(path);
  if (/^(?:endpoints\/\*|judge|defaults\/(?:endpoint|judge))$/.test(pattern))
    return endpoint(document, text, origin, context.workspace);
  if (/^(?:load\/\*\/)?slo(?:\/\*(?:\/expr)?)?$/.test(pattern)) return preset(text.trim(), origin, context.workspace);
  return [];
}

function anchorOf(document: LanguageDocument, name: string, origin: Definition['origin']): Definition[] {
  for (const { node } of everyNode(document.loose.root))
    if (node.anchor === name) return [own(document, firstLine(document, node), origin)];
  return [];
}

function own(document: LanguageDocument, span: Span, origin: Definition['origin']): Definition {
  return { path: document.path, range: document.range(span), origin };
}

function firstLine(document: LanguageDocument, { start, end }: Span): Span {
  const { lines } = document.loose;
  return { start, end: Math.min(end, lines.end(lines.at(start))) };
}

function endpoint(
  document: LanguageDocument,
  name: string,
  origin: Definition['origin'],
  workspace: EvalDocument | undefined,
): Definition[] {
  const tree = document.loose;
  for (const node of itemsOf(childOf(tree.root, 'endpoints'))) {
    const named = childOf(node, 'name');
    if (named?.kind === 'scalar' && scalarText(tree, named) === name) return [own(document, named, origin)];
  }
  const shared = workspace?.outline.endpoints.find((item) => item.name === name);
  if (workspace === undefined || shared === undefined) return [];
  const range = workspace.rangeOf(childPointer(shared.pointer, 'name')) ?? shared.anchor;
  return [{ path: workspace.path, range, origin }];
}

function preset(name: string, origin: Definition['origin'], workspace: EvalDocument | undefined): Definition[] {
  const range = workspace?.rangeOf(childPointer('/presets', name), 'key');
  return workspace === undefined || range === undefined ? [] : [{ path: workspace.path, range, origin }];
}

/** Of a variable in a template: null where the cursor is in none. */
function variableAt(document: LanguageDocument, cursor: Cursor, path: Path): Definition[] | null {
  const { scalar, offset } = cursor;
  if (scalar === null) return null;
  const tree = document.loose;
  const word = wordAt(tree.text.slice(scalar.start, scalar.end), offset - scalar.start);
  if (word === null || word.kind !== 'name') return null;
  const origin = document.range({ start: scalar.start + word.start, end: scalar.start + word.end });
  const [first, second] = path;
  const owner = first === 'cases' && typeof second === 'number' ? second : null;
  const found: Definition[] = [];
  const collect = (node: ReturnType<typeof childOf>): void => {
    if (node?.kind !== 'map') return;
    for (const { key, keySpan } of node.entries) if (key === word.text) found.push(own(document, keySpan, origin));
  };
  const cases = childOf(tree.root, 'cases');
  // What the case itself says comes before what the file says.
  if (cases?.kind === 'list') {
    const items = owner === null ? cases.items : cases.items.slice(owner, owner + 1);
    for (const { value } of items) collect(childOf(value, 'vars'));
  }
  if (owner === null || found.length === 0) collect(childOf(tree.root, 'vars'));
  collect(childOf(childOf(tree.root, 'dataset'), 'map'));
  const isForeign = document.kind === 'promptfoo' || document.kind === 'github-models';
  if (isForeign && found.length === 0) foreignDefinitions(document, word.text, origin, found);
  if (found.length > 0 || word.text !== 'expected' || owner === null || cases?.kind !== 'list') return found;
  const entry = cases.items[owner]?.value;
  const expected = entry?.kind === 'map' ? entry.entries.find(({ key }) => key === 'expected') : undefined;
  return expected === undefined ? found : [own(document, expected.keySpan, origin)];
}

function foreignDefinitions(
  document: LanguageDocument,
  name: string,
  origin: Definition['origin'],
  found: Definition[],
): void {
  for (const { node, path } of everyNode(document.loose.root)) {
    if (node.kind !== 'map') continue;
    const isVars = path.at(-1) === 'vars' || (path[0] === 'testData' && path.length === 2);
    if (!isVars) continue;
    for (const { key, keySpan } of node.entries) if (key === name) found.push(own(document, keySpan, origin));
  }
}
