/** `file://` references of imported files. Paths are relative to the folder of the imported file, wherever the reference stands. */
import { dirname, isAbsolute, resolve } from 'node:path';
import type { Json } from '../../../protocol/plan';
import { Cursor, type ForeignContext } from './cursor';
import { parseTree, plainNode, type SourceFile } from './source';

const CODE = /\.(?:[cm]?[jt]sx?)$/i;

export interface FileReference {
  /** Absolute. */
  path: string;
  /** `file://checks.js:name`: the function that is called. */
  functionName?: string;
  kind:
    | 'javascript'
    | 'typescript'
    | 'python'
    | 'ruby'
    | 'go'
    | 'json'
    | 'yaml'
    | 'csv'
    | 'jsonl'
    | 'sheet'
    | 'media'
    | 'text';
}

export function isFileUrl(text: string): boolean {
  return text.startsWith('file://');
}

export function parseReference(text: string, { main }: Pick<ForeignContext, 'main'>): FileReference {
  const bare = text.replace(/^file:\/\//, '');
  const split = /^(.*\.(?:[cm]?[jt]sx?|py|rb|go)):(\w+)$/is.exec(bare);
  const written = split?.[1] ?? bare;
  const path = isAbsolute(written) ? written : resolve(dirname(main.path), written);
  return { path, kind: kindOf(written), ...(split?.[2] === undefined ? {} : { functionName: split[2] }) };
}

function kindOf(path: string): FileReference['kind'] {
  if (/\.[cm]?tsx?$/i.test(path)) return 'typescript';
  if (CODE.test(path)) return 'javascript';
  const extension = /\.([a-z0-9]+)(?:#.*)?$/i.exec(path)?.[1]?.toLowerCase() ?? '';
  switch (extension) {
    case 'py':
      return 'python';
    case 'rb':
      return 'ruby';
    case 'go':
      return 'go';
    case 'json':
    case 'csv':
    case 'jsonl':
      return extension;
    case 'yaml':
    case 'yml':
      return 'yaml';
    case 'xls':
    case 'xlsx':
      return 'sheet';
    case 'png':
    case 'jpg':
    case 'jpeg':
    case 'gif':
    case 'webp':
    case 'bmp':
    case 'svg':
    case 'mp3':
    case 'wav':
    case 'mp4':
    case 'pdf':
      return 'media';
    default:
      return 'text';
  }
}

/** Whether a path is a pattern for several files. */
export function isGlob(path: string): boolean {
  return /[*?[\]{}]/.test(path);
}

export type Read<T> = { state: 'read'; value: T } | { state: 'pending' } | { state: 'failed' };

/** The file behind a reference; a problem with it is reported at the reference. */
export function readFile(reference: Cursor, path: string): Read<SourceFile> {
  const { files, problems } = reference.context;
  const found = files.read(path);
  if (found === undefined) return { state: 'pending' };
  if (found.kind === 'file') return { state: 'read', value: found.file };
  if (found.kind === 'missing')
    problems.error(
      'missing-file',
      `There is no file ${path}; the path is relative to the folder of the imported file.`,
      reference.place,
    );
  else problems.error('unreadable-file', `${path} could not be read: ${found.reason}.`, reference.place);
  return { state: 'failed' };
}

/** JSON or YAML behind a reference. What is wrong with its syntax is reported in that file. */
export function readData(reference: Cursor, path: string): Read<Cursor> {
  const read = readFile(reference, path);
  return read.state === 'read' ? dataOf(reference, read.value) : read;
}

export function dataOf(reference: Cursor, file: SourceFile): Read<Cursor> {
  const parsed = parseTree(file);
  if (!parsed.ok) {
    reference.context.problems.error('bad-file', `${file.path} is neither JSON nor YAML: ${parsed.reason}`, {
      file,
      span: parsed.span,
    });
    return { state: 'failed' };
  }
  const root = parsed.root ?? plainNode(null, { start: 0, end: 0 });
  return { state: 'read', value: Cursor.ofFile(reference, root, file, root) };
}

/** The objects of JSON lines, each at its line. A line that is none is reported there and left out. */
export function linesOf(reference: Cursor, file: SourceFile): Cursor[] {
  const rows: Cursor[] = [];
  for (const line of nonEmptyLines(file)) {
    let data: Json;
    try {
      data = JSON.parse(line.text) as Json;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      reference.context.problems.error('bad-row', `This line is not JSON: ${reason}.`, { file, span: line.span });
      continue;
    }
    const node = plainNode(data, line.span);
    rows.push(Cursor.ofFile(reference, node, file, node));
  }
  return rows;
}

export function nonEmptyLines(file: SourceFile): { text: string; span: { start: number; end: number } }[] {
  const lines: { text: string; span: { start: number; end: number } }[] = [];
  let start = 0;
  for (const text of file.text.split('\n')) {
    const trimmed = text.trim();
    if (trimmed !== '') {
      const from = start + text.indexOf(trimmed);
      lines.push({ text: trimmed, span: { start: from, end: from + trimmed.length } });
    }
    start += text.length + 1;
  }
  return lines;
}

/** Why code of a language is not run; undefined for JavaScript, which is. */
export function codeReason(kind: FileReference['kind']): string | undefined {
  switch (kind) {
    case 'python':
      return 'Python code is not run here';
    case 'ruby':
      return 'Ruby code is not run here';
    case 'go':
      return 'Go code is not run here';
    case 'typescript':
      return 'TypeScript is not run here; compile it to JavaScript';
    default:
      return undefined;
  }
}
