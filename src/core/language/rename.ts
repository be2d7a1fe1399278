/** References and rename of a variable: its values in the file, and its uses there and in the files that it refers to. */
import type { TextRange } from '../spec/document';
import { TextLines, withoutBom } from '../spec/lines';
import type { Span, TreeNode } from '../spec/tree';
import { datasetPath } from './complete/names';
import type { LanguageDocument } from './language-document';
import { everyNode, nodeAtPath } from './loose/nodes';
import { TEMPLATE_WORDS } from './templates/words';
import type { FileEdits, FileLocation, LanguageContext } from './types';
import { usesInFile, type FileUses } from './variables/file-uses';
import { buildVariableIndex, type VariableIndex } from './variables/variable-index';

/** A parsed file with its text: what is renamed must be known exactly. */
export interface ParsedFile {
  document: LanguageDocument;
  root: TreeNode | null;
}

export interface References {
  name: string;
  /** Where the variable is given a value. */
  definitions: FileLocation[];
  uses: FileLocation[];
}

export type RenameTarget = { ok: true; name: string; range: TextRange } | { ok: false; reason: string };
export type Rename = { ok: true; edits: FileEdits[] } | { ok: false; reason: string };

const NO_VARIABLE = 'Only variables can be renamed: a key of "vars", or a name in a template.';

/** Index of the variables of a file. */
export function variableIndexOf({ document, root }: ParsedFile): VariableIndex {
  const anchors = new Map<string, Span>();
  for (const { node } of everyNode(document.loose.root)) {
    if (node.anchor !== undefined && node.kind === 'scalar') anchors.set(node.anchor, node);
  }
  return buildVariableIndex(root, document.text, document.kind, anchors);
}

/** What `renameAt` would rename. */
export function renameTargetAt(file: ParsedFile, offset: number): RenameTarget {
  const { document } = file;
  if (document.kind !== 'eval')
    return {
      ok: false,
      reason:
        document.kind === 'workspace'
          ? NO_VARIABLE
          : 'Files of other tools are read as they are; import this one first.',
    };
  const found = variableAt(variableIndexOf(file), offset);
  return found === undefined
    ? { ok: false, reason: NO_VARIABLE }
    : { ok: true, name: found.name, range: document.range(found.span) };
}

/** Everything that is called as the variable at `offset`; undefined where there is none. */
export async function referencesAt(
  file: ParsedFile,
  offset: number,
  context: LanguageContext = {},
): Promise<References | undefined> {
  const { document } = file;
  const index = variableIndexOf(file);
  const found = variableAt(index, offset);
  if (found === undefined) return undefined;
  const { name } = found;
  const here = (spans: readonly { name: string; span: Span }[]): FileLocation[] =>
    unique(spans.filter((item) => item.name === name)).map((span) => ({
      path: document.path,
      range: document.range(span),
    }));
  const others = await filesOf(file, index, context);
  const elsewhere = others.flatMap(({ path, lines, read }) =>
    unique(read.uses.filter((use) => use.name === name)).map(({ start, end }) => ({
      path,
      range: lines.range(start, end),
    })),
  );
  return { name, definitions: here(index.definitions), uses: [...here(index.uses), ...elsewhere] };
}

/** The edits that rename the variable at `offset`, or why it cannot be renamed. Every template renders as before. */
export async function renameAt(
  file: ParsedFile,
  offset: number,
  newName: string,
  context: LanguageContext = {},
): Promise<Rename> {
  const target = renameTargetAt(file, offset);
  if (!target.ok) return target;
  const { document } = file;
  const { name } = target;
  if (newName === name) return { ok: true, edits: [] };
  const index = variableIndexOf(file);
  const others = await filesOf(file, index, context);
  const reason =
    obstacle(file, index, others, name, newName) ??
    (await columnObstacle(document, context, name, newName)) ??
    rowObstacle(document, index, name);
  if (reason !== undefined) return { ok: false, reason };

  const own = unique([...index.definitions, ...index.uses].filter((item) => item.name === name));
  const edits: FileEdits[] = [
    { path: document.path, edits: own.map((span) => ({ range: document.range(span), newText: newName })) },
  ];
  for (const { path, lines, read } of others) {
    const spans = unique(read.uses.filter((use) => use.name === name));
    if (spans.length === 0) continue;
    edits.push({ path, edits: spans.map(({ start, end }) => ({ range: lines.range(start, end), newText: newName })) });
  }
  return { ok: true, edits };
}

function variableAt(index: VariableIndex, offset: number): { name: string; span: Span } | undefined {
  return [...index.uses, ...index.definitions].find(({ span }) => span.start <= offset && offset <= span.end);
}

/** Places, each once: what is used by alias or merged in stands in the list several times. */
function unique(items: readonly { span: Span }[]): Span[] {
  const spans = new Map(items.map(({ span }) => [span.start, span]));
  return [...spans.values()].sort((a, b) => a.start - b.start);
}

interface OtherFile {
  path: string;
  lines: TextLines;
  read: FileUses;
}

async function filesOf({ document }: ParsedFile, index: VariableIndex, context: LanguageContext): Promise<OtherFile[]> {
  const references = [
    ...index.files.map(({ node }) => ({ text: String(node.value), isCode: false })),
    ...index.code.map(({ node }) => ({ text: String(node.value), isCode: true })),
  ].filter(({ text }) => text.startsWith('file://'));
  const files = new Map<string, OtherFile>();
  for (const { text, isCode } of references) {
    const path = document.resolve(isCode ? text.replace(/(\.[cm]?js):[\w$.]+$/i, '$1') : text);
    if (files.has(path)) continue;
    const content = await context.readText?.(path);
    if (content === undefined) continue;
    const plain = withoutBom(content);
    files.set(path, { path, lines: new TextLines(plain), read: usesInFile(path, plain, isCode) });
  }
  return [...files.values()];
}

/** Assertions that read these two variables by name. */
const GRADERS = /\b(?:context-(?:faithfulness|recall|relevance)|answer-relevance)\b/;
const GRADER_VARIABLES = new Set(['context', 'query']);

function obstacle(
  { document, root }: ParsedFile,
  index: VariableIndex,
  others: readonly OtherFile[],
  name: string,
  newName: string,
): string | undefined {
  if (!/^[A-Za-z_]\w*$/.test(newName))
    return `"${newName}" is no name: it may hold letters, digits and "_", and starts with none of the digits.`;
  if (TEMPLATE_WORDS.has(newName) || newName === 'expected') return `"${newName}" means something else in templates.`;
  const taken =
    [...index.definitions, ...index.uses].some((item) => item.name === newName) ||
    others.some(({ read }) => read.uses.some((use) => use.name === newName));
  if (taken) return `There is a variable "${newName}" already.`;
  const isCaptured = (uses: readonly { name: string; within: readonly string[] }[]): boolean =>
    uses.some((use) => use.name === name && use.within.includes(newName));
  const local =
    isCaptured(index.uses) ||
    index.templates.some(({ read, assigned }) => read.has(name) && assigned.has(newName)) ||
    others.some(({ read }) => isCaptured(read.uses) || read.assigned.has(newName));
  if (local) return `A template has a name "${newName}" of its own.`;
  const doubtful = index.templates.find(({ read, isExact }) => !isExact && read.has(name));
  if (doubtful !== undefined)
    return `The template at ${doubtful.pointer} cannot be read, so it is not certain what "${name}" means there; correct it first.`;
  const unread = others.find(({ read }) => read.doubtful.has(name));
  if (unread !== undefined) return `The template in ${unread.path} cannot be read; correct it first.`;
  if (index.unplaced.has(name) || others.some(({ read }) => read.unplaced.has(name)))
    return `"${name}" is written across an escape or a line end, where it cannot be replaced.`;
  const grades = GRADERS.test(document.text) && root !== null;
  if (grades && (GRADER_VARIABLES.has(name) || GRADER_VARIABLES.has(newName)))
    return `Assertions about the context read the variables "context" and "query" by these names.`;
  return undefined;
}

async function columnObstacle(
  document: LanguageDocument,
  context: LanguageContext,
  name: string,
  newName: string,
): Promise<string | undefined> {
  const path = datasetPath(document.loose);
  if (path === undefined || path === '') return undefined;
  const columns = (await context.datasetColumns?.(document.resolve(path))) ?? [];
  const map = nodeAtPath(document.loose.root, ['dataset', 'map']);
  const isMapped = map?.kind === 'map' && map.entries.some(({ key }) => key === name || key === `vars.${name}`);
  if (columns.includes(name) && !isMapped)
    return `"${name}" is a column of ${path}: rename it there, or give it another name with "map".`;
  return columns.includes(newName) ? `"${newName}" is a column of ${path}.` : undefined;
}

/** What nothing in the file gives a value gets it from the rows, which nobody has looked into. */
function rowObstacle(document: LanguageDocument, index: VariableIndex, name: string): string | undefined {
  const path = datasetPath(document.loose);
  if (path === undefined || index.definitions.some((definition) => definition.name === name)) return undefined;
  return `"${name}" has its values in the dataset ${path}: rename it there first.`;
}
