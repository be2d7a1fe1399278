/** An imported file as a document: what the editor shows of it, and what a run makes of it. */
import type { Diagnostic, EvalOutline, FileKind } from '../document';
import { hashNode } from '../node-hash';
import { digest, UniqueIds } from '../naming';
import { buildOutline } from '../outline';
import type { EvalDocument } from '../parse';
import { pointerKeys } from '../pointer';
import { spanInScalar } from '../scalar-map';
import { toPlain, type MapEntry, type Span, type TreeNode } from '../tree';
import type { Converted } from './converted';
import type { ForeignContext } from './cursor';
import { ForeignFiles } from './files';
import { convertGitHubModels } from './github/prompt-file';
import { keysOf, keyedNodeAt, toSpec } from './native';
import { ForeignProblems } from './problems';
import { convertPromptfoo } from './promptfoo/config';
import type { SourceFile } from './source';
import type { ForeignIo, LoadedForeign } from './types';

export type ForeignKind = Extract<FileKind, 'promptfoo' | 'github-models'>;

export interface ForeignText {
  kind: ForeignKind;
  file: SourceFile;
  sha256: string;
  root: TreeNode | null;
  /** What the YAML parser found. */
  diagnostics: Diagnostic[];
  /** Whether the tree is not to be trusted. */
  broken: boolean;
  /** Shown where the file has no name. */
  fallbackName: string;
}

/** The document of an imported file. Never throws, whatever the text. */
export function foreignDocument(text: ForeignText): EvalDocument {
  const files = new ForeignFiles();
  const known = converted(text, files);
  const document = documentOf(text, known.result, known.problems);
  if (document.spec === null) return document;
  const { idle } = known.result;
  return {
    ...document,
    foreign: {
      ...(idle === undefined ? {} : { idle }),
      load: (io) => loaded(text, document, io),
    },
  };
}

async function loaded(text: ForeignText, before: EvalDocument, io: ForeignIo): Promise<LoadedForeign> {
  const files = new ForeignFiles();
  const { result, problems } = await files.settle(io, () => converted(text, files, io.env ?? {}));
  const document = documentOf(text, result, problems);
  const said = new Set(before.diagnostics.map(identity));
  return { document, diagnostics: document.diagnostics.filter((diagnostic) => !said.has(identity(diagnostic))) };
}

function identity({ code, message, path, range }: Diagnostic): string {
  return JSON.stringify([code, message, path, range.start]);
}

/** What a text amounts to as far as is known, for the command that writes it down. */
export function converted(
  text: ForeignText,
  files: ForeignFiles,
  env?: ForeignContext['env'],
): { result: Converted; problems: ForeignProblems } {
  const problems = new ForeignProblems(text.file);
  const context: ForeignContext = {
    main: text.file,
    root: text.root,
    files,
    problems,
    ...(env === undefined ? {} : { env }),
  };
  const result = text.kind === 'promptfoo' ? convertPromptfoo(context) : convertGitHubModels(context);
  return { result, problems };
}

export function documentOf(text: ForeignText, result: Converted, problems: ForeignProblems): EvalDocument {
  const { file, kind, sha256, broken } = text;
  const { root } = result;
  const { lines } = file;
  const usable = broken ? null : root;
  return {
    path: file.path,
    kind,
    sha256,
    root: text.root,
    spec: usable === null ? null : toSpec(usable),
    // After a syntax error the rest is a guess: good enough for an outline, too uncertain to find fault with.
    diagnostics: broken ? text.diagnostics : [...text.diagnostics, ...problems.diagnostics],
    outline: outlineOf(text, result),
    rangeOf: (pointer, part) => {
      const span = spanOf(root, pointer, part);
      return span === undefined ? undefined : lines.range(span.start, span.end);
    },
    rangeWithin: (pointer, offset, length) => {
      const node = keyedNodeAt(root, pointerKeys(pointer));
      if (node?.kind !== 'scalar' || !standsInFile(node, file)) return undefined;
      const span = spanInScalar(node, file.text, offset, length);
      return lines.range(span.start, span.end);
    },
    nodeHash: (pointer) => hashAt(root, pointer) ?? hashAt(root, withoutNumber(pointer)),
    ...(result.hints === undefined ? {} : { hints: result.hints }),
  };
}

/** Whether a scalar is written where it stands, rather than made by the importer for the place. */
function standsInFile({ value, span }: { value: unknown; span: Span }, { text }: SourceFile): boolean {
  if (typeof value !== 'string') return false;
  const first = /\S+/.exec(value)?.[0] ?? '';
  return text.slice(span.start, span.end).includes(first.replace(/['"\\].*$/s, ''));
}

/** A case that stems from the same place as others has a number, which that place itself does not. */
function withoutNumber(pointer: string): string {
  return pointer.replace(/#\d+(?:#\d+)*(?=\/|$)/, '');
}

function spanOf(root: TreeNode | null, pointer: string, part: 'key' | 'value' | undefined): Span | undefined {
  for (const written of [pointer, withoutNumber(pointer)]) {
    const keys = pointerKeys(written);
    const last = keys.at(-1);
    const parent = last === undefined ? undefined : keyedNodeAt(root, keys.slice(0, -1));
    const entry: MapEntry | undefined =
      parent?.kind === 'map' && last !== undefined ? parent.entries.get(last) : undefined;
    const node = keyedNodeAt(root, keys);
    if (node === undefined) continue;
    if (part === 'key') return entry?.keySpan;
    return entry !== undefined && node.span.end === node.span.start ? entry.keySpan : node.span;
  }
  return undefined;
}

function hashAt(root: TreeNode | null, pointer: string): string | undefined {
  const indexes = indexPointer(root, pointerKeys(pointer));
  if (indexes !== undefined) return hashNode(root, indexes);
  const node = keyedNodeAt(root, pointerKeys(pointer));
  return node === undefined ? undefined : digest(toPlain(node));
}

/** A pointer with the indexes of lists in place of their keys. */
function indexPointer(root: TreeNode | null, keys: readonly string[]): string | undefined {
  let node: TreeNode | undefined = root ?? undefined;
  let pointer = '';
  for (const key of keys) {
    if (node?.kind === 'map') node = node.entries.get(key)?.node;
    else if (node?.kind === 'list') {
      const index: number = keysOf(node).indexOf(key);
      node = node.items[index];
      pointer += `/${index}`;
      if (node === undefined) return undefined;
      continue;
    } else return undefined;
    if (node === undefined) return undefined;
    pointer += `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  }
  return pointer;
}

function outlineOf({ file, fallbackName }: ForeignText, { root, names, nameSpan }: Converted): EvalOutline {
  const { lines } = file;
  const outline = buildOutline(root, lines, fallbackName);
  const cases = root?.kind === 'map' ? root.entries.get('cases')?.node : undefined;
  const caseKeys = cases?.kind === 'list' ? keysOf(cases) : [];
  const ids = new UniqueIds();
  return {
    ...outline,
    nameRange: nameSpan === undefined ? lines.range(0, lines.lineEnd(0)) : lines.range(nameSpan.start, nameSpan.end),
    cases: outline.cases.map((item, index) => {
      const pointer = `/cases/${caseKeys[index] ?? index}`;
      const named = names[index] ?? { name: item.name, id: item.id };
      const list = keyedNodeAt(root, [...pointerKeys(pointer), 'assert']);
      const keys = list?.kind === 'list' ? keysOf(list) : [];
      return {
        ...item,
        pointer,
        name: named.name,
        id: ids.take(named.id),
        assertions: item.assertions.map((assertion, at) => ({
          ...assertion,
          pointer: `${pointer}/assert/${keys[at] ?? at}`,
        })),
      };
    }),
  };
}
