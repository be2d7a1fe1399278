/** Files that an eval file refers to by `file://`, each read once; what is wrong with one is reported at its reference. */
import { resolve } from 'node:path';
import { parse } from 'yaml';
import type { CodePlan, Json, Message } from '../../protocol/plan';
import { TextLines, withoutBom } from '../spec/lines';
import { assertionType, type AssertionValueKind } from '../spec/schema-assertion';
import { childPointer } from '../spec/pointer';
import type { EvalSpec } from '../spec/schema';
import { assertionsOf, located } from '../spec/spec-lists';
import { messageOf } from '../util/errors';
import type { LocatedCase } from './plan-cases';
import type { PlanProblems } from './plan-problems';
import { assertionsOfCase, everyAssertion } from './plan-walk';

export type ReadFile = (path: string) => Promise<string | Uint8Array>;

/** A file, or a text of the eval file itself, that templates stand in. */
export interface TextSource {
  text: string;
  /** JSON pointer of the text, or of the reference to its file, in the eval file. */
  pointer: string;
  /** Set where the text is a file's. */
  file?: { path: string; lines: TextLines };
}

const MAX_REFERENCED_BYTES = 5 * 1024 * 1024;
const ROLES: readonly string[] = ['system', 'developer', 'user', 'assistant', 'tool'];

export function isFileReference(text: unknown): text is string {
  return typeof text === 'string' && text.startsWith('file://');
}

/** The file behind a reference to code, and the export that `:name` behind its extension picks; null for no JavaScript. */
export function codeReference(reference: string): { file: string; exportName?: string } | null {
  const match = /^file:\/\/(.+\.[cm]?js)(?::([A-Za-z_$][\w$.]*))?$/i.exec(reference);
  if (match?.[1] === undefined) return null;
  return { file: match[1], ...(match[2] === undefined ? {} : { exportName: match[2] }) };
}

export class ReferencedFiles {
  private readonly texts = new Map<string, Promise<string | Error>>();
  /** What `texts` came to, for those that wait no longer. */
  private readonly settled = new Map<string, string | Error>();
  private readonly lines = new Map<string, TextLines>();
  private readonly parsed = new Map<string, { data: Json } | { reason: string }>();

  constructor(
    private readonly baseDir: string,
    private readonly readFile: ReadFile,
    private readonly problems: PlanProblems,
  ) {}

  /** The text behind a reference; undefined, with a diagnostic, where it cannot be read. */
  async read(reference: string, pointer: string): Promise<TextSource | undefined> {
    const path = this.pathOf(reference);
    const pending = this.texts.get(path) ?? this.load(path);
    this.texts.set(path, pending);
    this.settled.set(path, await pending);
    return this.source(reference, pointer);
  }

  /** As `read`, for what `loadCases` has read. */
  source(reference: string, pointer: string): TextSource | undefined {
    const path = this.pathOf(reference);
    const text = this.settled.get(path);
    if (typeof text === 'string') return { text, pointer, file: { path, lines: this.linesOf(path, text) } };
    // Not read at all: of a case that is skipped, or with an error that has been reported.
    if (text === undefined) return undefined;
    const missing = (text as NodeJS.ErrnoException).code === 'ENOENT';
    this.problems.at(
      missing ? 'missing-file' : 'unreadable-file',
      missing
        ? `There is no file ${path}; the path is relative to the folder of this file.`
        : `${path} could not be read: ${text.message}.`,
      pointer,
    );
    return undefined;
  }

  private pathOf(reference: string): string {
    return resolve(this.baseDir, reference.replace(/^file:\/\//, ''));
  }

  private linesOf(path: string, text: string): TextLines {
    const lines = this.lines.get(path) ?? new TextLines(text);
    this.lines.set(path, lines);
    return lines;
  }

  private async load(path: string): Promise<string | Error> {
    try {
      const content = await this.readFile(path);
      if (content.length > MAX_REFERENCED_BYTES)
        return new Error(`it is larger than ${MAX_REFERENCED_BYTES / 1024 / 1024} MB`);
      return withoutBom(typeof content === 'string' ? content : new TextDecoder('utf-8').decode(content));
    } catch (error) {
      return error instanceof Error ? error : new Error(messageOf(error));
    }
  }

  /** JSON or YAML behind a reference that has been read. */
  data(reference: string, pointer: string): Json | undefined {
    const source = this.source(reference, pointer);
    if (source === undefined) return undefined;
    const path = this.pathOf(reference);
    const parsed = this.parsed.get(path) ?? parseData(source.text);
    this.parsed.set(path, parsed);
    if ('data' in parsed) return parsed.data;
    this.problems.at('bad-file', `${path} is neither JSON nor YAML: ${parsed.reason}`, pointer);
    return undefined;
  }

  /**
   * What an assertion of the given kind is held against, where its value is a reference: data of JSON and YAML files where
   * the assertion takes data, a template where it takes a text. Undefined, with a diagnostic, where there is no such thing.
   */
  value(
    reference: string,
    kind: AssertionValueKind | undefined,
    pointer: string,
  ): { data: Json } | TextSource | undefined {
    const isData = /\.(?:json|ya?ml)$/i.test(reference);
    switch (kind) {
      case 'schema':
      case 'words':
        return this.wrapped(this.data(reference, pointer));
      case 'texts':
        return this.list(reference, isData, pointer);
      case 'any':
      case 'optional':
      case 'elements':
      case 'sql':
      case 'call':
      case 'reasons':
      case 'similarity':
        return isData ? this.wrapped(this.data(reference, pointer)) : this.trimmed(reference, pointer);
      default:
        return this.trimmed(reference, pointer);
    }
  }

  private wrapped(data: Json | undefined): { data: Json } | undefined {
    return data === undefined ? undefined : { data };
  }

  /** Editors end a file with a line end, which no answer has to contain. */
  private trimmed(reference: string, pointer: string): TextSource | undefined {
    const source = this.source(reference, pointer);
    return source === undefined ? undefined : { ...source, text: source.text.trimEnd() };
  }

  /** The texts of a list, or of a file with one on each line. */
  private list(reference: string, isData: boolean, pointer: string): { data: Json } | undefined {
    if (!isData) {
      const source = this.source(reference, pointer);
      if (source === undefined) return undefined;
      const texts = source.text.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '');
      if (texts.length > 0) return { data: texts };
      this.problems.at('bad-file', `${this.pathOf(reference)} is empty: it must hold one text on each line.`, pointer);
      return undefined;
    }
    const data = this.data(reference, pointer);
    if (data === undefined) return undefined;
    if (Array.isArray(data) && data.length > 0 && data.every((item) => item === null || typeof item !== 'object'))
      return { data };
    this.problems.at('bad-file', `${this.pathOf(reference)} must hold a list of texts.`, pointer);
    return undefined;
  }

  /** Code in place, or of a JavaScript file with the export that is called; undefined, with a diagnostic, where there is none. */
  code(text: string, pointer: string): CodePlan | undefined {
    if (!isFileReference(text)) return { source: text };
    const reference = this.codeFile(text, pointer);
    if (reference === null) return undefined;
    const source = this.source(`file://${reference.file}`, pointer);
    return source === undefined ? undefined : { source: source.text, ...reference };
  }

  private codeFile(text: string, pointer: string): ReturnType<typeof codeReference> {
    const reference = codeReference(text);
    if (reference === null) {
      const message = `"${text}" is no JavaScript file: name a .js, .mjs or .cjs file, and behind it ":name" for one of its exports.`;
      this.problems.at('bad-code-file', message, pointer);
    }
    return reference;
  }

  /** The messages of a prompt file in JSON or YAML; undefined where it holds something else, which then is plain text. */
  messagesIn(source: TextSource): Message[] | undefined {
    if (!/\.(?:json|ya?ml)$/i.test(source.file?.path ?? '')) return undefined;
    const parsed = parseData(source.text);
    // A text template may well end in .json without being JSON, such as one with {% for %} in it.
    if (!('data' in parsed)) return undefined;
    const data: unknown = parsed.data;
    if (!Array.isArray(data) || !data.every(isMessage)) return undefined;
    return data.map(({ role, content }) => ({ role, content }));
  }

  /** Reads what messages, turns, code and assertions of cases refer to, so that planning a target needs no more files. */
  async loadCases(spec: EvalSpec, cases: readonly LocatedCase[]): Promise<void> {
    const jobs = new Map<string, Promise<unknown>>();
    const want = (reference: unknown, pointer: string): void => {
      if (!isFileReference(reference)) return;
      const key = `${reference}\n${pointer}`;
      if (!jobs.has(key)) jobs.set(key, this.read(reference, pointer));
    };
    const wantCode = (text: unknown, pointer: string): void => {
      if (!isFileReference(text)) return;
      const reference = this.codeFile(text, pointer);
      if (reference !== null) want(`file://${reference.file}`, pointer);
    };
    const lists = [assertionsOf(spec.assert, '/assert')];
    for (const { value, pointer } of cases) {
      if (isSkipped(value.skip)) continue;
      lists.push(assertionsOfCase(value, pointer));
      wantCode(value.transform, `${pointer}/transform`);
      for (const message of located(value.messages, `${pointer}/messages`))
        want(message.value.content, `${message.pointer}/content`);
      for (const turn of located(value.turns, `${pointer}/turns`)) want(turn.value.user, `${turn.pointer}/user`);
    }
    for (const { assertion, pointer } of lists.flatMap((list) => [...everyAssertion(list)])) {
      const at = childPointer(pointer, assertion.valueKey);
      if (assertion.type === 'javascript') wantCode(assertion.value, at);
      else if (assertionType(assertion.type)?.value !== 'none') want(assertion.value, at);
      wantCode(assertion.transform, `${pointer}/transform`);
    }
    await Promise.all(jobs.values());
  }
}

function parseData(text: string): { data: Json } | { reason: string } {
  try {
    // 'silent' would also keep errors silent, and give what little could be read.
    return { data: parse(text, { merge: true, maxAliasCount: 1000, logLevel: 'error' }) as Json };
  } catch (error) {
    return { reason: messageOf(error).split('\n')[0] ?? '' };
  }
}

export function isSkipped(skip: string | boolean | undefined): boolean {
  return skip !== undefined && skip !== false;
}

function isMessage(value: unknown): value is Message {
  if (value === null || typeof value !== 'object') return false;
  const { role, content } = value as { role?: unknown; content?: unknown };
  return typeof role === 'string' && ROLES.includes(role) && typeof content === 'string';
}
