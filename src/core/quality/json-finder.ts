/**
 * Finds JSON objects and arrays in a text that is something else: prose, Markdown, a log. A parser tried at every bracket
 * takes quadratic time on `[[[[[…`. Here an attempt that fails settles every bracket it has read, since they are read the same
 * from there: those still open fail, too, and those closed are values. What is left are brackets in its texts; an attempt
 * from there takes for text what the first took for none, and the other way round. So each character is read twice at most.
 */

/** Where a value stands, in UTF-16 units. */
export interface JsonRegion {
  start: number;
  end: number;
}

/** The attempt that came furthest before it failed. */
export interface BrokenJson {
  start: number;
  /** Where it stops being JSON; the length of the text where it only breaks off. */
  at: number;
  /** What should stand there, such as `a comma or "}"`. */
  expected: string;
}

const FAILED = -1;

export class JsonFinder {
  /** What came closest, once `regions` has ended. */
  broken: BrokenJson | null = null;

  /** By start: the end of a value that is known from a larger attempt, or `FAILED`; 0 where nothing is known. */
  private known: Int32Array | null = null;
  private readonly scanner: Scanner;

  constructor(private readonly text: string) {
    this.scanner = new Scanner(text);
  }

  /** Objects and arrays that are no part of a larger one, in order. */
  *regions(): Generator<JsonRegion> {
    const { text } = this;
    for (let start = nextOpen(text, 0); start < text.length;) {
      const known = this.known?.[start] ?? 0;
      const end = known === 0 ? this.attempt(start) : known;
      if (end > 0) yield { start, end };
      start = nextOpen(text, end > 0 ? end : start + 1);
    }
  }

  /** The end of the value that starts here; 0 where it is none, after which what was learnt about others is known. */
  private attempt(start: number): number {
    const { scanner } = this;
    if (scanner.scan(start)) return scanner.at;
    if (this.broken === null || scanner.at - start > this.broken.at - this.broken.start) {
      this.broken = { start, at: scanner.at, expected: scanner.expected };
    }
    const known = (this.known ??= new Int32Array(this.text.length));
    for (const open of scanner.open) known[open] = FAILED;
    for (let index = 0; index < scanner.closed.length; index += 2) {
      known[scanner.closed[index] as number] = scanner.closed[index + 1] as number;
    }
    return 0;
  }
}

function nextOpen(text: string, from: number): number {
  for (let index = from; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === OPEN_BRACE || unit === OPEN_BRACKET) return index;
  }
  return text.length;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const LITERALS = ['true', 'false', 'null'];

type Wanted = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'comma or close';

const EXPECTED: Readonly<Record<Exclude<Wanted, 'comma or close'>, string>> = {
  value: 'a value',
  'value or ]': 'a value or "]"',
  key: 'a name in double quotes',
  'key or }': 'a name in double quotes or "}"',
  colon: 'a colon',
};

/** One attempt to read JSON (RFC 8259) from a bracket, without recursion: nesting is bounded by the text only. */
class Scanner {
  /** Where the attempt ended. */
  at = 0;
  expected = '';
  /** Starts of the containers that were open where it failed. */
  open: number[] = [];
  /** Start and end, in turn, of the containers that were complete where it failed and not part of another such. */
  closed: number[] = [];

  constructor(private readonly text: string) {}

  /** Whether a whole object or array starts at `start`; it then ends at `at`. */
  scan(start: number): boolean {
    this.at = start;
    this.expected = '';
    this.open = [];
    this.closed = [];
    let wanted: Wanted = 'value';
    do {
      this.skipSpace();
      const next = this.step(wanted);
      if (next === null) return false;
      wanted = next;
    } while (this.open.length > 0);
    return true;
  }

  /** Reads one token; null where another was wanted. */
  private step(wanted: Wanted): Wanted | null {
    const { text, at } = this;
    const unit = at < text.length ? text.charCodeAt(at) : 0;
    switch (wanted) {
      case 'value':
      case 'value or ]':
        if (unit === CLOSE_BRACKET && wanted === 'value or ]') return this.close();
        return this.value(unit) ?? this.fail(EXPECTED[wanted]);
      case 'key':
      case 'key or }':
        if (unit === CLOSE_BRACE && wanted === 'key or }') return this.close();
        if (unit !== QUOTE) return this.fail(EXPECTED[wanted]);
        return this.string() ? 'colon' : null;
      case 'colon':
        if (unit !== COLON) return this.fail(EXPECTED.colon);
        this.at++;
        return 'value';
      case 'comma or close': {
        const inObject = text.charCodeAt(this.open[this.open.length - 1] as number) === OPEN_BRACE;
        if (unit === (inObject ? CLOSE_BRACE : CLOSE_BRACKET)) return this.close();
        if (unit !== COMMA) return this.fail(`a comma or "${inObject ? '}' : ']'}"`);
        this.at++;
        return inObject ? 'key' : 'value';
      }
    }
  }

  private value(unit: number): Wanted | null {
    if (unit === OPEN_BRACE || unit === OPEN_BRACKET) {
      this.open.push(this.at++);
      return unit === OPEN_BRACE ? 'key or }' : 'value or ]';
    }
    if (unit === QUOTE) return this.string() ? 'comma or close' : null;
    const literal = LITERALS.find((word) => this.text.startsWith(word, this.at));
    NUMBER.lastIndex = this.at;
    const length = literal?.length ?? NUMBER.exec(this.text)?.[0].length;
    if (length === undefined) return null;
    this.at += length;
    return 'comma or close';
  }

  private close(): Wanted {
    const start = this.open.pop() as number;
    this.at++;
    while (this.closed.length > 0 && (this.closed[this.closed.length - 2] as number) > start) this.closed.length -= 2;
    this.closed.push(start, this.at);
    return 'comma or close';
  }

  private string(): boolean {
    const { text } = this;
    for (let index = this.at + 1; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit === QUOTE) {
        this.at = index + 1;
        return true;
      }
      if (unit < 0x20) return this.stop(index, 'no line break or other control character inside a text');
      if (unit !== BACKSLASH) continue;
      index++;
      const escape = text[index];
      if (escape === undefined) break;
      if (escape === 'u') {
        if (!/^[\da-fA-F]{4}$/.test(text.slice(index + 1, index + 5))) {
          return this.stop(Math.min(index + 1, text.length), 'four hexadecimal digits');
        }
        index += 4;
      } else if (!'"\\/bfnrt'.includes(escape)) {
        return this.stop(index, 'an escape such as \\n or \\"');
      }
    }
    return this.stop(text.length, 'the quote that closes a text');
  }

  private skipSpace(): void {
    const { text } = this;
    for (;;) {
      const unit = text.charCodeAt(this.at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      this.at++;
    }
  }

  /** What went wrong inside a text is said already, and better. */
  private fail(expected: string): null {
    if (this.expected === '') this.expected = expected;
    return null;
  }

  private stop(at: number, expected: string): false {
    this.at = at;
    this.expected = expected;
    return false;
  }
}
