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

/** What a quotation mark means where it stands: it opens a field only at its beginning. Numbers, for the loop over bytes. */
const FIELD_START = 0;
const PLAIN = 1;
const QUOTED = 2;
/** Behind a quotation mark in a quoted field: its end, or the first of two that stand for one. */
const CLOSING = 3;

/**
 * The records of `chunks`, in batches of what one piece completes. They end with LF, CRLF or CR. `delimiters` are bytes; once
 * `onHeader` has seen the first record it may replace them.
 * @throws DatasetError where a quotation mark is not closed
 */
export async function* splitRecords(
  chunks: AsyncIterable<Buffer>,
  delimiters: ReadonlySet<number>,
  onHeader: (header: CsvRecord) => void,
): AsyncGenerator<CsvRecord[]> {
  const splitter = new RecordSplitter(delimiters, onHeader);
  for await (const chunk of chunks) {
    const records = splitter.push(chunk);
    if (records.length > 0) yield records;
  }
  const last = splitter.end();
  if (last.length > 0) yield last;
}

class RecordSplitter {
  private state = FIELD_START;
  private line = 0;
  /** Where the record begins. */
  private startLine = 0;
  private quoted = false;
  /** Bytes of the record in pieces before this one. */
  private parts: Buffer[] = [];
  private held = 0;
  /** Bytes of the file before this piece and before this line, and characters of this line less its bytes. */
  private before = 0;
  private lineStart = 0;
  private surplus = 0;
  private opening: TextPosition = { line: 0, character: 0 };
  private isHeader = true;
  private afterReturn = false;
  private records: CsvRecord[] = [];
  /** Whether a byte is a delimiter. */
  private readonly isDelimiter = new Uint8Array(256);

  constructor(
    private readonly delimiters: ReadonlySet<number>,
    private readonly onHeader: (header: CsvRecord) => void,
  ) {
    this.setDelimiters();
  }

  private setDelimiters(): void {
    this.isDelimiter.fill(0);
    for (const byte of this.delimiters) this.isDelimiter[byte] = 1;
  }

  push(chunk: Buffer): CsvRecord[] {
    this.records = [];
    const { isDelimiter } = this;
    let { state, surplus } = this;
    let from = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] as number;
      if (byte > QUOTE && byte < 0x80) {
        // By far the most bytes: letters, and the delimiters.
        if (state !== QUOTED) state = isDelimiter[byte] === 1 ? FIELD_START : PLAIN;
        this.afterReturn = false;
      } else if (byte === LINE_FEED || byte === RETURN) {
        const isSecond = byte === LINE_FEED && this.afterReturn;
        this.afterReturn = byte === RETURN;
        if (state !== QUOTED) {
          if (!isSecond) this.take(chunk.subarray(from, i), state);
          from = i + 1;
          state = FIELD_START;
        }
        if (!isSecond) this.line++;
        this.lineStart = this.before + i + 1;
        surplus = 0;
        if (state !== QUOTED) this.startLine = this.line;
      } else if (byte === QUOTE) {
        this.quoted = true;
        this.afterReturn = false;
        if (state === FIELD_START) {
          state = QUOTED;
          this.opening = { line: this.line, character: this.before + i - this.lineStart + surplus };
        } else if (state === QUOTED) state = CLOSING;
        else if (state === CLOSING) state = QUOTED;
      } else {
        if (byte >= 0x80) {
          // Continuation bytes are part of a character that was counted; four bytes are two UTF-16 units.
          if ((byte & 0xc0) === 0x80) surplus--;
          else if (byte >= 0xf0) surplus++;
        }
        if (state !== QUOTED) state = isDelimiter[byte] === 1 ? FIELD_START : PLAIN;
        this.afterReturn = false;
      }
    }
    this.state = state;
    this.surplus = surplus;
    this.hold(chunk.subarray(from), state);
    this.before += chunk.length;
    return this.records;
  }

  /** The last record, which no line end has closed. */
  end(): CsvRecord[] {
    this.records = [];
    if (this.state === QUOTED) {
      throw new DatasetError(
        rangeAt(this.opening, 1),
        'The quotation mark that opens here is not closed up to the end of the file: close it, or double it where it is part of the text.',
      );
    }
    if (this.held > 0) this.take(Buffer.alloc(0), this.state);
    return this.records;
  }

  private hold(part: Buffer, state: number): void {
    this.held += part.length;
    if (this.held <= MAX_ROW_BYTES) {
      if (part.length > 0) this.parts.push(part);
      return;
    }
    if (state === QUOTED) {
      throw new DatasetError(
        rangeAt(this.opening, 1),
        `The quotation mark that opens here is not closed within ${megabytes(MAX_ROW_BYTES)}: close it, or double it where it is part of the text.`,
      );
    }
    this.parts = [];
  }

  private take(last: Buffer, state: number): void {
    this.hold(last, state);
    const [first, second] = this.parts;
    const bytes =
      this.held > MAX_ROW_BYTES
        ? null
        : first !== undefined && second === undefined
          ? first
          : Buffer.concat(this.parts);
    const record = { line: this.startLine, bytes, quoted: this.quoted };
    this.parts = [];
    this.held = 0;
    this.quoted = false;
    if (!this.isHeader || bytes?.length === 0) {
      this.records.push(record);
      return;
    }
    this.isHeader = false;
    this.onHeader(record);
    this.setDelimiters();
  }
}
