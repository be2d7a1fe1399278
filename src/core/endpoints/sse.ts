/**
 * Framing of server-sent events on bytes: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 *
 * It works on Buffers because a token stream is mostly short events that arrive whole: finding line ends in bytes and decoding
 * only what an event carries costs a fraction of decoding every chunk, and a character split over two chunks needs no care.
 */

const LF = 10;
const CR = 13;
const SPACE = 32;
const COLON = 58;
const NEWLINE = Buffer.from('\n');

const DEFAULT_MAX_EVENT_BYTES = 4 * 1024 * 1024;

/**
 * One event. Its data is `bytes[start, end)`, valid only during the call. `terminated` is false for an event that the stream
 * ended in the middle of (no blank line after it): the standard drops it, but some servers leave the last blank line out.
 */
export type SseEventListener = (bytes: Buffer, start: number, end: number, type: string, terminated: boolean) => void;

/** An event that is larger than the bound: without one a broken server could fill the memory. */
export class SseEventTooLargeError extends Error {
  readonly maxEventBytes: number;

  constructor(maxEventBytes: number) {
    super(`an event is larger than ${maxEventBytes} bytes`);
    this.name = 'SseEventTooLargeError';
    this.maxEventBytes = maxEventBytes;
  }
}

/**
 * Splits a byte stream into events. Line ends may be LF, CR or CRLF, mixed; a BOM at the start is skipped; comments, `id` and
 * `retry` are ignored; events without data are not reported.
 */
export class SseFramer {
  private readonly onEvent: SseEventListener;
  private readonly maxEventBytes: number;

  /** Bytes of a line whose end has not arrived yet; they belong to earlier chunks, so they are kept as views, joined once. */
  private partial: Buffer[] = [];
  private partialBytes = 0;
  /** The first data line of the current event. The usual event has no other and is reported as it lies, without a copy. */
  private first: Buffer | null = null;
  private firstStart = 0;
  private firstEnd = 0;
  /** Its other data lines. */
  private others: Buffer[] = [];
  private dataBytes = 0;
  private type = '';
  private atStart = true;
  /** The last byte was a CR that ended a line: an LF right after it belongs to the same line end. */
  private skipLf = false;

  /**
   * @param onEvent called for each event, in order, during `push` and `end`
   * @param maxEventBytes bound of one event; more throws SseEventTooLargeError
   */
  constructor(onEvent: SseEventListener, maxEventBytes: number = DEFAULT_MAX_EVENT_BYTES) {
    this.onEvent = onEvent;
    this.maxEventBytes = maxEventBytes;
  }

  /** Whether the next byte begins an event: nothing of one is waiting for its rest. */
  get betweenEvents(): boolean {
    return !this.atStart && !this.skipLf && this.partialBytes === 0 && this.first === null && this.type === '';
  }

  /** Takes the next bytes; the caller must not change them afterwards. Throws SseEventTooLargeError. */
  push(chunk: Buffer): void {
    let position = 0;
    if (this.atStart) {
      const skipped = this.skipByteOrderMark(chunk);
      if (skipped === null) return;
      chunk = skipped;
    }
    if (this.skipLf && chunk.length > 0) {
      this.skipLf = false;
      if (chunk[0] === LF) position = 1;
    }

    // Servers that use CR at all are rare, so the search for it is done once a chunk, not once a line.
    let cr = chunk.indexOf(CR, position);
    while (position < chunk.length) {
      const lf = chunk.indexOf(LF, position);
      let lineEnd: number;
      let next: number;
      if (cr !== -1 && (lf === -1 || cr < lf)) {
        lineEnd = cr;
        if (cr + 1 === chunk.length) this.skipLf = true;
        next = chunk[cr + 1] === LF ? cr + 2 : cr + 1;
        cr = chunk.indexOf(CR, next);
      } else if (lf !== -1) {
        lineEnd = lf;
        next = lf + 1;
      } else {
        break;
      }
      this.endLine(chunk, position, lineEnd);
      position = next;
    }

    if (position < chunk.length) {
      this.partial.push(position === 0 ? chunk : chunk.subarray(position));
      this.partialBytes += chunk.length - position;
      this.checkSize(0);
    }
  }

  /** The stream has ended: reports what is left as an event with `terminated` false. */
  end(): void {
    if (this.partialBytes > 0) {
      const rest = Buffer.concat(this.partial);
      this.partial = [];
      this.partialBytes = 0;
      this.line(rest, 0, rest.length);
    }
    this.flush(false);
  }

  /** Null while it cannot be told yet whether the stream begins with a BOM. */
  private skipByteOrderMark(chunk: Buffer): Buffer | null {
    if (chunk.length === 0) return null;
    const head = this.partialBytes === 0 ? chunk : Buffer.concat([...this.partial, chunk]);
    const mark = [0xef, 0xbb, 0xbf];
    const length = Math.min(3, head.length);
    for (let i = 0; i < length; i++) {
      if (head[i] === mark[i]) continue;
      this.atStart = false;
      this.partial = [];
      this.partialBytes = 0;
      return head;
    }
    if (length < 3) {
      this.partial = [head];
      this.partialBytes = head.length;
      return null;
    }
    this.atStart = false;
    this.partial = [];
    this.partialBytes = 0;
    return head.subarray(3);
  }

  private endLine(chunk: Buffer, start: number, end: number): void {
    if (this.partialBytes === 0) {
      this.line(chunk, start, end);
      return;
    }
    this.partial.push(chunk.subarray(start, end));
    const line = Buffer.concat(this.partial);
    this.partial = [];
    this.partialBytes = 0;
    this.line(line, 0, line.length);
  }

  private line(bytes: Buffer, start: number, end: number): void {
    if (start === end) {
      this.flush(true);
      return;
    }
    const first = bytes[start];
    // `data`
    if (
      first === 100 &&
      bytes[start + 1] === 97 &&
      bytes[start + 2] === 116 &&
      bytes[start + 3] === 97 &&
      (end === start + 4 || bytes[start + 4] === COLON)
    ) {
      let from = Math.min(end, start + 5);
      if (from < end && bytes[from] === SPACE) from++;
      this.checkSize(end - from);
      this.dataBytes += end - from + 1;
      if (this.first === null) {
        this.first = bytes;
        this.firstStart = from;
        this.firstEnd = end;
      } else {
        this.others.push(NEWLINE, bytes.subarray(from, end));
      }
      return;
    }
    // `event`
    if (first === 101 && end - start >= 5) {
      const head = bytes.toString('latin1', start, Math.min(end, start + 6));
      if (head === 'event') this.type = '';
      if (head === 'event:') {
        let from = start + 6;
        if (from < end && bytes[from] === SPACE) from++;
        this.type = bytes.toString('utf8', from, end);
      }
    }
    // Anything else (a comment, `id`, `retry`, an unknown field) says nothing about the answer.
  }

  private flush(terminated: boolean): void {
    const type = this.type;
    this.type = '';
    const first = this.first;
    if (first === null) return;
    this.first = null;
    this.dataBytes = 0;
    if (this.others.length === 0) {
      this.onEvent(first, this.firstStart, this.firstEnd, type, terminated);
      return;
    }
    const joined = Buffer.concat([first.subarray(this.firstStart, this.firstEnd), ...this.others]);
    this.others = [];
    this.onEvent(joined, 0, joined.length, type, terminated);
  }

  private checkSize(more: number): void {
    if (this.dataBytes + this.partialBytes + more > this.maxEventBytes) {
      throw new SseEventTooLargeError(this.maxEventBytes);
    }
  }
}
