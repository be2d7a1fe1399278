/** Rows of a JSON file: the items of one list, cut apart as the bytes come, so that memory never holds the file. */
import type { TextPosition } from '../spec/document';
import { TextLines } from '../spec/lines';
import { jsonFault } from './json-fault';
import { DatasetError, isRecord, MAX_ROW_BYTES, megabytes, notAnObject, rangeAt, type Row } from './rows';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const LINE_FEED = 0x0a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * The rows of a JSON list, in batches.
 * @throws DatasetError at the first place that is not JSON: what follows it is a guess
 */
export async function* readJsonList(chunks: AsyncIterable<Buffer>): AsyncGenerator<Row[]> {
  const splitter = new ListSplitter();
  for await (const chunk of chunks) {
    const rows = splitter.push(chunk);
    if (rows.length > 0) yield rows;
  }
  splitter.end();
}

type State = 'before' | 'first' | 'item' | 'value' | 'text' | 'scalar' | 'after' | 'done';

class ListSplitter {
  private state: State = 'before';
  /** Brackets open within the item. */
  private depth = 0;
  private escaped = false;
  private count = 0;
  /** Bytes of the item in pieces before this one. */
  private parts: Buffer[] = [];
  private held = 0;
  private start: TextPosition = { line: 0, character: 0 };
  /** Where the text opens that is being read, and the last comma between items. */
  private opening: TextPosition = { line: 0, character: 0 };
  private comma: TextPosition = { line: 0, character: 0 };
  private line = 0;
  /** Bytes of the file before this piece, and before this line. */
  private before = 0;
  private lineStart = 0;
  /** Characters of this line less its bytes. */
  private surplus = 0;
  private rows: Row[] = [];

  push(chunk: Buffer): Row[] {
    this.rows = [];
    let from = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] as number;
      switch (this.state) {
        case 'text':
          if (this.escaped) this.escaped = false;
          else if (byte === BACKSLASH) this.escaped = true;
          else if (byte === QUOTE) {
            if (this.depth > 0) this.state = 'value';
            else this.finish(chunk.subarray(from, i + 1));
          }
          break;
        case 'value':
          if (byte === QUOTE) {
            this.state = 'text';
            this.opening = this.place(i);
          } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) this.depth++;
          else if ((byte === CLOSE_OBJECT || byte === CLOSE_LIST) && --this.depth === 0)
            this.finish(chunk.subarray(from, i + 1));
          break;
        case 'scalar':
          if (byte === COMMA || byte === CLOSE_LIST || isBlank(byte)) {
            this.finish(chunk.subarray(from, i));
            this.between(byte, i);
          }
          break;
        default:
          if (!isBlank(byte) && this.between(byte, i)) from = i;
      }
      if (byte === LINE_FEED) {
        this.line++;
        this.lineStart = this.before + i + 1;
        this.surplus = 0;
      } else if (byte >= 0x80) {
        // Continuation bytes are part of a character that was counted; four bytes are two UTF-16 units.
        if ((byte & 0xc0) === 0x80) this.surplus--;
        else if (byte >= 0xf0) this.surplus++;
      }
    }
    if (this.state === 'value' || this.state === 'text' || this.state === 'scalar') this.hold(chunk.subarray(from));
    this.before += chunk.length;
    return this.rows;
  }

  /** @throws DatasetError where the list is not complete */
  end(): void {
    if (this.state === 'done') return;
    const here = this.place(0);
    if (this.state === 'before')
      throw new DatasetError(rangeAt(here, 0), 'The file is empty: it must hold a list of rows.');
    if (this.state === 'text')
      throw new DatasetError(
        rangeAt(this.opening, 1),
        'The text that begins here is not closed: a double quote is missing.',
      );
    if (this.state === 'value' || this.state === 'scalar')
      throw new DatasetError(rangeAt(this.start, 1), 'The row that begins here is not complete: a bracket is missing.');
    throw new DatasetError(rangeAt(here, 0), 'The list of rows is not closed: a "]" is missing at the end.');
  }

  /** A byte outside of items; whether an item begins with it. */
  private between(byte: number, i: number): boolean {
    switch (this.state) {
      case 'before':
        if (byte !== OPEN_LIST) throw this.notAList(byte, i);
        this.state = 'first';
        return false;
      case 'first':
      case 'item':
        if (byte === CLOSE_LIST) {
          if (this.state === 'item')
            throw new DatasetError(rangeAt(this.comma, 1), 'The comma before "]" is one too many; remove it.');
          this.state = 'done';
          return false;
        }
        if (byte === COMMA) throw new DatasetError(rangeAt(this.place(i), 1), 'A row is missing before this comma.');
        this.begin(byte, i);
        return true;
      case 'after':
        if (byte === COMMA) {
          this.state = 'item';
          this.comma = this.place(i);
        } else if (byte === CLOSE_LIST) {
          this.state = 'done';
        } else if (!isBlank(byte)) {
          throw new DatasetError(rangeAt(this.place(i), 1), 'A comma is missing between this row and the one before.');
        }
        return false;
      default:
        throw new DatasetError(
          rangeAt(this.place(i), 1),
          'The list of rows has ended before this; remove what follows.',
        );
    }
  }

  private notAList(byte: number, i: number): DatasetError {
    const hint = byte === OPEN_OBJECT ? '; if it is one object on each line, set "format: jsonl"' : '';
    return new DatasetError(rangeAt(this.place(i), 1), `The file must hold a list of rows, "[ {…}, {…} ]"${hint}.`);
  }

  private begin(byte: number, i: number): void {
    this.start = this.place(i);
    this.depth = byte === OPEN_OBJECT || byte === OPEN_LIST ? 1 : 0;
    this.escaped = false;
    this.state = byte === QUOTE ? 'text' : this.depth > 0 ? 'value' : 'scalar';
    if (this.state === 'text') this.opening = this.start;
  }

  private hold(part: Buffer): void {
    this.held += part.length;
    if (this.held <= MAX_ROW_BYTES) this.parts.push(part);
    else this.parts = [];
  }

  private finish(last: Buffer): void {
    this.hold(last);
    this.rows.push(this.row(++this.count));
    this.parts = [];
    this.held = 0;
    this.state = 'after';
  }

  private row(number: number): Row {
    const { start, held: bytes } = this;
    const at = rangeAt(start, 1);
    if (bytes > MAX_ROW_BYTES) {
      const message = `the row is longer than ${megabytes(MAX_ROW_BYTES)}; it is not one case`;
      return { number, start, bytes, fault: { range: at, message } };
    }
    const [first, second] = this.parts;
    const text = (first !== undefined && second === undefined ? first : Buffer.concat(this.parts)).toString('utf8');
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      const { offset, length, message } = jsonFault(text) ?? { offset: 0, length: 1, message: 'this is not JSON' };
      throw new DatasetError(rangeAt(positionIn(text, offset, start), length), `The file is not JSON: ${message}.`);
    }
    if (isRecord(value)) return { number, start, bytes, fields: value, text };
    return { number, start, bytes, fault: { range: at, message: notAnObject(value) } };
  }

  private place(i: number): TextPosition {
    return { line: this.line, character: this.before + i - this.lineStart + this.surplus };
  }
}

/** The place in the file of an offset in a text that begins at `start`. */
export function positionIn(text: string, offset: number, start: TextPosition): TextPosition {
  const { line, character } = new TextLines(text).position(offset);
  return { line: start.line + line, character: line === 0 ? start.character + character : character };
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === LINE_FEED || byte === 0x0d;
}
