/**
 * Recognises the events of a stream that differ from an earlier one in the text of one string only, without parsing them.
 *
 * Nearly every event of a token stream is the one before it with another token in it. At tens of thousands of tokens a second
 * parsing them all would be the largest single cost of the client, and what the client costs shows up as latency.
 *
 * It is exact, not a guess: an event is taken for such a one only if every byte before and after the string is the same as in
 * an event that was parsed, and the string holds no quote and does not end in a backslash, so that it ends where it seems to.
 * Where a chunk of the stream is exactly one such event, which is how servers send them, even its framing need not be read.
 */

const QUOTE = 34;
const BACKSLASH = 92;
const LF = 10;
const CR = 13;
const BLANK_LINE = Buffer.from('\n\n');
/** After so many events in a row that did not fit (say, because each carries its own usage), it is not tried again. */
const MAX_MISSES = 4;

export class DeltaTemplate {
  private readonly needle: Buffer | null;
  private type = '';
  private prefix: Buffer | null = null;
  private suffix: Buffer = Buffer.alloc(0);
  /** The same with the framing around it; null where the event had a line end in it, and so another framing. */
  private framePrefix: Buffer | null = null;
  private frameSuffix: Buffer = Buffer.alloc(0);
  private misses = 0;

  /** Start of the string in the event that `match` has recognised; it ends `suffixLength` bytes before the event does. */
  textStart = 0;
  textEnd = 0;

  /** @param needle what stands before the string, such as `"content":`; without it nothing is ever recognised */
  constructor(needle: Buffer | null = null) {
    this.needle = needle;
  }

  /**
   * Learns from an event that has been parsed and holds nothing but text under the key.
   * @param content the text, as parsed
   * @param type name of the SSE event, empty where it has none
   */
  learn(bytes: Buffer, start: number, end: number, content: string, type: string): void {
    const { needle } = this;
    if (needle === null || this.misses >= MAX_MISSES) return;
    this.misses++;
    const event = bytes.subarray(start, end);
    const key = event.indexOf(needle);
    // A second one could be the one that matters.
    if (key === -1 || event.indexOf(needle, key + 1) !== -1) return;
    let from = key + needle.length;
    while (event[from] === 32) from++;
    if (event[from] !== QUOTE) return;
    from++;
    let to = from;
    while (to < event.length && event[to] !== QUOTE) to += event[to] === BACKSLASH ? 2 : 1;
    if (to >= event.length || !isStringBody(event.toString('utf8', from, to), content)) return;
    // Copies: the event is a view of a chunk that is much larger.
    this.prefix = Buffer.from(event.subarray(0, from));
    this.suffix = Buffer.from(event.subarray(to));
    const oneLine = event.indexOf(LF) === -1 && event.indexOf(CR) === -1;
    const fields = type === '' ? 'data: ' : `event: ${type}\ndata: `;
    this.framePrefix = oneLine ? Buffer.concat([Buffer.from(fields), this.prefix]) : null;
    this.type = type;
    this.frameSuffix = Buffer.concat([this.suffix, BLANK_LINE]);
  }

  /** Whether the event is one of the learnt form with a text that is not empty; `textStart` and `textEnd` say where it lies. */
  match(bytes: Buffer, start: number, end: number, type: string): boolean {
    const { prefix, suffix } = this;
    if (prefix === null || type !== this.type) return false;
    const textStart = start + prefix.length;
    const textEnd = end - suffix.length;
    if (textEnd <= textStart || bytes[textEnd - 1] === BACKSLASH) return false;
    for (let i = textStart; i < textEnd; i++) if (bytes[i] === QUOTE) return false;
    if (bytes.compare(suffix, 0, suffix.length, textEnd, end) !== 0) return false;
    if (bytes.compare(prefix, 0, prefix.length, start, textStart) !== 0) return false;
    this.misses = 0;
    this.textStart = textStart;
    this.textEnd = textEnd;
    return true;
  }

  /**
   * Whether `chunk`, which begins where an event may begin, is one event of the learnt form and nothing else; `textStart` and
   * `textEnd` say where its text lies.
   */
  matchFrame(chunk: Buffer): boolean {
    const { framePrefix, frameSuffix } = this;
    if (framePrefix === null) return false;
    const textStart = framePrefix.length;
    const textEnd = chunk.length - frameSuffix.length;
    if (textEnd <= textStart || chunk[textEnd - 1] === BACKSLASH) return false;
    for (let i = textStart; i < textEnd; i++) {
      const byte = chunk[i];
      if (byte === QUOTE || byte === LF || byte === CR) return false;
    }
    // Loops, since a call into native code for so few bytes takes longer than they do.
    for (let i = 0; i < textStart; i++) if (chunk[i] !== framePrefix[i]) return false;
    for (let i = 0; i < frameSuffix.length; i++) if (chunk[textEnd + i] !== frameSuffix[i]) return false;
    this.misses = 0;
    this.textStart = textStart;
    this.textEnd = textEnd;
    return true;
  }
}

function isStringBody(body: string, content: string): boolean {
  try {
    return JSON.parse(`"${body}"`) === content;
  } catch {
    // Not the string that was parsed: there is nothing to learn from this event.
    return false;
  }
}
