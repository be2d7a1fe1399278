/** Importing: the file of another tool, and all that it refers to, as one native file. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { kindOf } from '../../discover';
import type { Diagnostic } from '../../document';
import { parseEvalFile } from '../../parse';
import { pointerKeys } from '../../pointer';
import { nodeAt, type TreeNode } from '../../tree';
import { everyAssertion } from '../assertion';
import { converted, type ForeignKind } from '../document';
import { ForeignFiles } from '../files';
import { parseTree, sourceFile, type SourceFile } from '../source';
import type { ForeignIo } from '../types';
import { writeNative } from './native-yaml';

export interface ImportedFile {
  /** The native file; null where the file is unusable, which the diagnostics tell. */
  text: string | null;
  /** Of the imported file and of those that it refers to. */
  diagnostics: Diagnostic[];
  kind: ForeignKind | null;
  cases: number;
  /** Cases that are written with the reason for which they are not run. */
  skippedCases: number;
  assertions: number;
  skippedAssertions: number;
}

/** What the native file cannot keep from being read: it just does not have the secret. */
const TOLERATED: ReadonlySet<string> = new Set(['literal-secret']);

/**
 * Reads a file of another tool, by whatever name, and writes the native file that amounts to the same.
 * @param path of the file, absolute
 * @param target of the native file, absolute: references are made relative to its folder
 */
export async function importFile(text: string, path: string, target: string, io: ForeignIo): Promise<ImportedFile> {
  const none = { text: null, cases: 0, skippedCases: 0, assertions: 0, skippedAssertions: 0 };
  const file = sourceFile(path, text);
  const parsed = parseTree(file);
  if (!parsed.ok) {
    const range = file.lines.range(parsed.span.start, parsed.span.end);
    const message = `The file cannot be read as YAML: ${parsed.reason}`;
    const diagnostic: Diagnostic = { code: 'yaml-syntax', message, path, range, severity: 'error', suggestions: [] };
    return { ...none, kind: null, diagnostics: [diagnostic] };
  }
  const kind = foreignKindOf(path, parsed.root);
  if (kind === null) return { ...none, kind, diagnostics: [] };
  const files = new ForeignFiles();
  const foreign = {
    ...{ kind, file, root: parsed.root, diagnostics: [], broken: false },
    sha256: createHash('sha256').update(file.text).digest('hex'),
    fallbackName: basename(path),
  };
  const { result, problems } = await files.settle(io, () => converted(foreign, files, io.env ?? {}));
  const { diagnostics } = problems;
  const { root } = result;
  const isUnusable = diagnostics.some(({ severity, code }) => severity === 'error' && !TOLERATED.has(code));
  if (root?.kind !== 'map' || isUnusable) return { ...none, kind, diagnostics };
  const notes = [
    ...diagnostics.filter(({ severity }) => severity !== 'info').map((diagnostic) => noteOf(diagnostic, path)),
    ...(result.unwritable ?? []),
    ...(hasItems(root, 'endpoints')
      ? []
      : ['None of the providers can be asked from here: without "endpoints" the default endpoint is.']),
  ];
  const head = [
    `Imported from ${basename(path)} by "promptrig import".`,
    ...(notes.length === 0 ? [] : ['', 'What differs from there, by its lines:', ...notes.map((note) => `- ${note}`)]),
  ];
  const written = writeNative(root, { from: path, to: target, head });
  const faults = faultsOf(written.text, target).map((fault) => placed(fault, root, file));
  if (faults.length > 0) return { ...none, kind, diagnostics: [...diagnostics, ...faults] };
  const all = everyAssertion(result.assertions ?? []);
  const cases = nodeAt(root, ['cases']);
  const skippedCases = cases?.kind === 'list' ? cases.items.filter((item) => nodeAt(item, ['skip']) !== undefined) : [];
  return {
    text: written.text,
    diagnostics,
    kind,
    cases: written.cases,
    skippedCases: skippedCases.length,
    assertions: written.assertions,
    skippedAssertions: all.filter(({ skip, members }) => skip !== undefined && members === undefined).length,
  };
}

function hasItems(root: TreeNode, key: string): boolean {
  const list = nodeAt(root, [key]);
  return list?.kind === 'list' && list.items.length > 0;
}

/** What our own parser finds wrong with what was written, such as a template that cannot be read. */
function faultsOf(text: string, path: string): Diagnostic[] {
  const name = kindOf(path) === 'eval' ? path : `${path}.eval.yaml`;
  return parseEvalFile(text, name).diagnostics.filter(({ severity }) => severity === 'error');
}

/** The same at the place in the imported file that it comes from. */
function placed(fault: Diagnostic, root: TreeNode, { path, lines }: SourceFile): Diagnostic {
  let node: TreeNode = root;
  for (const key of pointerKeys(fault.pointer ?? '')) {
    const next = nodeAt(node, [key]);
    if (next === undefined) break;
    node = next;
  }
  const { start, end } = node.span;
  return { ...fault, path, range: lines.range(start, Math.min(end, lines.lineEnd(start))), suggestions: [] };
}

function noteOf({ range, path, message }: Diagnostic, main: string): string {
  const file = path === main ? '' : `${basename(path)}, `;
  return `${file}line ${range.start.line + 1}: ${message}`;
}

/** By its name, else by what it holds: a file may be called anything on the command line. */
function foreignKindOf(path: string, root: TreeNode | null): ForeignKind | null {
  const kind = kindOf(path);
  if (kind === 'promptfoo' || kind === 'github-models') return kind;
  const has = (key: string) => nodeAt(root, [key]) !== undefined;
  if (has('providers') || has('targets') || (has('prompts') && has('tests'))) return 'promptfoo';
  return has('messages') && has('model') ? 'github-models' : null;
}
