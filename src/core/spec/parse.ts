/** A file's text in; its data, its diagnostics and the place of everything in it out. Never throws, whatever the text. */
import { createHash } from 'node:crypto';
import type { Document, YAMLError } from 'yaml';
import { atOnce, type Work } from '../util/work';
import { checkEvalFile } from './checks';
import { checkWorkspaceFile } from './check-workspace';
import { INVALID } from './cleaned';
import { describeNode } from './describe';
import { kindOf } from './discover';
import type { Diagnostic, EvalOutline, FileKind, TextRange } from './document';
import { foreignDocument } from './foreign/document';
import type { ForeignHints, ForeignPart } from './foreign/types';
import { TextLines, withoutBom } from './lines';
import { hashNode } from './node-hash';
import { buildOutline } from './outline';
import { pointerKeys, writtenPointers } from './pointer';
import { checkEndpointNames } from './references';
import { Reporter } from './reporter';
import { evalSchema, workspaceSchema, type EvalSpec, type WorkspaceSpec } from './schema';
import type { EndpointSpec } from './schema-endpoint';
import { spanInScalar } from './scalar-map';
import { buildTree, nodeAt, type MapNode, type Span, type Tree, type TreeNode } from './tree';
import { validate } from './validate';
import { composeYaml } from './yaml-steps';

export interface EvalDocument {
  path: string;
  kind: FileKind;
  /** Of the text without a byte order mark. */
  sha256: string;
  /** What is usable of an eval file; null for other kinds, and where nothing is. */
  spec: EvalSpec | null;
  /** What is usable of `promptrig.yaml`. */
  workspace?: WorkspaceSpec;
  /** In the order of the file. */
  diagnostics: Diagnostic[];
  outline: EvalOutline;
  /** The file as it is written, of every kind; null where nothing of it can be read. */
  root: TreeNode | null;
  /**
   * The range of the node at a JSON pointer: its value, or its key. Undefined where there is no such node. The pointers of
   * expanded cases (`/cases/0#2`) are those of the case that they stem from; those of rows (`/dataset#12/assert/0`) that of
   * the dataset, since the row stands in another file.
   */
  rangeOf(pointer: string, part?: 'key' | 'value'): TextRange | undefined;
  /** The range of a part of the text at a pointer, by offsets into its value: for templates and expressions. */
  rangeWithin(pointer: string, offset: number, length: number): TextRange | undefined;
  /** Digest of a node with what influences its result; see `hashNode`. */
  nodeHash(pointer: string): string | undefined;
  /** Of an imported file: what it refers to is read before it is planned. */
  foreign?: ForeignPart;
  /** Of an imported file: what its native spec cannot say. */
  hints?: ForeignHints;
}

/** What a file's references are held against; without it, names of endpoints are not checked and unknown presets only suspected. */
export interface ParseContext {
  workspace?: EvalDocument;
  /** Endpoints of the user's settings. */
  userEndpoints?: readonly Pick<EndpointSpec, 'name'>[];
}

/** Longer files are not parsed: no hand-written file is, and the editor must stay responsive. */
export const MAX_FILE_LENGTH = 5 * 1024 * 1024;

/** Parses a file of any kind; the kind follows from the path, an unknown name is taken for an eval file. */
export function parseEvalFile(text: string, path: string, context?: ParseContext): EvalDocument {
  return atOnce(evalFileWork(text, path, context));
}

/** As `parseEvalFile`, in steps: an editor that waits for a long file to be read would stop responding. */
export function* evalFileWork(text: string, path: string, context?: ParseContext): Work<EvalDocument> {
  const source = withoutBom(text);
  const kind = kindOf(path) ?? 'eval';
  const base = { path, kind, sha256: createHash('sha256').update(source).digest('hex') };
  if (source.length > MAX_FILE_LENGTH) return tooLarge(source, base);

  const lines = new TextLines(source);
  const report = new Reporter(source, lines);
  const { root, broken } = yield* readTree(source, kind, report);
  yield 'long';
  const located = {
    ...base,
    outline: buildOutline(root, lines, fallbackName(path)),
    root,
    rangeOf: (pointer: string, part?: 'key' | 'value') => {
      const [span] = writtenPointers(pointer).flatMap((written) => spanOf(root, written, part) ?? []);
      return span === undefined ? undefined : lines.range(span.start, span.end);
    },
    rangeWithin: (pointer: string, offset: number, length: number) => {
      const node = nodeAt(root, pointerKeys(pointer));
      if (node?.kind !== 'scalar') return undefined;
      const span = spanInScalar(node, source, offset, length);
      return lines.range(span.start, span.end);
    },
    nodeHash: (pointer: string) => writtenPointers(pointer).flatMap((written) => hashNode(root, written) ?? [])[0],
  };

  if (kind === 'promptfoo' || kind === 'github-models') {
    const diagnostics = report.diagnostics(path);
    const file = { path, text: source, lines };
    return foreignDocument({ ...base, kind, file, root, broken, diagnostics, fallbackName: fallbackName(path) });
  }
  if (root === null) {
    if (!broken) empty(source, kind, report);
    return { ...located, spec: null, diagnostics: report.diagnostics(path) };
  }
  // After a syntax error the rest is a guess: good enough for an outline, too uncertain to find fault with.
  const findings = broken ? new Reporter(source, lines) : report;
  yield 'short';
  if (root.kind !== 'map') {
    notAMap(root, kind, findings);
    return { ...located, spec: null, diagnostics: report.diagnostics(path) };
  }
  if (kind === 'workspace') {
    const cleaned = validate(root, workspaceSchema, '', findings);
    checkWorkspaceFile(root, source, findings);
    const workspace = cleaned === INVALID ? {} : (cleaned as WorkspaceSpec);
    return { ...located, spec: null, workspace, diagnostics: report.diagnostics(path) };
  }
  const cleaned = validate(root, evalSchema, '', findings);
  yield 'long';
  const presets = context?.workspace?.workspace?.presets ?? {};
  checkEvalFile(root, { source, presets, complete: context !== undefined }, findings);
  yield 'short';
  if (context !== undefined) checkEndpointNames(root, endpointNames(root, context), findings);
  return {
    ...located,
    spec: cleaned === INVALID ? null : (cleaned as EvalSpec),
    diagnostics: report.diagnostics(path),
  };
}

function endpointNames(root: MapNode, context: ParseContext): string[] {
  const own = nodeAt(root, ['endpoints']);
  const inPlace = own?.kind === 'list' ? own.items.flatMap((node) => nameOf(nodeAt(node, ['name']))) : [];
  return [
    ...inPlace,
    ...(context.workspace?.workspace?.endpoints ?? []).map(({ name }) => name),
    ...(context.userEndpoints ?? []).map(({ name }) => name),
  ];
}

function nameOf(node: TreeNode | undefined): string[] {
  return node?.kind === 'scalar' && typeof node.value === 'string' ? [node.value] : [];
}

/** The tree of a text, with its YAML problems reported; `broken` where it is not to be trusted. */
function* readTree(source: string, kind: FileKind, report: Reporter): Work<{ root: TreeNode | null; broken: boolean }> {
  let document: Document.Parsed;
  let tree: Tree;
  try {
    document = yield* composeYaml(source, {
      version: '1.2',
      merge: true,
      // Ours is linear; the library compares each key with every other.
      uniqueKeys: false,
      prettyErrors: false,
      // Below it, the library would take the first of several documents without a word.
      logLevel: 'error',
    });
    yield 'short';
    tree = buildTree(document, source);
  } catch (error) {
    // The parser is recursive: very deep nesting runs out of stack.
    const deep = error instanceof RangeError;
    report.add({
      code: deep ? 'too-deep' : 'yaml-syntax',
      message: deep
        ? 'The file is nested too deeply to be read; no key of the format needs that.'
        : `The file cannot be read as YAML: ${error instanceof Error ? error.message : String(error)}`,
      span: { start: 0, end: firstLineEnd(source) },
      severity: 'error',
      pointer: '',
    });
    return { root: null, broken: true };
  }
  const deep = document.errors.some(({ message }) => message.includes('call stack'));
  const isTooDeep = deep || tree.problems.some(({ code }) => code === 'too-deep');
  if (deep && !tree.problems.some(({ code }) => code === 'too-deep')) {
    const message = 'The file is nested too deeply to be read; no key of the format needs that.';
    report.add({
      code: 'too-deep',
      message,
      span: { start: 0, end: firstLineEnd(source) },
      severity: 'error',
      pointer: '',
    });
  }
  // One slip makes the library find fault with every line below it.
  if (!isTooDeep) for (const error of firstErrors(document.errors)) addSyntaxError(error, source, tree.root, report);
  const isForeign = kind === 'promptfoo' || kind === 'github-models';
  for (const problem of tree.problems) {
    // Other tools may bear what we do not; a file that only they run is not ours to criticise.
    if (isForeign && problem.code !== 'alias-bomb' && problem.code !== 'too-deep') continue;
    report.add({
      code: problem.code,
      message: problem.message,
      span: problem.span,
      severity: 'error',
      suggestions:
        problem.fix === undefined
          ? []
          : [{ title: problem.fix.title, edits: [{ span: problem.span, newText: problem.fix.newText }] }],
    });
  }
  const fatal = tree.root === null && tree.problems.length > 0;
  return { root: tree.root, broken: document.errors.length > 0 || fatal };
}

const MAX_SYNTAX_ERRORS = 5;

/** The first errors, one for each place. */
function firstErrors(errors: readonly YAMLError[]): YAMLError[] {
  const seen = new Set<number>();
  return errors
    .filter((error) => !seen.has(error.pos[0]) && seen.add(error.pos[0]).size > 0)
    .slice(0, MAX_SYNTAX_ERRORS);
}

function addSyntaxError(error: YAMLError, source: string, root: TreeNode | null, report: Reporter): void {
  // A quote or bracket that is never closed is noticed at the end of the file, and to be mended where it opens.
  const isOpen = /closing ["']quote|end with a [\]}]/.test(error.message);
  const opening = isOpen ? openingOf(root, error.pos[0], source) : undefined;
  const start = Math.min(opening ?? error.pos[0], source.length);
  const lineStart = Math.max(source.lastIndexOf('\n', start - 1), source.lastIndexOf('\r', start - 1)) + 1;
  const line = /^[^\r\n]*/.exec(source.slice(lineStart))?.[0] ?? '';
  const hint = /:\s*\{\{/.test(line)
    ? ' A text that starts with a template must be in quotes.'
    : error.code === 'TAB_AS_INDENT'
      ? ' Indent with spaces: YAML allows no tabs there.'
      : '';
  const message =
    error.code === 'MULTIPLE_DOCS'
      ? 'A second YAML document starts here; keep one evaluation in one file.'
      : opening !== undefined
        ? `YAML: This ${source[opening] === '[' || source[opening] === '{' ? 'bracket' : 'quote'} is not closed.`
        : `YAML: ${error.message.replace(/\s+/g, ' ').replace(/\.?$/, '.')}${hint}`;
  report.add({
    code: 'yaml-syntax',
    message,
    span: {
      start,
      end: Math.max(
        start,
        Math.min(opening === undefined ? error.pos[1] : opening + 1, lineStart + line.length, source.length),
      ),
    },
    severity: 'error',
  });
}

/** Start of the last quoted text or flow collection before `offset` that does not end as it should. */
function openingOf(node: TreeNode | null, offset: number, source: string): number | undefined {
  if (node === null || node.span.start > offset) return undefined;
  const { start, end } = node.span;
  const closers: Record<string, string> = { '[': ']', '{': '}', '"': '"', "'": "'" };
  const closer = closers[source[start] ?? ''];
  const isOpen = closer !== undefined && (end - start < 2 || source[end - 1] !== closer);
  if (node.kind === 'scalar') return isOpen && node.style !== 'plain' ? start : undefined;
  const children = node.kind === 'list' ? node.items : [...node.entries.values()].map((entry) => entry.node);
  const inner = children.flatMap((child) => openingOf(child, offset, source) ?? []);
  return inner.length > 0 ? Math.max(...inner) : isOpen && node.flow ? start : undefined;
}

const SMALLEST_FILE = `name: Greeting
prompt: "Greet {{name}} in one sentence."
cases:
  - vars: { name: Ada }
    assert: [{ contains: Ada }]
slo: ["ttft.p95 <= 300ms"]
`;

function empty(source: string, kind: FileKind, report: Reporter): void {
  if (kind === 'workspace') {
    report.add({
      code: 'empty-file',
      message: 'The file is empty; it may hold "endpoints", "defaults", "presets" and "retention".',
      span: { start: 0, end: 0 },
      severity: 'info',
    });
    return;
  }
  const at = source.length;
  const newText = source === '' || /[\r\n]$/.test(source) ? SMALLEST_FILE : `\n${SMALLEST_FILE}`;
  report.add({
    code: 'empty-file',
    message: 'The file is empty; it needs a "prompt", and "cases" or "load".',
    span: { start: 0, end: firstLineEnd(source) },
    severity: 'error',
    suggestions: [{ title: 'Start with the smallest eval file', edits: [{ span: { start: at, end: at }, newText }] }],
  });
}

function notAMap(root: TreeNode, kind: FileKind, report: Reporter): void {
  report.add({
    code: 'wrong-type',
    message: `The file must be a map with keys such as ${kind === 'workspace' ? '"endpoints"' : '"prompt" and "cases"'}, not ${describeNode(root)}.`,
    span: report.headOf(root),
    severity: 'error',
    pointer: '',
  });
}

function tooLarge(source: string, base: Pick<EvalDocument, 'path' | 'kind' | 'sha256'>): EvalDocument {
  const end = { line: 0, character: Math.min(firstLineEnd(source), 200) };
  const range: TextRange = { start: { line: 0, character: 0 }, end };
  const megabytes = (source.length / 1024 / 1024).toFixed(1);
  return {
    ...base,
    spec: null,
    diagnostics: [
      {
        code: 'file-too-large',
        message: `The file has ${megabytes} MB, and at most ${MAX_FILE_LENGTH / 1024 / 1024} MB are read: move the cases to a file of their own and name it with "dataset".`,
        path: base.path,
        range,
        severity: 'error',
        pointer: '',
        suggestions: [],
      },
    ],
    outline: {
      name: fallbackName(base.path),
      nameRange: range,
      cases: [],
      assertions: [],
      stages: [],
      slos: [],
      endpoints: [],
    },
    root: null,
    rangeOf: () => undefined,
    rangeWithin: () => undefined,
    nodeHash: () => undefined,
  };
}

function firstLineEnd(source: string): number {
  const at = source.slice(0, 10_000).search(/[\r\n]/);
  return at < 0 ? Math.min(source.length, 10_000) : at;
}

/** `evals/chat.eval.yaml` is called `chat`. */
function fallbackName(path: string): string {
  const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  return name.replace(/\.ya?ml$/i, '').replace(/\.(?:eval|workload|prompt|promptfoo)$/i, '') || name;
}

function spanOf(root: TreeNode | null, pointer: string, part: 'key' | 'value' | undefined): Span | undefined {
  const keys = pointerKeys(pointer);
  const last = keys.at(-1);
  const parent = last === undefined ? undefined : nodeAt(root, keys.slice(0, -1));
  const entry = parent?.kind === 'map' && last !== undefined ? parent.entries.get(last) : undefined;
  if (part === 'key') return entry?.keySpan;
  const node = nodeAt(root, keys);
  if (node === undefined) return undefined;
  // A key without a value has a place only as a key.
  return entry !== undefined && node.span.end === node.span.start ? entry.keySpan : node.span;
}
