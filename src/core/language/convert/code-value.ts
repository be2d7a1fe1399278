/**
 * Values as Python and JavaScript write them: strings of every kind, lists, maps, numbers, names. Nothing is evaluated; a name,
 * and a placeholder in a formatted string, becomes a variable.
 */
import type { Json } from '../../../protocol/plan';
import { hasPlaceholder, placeholder } from './pasted';

export type Language = 'python' | 'javascript';

/** A call: what is called, and with what. */
export interface CodeCall {
  callee: string;
  positional: Json[];
  named: { [name: string]: Json };
}

/** Marks what stands for the content of an environment variable. */
const ENVIRONMENT = '\uE002';

export function environmentOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value.startsWith(ENVIRONMENT) ? value.slice(1) : undefined;
}

export class CodeReader {
  at = 0;

  constructor(
    private readonly text: string,
    private readonly language: Language,
    /** Values of names that the code assigns. */
    private readonly known: ReadonlyMap<string, Json> = new Map(),
  ) {}

  /** The arguments behind an opening parenthesis at `at`. */
  call(callee: string, at: number): CodeCall {
    this.at = at + 1;
    const call: CodeCall = { callee, positional: [], named: {} };
    for (this.space(); this.at < this.text.length && this.text[this.at] !== ')'; this.space()) {
      const before = this.at;
      const name = this.language === 'python' ? /^([A-Za-z_]\w*)\s*=(?!=)/.exec(this.text.slice(this.at)) : null;
      if (name !== null) {
        this.at += name[0].length;
        call.named[name[1] ?? ''] = this.value();
      } else if (this.text.startsWith('**', this.at)) {
        this.at += 2;
        this.spread(call.named, this.value());
      } else {
        const value = this.value();
        call.positional.push(value);
        // The one argument of a JavaScript client is a map of what Python names.
        if (this.language === 'javascript' && call.positional.length === 1) this.spread(call.named, value);
      }
      this.space();
      if (this.text[this.at] === ',') this.at++;
      else if (this.at === before) this.at++;
    }
    return call;
  }

  private spread(target: { [name: string]: Json }, value: Json): void {
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) Object.assign(target, value);
  }

  value(): Json {
    this.space();
    let value = this.single();
    for (this.space(); ; this.space()) {
      const character = this.text.charAt(this.at);
      // Neighbouring strings of Python, and sums of texts, are one text.
      if (this.language === 'python' && typeof value === 'string' && this.isString()) value += textOf(this.single());
      else if (character === '+' && this.text[this.at + 1] !== '=') {
        this.at++;
        this.space();
        value = `${textOf(value)}${textOf(this.single())}`;
      } else if (/^(?:\|\||\?\?|or\b|as\b|!)/.test(this.text.slice(this.at))) {
        // A fallback, or the assurance of a type: what comes first is meant.
        this.at += /^(?:\|\||\?\?|or\b|as\b|!)/.exec(this.text.slice(this.at))?.[0].length ?? 1;
        this.space();
        if (!/^[,)\]};]/.test(this.text.slice(this.at))) this.single();
      } else return value;
    }
  }

  private single(): Json {
    const character = this.text.charAt(this.at);
    if (this.isString()) return this.string();
    if (character === '[') return this.list(']');
    if (character === '{') return this.map();
    if (character === '(') {
      const list = this.list(')');
      // Parentheses around one text only break its line.
      return list.length === 1 ? (list[0] ?? null) : list;
    }
    const number = /^[-+]?(?:\d[\d_]*\.?[\d_]*|\.\d+)(?:e[-+]?\d+)?/i.exec(this.text.slice(this.at));
    if (number !== null) {
      this.at += number[0].length;
      return Number(number[0].replaceAll('_', ''));
    }
    return this.name();
  }

  private list(close: string): Json[] {
    this.at++;
    const items: Json[] = [];
    for (this.space(); this.at < this.text.length && this.text[this.at] !== close; this.space()) {
      const before = this.at;
      if (this.text.startsWith('...', this.at) || this.text[this.at] === '*') {
        this.at += this.text[this.at] === '*' ? 1 : 3;
        const spread = this.value();
        if (Array.isArray(spread)) items.push(...spread);
      } else items.push(this.value());
      this.space();
      if (this.text[this.at] === ',' || this.at === before) this.at++;
    }
    this.at++;
    return items;
  }

  private map(): { [key: string]: Json } {
    this.at++;
    const map: { [key: string]: Json } = {};
    for (this.space(); this.at < this.text.length && this.text[this.at] !== '}'; this.space()) {
      const before = this.at;
      this.entry(map);
      this.space();
      if (this.text[this.at] === ',' || this.at === before) this.at++;
    }
    this.at++;
    return map;
  }

  private entry(map: { [key: string]: Json }): void {
    if (this.text.startsWith('...', this.at) || this.text.startsWith('**', this.at)) {
      this.at += this.text[this.at] === '*' ? 2 : 3;
      return this.spread(map, this.value());
    }
    const word = /^[A-Za-z_$][\w$]*/.exec(this.text.slice(this.at))?.[0];
    const key = this.isString() ? this.string() : word;
    if (key === undefined) return;
    if (key === word) this.at += word.length;
    this.space();
    if (this.text[this.at] === ':') {
      this.at++;
      map[key] = this.value();
    } else if (key === word) {
      // `{ model }` is short for `{ model: model }`.
      map[key] = this.resolved(key);
    }
  }

  private isString(): boolean {
    const start = this.language === 'python' ? /^(?:[rbuf]|rb|br|rf|fr)?(?:"|')/i : /^["'`]/;
    return start.test(this.text.slice(this.at, this.at + 3));
  }

  private string(): string {
    const prefix = /^[A-Za-z]*/.exec(this.text.slice(this.at))?.[0].toLowerCase() ?? '';
    this.at += prefix.length;
    const quote = this.text.charAt(this.at);
    const isTriple = this.language === 'python' && this.text.startsWith(quote.repeat(3), this.at);
    const close = isTriple ? quote.repeat(3) : quote;
    this.at += close.length;
    const formatted = quote === '`' ? '${' : prefix.includes('f') ? '{' : null;
    let text = '';
    while (this.at < this.text.length && !this.text.startsWith(close, this.at)) {
      // A line end closes what is not closed, so that one slip does not swallow the rest.
      if (!isTriple && quote !== '`' && this.text[this.at] === '\n') return text;
      text += this.piece(formatted, prefix.includes('r'));
    }
    this.at += close.length;
    return this.dedented(text);
  }

  /** Behind a text: `.strip()`, `textwrap.dedent` and the like change nothing that matters here. */
  private dedented(text: string): string {
    const method = /^\s*\.(?:strip|trim|lstrip|rstrip|trimStart|trimEnd)\(\s*\)/.exec(this.text.slice(this.at));
    if (method === null) return text;
    this.at += method[0].length;
    return text.trim();
  }

  private piece(formatted: string | null, isRaw: boolean): string {
    const { text, at } = this;
    if (text[at] === '\\' && !isRaw) return this.escape();
    if (formatted !== null && text.startsWith(formatted, at)) {
      if (formatted === '{' && text[at + 1] === '{') {
        this.at += 2;
        return '{';
      }
      return this.slot(at + formatted.length);
    }
    if (formatted === '{' && text.startsWith('}}', at)) {
      this.at += 2;
      return '}';
    }
    this.at++;
    return text.charAt(at);
  }

  /** An expression inside a formatted string. */
  private slot(from: number): string {
    let depth = 1;
    let end = from;
    for (; end < this.text.length; end++) {
      const character = this.text[end];
      if (character === '{') depth++;
      if (character === '}' && --depth === 0) break;
    }
    const expression = this.text.slice(from, end).replace(/(?:![rsa])?(?::[^{}"']*)?=?$/, '');
    this.at = end + 1;
    return textOf(this.resolved(expression.trim()));
  }

  private escape(): string {
    const rest = this.text.slice(this.at, this.at + 12);
    const code = /^\\(?:u\{([\da-f]+)\}|u([\da-f]{4})|x([\da-f]{2})|U([\da-f]{8}))/i.exec(rest);
    if (code !== null) {
      this.at += code[0].length;
      return String.fromCodePoint(
        Math.min(0x10ffff, Number.parseInt(code[1] ?? code[2] ?? code[3] ?? code[4] ?? '0', 16)),
      );
    }
    this.at += 2;
    const letter = rest.charAt(1);
    const plain: Readonly<Record<string, string>> = {
      n: '\n',
      t: '\t',
      r: '\r',
      '\n': '',
      b: '\b',
      f: '\f',
      '0': '\0',
    };
    return plain[letter] ?? letter;
  }

  private name(): Json {
    const word =
      /^(?:new\s+|await\s+)?([A-Za-z_$][\w$]*(?:\s*(?:\?\.|\.)\s*[A-Za-z_$][\w$]*|\[\s*["'][^"']*["']\s*\])*)/.exec(
        this.text.slice(this.at),
      );
    if (word === null) {
      this.at++;
      return null;
    }
    this.at += word[0].length;
    const path = (word[1] ?? '').replace(/\s+/g, '').replaceAll('?.', '.');
    if (this.text[this.at] === '(') return this.callValue(path);
    return this.resolved(path);
  }

  /** `os.getenv("KEY")`, `String(x)`, `dedent("…")`: the variable, or the argument. */
  private callValue(path: string): Json {
    const inner = new CodeReader(this.text, this.language, this.known);
    const call = inner.call(path, this.at);
    this.at = inner.at + 1;
    const [first] = call.positional;
    if (/(?:^|\.)(?:getenv|environ\.get|env\.get)$/.test(path) && typeof first === 'string')
      return `${ENVIRONMENT}${first}`;
    if (/(?:^|\.)(?:dedent|str|String|outdent|cleandoc)$/.test(path) && first !== undefined) return first;
    if (/^(?:dict|list|tuple)$/.test(path)) return path === 'dict' ? call.named : (first ?? []);
    return this.variable(path);
  }

  private resolved(path: string): Json {
    if (path === 'True' || path === 'true') return true;
    if (path === 'False' || path === 'false') return false;
    if (path === 'None' || path === 'null' || path === 'undefined') return null;
    const environment = /(?:^|\.)(?:environ|process\.env|import\.meta\.env|Deno\.env)(?:\.|\[\s*["'])([A-Z_]\w*)/.exec(
      path,
    )?.[1];
    if (environment !== undefined) return `${ENVIRONMENT}${environment}`;
    const value = this.known.get(path);
    // A text that stands under a name is likely what changes from one question to the next.
    if (value === undefined || (typeof value === 'string' && isConstant(value))) return this.variable(path);
    return value;
  }

  private variable(expression: string): string {
    return placeholder(nameOf(expression));
  }

  /** Over blanks, line continuations and comments. */
  private space(): void {
    const pattern = this.language === 'python' ? /^(?:\s|\\\r?\n|#[^\n]*)+/ : /^(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/;
    this.at += pattern.exec(this.text.slice(this.at))?.[0].length ?? 0;
  }
}

function isConstant(value: string): boolean {
  return !hasPlaceholder(value) && environmentOf(value) === undefined;
}

/** `user.question[0]` as a name that a variable can have. */
export function nameOf(expression: string): string {
  const name = expression
    .replace(/[^\w]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 40);
  return /^[A-Za-z_]/.test(name) ? name : name === '' ? 'value' : `value_${name}`;
}

export function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
