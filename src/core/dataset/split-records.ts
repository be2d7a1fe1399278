/** Records of a CSV file, a piece at a time: lines, but for the line breaks inside quoted fields. */
import type { TextPosition } from '../spec/document';
import { DatasetError, MAX_ROW_BYTES, megabytes, rangeAt } from './rows';

const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;

export interface CsvRecord {
  /** 0-based line at which it begins. */
  line: number;
  /** Without the line end; null for one that is longer than a row may be. */
  bytes: Buffer | null;
  /** Whether a quotation mark occurs in it. */
  quoted: boolean;
}

/** What a quotation mark means where it stands: it opens a field only at its beginning. */
const enum State {
  FieldStart,
  Plain,
  Quoted,
  /** Behind a quotation mark in a quoted field: its end, or the first of two that stand for one. */
  Closing,
}

/**
 * The records of `chunks`, in batches of what one piece completes. They end with LF, CRLF or CR. `delimiters` are bytes; the
 * caller may replace their content once it has seen the first record, with which every batch but the last begins.
 * @throws DatasetError where a quotation mark is not closed
 */
export async function* splitRecords(
  chunks: AsyncIterable<Buffer>,
  delimiters: Set<number>,
  onHeader: (header: CsvRecord) => void,
): AsyncGenerator<CsvRecord[]> {
  let state: State = State.FieldStart;
  let line = 0;
  let startLine = 0;
  let quoted = false;
  let parts: Buffer[] = [];
  let held = 0;
  /** Bytes of the file before this piece and before this line, for the place of an opening quote. */
  let before = 0;
  let lineStart = 0;
  let surplus = 0;
  let opening: TextPosition = { line: 0, character: 0 };
  let isHeader = true;
  let afterReturn = false;
  let only = single(delimiters);

  const hold = (part: Buffer): void => {
    held += part.length;
    if (held <= MAX_ROW_BYTES) {
      if (part.length > 0) parts.push(part);
      return;
    }
    if (state === State.Quoted) {
      throw new DatasetError(
        rangeAt(opening, 1),
        `The quotation mark that opens here is not closed within ${megabytes(MAX_ROW_BYTES)}: close it, or double it where it is part of the text.`,
      );
    }
    parts = [];
  };
  const take = (): CsvRecord => {
    const [first, second] = parts;
    const bytes =
      held > MAX_ROW_BYTES ? null : first !== undefined && second === undefined ? first : Buffer.concat(parts);
    const record = { line: startLine, bytes, quoted };
    parts = [];
    held = 0;
    quoted = false;
    state = State.FieldStart;
    return record;
  };

  for await (const chunk of chunks) {
    const records: CsvRecord[] = [];
    let from = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] as number;
      if (byte >= 0x80) {
        if ((byte & 0xc0) === 0x80) surplus--;
        else if (byte >= 0xf0) surplus++;
        if (state === State.FieldStart || state === State.Closing) state = State.Plain;
        afterReturn = false;
        continue;
      }
      if (byte === LINE_FEED || byte === RETURN) {
        const isSecond = byte === LINE_FEED && afterReturn;
        afterReturn = byte === RETURN;
        if (isSecond && state !== State.Quoted) from = i + 1;
        else if (state !== State.Quoted) {
          hold(chunk.subarray(from, i));
          const record = take();
          from = i + 1;
          if (isHeader && (record.bytes === null || record.bytes.length > 0)) {
            isHeader = false;
            onHeader(record);
            only = single(delimiters);
          } else records.push(record);
        }
        if (!isSecond) line++;
        lineStart = before + i + 1;
        surplus = 0;
        if (state !== State.Quoted) startLine = line;
        continue;
      }
      afterReturn = false;
      if (byte === QUOTE) {
        quoted = true;
        if (state === State.FieldStart) {
          state = State.Quoted;
          opening = { line, character: before + i - lineStart + surplus };
        } else if (state === State.Quoted) state = State.Closing;
        else if (state === State.Closing) state = State.Quoted;
      } else if (state !== State.Quoted) {
        state = byte === only || (only === -1 && delimiters.has(byte)) ? State.FieldStart : State.Plain;
      }
    }
    hold(chunk.subarray(from));
    before += chunk.length;
    if (records.length > 0) yield records;
  }
  if (state === State.Quoted) {
    throw new DatasetError(
      rangeAt(opening, 1),
      'The quotation mark that opens here is not closed up to the end of the file: close it, or double it where it is part of the text.',
    );
  }
  if (held === 0) return;
  const last = take();
  if (isHeader) onHeader(last);
  else yield [last];
}

/** The only member of a set; -1 where there are several. */
function single(delimiters: Set<number>): number {
  const [first] = delimiters;
  return delimiters.size === 1 && first !== undefined ? first : -1;
}
