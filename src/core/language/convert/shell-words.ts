/** A command line taken apart as a shell would: words, quotes, line continuations. Nothing is run or expanded. */

/**
 * The words of a command, up to the first `|`, `;`, `&` or `>` outside of quotes. Variables stay as they are written.
 * Understands sh (with `$'…'`), and the continuations of cmd (`^`) and PowerShell (a backtick).
 */
export function shellWords(text: string): string[] {
  const source = text.replace(/[\\^`][ \t]*\r?\n/g, ' ');
  const words: string[] = [];
  let word: string | null = null;
  for (let at = 0; at < source.length;) {
    const character = source.charAt(at);
    if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
      // A second line without a continuation is another command.
      if (character === '\n' && words.length > 0 && !/^\s*-/.test(source.slice(at))) break;
      at++;
      continue;
    }
    if (word === null && /[|;&>]/.test(character)) break;
    const quoted = quotedAt(source, at);
    if (quoted !== null) {
      word = (word ?? '') + quoted.text;
      at = quoted.end;
    } else if (character === '\\' && at + 1 < source.length) {
      word = (word ?? '') + source.charAt(at + 1);
      at += 2;
    } else {
      word = (word ?? '') + character;
      at++;
    }
  }
  if (word !== null) words.push(word);
  return words;
}

function quotedAt(source: string, at: number): { text: string; end: number } | null {
  const character = source.charAt(at);
  if (character === "'") {
    const end = source.indexOf("'", at + 1);
    return end < 0
      ? { text: source.slice(at + 1), end: source.length }
      : { text: source.slice(at + 1, end), end: end + 1 };
  }
  if (character === '$' && source[at + 1] === "'") return escaped(source, at + 2, "'");
  return character === '"' ? doubleQuoted(source, at + 1) : null;
}

function doubleQuoted(source: string, from: number): { text: string; end: number } {
  let text = '';
  let at = from;
  for (; at < source.length && source[at] !== '"'; at++) {
    // Inside double quotes a backslash keeps its meaning before a few characters only.
    if (source[at] === '\\' && /[\\"$`]/.test(source.charAt(at + 1))) at++;
    text += source.charAt(at);
  }
  return { text, end: at + 1 };
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  f: '\f',
  v: '\v',
  a: '\x07',
  e: '\x1b',
};

function escaped(source: string, from: number, quote: string): { text: string; end: number } {
  let text = '';
  let at = from;
  while (at < source.length && source[at] !== quote) {
    if (source[at] !== '\\') {
      text += source.charAt(at++);
      continue;
    }
    const code = /^\\(?:u([\da-f]{1,4})|x([\da-f]{1,2}))/i.exec(source.slice(at, at + 6));
    if (code !== null) {
      text += String.fromCharCode(Number.parseInt(code[1] ?? code[2] ?? '0', 16));
      at += code[0].length;
    } else {
      const letter = source.charAt(at + 1);
      text += ESCAPES[letter] ?? letter;
      at += 2;
    }
  }
  return { text, end: at + 1 };
}
