/**
 * Where a text stops being JSON, and why. `JSON.parse` is what reads; this runs only on what it refused, because its own
 * messages differ between versions of Node and say neither the place in a way to rely on nor what to do.
 */
export interface JsonFault {
  /** UTF-16 units from the start of the text. */
  offset: number;
  length: number;
  /** Lower case, without a full stop. */
  message: string;
}

/** Deeper nesting is not looked into: the walk is recursive. */
const MAX_DEPTH = 500;

/** The first fault of a text; null where it is JSON. */
export function jsonFault(text: string): JsonFault | null {
  const scanner = new Scanner(text);
  try {
    scanner.value(0);
    scanner.end();
    return null;
  } catch (error) {
    if (error instanceof Fault) return error.fault;
    throw error;
  }
}

class Fault extends Error {
  constructor(readonly fault: JsonFault) {
    super(fault.message);
  }
}

const WORDS: Readonly<Record<string, string>> = {
  NaN: 'null',
  Infinity: 'null',
  undefined: 'null',
  None: 'null',
  True: 'true',
  False: 'false',
  TRUE: 'true',
  FALSE: 'false',
  NULL: 'null',
  Null: 'null',
};

class Scanner {
  private at = 0;

  constructor(private readonly text: string) {}

  value(depth: number): void {
    if (depth > MAX_DEPTH) this.fail('the value is nested too deeply');
    this.blanks();
    const char = this.text[this.at];
    if (char === '{') this.object(depth);
    else if (char === '[') this.list(depth);
    else if (char === '"') this.string();
    else if (char !== undefined && /[-\d]/.test(char)) this.number();
    else this.word();
  }

  end(): void {
    this.blanks();
    if (this.at < this.text.length)
      this.fail('the value has ended before; remove what follows, or give it a line of its own');
  }

  private blanks(): void {
    while (/[ \t\r\n]/.test(this.text[this.at] ?? '')) this.at++;
    if (this.text.startsWith('//', this.at) || this.text.startsWith('/*', this.at))
      this.fail('JSON has no comments', 2);
  }

  private object(depth: number): void {
    const opening = this.at++;
    this.blanks();
    if (this.text[this.at] === '}') {
      this.at++;
      return;
    }
    for (;;) {
      this.blanks();
      this.key(opening);
      this.blanks();
      if (this.text[this.at] !== ':') this.expected('a ":" is missing after the key', opening, '}');
      this.at++;
      this.value(depth + 1);
      if (!this.comma(opening, '}')) return;
    }
  }

  private list(depth: number): void {
    const opening = this.at++;
    this.blanks();
    if (this.text[this.at] === ']') {
      this.at++;
      return;
    }
    for (;;) {
      this.value(depth + 1);
      if (!this.comma(opening, ']')) return;
    }
  }

  /** Whether another member follows; past the closing bracket where none does. */
  private comma(opening: number, closing: string): boolean {
    this.blanks();
    const char = this.text[this.at];
    if (char === closing) {
      this.at++;
      return false;
    }
    if (char !== ',') this.expected(`a "," or "${closing}" is missing here`, opening, closing);
    const comma = this.at++;
    this.blanks();
    if (this.text[this.at] === closing) {
      this.at = comma;
      this.fail(`the comma before "${closing}" is one too many; remove it`);
    }
    return true;
  }

  private key(opening: number): void {
    const char = this.text[this.at];
    if (char === '"') {
      this.string();
      return;
    }
    if (char === undefined) this.expected('', opening, '}');
    const word = /^(?:'[^'\n]*'|[\w$-]+)/.exec(this.text.slice(this.at, this.at + 200))?.[0];
    this.fail('a key needs double quotes around it', word?.length ?? 1);
  }

  private string(): void {
    const opening = this.at++;
    for (;;) {
      const char = this.text[this.at];
      if (char === undefined) {
        this.at = opening;
        this.fail('the text that begins here is not closed; a double quote is missing');
      }
      if (char === '"') {
        this.at++;
        return;
      }
      if (char === '\\') {
        const escape = /^\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4})/.exec(this.text.slice(this.at, this.at + 6))?.[0];
        if (escape === undefined) this.fail('this is no escape of JSON; write a backslash as "\\\\"', 2);
        this.at += escape.length;
        continue;
      }
      if (char < ' ')
        this.fail(
          char === '\n' || char === '\r'
            ? 'a line break in a text is written \\n'
            : 'a control character in a text is written as an escape such as \\t',
        );
      this.at++;
    }
  }

  private number(): void {
    const written = /^[-+\w.]+/.exec(this.text.slice(this.at, this.at + 400))?.[0] ?? '';
    if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/.test(written))
      this.fail(`"${written.slice(0, 40)}" is no number of JSON; put it in quotes if it is a text`, written.length);
    this.at += written.length;
  }

  private word(): void {
    const char = this.text[this.at];
    if (char === undefined) this.fail('the value is missing: the text ends too early');
    if (char === "'") this.fail('a text needs double quotes around it');
    if (char === ',' || char === ']' || char === '}') this.fail('a value is missing here');
    const word = /^[\w$+.-]+/.exec(this.text.slice(this.at, this.at + 200))?.[0];
    if (word === 'true' || word === 'false' || word === 'null') {
      this.at += word.length;
      return;
    }
    const instead = word === undefined || !Object.hasOwn(WORDS, word) ? undefined : WORDS[word];
    if (word !== undefined && instead !== undefined) this.fail(`"${word}" is not JSON; write ${instead}`, word.length);
    this.fail('this is not JSON; a text needs double quotes around it', word?.length ?? 1);
  }

  /** What is missing, or that the text ends before the bracket is closed. */
  private expected(message: string, opening: number, closing: string): never {
    if (this.at < this.text.length) this.fail(message);
    this.at = opening;
    this.fail(`the bracket that opens here is not closed; a "${closing}" is missing`);
  }

  private fail(message: string, length = 1): never {
    throw new Fault({ offset: this.at, length, message });
  }
}
