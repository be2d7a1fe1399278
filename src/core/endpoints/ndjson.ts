/**
 * Framing of newline-delimited JSON on bytes: a line is a value. Lines end with LF or CRLF; empty ones are left out.
 *
 * As with server-sent events it works on Buffers, so that a character split over two chunks needs no care and nothing is decoded
 * twice.
 */

const LF = 10;
const CR = 13;
const SPACE = 32;
const TAB = 9;

const DEFAULT_MAX_LINE_BYTES = 4 * 1024 * 1024;

/**
 * One line that is not blank. It is `bytes[start, end)` without its line end, valid only during the call. `terminated` is false
 * for a last line without a line end: it may be whole, or cut.
 */
export type NdjsonListener = (bytes: Buffer, start: number, end: number, terminated: boolean) => void;

/** A line that is larger than the bound: without one a broken server could fill the memory. */
export class LineTooLargeError extends Error {
  readonly maxLineBytes: number;

  constructor(maxLineBytes: number) {
    super(`a line is larger than ${maxLineBytes} bytes`);
    this.name = 'LineTooLargeError';
    this.maxLineBytes = maxLineBytes;
  }
}

export class NdjsonFramer {
  /** Bytes of a line whose end has not arrived yet; views of earlier chunks, joined once. */
  private partial: Buffer[] = [];
  private partialBytes = 0;

  /**
   * @param onLine called for each line, in order, during `push` and `end`
   * @param maxLineBytes bound of one line; more throws LineTooLargeError
   */
  constructor(
    private readonly onLine: NdjsonListener,
    private readonly maxLineBytes: number = DEFAULT_MAX_LINE_BYTES,
  ) {}

  /** Takes the next bytes; the caller must not change them afterwards. Throws LineTooLargeError. */
  push(chunk: Buffer): void {
    let position = 0;
    for (;;) {
      const lf = chunk.indexOf(LF, position);
      if (lf === -1) break;
      this.checkSize(lf - position);
      if (this.partialBytes === 0) {
        this.line(chunk, position, lf, true);
      } else {
        const line = this.joined(chunk.subarray(position, lf));
        this.line(line, 0, line.length, true);
      }
      position = lf + 1;
    }
    if (position === chunk.length) return;
    this.checkSize(chunk.length - position);
    this.partial.push(position === 0 ? chunk : chunk.subarray(position));
    this.partialBytes += chunk.length - position;
  }

  /** The stream has ended: what is left is a line, with `terminated` false. */
  end(): void {
    if (this.partialBytes === 0) return;
    const line = this.joined(Buffer.alloc(0));
    this.line(line, 0, line.length, false);
  }

  private joined(rest: Buffer): Buffer {
    const line = Buffer.concat([...this.partial, rest]);
    this.partial = [];
    this.partialBytes = 0;
    return line;
  }

  private line(bytes: Buffer, start: number, end: number, terminated: boolean): void {
    if (end > start && bytes[end - 1] === CR) end--;
    for (let i = start; i < end; i++) {
      const byte = bytes[i];
      if (byte === SPACE || byte === TAB || byte === CR) continue;
      this.onLine(bytes, start, end, terminated);
      return;
    }
  }

  private checkSize(more: number): void {
    if (this.partialBytes + more > this.maxLineBytes) throw new LineTooLargeError(this.maxLineBytes);
  }
}
