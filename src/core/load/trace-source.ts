/** The records of a trace file with their lines, from CSV or JSON lines, a piece at a time. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { parse } from 'csv-parse';
import { messageOf, PromptrigError } from '../util/errors';

export interface TraceRecord {
  /** 1-based. */
  line: number;
  /** By the names of the columns; of a CSV file all are texts. */
  fields: Readonly<Record<string, unknown>>;
}

/** Rows longer than this are not rows: a file without line breaks must not be read into memory whole. */
const LONGEST_LINE = 16 * 1024 * 1024;
const PEEK_BYTES = 64 * 1024;

/** An error at a line of the file: `trace.csv:12: what; what to do`. */
export function traceError(path: string, line: number | null, message: string): PromptrigError {
  return new PromptrigError('invalid_file', `${path}${line === null ? '' : `:${line}`}: ${message}`);
}

/**
 * Reads the file's records in order. Blank lines are passed over.
 * @param shown the path as messages write it
 * @throws PromptrigError `not_found` or `unreadable` for the file, `invalid_file` at a line that is no record
 */
export async function* readRecords(path: string, shown: string): AsyncGenerator<TraceRecord> {
  const head = await peek(path, shown);
  const begin = head.trimStart();
  if (begin === '') throw traceError(shown, null, 'the file is empty; a trace needs one row for each request.');
  if (begin.startsWith('[')) {
    throw traceError(shown, 1, 'this is a JSON array; write one object on each line instead (JSON lines).');
  }
  if (begin.includes('\u0000') || begin.startsWith('\u001f\ufffd')) {
    throw traceError(shown, null, 'this is not a text file; unpack or convert it to CSV or JSON lines.');
  }
  if (begin.startsWith('{')) yield* readJsonLines(path, shown);
  else yield* readCsv(path, shown, delimiterOf(begin));
}

async function peek(path: string, shown: string): Promise<string> {
  const file = await open(path).catch((error: unknown) => {
    throw fileError(shown, error);
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(PEEK_BYTES), 0, PEEK_BYTES, 0);
    return buffer.toString('utf8', 0, bytesRead).replace(/^\uFEFF/, '');
  } catch (error) {
    throw fileError(shown, error);
  } finally {
    await file.close();
  }
}

function fileError(path: string, error: unknown): PromptrigError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT'
    ? new PromptrigError(
        'not_found',
        `The trace ${path} does not exist. Check the path; it is relative to the eval file.`,
      )
    : new PromptrigError('unreadable', `The trace ${path} cannot be read: ${messageOf(error)}.`, { cause: error });
}

/** The one of the usual delimiters that the first line has most of. */
function delimiterOf(head: string): string {
  const first = head.split(/\r?\n/, 1)[0] ?? '';
  const counted = [',', '\t', ';'].map((delimiter) => ({ delimiter, count: first.split(delimiter).length }));
  return counted.reduce((best, next) => (next.count > best.count ? next : best)).delimiter;
}

async function* readCsv(path: string, shown: string, delimiter: string): AsyncGenerator<TraceRecord> {
  const input = createReadStream(path);
  const parser = parse({
    bom: true,
    delimiter,
    info: true,
    trim: true,
    skip_empty_lines: true,
    max_record_size: LONGEST_LINE,
  });
  // An error of the file has to end the loop below; pipe() alone would leave it waiting.
  input.once('error', (error) => parser.destroy(error));
  input.pipe(parser);
  let names: string[] | undefined;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      if (names === undefined) names = record;
      else yield { line: info.lines, fields: Object.fromEntries(names.map((name, i) => [name, record[i]])) };
    }
  } catch (error) {
    throw csvError(shown, error, names);
  } finally {
    input.destroy();
  }
}

function csvError(shown: string, error: unknown, names: readonly string[] | undefined): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  const line = 'lines' in error && typeof error.lines === 'number' ? error.lines : null;
  switch (error.code) {
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH': {
      const found = 'record' in error && Array.isArray(error.record) ? error.record.length : 0;
      const expected = names?.length ?? 0;
      return traceError(
        shown,
        line,
        `the row has ${found} fields and the header ${expected}; complete or remove the row.`,
      );
    }
    case 'CSV_QUOTE_NOT_CLOSED':
      return traceError(shown, line, 'a quotation mark is not closed up to the end of the file; close it.');
    case 'CSV_INVALID_CLOSING_QUOTE':
    case 'INVALID_OPENING_QUOTE':
      return traceError(shown, line, 'a quotation mark stands inside a field; double it or remove it.');
    case 'CSV_MAX_RECORD_SIZE':
      return traceError(shown, line, 'the row is longer than 16 MB; this is not a table of requests.');
    default:
      return String(error.code).startsWith('CSV_')
        ? traceError(shown, line, `${error.message}.`)
        : fileError(shown, error);
  }
}

async function* readJsonLines(path: string, shown: string): AsyncGenerator<TraceRecord> {
  for await (const { line, text } of readLines(path, shown)) {
    if (text.trim() === '') continue;
    const fields = parseObject(text);
    if (fields === null)
      throw traceError(shown, line, 'this is not a JSON object; write one complete object on each line.');
    yield { line, fields };
  }
}

function parseObject(text: string): Record<string, unknown> | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

/** Lines by `\n` or `\r\n` only: `readline` would also break at U+2028, which a JSON text may contain. */
async function* readLines(path: string, shown: string): AsyncGenerator<{ line: number; text: string }> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let line = 0;
  const input = createReadStream(path);
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      rest += decoder.write(chunk);
      let from = 0;
      for (let at = rest.indexOf('\n'); at >= 0; at = rest.indexOf('\n', from)) {
        line++;
        yield { line, text: unmarked(rest.slice(from, at), line) };
        from = at + 1;
      }
      rest = rest.slice(from);
      if (rest.length > LONGEST_LINE)
        throw traceError(shown, line + 1, 'the line is longer than 16 MB; this is not a row.');
    }
  } catch (error) {
    throw error instanceof PromptrigError ? error : fileError(shown, error);
  }
  rest += decoder.end();
  if (rest !== '') yield { line: line + 1, text: unmarked(rest, line + 1) };
}

function unmarked(text: string, line: number): string {
  return line === 1 ? text.replace(/^\uFEFF/, '') : text;
}
