/** Files that an eval file refers to by `file://`, each read once; what is wrong with one is reported at its reference. */
import { resolve } from 'node:path';
import { parse } from 'yaml';
import type { Json, Message } from '../../protocol/plan';
import { normalizeAssertion } from '../spec/assertions';
import { TextLines, withoutBom } from '../spec/lines';
import { assertionType } from '../spec/schema-assertion';
import { childPointer } from '../spec/pointer';
import type { EvalSpec } from '../spec/schema';
import { assertionsOf, located } from '../spec/spec-lists';
import { messageOf } from '../util/errors';
import type { LocatedCase } from './plan-cases';
import type { PlanProblems } from './plan-problems';

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

export function isFileReference(text: string): boolean {
  return text.startsWith('file://');
}

export class ReferencedFiles {
  private readonly texts = new Map<string, Promise<string | Error>>();
  /** Schemas and other data that assertions refer to, by the pointer of the reference. */
  readonly data = new Map<string, Json>();
  /** Texts of messages, by the pointer of the reference. */
  readonly sources = new Map<string, TextSource>();

  constructor(
    private readonly baseDir: string,
    private readonly readFile: ReadFile,
    private readonly problems: PlanProblems,
  ) {}

  /** The text behind a reference; undefined, with a diagnostic, where it cannot be read. */
  async read(reference: string, pointer: string): Promise<TextSource | undefined> {
    const path = resolve(this.baseDir, reference.slice('file://'.length));
    const pending = this.texts.get(path) ?? this.load(path);
    this.texts.set(path, pending);
    const text = await pending;
    if (typeof text === 'string') return { text, pointer, file: { path, lines: new TextLines(text) } };
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

  /** JSON or YAML behind a reference. */
  async readData(reference: string, pointer: string): Promise<Json | undefined> {
    const source = await this.read(reference, pointer);
    return source === undefined ? undefined : this.parseData(source);
  }

  parseData(source: TextSource): Json | undefined {
    try {
      return parse(source.text, { merge: true, maxAliasCount: 1000, logLevel: 'silent' }) as Json;
    } catch (error) {
      const reason = messageOf(error).split('\n')[0] ?? '';
      this.problems.at(
        'bad-file',
        `${source.file?.path ?? 'The file'} is neither JSON nor YAML: ${reason}`,
        source.pointer,
      );
      return undefined;
    }
  }

  /** The messages of a prompt file in JSON or YAML; undefined where it holds something else, which then is plain text. */
  messagesIn(source: TextSource): Message[] | undefined {
    if (!/\.(?:json|ya?ml)$/i.test(source.file?.path ?? '')) return undefined;
    let data: unknown;
    try {
      data = parse(source.text, { merge: true, maxAliasCount: 1000, logLevel: 'silent' });
    } catch {
      // A text template may well end in .json without being JSON, such as one with {% for %} in it.
      return undefined;
    }
    if (!Array.isArray(data) || !data.every(isMessage)) return undefined;
    return data.map(({ role, content }) => ({ role, content }));
  }

  /** Reads what messages and assertions of cases refer to, so that planning a target needs no more files. */
  async loadCases(spec: EvalSpec, cases: readonly LocatedCase[]): Promise<void> {
    const jobs: Promise<void>[] = [];
    const schema = (reference: string, pointer: string) =>
      jobs.push(
        this.readData(reference, pointer).then((data) => {
          if (data !== undefined) this.data.set(pointer, data);
        }),
      );
    const lists = [
      assertionsOf(spec.assert, '/assert'),
      ...cases
        .filter(({ value }) => !isSkipped(value.skip))
        .map(({ value, pointer }) => assertionsOf(value.assert, `${pointer}/assert`)),
    ];
    for (const { value, pointer } of lists.flat()) {
      const assertion = normalizeAssertion(value);
      if (assertionType(assertion.type)?.value !== 'schema') continue;
      if (typeof assertion.value === 'string' && isFileReference(assertion.value))
        schema(assertion.value, childPointer(pointer, assertion.valueKey));
    }
    for (const { value, pointer } of cases) {
      for (const message of located(value.messages, `${pointer}/messages`)) {
        const at = `${message.pointer}/content`;
        if (!isFileReference(message.value.content)) continue;
        jobs.push(
          this.read(message.value.content, at).then((source) => {
            if (source !== undefined) this.sources.set(at, source);
          }),
        );
      }
    }
    await Promise.all(jobs);
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
