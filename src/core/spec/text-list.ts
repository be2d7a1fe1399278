/** A text that lists texts: `refund, "return, or exchange"`, as `contains-any` and its like accept it. */

export type TextList = { ok: true; texts: string[] } | { ok: false; reason: string };

/**
 * The texts between the commas, without the white space around them. One in double quotes is taken as it stands, commas
 * included; inside, `""` or `\"` is a quote and `\\` a backslash. Nothing between two commas is no text.
 */
export function splitTexts(list: string): TextList {
  const texts: string[] = [];
  let index = 0;
  while (index < list.length) {
    const character = list[index] as string;
    if (character === ',' || isSpace(character)) {
      index++;
      continue;
    }
    if (character !== '"') {
      const comma = list.indexOf(',', index);
      const end = comma < 0 ? list.length : comma;
      texts.push(list.slice(index, end).trim());
      index = end;
      continue;
    }
    const quoted = readQuoted(list, index);
    if (quoted === null) return { ok: false, reason: `the quote at character ${index + 1} is never closed` };
    index = quoted.end;
    while (index < list.length && isSpace(list[index] as string)) index++;
    if (index < list.length && list[index] !== ',') {
      return { ok: false, reason: `a comma must follow the quoted text before character ${index + 1}` };
    }
    texts.push(quoted.text);
  }
  return { ok: true, texts };
}

function readQuoted(list: string, start: number): { text: string; end: number } | null {
  let text = '';
  for (let index = start + 1; index < list.length; index++) {
    const character = list[index] as string;
    const next = list[index + 1];
    if (character === '"' && next !== '"') return { text, end: index + 1 };
    const escapes = character === '"' || (character === '\\' && (next === '"' || next === '\\'));
    if (escapes) index++;
    text += escapes ? next : character;
  }
  return null;
}

function isSpace(character: string): boolean {
  return /\s/.test(character);
}
