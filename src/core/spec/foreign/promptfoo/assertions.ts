/** Assertions of promptfoo, one by one: what each becomes, and why some are not run. */
import { parse } from 'yaml';
import type { Json } from '../../../../protocol/plan';
import { assertionType, splitNegation } from '../../schema-assertion';
import type { ForeignAssertion } from '../assertion';
import type { Cursor } from '../cursor';
import type { FileEnvironment } from '../env-templates';
import { codeReason, isFileUrl, parseReference, readData, readFile } from '../references';
import { plainNode } from '../source';
import { mayBeEmpty } from '../may-be-empty';
import { DEFAULT_THRESHOLDS, GRADED, mapType } from './assertion-types';
import { Graders } from './graders';
import { parseShorthand, splitList } from './shorthand';

/** What a test says about all of its assertions. */
export interface AssertionScope {
  grader?: Cursor;
  rubricPrompt?: Cursor;
}

const KEYS: ReadonlySet<string> = new Set([
  ...['type', 'value', 'threshold', 'weight', 'metric', 'transform', 'contextTransform', 'provider', 'rubricPrompt'],
  ...['config', 'assert', '$ref'],
]);

type Value =
  | { kind: 'value'; value?: Json; isWritten?: boolean }
  | { kind: 'skip'; reason: string }
  | { kind: 'error'; code: string; message: string };

export class AssertionReader {
  constructor(
    private readonly graders: Graders,
    private readonly env: FileEnvironment,
  ) {}

  readList(list: Cursor | undefined, scope: AssertionScope): ForeignAssertion[] {
    if (list === undefined) return [];
    const { problems } = list.context;
    const { text } = list;
    if (text !== undefined && isFileUrl(text)) {
      const { path } = parseReference(text, list.context);
      const read = readData(list, path);
      return read.state === 'read' ? this.readList(read.value, scope) : [];
    }
    if (list.node.kind !== 'list') {
      problems.error('wrong-type', '"assert" must be a list of assertions such as "- type: contains".', list.place);
      return [];
    }
    return list.items.map((item) => this.read(item, scope));
  }

  private read(item: Cursor, scope: AssertionScope): ForeignAssertion {
    const { problems } = item.context;
    const { text } = item;
    const cursor = text === undefined ? item : item.replaced(plainNode(parseShorthand(text), item.node.span));
    if (cursor.isUnresolved) return this.skipped(item, 'assertion', 'its template is not there');
    const type = cursor.get('type')?.text;
    if (type === undefined) {
      const message = 'An assertion is a map with a "type", such as "type: contains".';
      problems.error('wrong-type', message, item.place);
      return this.skipped(item, 'assertion', 'it has no type');
    }
    const { type: base, negate } = splitNegation(type);
    const mapped = mapType(base);
    if ('skip' in mapped) return this.skip(cursor, type, mapped.skip);
    const native = (negate ? 'not-' : '') + mapped.type;
    if (cursor.get('contextTransform') !== undefined)
      return this.skip(
        cursor,
        type,
        'code takes its context out of the answer ("contextTransform"), which has no counterpart',
      );
    const transform = cursor.get('transform');
    const code = transform === undefined ? undefined : codeOf(transform);
    if (code !== undefined && 'reason' in code)
      return this.skip(cursor, type, `its transform is not run: ${code.reason}`);
    for (const [key, value] of cursor.entries)
      if (!KEYS.has(key))
        problems.ignored(`"${key}" of an assertion has no counterpart and no effect.`, value.keyPlace);

    const rubric = this.rubricPrompt(cursor.get('rubricPrompt') ?? scope.rubricPrompt);
    if (rubric !== undefined && 'reason' in rubric && GRADED.has(mapped.type))
      return this.skip(cursor, type, rubric.reason);
    const rubricPrompt = rubric !== undefined && 'text' in rubric && GRADED.has(mapped.type) ? rubric.text : undefined;
    const value = this.value(cursor, mapped.type, rubricPrompt);
    if (value.kind === 'skip') return this.skip(cursor, type, value.reason);
    if (value.kind === 'error') {
      problems.error(value.code, `"${type}": ${value.message}`, (cursor.get('value') ?? cursor).place);
      return this.skipped(cursor, type, value.message);
    }
    const weight = cursor.get('weight')?.number;
    const threshold = cursor.get('threshold')?.number ?? DEFAULT_THRESHOLDS[mapped.type];
    const name = cursor.get('metric')?.word;
    const result: ForeignAssertion = {
      span: cursor.mainSpan,
      type: native,
      ...(value.value === undefined ? {} : { value: value.value }),
      ...(value.isWritten === true ? { node: (cursor.get('value') ?? cursor).native } : {}),
      ...(threshold === undefined ? {} : { threshold }),
      ...(weight === undefined ? {} : { weight: Math.max(0, weight) }),
      ...(name === undefined ? {} : { name }),
      // What weighs nothing passes there whatever it finds: it only tells.
      ...(weight === 0 ? { severity: 'info' as const } : {}),
      ...(code === undefined ? {} : { transform: code.text }),
      ...(rubricPrompt === undefined ? {} : { rubricPrompt }),
      isGraded: GRADED.has(mapped.type) || mapped.type === 'similar',
    };
    const config = cursor.get('config');
    if (config !== undefined) result.config = config.plain;
    if (mapped.type === 'assert-set') result.members = this.readList(cursor.get('assert'), scope);
    if (result.isGraded) {
      const grader = this.graders.of(
        cursor.get('provider') ?? scope.grader,
        mapped.type === 'similar' ? 'embedding' : 'text',
      );
      if (grader?.kind === 'refused') return this.skip(cursor, type, grader.reason);
      if (grader?.kind === 'judge') result.judge = grader.endpoint;
    }
    return result;
  }

  private skip(cursor: Cursor, type: string, reason: string): ForeignAssertion {
    cursor.context.problems.skipped(`"${type}" is not run: ${reason}.`, cursor.place);
    return this.skipped(cursor, type, reason);
  }

  private skipped(cursor: Cursor, type: string, skip: string): ForeignAssertion {
    const name = cursor.get('metric')?.word;
    const value = cursor.get('value')?.plain;
    // A file that is not used need not be there.
    const shown = value === undefined || (typeof value === 'string' && isFileUrl(value)) ? {} : { value };
    const weight = cursor.get('weight')?.number;
    return {
      span: cursor.mainSpan,
      type,
      ...shown,
      ...(weight === undefined ? {} : { weight: Math.max(0, weight) }),
      ...(name === undefined ? {} : { name }),
      skip,
      isGraded: false,
    };
  }

  private rubricPrompt(prompt: Cursor | undefined): { text: string } | { reason: string } | undefined {
    if (prompt === undefined) return undefined;
    const { text } = prompt;
    if (text === undefined) return { text: JSON.stringify(prompt.plain) };
    if (!isFileUrl(text)) return { text };
    const { path, kind } = parseReference(text, prompt.context);
    const reason = codeReason(kind) ?? (kind === 'javascript' ? 'code makes no grading prompts here' : undefined);
    if (reason !== undefined) return { reason };
    if (kind === 'json' || kind === 'yaml') {
      const read = readData(prompt, path);
      return read.state === 'read' ? { text: read.value.text ?? JSON.stringify(read.value.plain) } : undefined;
    }
    const read = readFile(prompt, path);
    return read.state === 'read' ? { text: read.value.text } : undefined;
  }

  /** The value of an assertion in the form that the native type has. */
  private value(cursor: Cursor, type: string, rubricPrompt: string | undefined): Value {
    const written = cursor.get('value');
    const kind = assertionType(type)?.value;
    if (kind === 'group')
      return cursor.get('assert')?.node.kind === 'list'
        ? { kind: 'value' }
        : { kind: 'error', code: 'missing-value', message: 'a set needs a list "assert"' };
    if (kind === 'none') return { kind: 'value' };
    if (kind === 'limit-ms' || kind === 'limit-usd' || kind === 'limit-count')
      return cursor.get('threshold')?.number === undefined
        ? { kind: 'error', code: 'missing-value', message: 'it needs a "threshold", which is the limit' }
        : { kind: 'value' };
    if (written === undefined) {
      if (mayBeEmpty(type)) return { kind: 'value' };
      if (rubricPrompt !== undefined) return { kind: 'value', value: rubricPrompt };
      return { kind: 'error', code: 'missing-value', message: 'it needs a "value"' };
    }
    if (type === 'javascript') return javascriptValue(written);
    const loaded = this.loaded(written, kind === 'schema');
    if (loaded.kind !== 'value') return loaded;
    const { value } = loaded;
    if (value === undefined) return { kind: 'value' };
    switch (kind) {
      case 'text':
      case 'reference': {
        if (value !== null && typeof value === 'object') {
          if (!GRADED.has(type)) return { kind: 'error', code: 'wrong-type', message: 'its value must be a text' };
          return { kind: 'value', value: JSON.stringify(value) };
        }
        return loaded;
      }
      case 'texts':
        return textsValue(value, loaded);
      case 'pattern': {
        if (typeof value !== 'string')
          return { kind: 'error', code: 'wrong-type', message: 'its value must be a regular expression' };
        return patternFault(value) ?? loaded;
      }
      case 'words':
        return typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))
          ? { kind: 'value', value: Number(value) }
          : loaded;
      case 'schema':
        return typeof value === 'string' && !isFileUrl(value) ? schemaText(value) : loaded;
      default:
        return loaded;
    }
  }

  /** The value with the files in it that it names, and with what it takes from the block `env`. */
  private loaded(written: Cursor, isSchema: boolean): Value {
    const { text } = written;
    if (text !== undefined && isFileUrl(text)) return fileValue(written, text, isSchema);
    if (text !== undefined && /^package:/.test(text))
      return { kind: 'skip', reason: 'its value is made by code of a package' };
    if (text !== undefined) {
      const filled = this.env.fill(text);
      if (!filled.ok)
        return {
          kind: 'skip',
          reason: `it reads the environment variable ${filled.variable}, which would end up in the results`,
        };
      return { kind: 'value', value: filled.text, isWritten: filled.text === text };
    }
    if (written.node.kind !== 'list') return { kind: 'value', value: written.plain, isWritten: true };
    const items: Json[] = [];
    for (const item of written.items) {
      const each = item.text !== undefined && isFileUrl(item.text) ? fileValue(item, item.text, false) : undefined;
      if (each !== undefined && each.kind !== 'value') return each;
      items.push(each === undefined ? item.plain : (each.value ?? null));
    }
    return { kind: 'value', value: items };
  }
}

function fileValue(reference: Cursor, text: string, isSchema: boolean): Value {
  const { path, kind } = parseReference(text, reference.context);
  const code = codeReason(kind) ?? (kind === 'javascript' ? 'code makes no values here' : undefined);
  if (code !== undefined) return { kind: 'skip', reason: `its value is computed: ${code}` };
  // The planner reads schemas itself, and says where they are wrong.
  if (isSchema && (kind === 'json' || kind === 'yaml')) return { kind: 'value', value: text };
  if (kind === 'json' || kind === 'yaml') {
    const read = readData(reference, path);
    return read.state === 'read' ? { kind: 'value', value: read.value.plain } : { kind: 'value', value: text };
  }
  const read = readFile(reference, path);
  return read.state === 'read' ? { kind: 'value', value: read.value.text.trim() } : { kind: 'value', value: text };
}

/** Code as one expression or one function body; promptfoo returns the last expression of a line that declares names first. */
function javascriptValue(written: Cursor): Value {
  const { text } = written;
  if (text === undefined) return { kind: 'error', code: 'wrong-type', message: 'its value must be code' };
  if (/^package:/.test(text)) return { kind: 'skip', reason: 'code of a package is not run here' };
  const code = codeOf(written);
  if ('reason' in code) return { kind: 'skip', reason: code.reason };
  if (isFileUrl(text)) return { kind: 'value', value: code.text };
  const trimmed = text.trimEnd();
  if (trimmed.includes('\n')) return { kind: 'value', value: trimmed };
  const line = trimmed.trim().replace(/;+\s*$/, '');
  const declared = /^(?:const|let|var)\s/.test(line) ? lastStatement(line) : undefined;
  const value = declared === undefined ? line : `${line.slice(0, declared)} return ${line.slice(declared).trim()}`;
  return { kind: 'value', value, isWritten: value === text };
}

/** Where the last statement of a line starts; undefined where there is only one. */
function lastStatement(line: string): number | undefined {
  let quote = '';
  let last: number | undefined;
  for (let at = 0; at < line.length; at++) {
    const character = line.charAt(at);
    if (character === '\\') at++;
    else if (quote !== '') quote = character === quote ? '' : quote;
    else if (/["'`]/.test(character)) quote = character;
    else if (character === ';') last = at + 1;
  }
  return last !== undefined && line.slice(last).trim() !== '' ? last : undefined;
}

/** Code of a transform or assertion: in place, or a JavaScript file. */
export function codeOf(written: Cursor): { text: string } | { reason: string } {
  const { text } = written;
  if (text === undefined) return { reason: 'it is no text' };
  if (!isFileUrl(text)) return { text };
  const { kind } = parseReference(text, written.context);
  const reason = codeReason(kind);
  if (reason !== undefined) return { reason };
  return kind === 'javascript' ? { text } : { reason: `${text} is no JavaScript file` };
}

function textsValue(value: Json, loaded: Value): Value {
  if (typeof value === 'string') {
    const items = splitList(value);
    return items.length === 0
      ? { kind: 'error', code: 'missing-value', message: 'it needs at least one text' }
      : { kind: 'value', value: items };
  }
  if (!Array.isArray(value)) return { kind: 'error', code: 'wrong-type', message: 'its value must be a list of texts' };
  if (value.length === 0) return { kind: 'error', code: 'missing-value', message: 'it needs at least one text' };
  return value.some((item) => item === null || typeof item === 'object')
    ? { kind: 'error', code: 'wrong-type', message: 'its value must be a list of texts' }
    : loaded;
}

function patternFault(pattern: string): Value | undefined {
  if (/\{\{|\{%/.test(pattern)) return undefined;
  try {
    new RegExp(pattern);
    return undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^.*: /, '') : String(error);
    return { kind: 'error', code: 'bad-regex', message: `the regular expression does not compile: ${reason}` };
  }
}

/** A schema that is written as a text of JSON or YAML. */
function schemaText(text: string): Value {
  if (text.trim() === '') return { kind: 'value' };
  try {
    return { kind: 'value', value: parse(text, { logLevel: 'silent', maxAliasCount: 1000 }) as Json };
  } catch {
    return { kind: 'error', code: 'wrong-type', message: 'its value must be a JSON Schema' };
  }
}
